-- POST /api/v2/wallet/sign-message with wallet tokens of a file, each once: args is the file, made by
-- `aboard bench-floor wallet-tokens`.
function init(args)
  tokens = {}
  for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  count = 0
  local body = '{"network":"ethereum-sepolia","message":"Sign in to Example"}'
  head = "POST /api/v2/wallet/sign-message HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: application/json\r\nx-client-secret: "
    .. os.getenv("CLIENT_SECRET") .. "\r\nContent-Length: " .. #body .. "\r\nAuthorization: Bearer "
  tail = "\r\n\r\n" .. body
end
function request()
  count = count + 1
  local token = tokens[count]
  if not token then
    -- Out of tokens: the time until then counts.
    wrk.thread:stop()
    token = tokens[#tokens]
  end
  return head .. token .. tail
end
