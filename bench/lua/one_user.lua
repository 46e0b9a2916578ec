-- GET or PUT of one of a few users: args are the method and the file with their ids.
function init(args)
  method = args[1]
  ids = {}
  for line in io.lines(args[2]) do ids[#ids + 1] = line end
  count = 0
  tail = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nAuthorization: Bearer " .. os.getenv("SERVER_KEY") .. "\r\n"
end
function request()
  count = count + 1
  local start = method .. " /v1/users/" .. ids[count % #ids + 1] .. tail
  if method == "GET" then return start .. "\r\n" end
  local body = '{"name":"John ' .. count .. '","metadata":{"count":' .. count .. '}}'
  return start .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end
