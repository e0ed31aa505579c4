-- Tells what a gateway would find in its configuration cache (LMDB, data format 1), with plain reads.
--
--   luajit cache.lua <prefix>      or      resty cache.lua <prefix>
--
-- Prints one line, whose first word is one of
--   absent                     there is no cache yet
--   empty                      a cache that holds no configuration
--   populated <tag> <hash>     tag: major.minor of the gateway that wrote it, `-` when it wrote none
--   corrupt <why>              its pages make no sense; a gateway notices that of some, and starts anew
--   cut <why>                  the file lacks pages that are in use: LMDB checks no size, and dies when it reads one
--   denied <path>              this user may not read it: nothing is known
--   unknown <why>              nothing is known for another reason
-- and never fails. Plain Lua 5.1, no modules: it runs wherever a gateway's image has LuaJIT or resty.

local MAGIC, FORMAT = 0xBEEFC0DE, 1
local PAGE_HEADER = 16
local P_BRANCH, P_LEAF, P_OVERFLOW, P_META, P_LEAF2 = 0x01, 0x02, 0x04, 0x08, 0x20
local F_BIGDATA, F_SUBDATA, F_DUPDATA = 0x01, 0x02, 0x04
local EPERM, ENOENT, EACCES = 1, 2, 13
local MAX_DEPTH = 32 -- LMDB's own limit
local ATTEMPTS = 10

local function u16(s, at)
  local a, b = s:byte(at + 1, at + 2)
  return a + b * 0x100
end

local function u32(s, at)
  return u16(s, at) + u16(s, at + 2) * 0x10000
end

local function u64(s, at)
  return u32(s, at) + u32(s, at + 4) * 0x100000000
end

local function has(flags, bit)
  return flags % (bit * 2) >= bit
end

local function verdict(word, detail)
  error({ word = word, detail = detail }, 0)
end

local function corrupt(why)
  verdict('corrupt', why)
end

local function cut()
  verdict('cut', 'pages that are in use lie beyond the end of the file')
end

-- Unsigned bytes, a prefix first: LMDB's order, whatever the locale.
local function compare(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then
      return x - y
    end
  end
  return #a - #b
end

local function open(path)
  local file, message, errno = io.open(path, 'rb')
  if file then
    file:setvbuf('no')
    return file
  end
  if errno == ENOENT then
    verdict('absent')
  elseif errno == EACCES or errno == EPERM then
    verdict('denied', path)
  end
  verdict('unknown', tostring(message))
end

local function read(file, at, length)
  if not file:seek('set', at) then
    corrupt('a page lies outside the file')
  end
  local bytes, message = file:read(length)
  if not bytes and message then -- an error of the disk, or a folder: not the end of the file
    verdict('unknown', tostring(message))
  end
  return bytes or ''
end

-- Both meta pages must be valid: LMDB opens no file where one of them is not.
local function read_meta(file, at, size)
  local page = read(file, at, size)
  if at == 0 and page == '' then
    verdict('empty')
  end
  if #page < size then
    corrupt('a meta page is cut')
  end
  if not has(u16(page, 10), P_META) or u32(page, PAGE_HEADER) ~= MAGIC then
    corrupt('a meta page is not one')
  end
  if u32(page, PAGE_HEADER + 4) ~= FORMAT then
    verdict('unknown', 'data format ' .. u32(page, PAGE_HEADER + 4) .. ' of LMDB')
  end
  local main = PAGE_HEADER + 24 + 48
  return {
    page_size = u32(page, PAGE_HEADER + 24),
    free_root = u64(page, main - 48 + 40),
    flags = u16(page, main + 4),
    root = u64(page, main + 40),
    last_page = u64(page, PAGE_HEADER + 120),
    transaction = u64(page, PAGE_HEADER + 128),
  }
end

local META_SIZE = PAGE_HEADER + 136

local function newest_meta(file)
  local first = read_meta(file, 0, META_SIZE)
  local size = first.page_size
  if size < 512 or size > 0x8000 or 2 ^ math.floor(math.log(size) / math.log(2) + 0.5) ~= size then
    corrupt('page size ' .. size)
  end
  local second = read_meta(file, size, META_SIZE)
  local newest = second.transaction > first.transaction and second or first
  newest.page_size = size
  return newest
end

local function read_page(file, meta, number)
  if number < 2 or number > meta.last_page then
    corrupt('a page number is out of range')
  end
  local page = read(file, number * meta.page_size, meta.page_size)
  if #page < meta.page_size then
    cut()
  end
  if u64(page, 0) ~= number then
    corrupt('a page is not the one it should be')
  end
  return page, u16(page, 10)
end

local function nodes_of(page, size)
  local count = (u16(page, 12) - PAGE_HEADER) / 2
  if count < 0 or count ~= math.floor(count) or PAGE_HEADER + count * 2 > size then
    corrupt('a page header is damaged')
  end
  return count
end

local function node_at(page, size, index)
  local at = u16(page, PAGE_HEADER + index * 2)
  if at < PAGE_HEADER or at + 8 > size then
    corrupt('a node lies outside its page')
  end
  local key_size = u16(page, at + 6)
  if at + 8 + key_size > size then
    corrupt('a key lies outside its page')
  end
  return {
    low = u32(page, at),
    flags = u16(page, at + 4),
    key = page:sub(at + 9, at + 8 + key_size),
    data = at + 8 + key_size,
  }
end

local function value_of(file, meta, page, node)
  local size = meta.page_size
  if has(node.flags, F_DUPDATA) then
    corrupt('a value is of a kind that the gateway does not write')
  end
  if not has(node.flags, F_BIGDATA) then
    if node.data + node.low > size then
      corrupt('a value lies outside its page')
    end
    return page:sub(node.data + 1, node.data + node.low)
  end
  if node.data + 8 > size then
    corrupt('a value lies outside its page')
  end
  local number = u64(page, node.data)
  local head, flags = read_page(file, meta, number)
  if not has(flags, P_OVERFLOW) or PAGE_HEADER + node.low > u32(head, 12) * size then
    corrupt('an overflow page is damaged')
  end
  local value = read(file, number * size + PAGE_HEADER, node.low)
  if #value < node.low then
    cut()
  end
  return value
end

-- The value under a key in the tree below `root` and its node's flags, or nothing.
local function find(file, meta, root, wanted)
  if root >= 2 ^ 53 then -- P_INVALID: a tree without pages
    return nil
  end
  local number, size = root, meta.page_size
  for _ = 1, MAX_DEPTH do
    local page, kind = read_page(file, meta, number)
    local count = nodes_of(page, size)
    if has(kind, P_LEAF) then
      for index = 0, count - 1 do
        local node = node_at(page, size, index)
        if node.key == wanted then
          return value_of(file, meta, page, node), node.flags
        end
      end
      return nil
    end
    if not has(kind, P_BRANCH) or count < 1 then
      corrupt('a page is neither branch nor leaf')
    end
    local child = node_at(page, size, 0)
    for index = 1, count - 1 do -- the first key of a branch stands for "everything before the second"
      local node = node_at(page, size, index)
      if compare(node.key, wanted) > 0 then
        break
      end
      child = node
    end
    number = child.low + child.flags * 0x100000000
  end
  corrupt('the tree is too deep')
end

-- Ends with "cut" when the tree below `root`, or one inside it, has a page that is not wholly within the file.
local function look_for_cut(file, meta, root, length, seen, depth)
  if root >= 2 ^ 53 then
    return
  end
  local page, kind = read_page(file, meta, root)
  if seen[root] or depth > MAX_DEPTH then
    corrupt('the tree is not one')
  end
  seen[root] = true
  if has(kind, P_LEAF2) then -- keys alone
    return
  end
  local size = meta.page_size
  for index = 0, nodes_of(page, size) - 1 do
    local node = node_at(page, size, index)
    if has(kind, P_BRANCH) then
      look_for_cut(file, meta, node.low + node.flags * 0x100000000, length, seen, depth + 1)
    elseif has(node.flags, F_BIGDATA) then
      if node.data + 8 > size then
        corrupt('a value lies outside its page')
      end
      if u64(page, node.data) * size + PAGE_HEADER + node.low > length then
        cut()
      end
    elseif has(node.flags, F_SUBDATA) then
      if node.data + 48 > size then
        corrupt('a value lies outside its page')
      end
      look_for_cut(file, meta, u64(page, node.data + 40), length, seen, 1)
    end
  end
end

-- A file may be shorter than its last page number says, and whole: LMDB never writes a page that it has freed again in
-- the same transaction. So the pages in use are looked through; but only then.
local function check_length(file, meta)
  local length = file:seek('end')
  if length < (meta.last_page + 1) * meta.page_size then
    local seen = {}
    look_for_cut(file, meta, meta.root, length, seen, 1)
    look_for_cut(file, meta, meta.free_root, length, seen, 1)
  end
end

-- MDB_REVERSEKEY, MDB_DUPSORT, MDB_INTEGERKEY
local function sorted_otherwise(flags)
  return has(flags, 0x02) or has(flags, 0x04) or has(flags, 0x08)
end

local function look(file, meta)
  if sorted_otherwise(meta.flags) then
    verdict('unknown', 'the main database is sorted in a way that the gateway does not use')
  end
  local tag = find(file, meta, meta.root, 'validation_tag')
  local sub, flags = find(file, meta, meta.root, '_default')
  if not sub then
    verdict('empty')
  end
  if not has(flags, F_SUBDATA) or #sub ~= 48 then
    corrupt('_default is not a database')
  end
  if sorted_otherwise(u16(sub, 4)) then
    verdict('unknown', '_default is sorted in a way that the gateway does not use')
  end
  local hash = find(file, meta, u64(sub, 40), 'declarative_config:hash')
  if not hash or hash == ('0'):rep(32) then
    verdict('empty')
  end
  if not hash:match('^%w+$') or (tag and not tag:match('^[%w.]+$')) then
    corrupt('hash or tag is not text')
  end
  verdict('populated', (tag or '-') .. ' ' .. hash)
end

-- What `step` found out: a verdict, or that it could not be carried out.
local function attempt(step)
  local _, found = pcall(step)
  if type(found) == 'table' and found.word then
    return found
  end
  return { word = 'unknown', detail = tostring(found) }
end

-- A writer may change pages under us: what was read counts when no transaction was committed meanwhile.
local function state(path)
  for _ = 1, ATTEMPTS do
    local before, after, handle
    local found = attempt(function()
      handle = open(path)
      before = newest_meta(handle)
      check_length(handle, before)
      look(handle, before)
    end)
    if handle then
      handle:close()
    end
    if not before then
      return found
    end
    attempt(function()
      handle = open(path)
      after = newest_meta(handle)
    end)
    if handle then
      pcall(handle.close, handle)
    end
    if after and after.transaction == before.transaction then
      return found
    end
  end
  return { word = 'unknown', detail = 'it changes while it is read' }
end

local prefix = arg and arg[1]
local result = { word = 'unknown', detail = 'no prefix was given' }
if prefix then
  result = state(prefix .. '/dbless.lmdb/data.mdb')
end
local line = result.word
if result.detail then
  line = line .. ' ' .. result.detail:gsub('%c', ' ')
end
io.write(line, '\n')
