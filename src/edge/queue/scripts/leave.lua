#!lua flags=allow-oom
-- leave - gives the name free, if it is ours, and our batches with it, so that others need not wait
-- until we count as gone; but for those on the wire, whose fate is not known. While there are any,
-- the others go on missing us: it tells them to look at what is open. Repeatable.
if lives(name, me) then
    local healthy = not wrong_type()
    local leaves_any = false
    for _, id in ipairs(healthy and redis.call('ZRANGE', key('open'), 0, -1) or {}) do
        local batch = manifest(id)
        if batch.owner == me then
            leaves_any = true
            if batch.state ~= 'sending' then change(batch, batch.state, {'owner', ''}) end
        end
    end
    if healthy then
        redis.call('HDEL', key('state'), 'circuit:' .. name, 'durability:' .. name,
                   'ledger:' .. name)
        if not leaves_any then redis.call('HDEL', key('instances'), name) end
    end
    redis.call('DEL', key('hb:' .. name))
end
return {'done'}
