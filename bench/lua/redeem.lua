-- A click on a link that is used this once: args is the file with the paths, made by `aboard bench-floor links`.
function init(args)
  paths = {}
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  next_path = 0
  wrk.method = "POST"
end
function request()
  next_path = next_path + 1
  return wrk.format(nil, paths[next_path] or "/none")
end
function response(status)
  if status ~= 303 then wrk.thread:stop() end
end
