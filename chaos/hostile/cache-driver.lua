-- Runs cache.lua over caches that come through stdin, in one process: "<length>\n<bytes>" each; answers with its line.
-- The file is in memory, behind an io.open that does what the one of the system does with a file of these bytes.
local reader = assert(loadfile(arg[1]))
arg = { '/cache' }

local bytes
local write = io.write

local File = {}
File.__index = File

function File.setvbuf() end

function File.close() end

function File:seek(whence, at)
  if whence == 'end' then
    self.at = #bytes
  elseif at < 0 or at >= 2 ^ 63 then
    return nil, 'Invalid argument', 22
  else
    self.at = math.floor(at)
  end
  return self.at
end

function File:read(length)
  local part = bytes:sub(self.at + 1, self.at + length)
  self.at = self.at + #part
  if part == '' and (length > 0 or self.at >= #bytes) then
    return nil
  end
  return part
end

io.open = function()
  return setmetatable({ at = 0 }, File)
end
local out = {}
io.write = function(...)
  for _, text in ipairs({ ... }) do
    out[#out + 1] = text
  end
end

for length in io.stdin.lines(io.stdin) do
  bytes = io.stdin:read(tonumber(length)) or ''
  reader()
  write(table.concat(out))
  out = {}
  io.stdout:flush()
end
