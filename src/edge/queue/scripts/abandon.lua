#!lua flags=allow-oom
-- abandon - a forming batch, ours or one whose owner is gone, is terminated; then its entries
-- are given back with their ids, CLAIM_MAX a call; those that a batch names whose field `to` is
-- `dead` become dead letters first, and so does an entry that its owner died of again and again.
-- Goes on with any terminated batch, whoever owns it. Repeatable.
-- [4] id, [5] ver, [6] for how many ms the receipt is kept. Answers {'done', ver, state, 1 while there
-- may be more entries, else 0}.
local batch = manifest(ARGV[4])
local no = wrong_type()
if no then return no end
if batch.state == 'forming' then
    local another = batch.owner ~= me and lives(batch.name, batch.owner)
    if another then return refused('owner', batch) end
    if batch.ver ~= ARGV[5] then return refused('version', batch) end
    if batch.owner == me then batch.trying = '' end
    change(batch, 'terminated', {'trying', batch.trying})
elseif batch.state ~= 'terminated' then
    return refused('state', batch)
end

local n, drained = tonumber(batch.n), tonumber(batch.drained)
if batch.to == 'dead' and drained < n then
    local base = drained - drained % IDS_PER_FIELD
    local ids = ids_of(redis.call('HGET', batch.key, 'ids:' .. base) or '')
    local pile, rows = {bytes = 0}, rows_of(batch)
    batch.marks = {}
    for i = drained - base + 1, #ids do
        batch.marks[ids[i]] = mark_at(rows, base + i - 1)
        if pile_up(pile, ids[i]) then break end
    end
    if #pile == 0 then return refused('ids', batch) end
    set_aside(batch, pile, {reason = 'terminated', offset = 0, column = 0, stage = 'operator'})
    redis.call('HSET', batch.key, 'drained', drained + #pile)
    return {'done', tonumber(batch.ver), 'terminated', 1}
end

-- The one that was being tried when its owner died keeps its count of deliveries, until it is set
-- aside; others begin anew as suspects.
local ids, others = {}, {}
for _, row in ipairs(redis.call('XPENDING', stream, group, '-', '+', CLAIM_MAX, batch.consumer)) do
    local id, deliveries = row[1], row[4]
    ids[#ids + 1] = id
    if id ~= batch.trying and deliveries > SUSPECT_FROM then others[#others + 1] = id end
    if id == batch.trying and deliveries >= POISON_FROM then
        local pile = {bytes = 0}
        pile_up(pile, id)
        set_aside(batch, pile, {reason = 'poison', offset = 0, column = 0, stage = 'convert'})
    end
end
claim(batch, pending(batch.consumer, '-', '+', CLAIM_MAX), 'free')
for _, word in ipairs({'RETRYCOUNT', SUSPECT_FROM, 'JUSTID'}) do others[#others + 1] = word end
redis.call('XCLAIM', stream, group, 'free', 0, unpack(others))
if #ids < CLAIM_MAX then
    finish(batch, ARGV[6])
    forget_ids(batch)
end
return {'done', tonumber(batch.ver), 'terminated', #ids < CLAIM_MAX and 0 or 1}
