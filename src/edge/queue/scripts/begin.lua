#!lua flags=allow-oom
-- begin - a batch that did not exist is forming, and ours. A repeat is refused with its state.
-- [4] id. Answers {'done', ver, state}.
local batch = manifest(ARGV[4])
local no = wrong_type()
if no then return no end
if not lives(name, me) then return refused('heartbeat', batch) end
local open = redis.call('ZSCORE', key('open'), batch.id)
if open or batch.state ~= 'none' then return refused('exists', batch) end

local answer = change(batch, 'forming', {
    'owner', me, 'name', name, 'n', 0, 'attempts', 0, 'drained', 0, 'sha256', '', 'bytes', 0,
    'created', now(),
})
redis.call('ZADD', key('open'), 0, batch.id)
return answer
