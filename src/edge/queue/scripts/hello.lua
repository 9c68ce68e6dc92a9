#!lua flags=allow-oom
-- hello - this process lives under its name from now on, for life_ms, unless another one does.
-- What instances that are gone noted of themselves goes with them. Repeatable.
-- [4] life_ms, [5] what makes our marks durable, [6] run_id of the server, '' where what it was
-- restarted with is not yet seen to, [7] the word of our ledger. Answers as take_name does.
local no = wrong_type()
if no then return no end
local answer = take_name(ARGV[4])
if answer[1] ~= 'done' then return answer end

if redis.call('HGET', key('instances'), name) ~= me then
    redis.call('HDEL', key('state'), 'circuit:' .. name)
end
be_known(ARGV[5], ARGV[7])
if ARGV[6] ~= '' then redis.call('HSET', key('state'), 'run_id', ARGV[6]) end
forget_the_dead()
return answer
