#!lua flags=allow-oom
-- circuit - notes for others whether this instance lets batches out to the endpoint; what is not
-- noted is closed. The time is that of the first opening, however often it was probed since.
-- Repeatable.
-- [4] open, half_open or closed, [5] why. Answers {'done'}, or {'refused', 'heartbeat'}.
local no = wrong_type()
if no then return no end
if not lives(name, me) then return {'refused', 'heartbeat'} end

local field = 'circuit:' .. name
if ARGV[4] == 'closed' then
    redis.call('HDEL', key('state'), field)
else
    local since = (redis.call('HGET', key('state'), field) or ''):match('%d+$') or now()
    redis.call('HSET', key('state'), field, ARGV[4] .. ' ' .. ARGV[5] .. ' ' .. since)
end
return {'done'}
