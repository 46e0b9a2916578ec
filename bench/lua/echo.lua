-- The bare JSON echo of `aboard bench-floor echo`, with the same body as embedded_check_user.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-PARTNER-API-KEY"] = os.getenv("PARTNER_KEY")
wrk.body = '{"email":"bench-1@example.com","partner_user_id":"bench-1","phone":"1234567890"}'
