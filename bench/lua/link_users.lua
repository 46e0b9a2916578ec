-- POST /v1/users/link of a user that the back end has not brought before: the argument is the salt.
-- Requests are put together here: wrk.format costs the load generator time that the server beside it then lacks.
function init(args)
  salt = args[1]
  count = 0
  head = "POST /v1/users/link HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: application/json\r\nAuthorization: Bearer "
    .. os.getenv("SERVER_KEY") .. "\r\nContent-Length: "
end
function request()
  count = count + 1
  local body = '{"email":"' .. salt .. "-" .. count .. '@example.com","phone":"+1234567890","name":"John Doe","metadata":{"source":"bench"}}'
  return head .. #body .. "\r\n\r\n" .. body
end
