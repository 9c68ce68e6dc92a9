#!lua flags=allow-oom
-- list - open batches, forming ones first, then by the time of the seal; changes nothing. The
-- owner is 'mine', 'living', 'former' (was under our name, which is ours now) or 'gone'.
-- [4] how many to pass over, [5] how many at most, [6] text of the endpoint. Answers {'done', Redis time, when the endpoint
-- accepted last or 0, row, ...}, each row a flat array: id, state, ver, attempts, n, drained,
-- bytes, sha256, owner, token, doubted, looks, first, last, looked, depth, carved, refused, why,
-- 1 where it was sent last to another endpoint.
-- State 'none': the manifest is lost; 'split': the carving is not finished.
local function owner_of(batch)
    if batch.owner == me then return 'mine' end
    if batch.owner == '' then return 'former' end
    if lives(batch.name, batch.owner) then return 'living' end
    return batch.name == name and 'former' or 'gone'
end

local no = wrong_type()
if no then return no end
local endpoint = redis.sha1hex(ARGV[6] or '')
local answer = {'done', now(), tonumber(redis.call('HGET', key('state'), 'accepted') or 0)}
for _, id in ipairs(redis.call('ZRANGE', key('open'), ARGV[4], ARGV[4] + ARGV[5] - 1)) do
    local batch = manifest(id)
    answer[#answer + 1] = {
        id, batch.state, batch.ver, batch.attempts, batch.n, batch.drained, batch.bytes,
        batch.sha256, owner_of(batch), batch.owner, batch.doubted, batch.looks, batch.first,
        batch.last, batch.looked, batch.depth, batch.carved, batch.refused, batch.why,
        batch.endpoint ~= '' and batch.endpoint ~= endpoint and 1 or 0,
    }
end
return answer
