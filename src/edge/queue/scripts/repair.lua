#!lua flags=allow-oom
-- repair - a group that vanished with what it knew is made anew: each entry that an open batch names is
-- pending under that batch again, and all others are given back, so that nothing is sent twice and
-- nothing is passed over. Until it is through `state` says so, and no daemon begins (check). A call does
-- one batch, or REPAIR_MAX entries, and can be repeated from any point. Only while no instance lives.
-- Where the group is whole, what is missing on the stream is taken note of instead. Audited.
-- [4] by. Answers {'done', 1 while there is more, else 0, entries of the batch, entries given back},
-- {'whole', entries taken note of}, {'lives', name of an instance}, or {'lost', id of a batch that was
-- sealed and has no manifest either: nobody can say which entries it named}.
local REPAIR_MAX = 100

local by = ARGV[4]
local no = wrong_type()
if no then return no end

local function last_read()
    for _, fields in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
        local facts = {}
        for i = 1, #fields, 2 do facts[fields[i]] = fields[i + 1] end
        if facts.name == group then return facts['last-delivered-id'] end
    end
end

local function audit(kind, count)
    redis.call('XADD', key('audit'), '*', 'type', kind, 'by', by, 'reason', '', 'at', now(), 'count', count)
end

local at = redis.call('HGET', key('state'), 'repairing')
local found = redis.call('EXISTS', stream) == 1 and last_read()
local sealed = redis.call('ZCOUNT', key('open'), '(0', '+inf')
if not at and (found or sealed == 0) then
    local count = found and missing() - baseline() or 0
    if count == 0 then return {'whole', 0} end
    audit('missing_noted', count)
    redis.call('HSET', key('stats'), 'baseline', missing())
    return {'whole', count}
end
local instances = redis.call('HGETALL', key('instances'))
for i = 1, #instances, 2 do
    if lives(instances[i], instances[i + 1]) then return {'lives', instances[i]} end
end

local function go_on_from(point)
    redis.call('HSET', key('state'), 'repairing', point)
    at = point
end

-- One that was drained or sent back in part names the rest; one that may still be formed anew, none.
local function names_of(batch)
    local free = {none = true, forming = true, terminated = batch.to ~= 'dead'}
    return free[batch.state] and {} or named_by(batch)
end

-- Data that is gone leaves a dead letter, unless the batch was settled.
local function claim_named(batch)
    local settled = {accepted = true, completed = true, unreported = true}
    local ids = names_of(batch)
    if settled[batch.state] then
        local there = {}
        for _, id in ipairs(ids) do
            if #redis.call('XRANGE', stream, id, id) == 1 then there[#there + 1] = id end
        end
        ids = there
    end
    return #claim(batch, ids, batch.consumer)
end

if not found then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('open'), '(0', '+inf')) do
        if manifest(id).state == 'none' then return {'lost', id} end
    end
    audit('repair', sealed)
    go_on_from('b:')
    redis.call('XGROUP', 'CREATE', stream, group, '$', 'MKSTREAM')
end
if at:find('^b:') then
    local open, done = redis.call('ZRANGE', key('open'), 0, -1), at:sub(3)
    table.sort(open)
    for _, id in ipairs(open) do
        if id > done then
            local batch = manifest(id)
            local named = claim_named(batch)
            -- What a split one goes on as is planned for as long as that is open.
            for _, child in ipairs({batch.child_a, batch.child_b}) do
                named = named + claim_named(manifest(child))
            end
            go_on_from('b:' .. id)
            return {'done', 1, named, 0}
        end
    end
    go_on_from('e:0-0')
end

local entries = redis.call('XRANGE', stream, '(' .. at:sub(3), last_read(), 'COUNT', REPAIR_MAX)
local free = {}
for _, entry in ipairs(entries) do
    local id = entry[1]
    if #redis.call('XPENDING', stream, group, id, id, 1) == 0 then free[#free + 1] = id end
end
claim({id = '', attempts = 0}, free, 'free')
if #entries == REPAIR_MAX then
    go_on_from('e:' .. entries[REPAIR_MAX][1])
    return {'done', 1, 0, #free}
end
redis.call('HSET', key('stats'), 'baseline', missing())
redis.call('HDEL', key('state'), 'repairing')
return {'done', 0, 0, #free}
