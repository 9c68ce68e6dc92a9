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

local letters, ids, bytes, looked = {}, {}, 0, 0
for i = 7, #ARGV do
    if looked == REPLAY_MAX or bytes >= REPLAY_BYTES then break end
    local entry = redis.call('XRANGE', key('dead'), ARGV[i], ARGV[i])[1]
    local fields = entry and entry[2] or {}
    local stays = #fields <= OWN_VALUES or (#fields == OWN_VALUES + 2 and fields[1] == 'packed')
    looked = looked + 1
    if entry and (verb == 'drop' or not stays) then
        for _, value in ipairs(fields) do bytes = bytes + #value end
        letters[#letters + 1], ids[#ids + 1] = fields, ARGV[i]
    end
end

redis.call('XADD', key('audit'), '*', 'type', verb, 'by', by, 'reason', reason, 'at', now(),
           'count', #ids, 'letters', table.concat(ids, ','))
for i, fields in ipairs(letters) do
    if verb ~= 'drop' then
        local own, len = own_of(fields), #fields - OWN_VALUES
        for at = #fields, len + 1, -1 do fields[at] = nil end
        local more = {'replays', own.replays + 1, 'attempts', own.attempts}
        for _, value in ipairs(more) do fields[#fields + 1] = value end
        redis.call('XADD', stream, '*', unpack(fields))
    end
    redis.call('XDEL', key('dead'), ids[i])
end
return {'done', looked, #ids}
