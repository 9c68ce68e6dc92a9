#!lua flags=allow-oom
-- accept - the commit point: the receipt of a batch that the endpoint has taken. A fact is let
-- in from anybody, also from a process that was fenced out, as long as no other attempt was
-- begun since. When the endpoint accepted last is noted for all; what is found later, or comes
-- late, says nothing of how the endpoint is now. One whose events were sent before under an old id
-- may never have been sent under its own: attempt 0. What the answer says of its events is written
-- with it, once, and never hinders it. Repeatable.
-- [4] id, [5] attempt that was accepted, [6]... fields of the receipt and their values, and the
-- exceptions (said). Answers {'done', ver, state}, and where Redis has not taken all exceptions,
-- how many, and why.
local batch = manifest(ARGV[4])
local no = wrong_type()
if no then return no end
local may = {
    sending = true, sealed = true, unknown = true, held = true, accepted = true,
    completed = true,
}
if not may[batch.state] then return refused('state', batch) end
local never_sent = ARGV[5] == '0' and batch.old == ''
if batch.attempts ~= ARGV[5] or never_sent then return refused('attempt', batch) end

local answer = {'done', tonumber(batch.ver), batch.state}
if batch.state ~= 'accepted' and batch.state ~= 'completed' then
    if batch.state == 'sending' then redis.call('HSET', key('state'), 'accepted', now()) end
    learn_limit(batch)
    local fields, lost, why = said(6)
    answer = change(batch, 'accepted', {'accepted', now(), unpack(fields)})
    notify('sendCompleted', batch)
    if lost > 0 then answer[4], answer[5] = lost, why end
end
redis.call('ZREM', key('doubt'), batch.id)
redis.call('ZREM', key('held'), batch.id)
return answer
