#!lua flags=allow-oom
-- recall - how far Redis knows of some batches; changes nothing.
-- [4]... ids. Answers {'done', state, attempts, ...}; state 'none': nothing.
local no = wrong_type()
if no then return no end
local answer = {'done'}
for i = 4, #ARGV do
    local batch = manifest(ARGV[i])
    answer[#answer + 1] = batch.state
    answer[#answer + 1] = tonumber(batch.attempts) or 0
end
return answer
