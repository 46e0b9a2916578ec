-- POST /api/v2/auth/login-whatsapp to a number of its own each time, each from a network of its own: the argument is
-- where the numbers begin.
function init(args)
  count = tonumber(args[1])
  head = "POST /api/v2/auth/login-whatsapp HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: application/json\r\nx-client-secret: "
    .. os.getenv("CLIENT_SECRET") .. "\r\nX-Forwarded-For: "
end
function request()
  count = count + 1
  local network = "11." .. math.floor(count / 65536) % 256 .. "." .. math.floor(count / 256) % 256 .. "." .. count % 256
  local body = '{"phoneNumber":"30' .. string.format("%010d", count) .. '"}'
  return head .. network .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end
