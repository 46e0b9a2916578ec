-- external_login of a user that nobody has seen: ids count up within each thread of each run.
-- Requests are put together here: wrk.format costs the load generator time that the server beside it then lacks.
local thread_number = 0
function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end
function init(args)
  salt = args[1]
  count = 0
  head = "POST /api/v1/external_login HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: application/json\r\nX-PARTNER-API-KEY: "
    .. os.getenv("PARTNER_KEY") .. "\r\nContent-Length: "
end
function request()
  count = count + 1
  local name = salt .. "-" .. number .. "-" .. count
  local body = '{"email":"' .. name .. '@example.com","partner_user_id":"' .. name .. '","phone":"1234567890"}'
  return head .. #body .. "\r\n\r\n" .. body
end
