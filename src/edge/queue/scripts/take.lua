#!lua flags=allow-oom
-- take - entries that were given back are leased to a forming batch, lowest ids first, none at
-- or below `after`: the ids of a batch only grow. The caller then reads them under the batch, which
-- Redis counts as a delivery. One that was delivered often, and never got into a batch, may be
-- what kills us: it comes alone, and is noted as `trying` until the next call. A repeat takes more.
-- [4] id, [5] after ("0-0": from the start), [6] how many at most. Answers {'done', how many}.
local batch = manifest(ARGV[4])
local no = wrong_type() or closed_to_the_living(batch, 'forming', batch.ver)
if no then return no end

local ids, trying = {}, ''
for _, row in ipairs(redis.call('XPENDING', stream, group, '(' .. ARGV[5], '+', ARGV[6], 'free')) do
    if row[4] >= SUSPECT_FROM then
        if #ids == 0 then ids[1], trying = row[1], row[1] end
        break
    end
    ids[#ids + 1] = row[1]
end
if batch.trying ~= trying then redis.call('HSET', batch.key, 'trying', trying) end
claim(batch, ids, batch.consumer)
return {'done', #ids}
