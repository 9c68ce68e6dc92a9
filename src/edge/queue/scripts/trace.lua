#!lua flags=allow-oom
-- trace - what some manifests know of the events that a mark stands for (lib.lua); changes nothing.
-- [4] the mark, [5]... ids of batches. Answers {'done', how many were looked at before the call had
-- enough, how many of these have events and no marks, find, ...}, each find a flat array: id, 'row',
-- number of the row from 1, and where the batch is split what its plan says of it; or id, 'dead',
-- reason, when, id of the dead letter.
local TRACE_BYTES = 1000000

local mark, answer, blind, bytes = ARGV[4], {'done', 0, 0}, 0, 0
local no = wrong_type()
if no then return no end

-- Calls found(n) for each mark that stands n-th, from 0, in the marks from `from` to `to`.
local function each_mark(text, from, to, found)
    local at = text:find(mark, from, true)
    while at and at + MARK_BYTES - 1 <= to do
        if (at - from) % MARK_BYTES == 0 then found((at - from) / MARK_BYTES) end
        at = text:find(mark, at + 1, true)
    end
end

local function fate_of(plan, row)
    local before = 0
    for fate, count in plan:gmatch('(%a)(%d+)') do
        before = before + count
        if row < before then return fate end
    end
    return ''
end

for i = 5, #ARGV do
    local id = ARGV[i]
    local batch = fields_of(id, {'n', 'rows', 'dead', 'plan'})
    if batch.rows == '' and (tonumber(batch.n) or 0) > 0 then blind = blind + 1 end
    each_mark(batch.rows, 1, #batch.rows, function(n)
        answer[#answer + 1] = {id, 'row', n + 1, fate_of(batch.plan, n)}
    end)
    each_death(batch.dead, function(reason, at, letters, from)
        each_mark(batch.dead, from, from + #letters * MARK_BYTES - 1, function(n)
            answer[#answer + 1] = {id, 'dead', reason, at, letters[n + 1]}
        end)
    end)
    answer[2], bytes = i - 4, bytes + #batch.rows + #batch.dead
    if bytes >= TRACE_BYTES then break end
end
answer[3] = blind
return answer
