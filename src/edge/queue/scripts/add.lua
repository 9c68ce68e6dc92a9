#!lua
-- add - events of the command line onto the queue: all of them, or none. Unlike the daemon's scripts it is refused at
-- maxmemory. [4] where to: stream, or the end of the inbox, left or right; from [5] the events. Answers {'done', how many}.
local no = wrong_type()
if no then return no end

local push = ARGV[4] == 'left' and 'LPUSH' or 'RPUSH'
for i = 5, #ARGV do
    if ARGV[4] == 'stream' then
        redis.call('XADD', stream, '*', 'event', ARGV[i])
    else
        redis.call(push, inbox, ARGV[i])
    end
end
return {'done', #ARGV - 4}
