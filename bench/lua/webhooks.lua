-- external_login of a new user that names a webhook_endpoint: args are the salt and the endpoint.
function init(args)
  salt, endpoint = args[1], args[2]
  count = 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-PARTNER-API-KEY"] = os.getenv("PARTNER_KEY")
end
function request()
  count = count + 1
  local name = salt .. "-" .. count
  return wrk.format(nil, "/api/v1/external_login", nil,
    '{"email":"' .. name .. '@example.com","partner_user_id":"' .. name .. '","phone":"1234567890","webhook_endpoint":"' .. endpoint .. '"}')
end
