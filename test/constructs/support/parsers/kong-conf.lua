-- Reads a kong.conf (first argument) as Kong's loader does: Penlight's config.read with Kong's options, then comments and
-- escaped octothorpes by Kong's two substitutions. Prints each option as its name and its value in hexadecimal.
local config = require 'pl.config'
local pcre = require 'rex_pcre2'

local file = assert(io.open(arg[1]))
local conf = assert(config.read(file, { smart = false, list_delim = '_blank_' }))
file:close()

for name, value in pairs(conf) do
  value = pcre.gsub(tostring(value), [[\s*(?<!\\)#.*$]], '', 1)
  value = value:gsub('\\#', '#')
  print(name .. ' ' .. value:gsub('.', function(byte) return ('%02x'):format(byte:byte()) end))
end
