#!lua flags=allow-oom
-- report - what became of some batches and their events from one moment on until before another;
-- changes nothing. A batch counts by when it came into its state, an accepted one by when it was
-- accepted, an event that was set aside by when that was.
-- [4] and [5] the moments in ms, [6]... ids of batches. Answers {'done', row, ...}, each row
-- {word, batches, events}: the states, `open` for sealed and sending, `by_person`, `duplicates`,
-- `warnings`, `errors`, and `dead:REASON`.
local no = wrong_type()
if no then return no end
local from, to, sums, answer = tonumber(ARGV[4]), tonumber(ARGV[5]), {}, {'done'}
local words = {
    accepted = 'accepted', completed = 'accepted', split = 'split', terminated = 'terminated',
    unreported = 'unreported', failed = 'failed', held = 'held', unknown = 'unknown',
    sealed = 'open', sending = 'open',
}

local function add(word, batches, events)
    local sum = sums[word] or {word, 0, 0}
    sums[word], sum[2], sum[3] = sum, sum[2] + batches, sum[3] + events
end

local function is_in(at)
    return at and at >= from and at < to
end

local fields = {
    'state', 'n', 'since', 'accepted', 'operator', 'warnings', 'errors', 'there', 'dead',
}

for i = 6, #ARGV do
    local batch = fields_of(ARGV[i], fields)
    local word, n = words[batch.state], tonumber(batch.n) or 0
    local at = tonumber(word == 'accepted' and batch.accepted or batch.since)
    if word and n > 0 and is_in(at) then
        add(word, 1, n)
        add('by_person', batch.operator ~= '' and 1 or 0, batch.operator ~= '' and n or 0)
        add('duplicates', 0, tonumber(batch.there) or 0)
        add('warnings', 0, tonumber(batch.warnings) or 0)
        add('errors', 0, tonumber(batch.errors) or 0)
    end
    each_death(batch.dead, function(reason, ms, letters)
        if is_in(tonumber(ms)) then add('dead:' .. reason, 0, #letters) end
    end)
end
for _, sum in pairs(sums) do answer[#answer + 1] = sum end
return answer
