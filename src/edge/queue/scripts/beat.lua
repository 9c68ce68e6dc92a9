#!lua flags=allow-oom
-- beat - renews the heartbeat; also takes a name up again that has run out while nobody else
-- took it. A script, since a plain SET is refused at maxmemory. Repeatable.
-- Its arguments are those of hello. Answers as take_name does; behind {'done', gapless} how many
-- other instances have lost their heartbeat, and how many ms the shortest one of the others still
-- lasts, or 0.
local answer = take_name(ARGV[4])
if answer[1] ~= 'done' then return answer end
local missing, shortest = 0, 0
if not wrong_kind(key('instances'), 'hash') and not wrong_kind(key('state'), 'hash') then
    if answer[2] == 0 then be_known(ARGV[5], ARGV[7]) end
    local others = redis.call('HGETALL', key('instances'))
    for i = 1, #others, 2 do
        local left = redis.call('PTTL', key('hb:' .. others[i]))
        if not lives(others[i], others[i + 1]) then
            missing = missing + 1
        elseif others[i] ~= name and (shortest == 0 or left < shortest) then
            shortest = left
        end
    end
end
answer[3], answer[4] = missing, shortest
return answer
