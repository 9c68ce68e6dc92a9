#!lua flags=allow-oom
-- carve - the next events of a batch that is split go where its plan says, at most IDS_PER_FIELD
-- of them; the last call opens the new batches and finishes the old one. Needs no owner. The old
-- batch says how far it has come and how many events each new one has got until there, so that it
-- can be gone through again from any point; a new batch is `planned`, and touched by nobody else,
-- until it is opened as the last thing. It names no event whose data is gone; one without any
-- event is over at once.
-- [4] id, [5] events carved by the calls before, [6] for how many ms receipts are kept. Answers
-- {'done', ver, state, carved}.
local parent = manifest(ARGV[4])
local no = wrong_type()
if no then return no end
if parent.state ~= 'split' then return refused('state', parent) end
if parent.carved ~= ARGV[5] then return refused('carved', parent) end
local n, carved = tonumber(parent.n), tonumber(parent.carved)
local base = carved - carved % IDS_PER_FIELD
local high = math.min(n, base + IDS_PER_FIELD)
local ids = ids_of(redis.call('HGET', parent.key, 'ids:' .. base) or '')
if carved < n and #ids < high - base then return refused('ids', parent) end

-- The new batches: what there is in their manifests, and how many events they got so far. One that
-- the plan does not need has no id and stays `none`.
local children = {}
for _, letter in ipairs({'a', 'b'}) do
    local child = manifest(parent['child_' .. letter])
    local closed_one = child.state ~= 'none' and child.state ~= 'planned'
    if carved < n and closed_one then return refused('children', parent) end
    child.count = tonumber(redis.call('HGET', parent.key, 'carved_' .. letter))
    child.created, children[letter] = parent.created, child
end

-- The events of this call, by what becomes of them.
local parts, pile, at, done = {a = {}, b = {}, s = {}}, {bytes = 0}, 0, carved
local rows = rows_of(parent)
parent.marks = {}
for fate, count in redis.call('HGET', parent.key, 'plan'):gmatch('(%a)(%d+)') do
    at = at + count
    while done < math.min(at, high) and not pile.full do
        local id = ids[done - base + 1]
        parent.marks[id] = mark_at(rows, done)
        if fate == 'd' then
            pile.full = pile_up(pile, id)
        else
            parts[fate][#parts[fate] + 1] = id
        end
        done = done + 1
    end
end

-- Names events in a new batch behind its `count` first ones, whatever stands there.
local function name_events(child, named)
    local from = child.count - child.count % IDS_PER_FIELD
    local all = ids_of(redis.call('HGET', child.key, 'ids:' .. from) or '')
    for i = #all, child.count - from + 1, -1 do all[i] = nil end
    local marks = {rows_of(child):sub(1, child.count * MARK_BYTES)}
    for _, id in ipairs(named) do
        all[#all + 1], marks[#marks + 1] = id, parent.marks[id]
    end
    child.count = child.count + #named
    local fields = {'n', child.count}
    if rows ~= '' then fields[3], fields[4] = 'rows', table.concat(marks) end
    for i = 1, #all, IDS_PER_FIELD do
        fields[#fields + 1] = 'ids:' .. (from + i - 1)
        fields[#fields + 1] = text_of({unpack(all, i, math.min(i + IDS_PER_FIELD - 1, #all))})
    end
    redis.call('HSET', child.key, unpack(fields))
end

set_aside(parent, pile, {
    reason = carve_reasons[parent.why], offset = 0, column = 0, stage = 'answer',
})
for letter, child in pairs(children) do
    if #parts[letter] > 0 then
        child.state, child.ver = 'planned', 0
        redis.call('HSET', child.key, 'state', 'planned', 'ver', 0, 'parent', parent.id)
        name_events(child, claim(parent, parts[letter], child.consumer))
    end
end
redis.call('HINCRBY', key('stats'), 'duplicates', remove(parts.s))
redis.call('HSET', parent.key, 'carved', done,
           'carved_a', children.a.count, 'carved_b', children.b.count,
           'there', redis.call('HGET', parent.key, 'there') + #parts.s)
if done < n then return {'done', tonumber(parent.ver), 'split', done} end

for _, child in pairs(children) do
    child.n = child.count
    if child.state == 'planned' and child.n > 0 then
        redis.call('ZADD', key('open'), now(), child.id)
        notify('started', child)
        change(child, 'sealed', {
            'owner', me, 'name', name, 'attempts', 0, 'drained', 0, 'sha256', '', 'bytes', 0,
            'created', parent.created, 'format', parent.format, 'refused', parent.refused,
            'over', parent.over, 'past', parent.past,
            'depth', (tonumber(parent.depth) or 0) + 1, 'sealed', now(),
        })
    elseif child.state == 'planned' then
        finish(child, ARGV[6])
        change(child, 'terminated')
    end
end
finish(parent, ARGV[6])
forget_ids(parent)
return {'done', tonumber(parent.ver), 'split', done}
