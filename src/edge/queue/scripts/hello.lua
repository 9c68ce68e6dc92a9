#!lua flags=allow-oom
-- hello - this process lives under its name from now on, for life_ms, unless another one does.
-- What instances that are gone noted of their circuits goes with them. Repeatable.
-- [4] life_ms. Answers as take_name does.
local no = wrong_type()
if no then return no end
local answer = take_name(ARGV[4])
if answer[1] ~= 'done' then return answer end

if redis.call('HGET', key('instances'), name) ~= me then
    redis.call('HDEL', key('state'), 'circuit:' .. name)
end
redis.call('HSET', key('instances'), name, me)
forget_the_dead()
return answer
