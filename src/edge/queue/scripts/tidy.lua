#!lua flags=allow-oom
-- tidy - entries that no batch names are given back: what a read that came late has left under a
-- batch that was sealed or is over, and what a consumer of no kind of ours has taken and not
-- touched for long. A batch that is forming, planned or being given up is left alone. One that is
-- open without a manifest was sealed once, or was not: then it is over; else it is held, with what
-- is pending under it. One that still names entries, and that somebody took off the open ones, is
-- open again. A consumer goes with its last entry. At most CLAIM_MAX entries a call. Instances
-- that are gone are forgotten. Repeatable.
-- [4] ms after which a foreign consumer is released. Answers {'done', entries given back, batches held,
-- foreign consumers released}.
local no = wrong_type()
if no then return no end

pending('free', '-', '+', 1) -- says NOGROUP where the stream is gone; XINFO does not
forget_the_dead()

local names_none = {none = true, forming = true, planned = true, terminated = true}

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

-- Nobody knows any more whether it was sent, nor which of the entries it named.
local function hold(batch, ids)
    local fields = {
        'owner', '', 'name', '', 'n', #ids, 'attempts', 0, 'drained', 0, 'sha256', '', 'bytes', 0,
        'created', now(), 'doubted', 1, 'why', 'manifest_lost',
    }
    for i = 1, #ids, IDS_PER_FIELD do
        fields[#fields + 1] = 'ids:' .. (i - 1)
        fields[#fields + 1] = text_of({unpack(ids, i, math.min(i + IDS_PER_FIELD - 1, #ids))})
    end
    change(batch, 'held', fields)
    redis.call('ZADD', key('held'), 'NX', now(), batch.id)
end

local held = 0
for _, id in ipairs(redis.call('ZRANGE', key('open'), 0, -1)) do
    if redis.call('EXISTS', key('batch:' .. id)) == 0 then
        local batch = manifest(id)
        local ids = pending(batch.consumer, '-', '+', 100000)
        if #ids > 0 and tonumber(redis.call('ZSCORE', key('open'), id)) > 0 then
            hold(batch, ids)
            held = held + 1
        else
            for _, set in ipairs({'doubt', 'held', 'open'}) do redis.call('ZREM', key(set), id) end
        end
    end
end

local given, released = 0, 0
for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
    local facts = {}
    for i = 1, #fields, 2 do facts[fields[i]] = fields[i + 1] end
    local id = facts.name:match('^b:(.+)$')
    if id then
        local batch = manifest(id)
        local open = redis.call('ZSCORE', key('open'), id)
        if not open and not names_none[batch.state] and gone_of(batch) < (tonumber(batch.n) or 0) then
            open = redis.call('ZADD', key('open'), now(), id)
        end
        batch.finished = batch.state ~= 'planned' and not open
        if batch.finished or not names_none[batch.state] then
            if facts.pending > (tonumber(batch.n) or 0) - gone_of(batch) then
                local named = {}
                for _, entry in ipairs(named_by(batch)) do named[entry] = true end
                local strays = strays_of(batch, named, CLAIM_MAX - given)
                given = given + #claim(batch, strays, 'free')
            end
            if #pending(batch.consumer, '-', '+', 1) == 0 then
                redis.call('XGROUP', 'DELCONSUMER', stream, group, batch.consumer)
            end
        end
    elseif facts.name ~= 'free' and facts.idle >= tonumber(ARGV[4]) then
        local stranger = {id = '', attempts = 0, consumer = facts.name}
        given = given + #claim(stranger, strays_of(stranger, {}, CLAIM_MAX - given), 'free')
        if #pending(stranger.consumer, '-', '+', 1) == 0 then
            redis.call('XGROUP', 'DELCONSUMER', stream, group, stranger.consumer)
            released = released + 1
        end
    end
end
return {'done', given, held, released}
