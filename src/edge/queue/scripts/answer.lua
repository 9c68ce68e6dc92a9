#!lua flags=allow-oom
-- answer - what a daemon answers to a message on the control stream. A script, since a plain XADD is
-- refused at maxmemory, where somebody who waits for the end of a flush would wait for ever. A
-- repeat answers once more.
-- [4] how many messages are kept, [5]... fields and values. Answers {'done', id of the answer}.
local no = wrong_kind(key('control'), 'stream')
if no then return no end
return {'done', redis.call('XADD', key('control'), 'MAXLEN', '~', ARGV[4], '*', unpack(ARGV, 5))}
