#!lua flags=allow-oom
-- circuit - notes for others whether this instance lets batches out to the endpoint; what is not
-- noted is closed. Repeatable.
-- [4] open, half_open or closed, [5] why. Answers {'done'}, or {'refused', 'heartbeat'}.
local no = wrong_type()
if no then return no end
if not lives(name, me) then return {'refused', 'heartbeat'} end

if ARGV[4] == 'closed' then
    redis.call('HDEL', key('state'), 'circuit:' .. name)
else
    redis.call('HSET', key('state'), 'circuit:' .. name, ARGV[4] .. ' ' .. ARGV[5] .. ' ' .. now())
end
return {'done'}
