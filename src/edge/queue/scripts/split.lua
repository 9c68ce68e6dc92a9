#!lua flags=allow-oom
-- split - the commit point of a split: what becomes of each event of a batch of ours that the
-- endpoint has refused. Nothing is moved yet; carve does that, for anybody. A batch that was in
-- doubt is never split for its size: it may be there already. When it was refused is noted anew,
-- since what was accepted before proves nothing. What the answer says of the events that do not go
-- on is written with it, and never hinders it. After a lost reply: re-read.
-- [4] id, [5] ver, [6] plan: the events in their order as letters with a count, "a250b250"; a and
-- b go on in the new batches, d becomes a dead letter, s is settled, since it is there already;
-- [7] id of the new batch a or '', [8] of b, [9] why: items, rows or too_large, [10]... fields of
-- the manifest and their values, and the exceptions (said). Answers {'done', ver, state}, and where
-- Redis has not taken all exceptions, how many, and why.
local batch = manifest(ARGV[4])
local plan, children, why = ARGV[6], {a = ARGV[7], b = ARGV[8]}, ARGV[9]
local no = wrong_type() or closed_to_the_living(batch, 'sending', ARGV[5])
if no then return no end
if why == 'too_large' and batch.doubted ~= '' then return refused('doubted', batch) end

local counts, sum, len = {a = 0, b = 0, d = 0, s = 0}, 0, 0
for fate, count in plan:gmatch('([abds])([1-9]%d*)') do
    len, sum, counts[fate] = len + 1 + #count, sum + count, counts[fate] + count
end
if len ~= #plan or sum ~= tonumber(batch.n) then return refused('plan', batch) end
if counts.a == sum or counts.b == sum or not carve_reasons[why] then
    return refused('plan', batch)
end
for fate, id in pairs(children) do
    if (id ~= '') ~= (counts[fate] > 0) then return refused('children', batch) end
    if id ~= '' and manifest(id).state ~= 'none' then return refused('children', batch) end
end
if children.a == children.b and children.a ~= '' then return refused('children', batch) end

local fields, lost, lost_why = said(10)
for _, value in ipairs({
    'plan', plan, 'child_a', children.a, 'child_b', children.b, 'carved', 0, 'carved_a', 0,
    'carved_b', 0, 'there', 0, 'why', why,
}) do fields[#fields + 1] = value end
local function add(field, value)
    fields[#fields + 1], fields[#fields + 2] = field, value
end
if why ~= 'items' then add('refused', now()) end
if why == 'too_large' then add('over', batch.endpoint .. ' ' .. batch.bytes) end
local answer = change(batch, 'split', fields)
redis.call('ZREM', key('doubt'), batch.id)
if lost > 0 then answer[4], answer[5] = lost, lost_why end
return answer
