#!lua flags=allow-oom
-- seal - the composition of a forming batch is fixed: these ids, in this order, each pending
-- under the batch; what else is pending there is given back. Ids come in calls of some
-- thousand; the last call, which makes n complete, seals. After a lost reply: re-read; begin
-- again from 0 where it is still forming.
-- [4] id, [5] ver, [6] from: ids stored by the calls before, [7] n, [8] text of the format,
-- [9] marks of the rows' tracking ids (lib.lua), all of them with the last call, or '', [10]... texts
-- of IDS_PER_FIELD ids each. Answers {'done', ver, state}.
local batch = manifest(ARGV[4])
local from, n = tonumber(ARGV[6]), tonumber(ARGV[7])
local no = wrong_type() or closed_to_the_living(batch, 'forming', ARGV[5])
if no then return no end
if from ~= 0 and from ~= tonumber(batch.n) then return refused('order', batch) end

local ids, fields = {}, {}
for i = 10, #ARGV do
    fields[#fields + 1] = 'ids:' .. (from + #ids)
    fields[#fields + 1] = ARGV[i]
    for _, id in ipairs(ids_of(ARGV[i])) do ids[#ids + 1] = id end
end
local stored = from + #ids
if #ids == 0 or stored > n then return refused('order', batch) end

local low, high = '-', stored == n and '+' or ids[#ids]
if from > 0 then
    local before = ids_of(redis.call('HGET', batch.key, 'ids:' .. (from - IDS_PER_FIELD)))
    low = '(' .. before[#before]
end
local found, rest = 0, {}
repeat
    local page = pending(batch.consumer, low, high, 1000)
    for _, id in ipairs(page) do
        if id == ids[found + 1] then found = found + 1 else rest[#rest + 1] = id end
    end
    low = '(' .. (page[#page] or '')
until #page < 1000
if found < #ids then return refused('pending', batch) end

claim(batch, rest, 'free')
fields[#fields + 1] = 'n'
fields[#fields + 1] = stored
if stored < n then return change(batch, 'forming', fields) end

local format = redis.sha1hex(ARGV[8])
redis.call('SET', key('format:' .. format), ARGV[8], 'NX')
redis.call('ZADD', key('open'), now(), batch.id)
local sealed = {'format', format, 'sealed', now(), 'trying', ''}
if #ARGV[9] == n * MARK_BYTES then
    sealed[#sealed + 1] = 'rows'
    sealed[#sealed + 1] = ARGV[9]
end
for _, value in ipairs(sealed) do fields[#fields + 1] = value end
local answer = change(batch, 'sealed', fields)
batch.n = n
notify('started', batch)
return answer
