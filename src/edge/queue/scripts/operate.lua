#!lua flags=allow-oom
-- operate - what a person decided about a batch, audited with the reason. Whoever owns it: the
-- version moves on, so that an owner who had other plans is refused. One that is to be sent (again)
-- has no owner then, and anybody may adopt it; entries of a terminated one are given back, or set
-- aside, by abandon. One that was sent before under an old id, but not just so, is sent under its
-- own: what became of the old one is past.
-- [4] id, [5] verb: accept, resend, release or terminate, [6] where the events of a terminated one
-- go: queue, dead, or '': to the dead letters where it was in doubt, [7] by, [8] reason. Answers
-- {'done', ver, state}.
local batch = manifest(ARGV[4])
local verb, to, by, reason = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local verbs = {
    held = {accept = true, resend = true, terminate = true},
    failed = {release = true, terminate = true},
    sealed = {terminate = true},
}
local no = wrong_type()
if no then return no end
if not (verbs[batch.state] and verbs[batch.state][verb]) then return refused('state', batch) end

redis.call('XADD', key('audit'), '*', 'type', verb, 'batch', batch.id, 'by', by,
           'reason', reason, 'at', now(), 'from', batch.state)
redis.call('ZREM', key('held'), batch.id)
if verb == 'resend' or verb == 'release' then
    local past = batch.old ~= '' and batch.whole ~= '1'
    local fields = {
        'owner', '', 'name', '', 'absent', '',
        'old', past and '' or batch.old, 'past', past and batch.old or batch.past,
    }
    if batch.attempts == '0' and batch.old == '' then
        redis.call('ZREM', key('doubt'), batch.id)
        fields[11], fields[12] = 'doubted', ''
    end
    return change(batch, 'sealed', fields)
end
redis.call('ZREM', key('doubt'), batch.id)
if verb == 'accept' then
    notify('sendCompleted', batch)
    return change(batch, 'accepted', {'accepted', now(), 'operator', by})
end
if to == '' then to = batch.doubted ~= '' and 'dead' or 'queue' end
notify('terminated', batch)
return change(batch, 'terminated', {'to', to, 'owner', '', 'name', ''})
