#!lua flags=allow-oom
-- survey - what waits on the queue, without changing anything. Unread is what is on the stream
-- and not pending: XINFO's lag is nil while the entry that was read last is deleted and older
-- ones are not. [4] text of the endpoint, where there is one. Answers {'done', paused, waiting,
-- milliseconds of the oldest waiting id or 0, Redis time, elements in the inbox, batches in doubt,
-- bytes that bodies for this endpoint must stay below or 0, events that somebody else took away}.
local no = wrong_type()
if no then return no end
local oldest, waiting = 0, 0
local function see(ids, count)
    if #ids == 0 then return end
    local ms = tonumber(ids[1]:match('^%d+'))
    if oldest == 0 or ms < oldest then oldest = ms end
    waiting = waiting + math.max(count, 1)
end

local summary, free = redis.call('XPENDING', stream, group), 0
for _, row in ipairs(summary[4] or {}) do
    if row[1] == 'free' then free = tonumber(row[2]) end
end
see(pending('free', '-', '+', 1), free)
for _, fields in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local facts = {}
    for i = 1, #fields, 2 do facts[fields[i]] = fields[i + 1] end
    if facts.name == group then
        local after = '(' .. facts['last-delivered-id']
        local first = redis.call('XRANGE', stream, after, '+', 'COUNT', 1)[1]
        see(first or {}, redis.call('XLEN', stream) - summary[1])
    end
end
local paused = redis.call('HEXISTS', key('state'), 'paused')
local elements = inbox and redis.call('LLEN', inbox) or 0
local doubts = redis.call('ZCARD', key('doubt'))
return {'done', paused, waiting, oldest, now(), elements, doubts, limit_of(redis.sha1hex(ARGV[4] or '')),
        math.max(0, missing() - baseline())}
