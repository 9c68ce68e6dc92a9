#!lua flags=allow-oom
-- send - a sealed batch of ours is on the wire: stored before its first byte leaves, with the
-- digest of its bytes. Bytes that were sent once never change, and a batch that was in doubt
-- stays with its endpoint. While so many batches are in doubt, one that never was is not sent.
-- Looks are counted from here. After a lost reply: re-read.
-- [4] id, [5] ver, [6] sha256, [7] bytes, [8] text of the format, [9] of the endpoint, [10] how
-- many may be in doubt, where there is a limit. Answers {'done', ver, state, attempts, time of the
-- first send}.
local batch = manifest(ARGV[4])
local no = wrong_type() or closed_to_the_living(batch, 'sealed', ARGV[5])
if no then return no end
local attempts = tonumber(batch.attempts)
if attempts > 0 and batch.sha256 ~= ARGV[6] then return refused('changed', batch) end
local endpoint = redis.sha1hex(ARGV[9])
if batch.doubted ~= '' and batch.endpoint ~= endpoint then return refused('endpoint', batch) end

local most = tonumber(ARGV[10])
if most and batch.doubted == '' and redis.call('ZCARD', key('doubt')) >= most then
    return refused('max_unknown', batch)
end

local at = now()
redis.call('HSETNX', batch.key, 'first', at)
local answer = change(batch, 'sending', {
    'attempts', attempts + 1, 'sha256', ARGV[6], 'bytes', ARGV[7],
    'format', redis.sha1hex(ARGV[8]), 'endpoint', endpoint, 'last', at, 'looks', 0, 'looked', 0,
})
answer[4] = attempts + 1
answer[5] = tonumber(batch.first) or at
return answer
