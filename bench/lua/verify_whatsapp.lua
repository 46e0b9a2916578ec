-- POST /api/v2/auth/verify-whatsapp with tokens of a file, each once: the code is that of test numbers.
function init(args)
  tokens = {}
  for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  count = 0
  head = "POST /api/v2/auth/verify-whatsapp HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: application/json\r\nx-client-secret: "
    .. os.getenv("CLIENT_SECRET") .. "\r\nContent-Length: "
end
function request()
  count = count + 1
  local body = '{"verificationToken":"' .. (tokens[count] or "none") .. '","otp":"424242"}'
  return head .. #body .. "\r\n\r\n" .. body
end
