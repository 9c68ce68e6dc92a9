#!lua flags=allow-oom
-- leave - gives the name free, if it is ours, and our batches with it, so that others need not wait
-- until we count as gone; but for those on the wire, whose fate is not known. Repeatable.
if lives(name, me) then
    local open = wrong_type() and {} or redis.call('ZRANGE', key('open'), 0, -1)
    for _, id in ipairs(open) do
        local batch = manifest(id)
        if batch.owner == me and batch.state ~= 'sending' then
            change(batch, batch.state, {'owner', ''})
        end
    end
    redis.call('HDEL', key('instances'), name)
    redis.call('DEL', key('hb:' .. name))
end
return {'done'}
