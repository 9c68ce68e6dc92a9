#!lua flags=allow-oom
-- check - the keys are of their types, and the stream has our group and no other; a group that
-- is missing is made, from the first entry on, unless batches were sealed: then it has vanished
-- with what it knew, and so while
-- it is being repaired. What was missing on the stream before is noted. Repeatable. Answers {'done', 1 when the group was made, else 0},
-- {'foreign', name of another group} or {'lost'}.
local no = wrong_type()
if no then return no end
local found = 0
if redis.call('EXISTS', stream) == 1 then
    for _, fields in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
        if fields[2] ~= group then return {'foreign', fields[2]} end
        found = 1
    end
end
if redis.call('HEXISTS', key('state'), 'repairing') == 1 then return {'lost'} end
if found == 1 then return {'done', 0} end
if redis.call('ZCOUNT', key('open'), '(0', '+inf') > 0 then return {'lost'} end
redis.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
redis.call('HSET', key('stats'), 'baseline', missing())
return {'done', 1}
