-- A click on a link that is used this once: args is the file with the paths, made by `aboard bench-floor links`.
-- No `response` function: with one, wrk makes a table of the headers of every answer, beside the server.
function init(args)
  paths = {}
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  next_path = 0
  tail = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Length: 0\r\n\r\n"
end
function request()
  next_path = next_path + 1
  local path = paths[next_path]
  if not path then
    -- Out of links: the time until then counts.
    wrk.thread:stop()
    path = paths[#paths]
  end
  return "POST " .. path .. tail
end
