#!lua flags=allow-oom
-- list - open batches, forming ones first, then by the time of the seal; changes nothing. The
-- owner is 'mine', 'living', 'former' (was under our name, which is ours now) or 'gone'.
-- [4] and [5] score and id of the last row before, or -inf and '', [6] how many at most, [7] text
-- of the endpoint. Answers {'done', Redis time, when the endpoint accepted last or 0, score of the
-- last row, row, ...}, each row a flat array: id, state, ver, attempts, n, drained,
-- bytes, sha256, owner, token, doubted, looks, first, last, looked, depth, carved, refused, why,
-- 1 where it was sent last to another endpoint, absent, old, old_n, whole, past.
-- State 'none': the manifest is lost; 'split': the carving is not finished.
local function owner_of(batch)
    if batch.owner == me then return 'mine' end
    if batch.owner == '' then return 'former' end
    if lives(batch.name, batch.owner) then return 'living' end
    return batch.name == name and 'former' or 'gone'
end

local no = wrong_type()
if no then return no end
local score, last, most, endpoint = ARGV[4], ARGV[5], tonumber(ARGV[6]), redis.sha1hex(ARGV[7])
local answer = {'done', now(), tonumber(redis.call('HGET', key('state'), 'accepted') or 0), score}

-- Those behind the last row, by where it stood: it may be gone, and others with it.
local ids, offset, page = {}, 0
repeat
    page = redis.call('ZRANGE', key('open'), score, '+inf', 'BYSCORE', 'LIMIT', offset, most,
                      'WITHSCORES')
    for i = 1, #page, 2 do
        local behind = page[i + 1] ~= score or page[i] > last
        if behind and #ids < most then ids[#ids + 1], answer[4] = page[i], page[i + 1] end
    end
    offset = offset + most
until #page < 2 * most or #ids == most

for _, id in ipairs(ids) do
    local batch = manifest(id)
    answer[#answer + 1] = {
        id, batch.state, batch.ver, batch.attempts, batch.n, batch.drained, batch.bytes,
        batch.sha256, owner_of(batch), batch.owner, batch.doubted, batch.looks, batch.first,
        batch.last, batch.looked, batch.depth, batch.carved, batch.refused, batch.why,
        batch.endpoint ~= '' and batch.endpoint ~= endpoint and 1 or 0, batch.absent,
        batch.old, batch.old_n, batch.whole, batch.past,
    }
end
return answer
