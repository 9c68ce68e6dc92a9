#!lua flags=allow-oom
-- move - a sealed batch of ours goes from one state to another, as the flow table of the caller
-- says. Entries of a terminated one are then given back by abandon. After a lost reply:
-- re-read.
-- [4] id, [5] ver, [6] from, [7] to, [8] to held or unknown: why; to sealed: 'refused' where its
-- rows were refused without naming any, which is noted once, 'absent' where it was shown that it is
-- not there, also under an old id, which is past then; else '', [9] what the last POST came to, or
-- '', [10] what its answer says of the batch as a whole, or ''. To unknown because its events were
-- sent before, as a ledger says: [11] under which id, [12] how many events, [13] 1 where just these
-- bytes, [14] when first and [15] last, [16] text of the endpoint. To unreported: [11] sha256 and
-- [12] bytes of the body that was made, and not sent. Answers {'done', ver, state}.
local batch = manifest(ARGV[4])
local from, to, word = ARGV[6], ARGV[7], ARGV[8] or ''
local before_acceptance = {
    sealed = true, sending = true, unknown = true, held = true, failed = true,
}
local no = wrong_type() or closed(batch, from, ARGV[5])
if no then return no end
if not before_acceptance[from] then return refused('state', batch) end

local notices = {failed = 'failed', terminated = 'terminated'}
local fields = {}
if to == 'unknown' then
    redis.call('ZADD', key('doubt'), 'NX', now(), batch.id)
    fields = {'doubted', 1, 'why', word}
    if ARGV[11] then
        fields = {
            'doubted', 1, 'why', word, 'old', ARGV[11], 'old_n', ARGV[12], 'whole', ARGV[13],
            'first', ARGV[14], 'last', ARGV[15], 'endpoint', redis.sha1hex(ARGV[16]),
            'looks', 0, 'looked', 0,
        }
    end
elseif to == 'unreported' then
    fields = {'sha256', ARGV[11], 'bytes', ARGV[12]}
elseif to == 'held' then
    redis.call('ZADD', key('held'), 'NX', now(), batch.id)
    fields = {'why', word}
elseif from == 'unknown' then
    local past = word == 'absent' and batch.old ~= ''
    fields = {
        'absent', word == 'absent' and 1 or '',
        'old', past and '' or batch.old, 'past', past and batch.old or batch.past,
    }
elseif word == 'refused' and batch.refused == '' then
    fields = {'refused', now()}
end
for field, value in pairs({outcome = ARGV[9], remarks = ARGV[10]}) do
    if value ~= '' then fields[#fields + 1], fields[#fields + 2] = field, value end
end
local answer = change(batch, to, fields)
if to ~= 'held' then redis.call('ZREM', key('held'), batch.id) end
if notices[to] then
    redis.call('ZREM', key('doubt'), batch.id)
    notify(notices[to], batch)
end
return answer
