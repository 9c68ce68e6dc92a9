#!lua flags=allow-oom
-- rights - which commands the user of this connection may not use; executes none of them.
-- [4]... pairs: a command as text, in which @ stands for the key, and the key. Answers {'done',
-- position of a pair that is refused, ...}, from 1.
local answer = {'done'}
for i = 4, #ARGV, 2 do
    local words = {}
    for word in ARGV[i]:gmatch('%S+') do
        words[#words + 1] = word == '@' and ARGV[i + 1] or word
    end
    local known, may = pcall(redis.acl_check_cmd, unpack(words))
    if not (known and may) then answer[#answer + 1] = (i - 2) / 2 end
end
return answer
