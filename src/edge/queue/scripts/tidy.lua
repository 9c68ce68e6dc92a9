#!lua flags=allow-oom
-- tidy - entries that no batch names are given back: what a read that came late has left under a
-- batch that was sealed or is over. One that is forming, planned or being given up is left alone, and
-- so is one that is open without a manifest. A consumer goes with its last entry. At most CLAIM_MAX
-- entries a call. Instances that are gone are forgotten. Repeatable. Answers {'done', entries given back}.
local no = wrong_type()
if no then return no end

forget_the_dead()
local names_none = {none = true, forming = true, planned = true, terminated = true}

-- How many of a batch's named entries have left it; all, once it is over.
local function gone_of(batch)
    if batch.over then return tonumber(batch.n) or 0 end
    return tonumber(batch.state == 'split' and batch.carved or batch.drained)
end

-- What it still names, as a set.
local function named_by(batch)
    local named, at, gone = {}, 0, gone_of(batch)
    for from = gone - gone % IDS_PER_FIELD, (tonumber(batch.n) or 0) - 1, IDS_PER_FIELD do
        at = from
        for _, id in ipairs(ids_of(redis.call('HGET', batch.key, 'ids:' .. from) or '')) do
            at = at + 1
            named[id] = at > gone
        end
    end
    return named
end

-- The first entries under a batch that it does not name, at most `room`.
local function strays_of(batch, named, room)
    local strays, low = {}, '-'
    repeat
        local page = pending(batch.consumer, low, '+', 1000)
        for _, id in ipairs(page) do
            if not named[id] and #strays < room then strays[#strays + 1] = id end
            low = '(' .. id
        end
    until #page < 1000 or #strays == room
    return strays
end

-- Consumers of another kind, like `free`, count as the batch without an id: it has no entries.
local given = 0
for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
    local facts = {}
    for i = 1, #fields, 2 do facts[fields[i]] = fields[i + 1] end
    local batch = manifest(facts.name:match('^b:(.+)$') or '')
    batch.over = batch.state ~= 'planned' and not redis.call('ZSCORE', key('open'), batch.id)
    if batch.over or not names_none[batch.state] then
        if facts.pending > (tonumber(batch.n) or 0) - gone_of(batch) then
            local strays = strays_of(batch, named_by(batch), CLAIM_MAX - given)
            given = given + #claim(batch, strays, 'free')
        end
        if #pending(batch.consumer, '-', '+', 1) == 0 then
            redis.call('XGROUP', 'DELCONSUMER', stream, group, batch.consumer)
        end
    end
end
return {'done', given}
