#!lua flags=allow-oom
-- looked - a look at the endpoint did not find a batch of ours that is in doubt: one more since
-- its last send. After a lost reply: re-read.
-- [4] id, [5] ver. Answers {'done', ver, state, looks}.
local batch = manifest(ARGV[4])
local no = wrong_type() or closed_to_the_living(batch, 'unknown', ARGV[5])
if no then return no end

local looks = (tonumber(batch.looks) or 0) + 1
local answer = change(batch, 'unknown', {'looks', looks, 'looked', now()})
answer[4] = looks
return answer
