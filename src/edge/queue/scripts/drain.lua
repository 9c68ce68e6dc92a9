#!lua flags=allow-oom
-- drain - the next IDS_PER_FIELD events of a settled batch, accepted or unreported, leave the
-- stream; the last call finishes the batch. Needs no owner. What is removed first is noted as
-- removed after, so that it can be gone through again from any point. A manifest that lacks ids it
-- counts is left to a person.
-- [4] id, [5] from: events drained by the calls before, [6] for how many ms the receipt is kept. Answers
-- {'done', ver, state, drained}.
local batch = manifest(ARGV[4])
local no = wrong_type()
if no then return no end
local may = {accepted = true, completed = true, unreported = true}
if not may[batch.state] then return refused('state', batch) end
if batch.drained ~= ARGV[5] then return refused('drained', batch) end

local ids = ids_of(redis.call('HGET', batch.key, 'ids:' .. batch.drained) or '')
local drained = batch.drained + #ids
if #ids == 0 and drained < tonumber(batch.n) then return refused('ids', batch) end
remove(ids)
local over = drained == tonumber(batch.n)
if over then finish(batch, ARGV[6]) end
redis.call('HSET', batch.key, 'drained', drained)
if over then forget_ids(batch) end
return {'done', tonumber(batch.ver), batch.state, drained}
