#!lua flags=allow-oom
-- take - entries that were given back are leased to a forming batch, lowest ids first, none at
-- or below `after`: the ids of a batch only grow. The caller then reads them under the batch. A
-- repeat takes more.
-- [4] id, [5] after ("0-0": from the start), [6] how many at most. Answers {'done', how many}.
local batch = manifest(ARGV[4])
local no = wrong_type() or closed_to_the_living(batch, 'forming', batch.ver)
if no then return no end

local ids = pending('free', '(' .. ARGV[5], '+', ARGV[6])
claim(batch, ids, batch.consumer)
return {'done', #ids}
