#!lua flags=allow-oom
-- post - a message of an operator on the control stream. A pause or resume is stored and audited with it, so that it
-- holds whether or not a daemon listens; a second one changes nothing but is heard and audited too.
-- [4] type, [5] by, [6] reason, [7] how many messages are kept. Answers {'done', id of the message, 1 where the state
-- changed, else 0}.
local kind, by = ARGV[4], ARGV[5]
local no = wrong_type()
if no then return no end

if kind == 'pause' or kind == 'resume' then
    redis.call('XADD', key('audit'), '*', 'type', kind, 'by', by, 'reason', ARGV[6], 'at', now())
end
local changed = 0
if kind == 'pause' then changed = redis.call('HSETNX', key('state'), 'paused', now()) end
if kind == 'resume' then changed = redis.call('HDEL', key('state'), 'paused') end
return {'done', redis.call('XADD', key('control'), 'MAXLEN', '~', ARGV[7], '*', 'type', kind, 'by', by), changed}
