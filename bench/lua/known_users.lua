-- A call that names one of the users that a run of new_users.lua made: args are the salt, how many there are, and the path.
-- With "anywhere" one of those that `bench-floor seed` made, in no order.
-- Requests are put together here: wrk.format costs the load generator time that the server beside it then lacks.
function init(args)
  salt, known = args[1], tonumber(args[2])
  count = 0
  anywhere = args[4] == "anywhere"
  head = "POST " .. args[3] .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: application/json\r\nX-PARTNER-API-KEY: "
    .. os.getenv("PARTNER_KEY") .. "\r\nContent-Length: "
end
function request()
  count = count % known + 1
  local name = anywhere and salt .. "-" .. math.random(known) or salt .. "-0-" .. count
  local body = '{"email":"' .. name .. '@example.com","partner_user_id":"' .. name .. '","phone":"1234567890"}'
  return head .. #body .. "\r\n\r\n" .. body
end
