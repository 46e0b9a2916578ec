-- external_login of a user that nobody has seen: ids count up within each thread of each run.
local thread_number = 0
function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end
function init(args)
  salt = args[1]
  count = 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-PARTNER-API-KEY"] = os.getenv("PARTNER_KEY")
end
function request()
  count = count + 1
  local name = salt .. "-" .. number .. "-" .. count
  return wrk.format(nil, "/api/v1/external_login", nil,
    '{"email":"' .. name .. '@example.com","partner_user_id":"' .. name .. '","phone":"1234567890"}')
end
