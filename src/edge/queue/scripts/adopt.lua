#!lua flags=allow-oom
-- adopt - a sealed batch whose owner is gone is ours. One that was on the wire is in doubt from
-- now on: nobody knows what became of it. After a lost reply: re-read.
-- [4] id, [5] ver. Answers {'done', ver, state}.
local batch = manifest(ARGV[4])
local no = wrong_type()
if no then return no end
if not lives(name, me) then return refused('heartbeat', batch) end
local never = {none = true, forming = true, planned = true}
if never[batch.state] then return refused('state', batch) end
if batch.ver ~= ARGV[5] then return refused('version', batch) end
if lives(batch.name, batch.owner) then return refused('owner', batch) end

local fields = {'owner', me, 'name', name}
if batch.state ~= 'sending' then return change(batch, batch.state, fields) end
redis.call('ZADD', key('doubt'), 'NX', now(), batch.id)
return change(batch, 'unknown', {'doubted', 1, 'why', '', unpack(fields)})
