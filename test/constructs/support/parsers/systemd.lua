-- Reads an EnvironmentFile (second argument) by systemd's own parser, in its library (first argument), and drops what
-- systemd would drop before it starts a service. Prints each variable as its name and its value in hexadecimal.
local ffi = require 'ffi'
ffi.cdef [[
  int load_env_file(void *file, const char *path, char ***variables);
  char **strv_env_clean_with_callback(char **variables, void *callback, void *userdata);
]]
local systemd = ffi.load(arg[1])

local variables = ffi.new('char **[1]')
local result = systemd.load_env_file(nil, arg[2], variables)
assert(result >= 0, 'systemd refuses the file: ' .. result)
local cleaned = systemd.strv_env_clean_with_callback(variables[0], nil, nil)
local at = 0
while cleaned ~= nil and cleaned[at] ~= nil do
  local name, value = ffi.string(cleaned[at]):match('^([^=]*)=(.*)$')
  print(name .. ' ' .. value:gsub('.', function(byte) return ('%02x'):format(byte:byte()) end))
  at = at + 1
end
