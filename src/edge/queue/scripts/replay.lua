#!lua flags=allow-oom
-- replay - dead letters go back onto the queue or are dropped, as a person decided; audited with
-- the reason. An entry comes back with its own fields, byte for byte, behind them how often it was
-- replayed and its attempts until now; only then its letter goes. One without fields of its own, or
-- with more than a script can hand over (`packed`), stays a dead letter. A repeat skips what is done.
-- [4] by, [5] reason, [6] verb: replay or drop, from [7] ids of dead letters. Answers {'done', how
-- many were looked at before the call had enough, how many of them were replayed or dropped}.
local REPLAY_MAX, REPLAY_BYTES = 250, 4000000

local by, reason, verb = ARGV[4], ARGV[5], ARGV[6]
local no = wrong_type()
if no then return no end

-- What a letter weighs, and whether its entry can come back.
local function weigh(fields)
    local bytes = 0
    for _, value in ipairs(fields) do bytes = bytes + #value end
    local packed = #fields == OWN_VALUES + 2 and fields[1] == 'packed'
    return bytes, #fields > OWN_VALUES and not packed
end

local letters, ids, seen, sum, looked = {}, {}, {}, 0, 0
for i = 7, math.min(#ARGV, 6 + REPLAY_MAX) do
    local entry = redis.call('XRANGE', key('dead'), ARGV[i], ARGV[i])[1]
    local id = entry and entry[1] or ARGV[i]
    local bytes, comes_back = weigh(entry and entry[2] or {})
    if looked > 0 and sum + bytes > REPLAY_BYTES then break end
    looked, sum = looked + 1, sum + bytes
    if entry and not seen[id] and (verb == 'drop' or comes_back) then
        seen[id] = true
        letters[#letters + 1], ids[#ids + 1] = entry[2], id
    end
end

redis.call('XADD', key('audit'), '*', 'type', verb, 'by', by, 'reason', reason, 'at', now(),
           'count', #ids, 'letters', table.concat(ids, ','))
for i, fields in ipairs(letters) do
    if verb ~= 'drop' then
        local own, len = own_of(fields), #fields - OWN_VALUES
        for at = #fields, len + 1, -1 do fields[at] = nil end
        local more = {'replays', (tonumber(own.replays) or 0) + 1, 'attempts', own.attempts or 0}
        for _, value in ipairs(more) do fields[#fields + 1] = value end
        redis.call('XADD', stream, '*', unpack(fields))
    end
    redis.call('XDEL', key('dead'), ids[i])
end
return {'done', looked, #ids}
