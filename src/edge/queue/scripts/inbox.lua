#!lua flags=allow-oom
-- inbox - elements of the list become entries of the stream, in order, each whole: added, and
-- only then taken off the list. A repeat moves more.
-- [4] the end to take from, left or right, [5] bytes and [6] elements at most (one element
-- always goes). Answers {'done', moved, left in the list}.
local no = wrong_type()
if no then return no end
local index, pop = 0, 'LPOP'
if ARGV[4] == 'right' then index, pop = -1, 'RPOP' end

local bytes, moved = 0, 0
while bytes < tonumber(ARGV[5]) and moved < tonumber(ARGV[6]) do
    local element = redis.call('LINDEX', inbox, index)
    if not element then break end
    redis.call('XADD', stream, '*', 'event', element)
    redis.call(pop, inbox)
    bytes, moved = bytes + #element, moved + 1
end
return {'done', moved, redis.call('LLEN', inbox)}
