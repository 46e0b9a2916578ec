-- A call that names one of the users that a run of new_users.lua made: args are the salt, how many there are, and the path.
function init(args)
  salt, known, path = args[1], tonumber(args[2]), args[3]
  count = 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-PARTNER-API-KEY"] = os.getenv("PARTNER_KEY")
end
function request()
  count = count % known + 1
  local name = salt .. "-0-" .. count
  return wrk.format(nil, path, nil,
    '{"email":"' .. name .. '@example.com","partner_user_id":"' .. name .. '","phone":"1234567890"}')
end
