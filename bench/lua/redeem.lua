-- A click on a link that is used this once: args is the file with the paths, made by `aboard bench-floor links`.
-- No `response` function: with one, wrk makes a table of the headers of every answer, beside the server.
function init(args)
  paths = {}
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  next_path = 0
  head = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Length: 0\r\nX-Forwarded-For: 11.1."
end
function request()
  next_path = next_path + 1
  local path = paths[next_path]
  if not path then
    -- Out of links: the time until then counts.
    wrk.thread:stop()
    path = paths[#paths]
  end
  -- Pages are counted by address: these are clicks of many people behind a proxy.
  if next_path % 100 == 1 then
    local network = math.floor(next_path / 100)
    tail = head .. math.floor(network / 256) .. "." .. network % 256 .. "\r\n\r\n"
  end
  return "POST " .. path .. tail
end
