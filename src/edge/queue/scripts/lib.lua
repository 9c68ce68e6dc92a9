-- lib.lua - what the scripts share: keys, doors, changes of state, notices, lists of ids. No
-- script by itself: the build puts it behind the first line of each.
--
-- KEYS[1] is the stream, KEYS[2] the inbox where there is one; in a cluster the last one is a
-- key `nothing` that is never there (script.h). All other keys of the route begin with ARGV[1]
-- and lie in the same slot. ARGV[2] is the token of the calling process,
-- ARGV[3] its instance name; a script's own arguments follow from ARGV[4] on.
--
-- Every script answers with an array: {'done', ...}; {'refused', why, state, ver} when a door
-- was closed; or {'wrongtype', key, is, wanted}. In the last two cases nothing was changed.
-- There is no rollback: whatever can fail is looked at before the first write, and each order
-- of writes can be gone through again from any point.

local prefix, me, name = ARGV[1], ARGV[2], ARGV[3]
local stream, inbox, group = KEYS[1], KEYS[2], 'elrelay'
if inbox == prefix .. 'nothing' then inbox = nil end

local IDS_PER_FIELD = 500              -- ids stand in a manifest's fields ids:0, ids:500, ...
local CLAIM_MAX = 500                  -- ids in one XCLAIM
local UNPACK_MAX = 7000                -- values Lua can hand over at once
local NOTICES_MAX = 10000              -- notifications kept, about
local EXCEPTIONS_MAX = 100000          -- exceptions kept, about, where no route of ours reads them
local LETTERS_MAX = 100               -- dead letters one call writes
local LETTER_BYTES = 1000000           -- and their bytes, about: one always goes
local SUSPECT_FROM = 2                 -- deliveries: from the next one on an event is tried by itself
local POISON_FROM = 5                  -- deliveries: one that was tried when its process died is set aside
local OWN_VALUES = 18                  -- of ours, at the end of a dead letter
local MARK_BYTES = 8                   -- stand for an event's tracking id in a receipt
local KEEP_MS = 30 * 24 * 3600 * 1000  -- how long receipts are kept where a caller says nothing
local LIMIT_KEEP_MS = 24 * 3600 * 1000 -- how long a learned limit holds: endpoints change

local function key(word)
    return prefix .. word
end

-- What each key is; batch:ID (hash), hb:NAME and format:HASH (string) are read before anything
-- is written.
local kinds = {
    open = 'zset', doubt = 'zset', held = 'zset', done = 'zset', dead = 'stream',
    notifications = 'stream', control = 'stream', audit = 'stream', instances = 'hash',
    state = 'hash', stats = 'hash',
}

local function wrong_kind(name_of_key, wanted)
    local is = redis.call('TYPE', name_of_key).ok
    if is ~= 'none' and is ~= wanted then return {'wrongtype', name_of_key, is, wanted} end
end

-- An answer when a key that a script writes to is of another type, else nil.
local function wrong_type()
    for word, kind in pairs(kinds) do
        local wrong = wrong_kind(key(word), kind)
        if wrong then return wrong end
    end
    return wrong_kind(stream, 'stream') or (inbox and wrong_kind(inbox, 'list'))
end

local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- True while the process that has this token lives under this name.
local function lives(owner_name, token)
    return redis.call('GET', key('hb:' .. owner_name)) == token
end

-- Takes the name, or renews it. Answers {'done', 1 where it has been ours without a gap, else 0},
-- or {'taken', ms that another one's heartbeat still lasts}.
local function take_name(life_ms)
    local beat = key('hb:' .. name)
    local wrong = wrong_kind(beat, 'string')
    if wrong then return wrong end
    local token = redis.call('GET', beat)
    if token and token ~= me then return {'taken', redis.call('PTTL', beat)} end
    redis.call('SET', beat, me, 'PX', life_ms)
    return {'done', token and 1 or 0}
end

-- This process is one of the instances; what makes its marks durable is known, and its ledger.
local function be_known(durability, ledger)
    redis.call('HSET', key('instances'), name, me)
    redis.call('HSET', key('state'), 'durability:' .. name, durability,
               'ledger:' .. name, ledger or 'none')
end

-- Instances whose heartbeat is not theirs any more are known no longer, nor what they noted.
local function forget_the_dead()
    local others = redis.call('HGETALL', key('instances'))
    for i = 1, #others, 2 do
        local other, token = others[i], others[i + 1]
        if not lives(other, token) then
            redis.call('HDEL', key('state'), 'circuit:' .. other, 'durability:' .. other,
                       'ledger:' .. other)
            redis.call('HDEL', key('instances'), other)
        end
    end
end

local manifest_fields = {
    'state', 'ver', 'owner', 'name', 'n', 'attempts', 'drained', 'sha256', 'bytes', 'endpoint',
    'doubted', 'created', 'format', 'looks', 'looked', 'first', 'last', 'refused', 'why', 'to',
    'depth', 'carved', 'child_a', 'child_b', 'over', 'absent', 'trying', 'old', 'old_n', 'whole',
    'past',
}

-- Some fields of a batch's manifest, by their names; '' for what is not there, and for all where
-- something else is under its name.
local function fields_of(id, fields)
    local values, batch = redis.pcall('HMGET', key('batch:' .. id), unpack(fields)), {}
    if values.err and not values.err:find('^WRONGTYPE') then error(values) end
    for i, field in ipairs(fields) do batch[field] = values[i] or '' end
    return batch
end

-- The manifest of a batch; state 'none' where there is none.
local function manifest(id)
    local batch = fields_of(id, manifest_fields)
    batch.id, batch.key, batch.consumer = id, key('batch:' .. id), 'b:' .. id
    if batch.state == '' then batch.state, batch.ver = 'none', '0' end
    return batch
end

local function refused(why, batch)
    return {'refused', why, batch.state, tonumber(batch.ver)}
end

-- The door: nil when it is open, else a refusal. A change needs the state, the version and the
-- owner's token.
local function closed(batch, state, ver)
    if batch.state ~= state then return refused('state', batch) end
    if batch.owner ~= me then return refused('owner', batch) end
    if batch.ver ~= ver then return refused('version', batch) end
end

-- As above, and this process must be alive in the eyes of the others.
local function closed_to_the_living(batch, state, ver)
    if not lives(name, me) then return refused('heartbeat', batch) end
    return closed(batch, state, ver)
end

-- Writes state, version and time, with more fields in the same write, and answers.
local function change(batch, state, more)
    batch.state, batch.ver = state, batch.ver + 1
    redis.call('HSET', batch.key, 'state', state, 'ver', batch.ver, 'since', now(),
               unpack(more or {}))
    return {'done', batch.ver, state}
end

-- A notice of a change in the field's terms (HRI), without content.
local function notify(notice, batch)
    redis.call('XADD', key('notifications'), 'MAXLEN', '~', NOTICES_MAX, '*', 'notice', notice,
               'batch', batch.id, 'count', batch.n, 'created', batch.created, 'at', now())
end

-- Entries on the exceptions stream: one for each event that an entry of `list` names, under the
-- names that SimpleReport's consumers read. A route of ours that reads them takes them away;
-- otherwise the oldest go. They are never the reason that an answer is not taken: whatever Redis
-- says to one, the batch goes on. Answers how many were written, how many not, and the word of
-- Redis for why.
local function write_exceptions(target, list)
    local read, remarks = pcall(cjson.decode, list)
    if not read then return 0, 1, 'unreadable' end
    local row, written, lost, why = {'XADD', target}, 0, 0, ''
    local readers = redis.pcall('XPENDING', target, group)
    if readers.err and readers.err:find('^NOGROUP') then
        row = {'XADD', target, 'MAXLEN', '~', EXCEPTIONS_MAX}
    end
    local n = #row
    row[n + 1], row[n + 2], row[n + 4] = '*', 'testEventInternalId', 'isError'
    row[n + 6], row[n + 8], row[n + 9] = 'details', 'queueName', inbox or stream
    for _, remark in ipairs(remarks) do
        row[n + 5], row[n + 7] = tostring(remark.isError), remark.details
        for _, id in ipairs(remark.ids) do
            row[n + 3] = id
            local added = why == '' and redis.pcall(unpack(row)) or {err = why}
            if added.err then
                lost, why = lost + 1, added.err:match('^%S+') or 'ERR'
            else
                written = written + 1
            end
        end
    end
    return written, lost, why
end

-- What an answer says, in pairs of a name and a value from ARGV[from] on: `exceptions`, a list, is
-- written to the stream `exceptions_to`; all others are fields of the manifest. To be called before
-- the state is changed: what it says is known only now. Answers the fields, and how many exceptions
-- Redis has not taken, and why.
local function said(from)
    local fields, list, target = {}, nil, nil
    for i = from, #ARGV, 2 do
        if ARGV[i] == 'exceptions' then
            list = ARGV[i + 1]
        elseif ARGV[i] == 'exceptions_to' then
            target = ARGV[i + 1]
        else
            fields[#fields + 1], fields[#fields + 2] = ARGV[i], ARGV[i + 1]
        end
    end
    if not list then return fields, 0, '' end
    local written, lost, why = write_exceptions(target, list)
    for name_of_field, value in pairs({exceptions = written, exceptions_lost = lost}) do
        fields[#fields + 1], fields[#fields + 2] = name_of_field, value
    end
    return fields, lost, why
end

-- Bytes that bodies for an endpoint (the digest of its text) should stay below, as it has taught
-- us; 0: not known.
local function limit_of(endpoint)
    local known = redis.call('HGET', key('state'), 'limit') or ''
    local whose, bytes, until_ms = known:match('^(%x+) (%d+) (%d+)$')
    return whose == endpoint and now() < tonumber(until_ms) and tonumber(bytes) or 0
end

-- A batch was taken by the endpoint that had refused a larger one, which this was a part of: only
-- that proves that it was the size. What is learned is half of what was too large, or what was
-- taken, if that is more.
local function learn_limit(batch)
    local whose, over = batch.over:match('^(%x+) (%d+)$')
    if whose ~= batch.endpoint then return end
    local limit, known = math.max(math.floor(over / 2), batch.bytes), limit_of(whose)
    if known == 0 or limit < known then
        local known_until = now() + LIMIT_KEEP_MS
        redis.call('HSET', key('state'), 'limit', table.concat({whose, limit, known_until}, ' '))
    end
end

-- Ids from text: "1700000000000-0,-1,-2,1700000000007-0"; one that begins with "-" has the
-- milliseconds of the one before. They stay text: a Lua number cannot hold 64 bits.
local function ids_of(text)
    local ids, ms = {}, ''
    for head, seq in text:gmatch('(%d*)%-(%d+)') do
        if head ~= '' then ms = head end
        ids[#ids + 1] = ms .. '-' .. seq
    end
    return ids
end

-- The way back.
local function text_of(ids)
    local words, before = {}, ''
    for i, id in ipairs(ids) do
        local ms, seq = id:match('^(%d+)(%-%d+)$')
        words[i] = ms == before and seq or id
        before = ms
    end
    return table.concat(words, ',')
end

-- How many of a batch's named entries have left it; all, once it is over.
local function gone_of(batch)
    if batch.finished then return tonumber(batch.n) or 0 end
    return tonumber(batch.state == 'split' and batch.carved or batch.drained) or 0
end

-- The ids that it still names, in their order.
local function named_by(batch)
    local named, gone = {}, gone_of(batch)
    for from = gone - gone % IDS_PER_FIELD, (tonumber(batch.n) or 0) - 1, IDS_PER_FIELD do
        local ids = ids_of(redis.call('HGET', batch.key, 'ids:' .. from) or '')
        for i = math.max(1, gone - from + 1), #ids do named[#named + 1] = ids[i] end
    end
    return named
end

-- What stands for each row's tracking id, one behind the other: the first bytes of its SHA-256, or
-- zeros where it has none. '' where the batch has no rows yet, or tracking ids are not known.
local function rows_of(batch)
    return redis.call('HGET', batch.key, 'rows') or ''
end

-- The mark of a row, from 0.
local function mark_at(rows, row)
    return rows:sub(row * MARK_BYTES + 1, (row + 1) * MARK_BYTES)
end

-- Entries that were added, are not there, and were not removed by us, as far as the stream and we
-- remember; what was so when the group was made, or when a person took note of it, is `baseline`.
local function missing()
    local facts, info = {}, redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do facts[info[i]] = info[i + 1] end
    local removed = redis.call('HGET', key('stats'), 'removed') or 0
    return facts['entries-added'] - facts.length - removed
end

local function baseline()
    return tonumber(redis.call('HGET', key('stats'), 'baseline') or 0)
end

-- Ids pending for a consumer, in the order of the stream.
local function pending(consumer, from, to, count)
    local ids = redis.call('XPENDING', stream, group, from, to, count, consumer)
    for i, row in ipairs(ids) do ids[i] = row[1] end
    return ids
end

-- Takes off what a replay wrote behind an entry's own fields. Answers how often it was replayed
-- and its attempts until then; 0, 0 where there is nothing of that kind.
local function replayed(fields)
    local n = #fields
    if n < 6 or fields[n - 3] ~= 'replays' or fields[n - 1] ~= 'attempts' then return 0, 0 end
    local replays, attempts = fields[n - 2], fields[n]
    if not (replays .. ',' .. attempts):find('^%d+,%d+$') then return 0, 0 end
    for i = n, n - 3, -1 do fields[i] = nil end
    return tonumber(replays), tonumber(attempts)
end

-- What a call has set aside of a batch stays in its manifest, when the letters are long gone:
-- `dead` is one piece behind the other, each "REASON MS LETTERS:", the letters as text of ids, and
-- then their marks. A batch without a manifest has no receipt either.
local function note_deaths(batch)
    local pieces, known = {}, batch.state and batch.state ~= 'none'
    for reason, deaths in pairs(batch.deaths or {}) do
        local head = table.concat({reason, now(), text_of(deaths.letters)}, ' ')
        pieces[#pieces + 1] = head .. ':' .. table.concat(deaths.marks)
    end
    batch.deaths = nil
    if known and #pieces > 0 then
        local before = redis.call('HGET', batch.key, 'dead') or ''
        redis.call('HSET', batch.key, 'dead', before .. table.concat(pieces))
    end
end

-- Calls found(reason, ms, letters, where their marks begin) for each piece of that.
local function each_death(text, found)
    local piece = '^(%S+) (%d+) ([%d%-,]+):()'
    local reason, at, letters, from = text:match(piece)
    while from do
        local ids = ids_of(letters)
        found(reason, at, ids, from)
        reason, at, letters, from = text:match(piece, from + #ids * MARK_BYTES)
    end
end

-- One dead letter: the entry's own fields, byte for byte, then nine of ours. More fields than
-- Lua can hand over become one, `packed`, with all of them as MessagePack. Replays and attempts
-- go on from those of the entry. batch.marks says which mark an entry has; note_deaths follows.
local function write_dead_letter(batch, entry, fields, blame)
    local replays, attempts = replayed(fields)
    if #fields > UNPACK_MAX then fields = {'packed', cmsgpack.pack(fields)} end
    local ours = {
        'entry', entry, 'reason', blame.reason, 'offset', blame.offset, 'column', blame.column,
        'batch', batch.id, 'stage', blame.stage,
        'attempts', attempts + (tonumber(batch.attempts) or 0), 'at', now(), 'replays', replays,
    }
    for _, value in ipairs(ours) do fields[#fields + 1] = value end
    local letter = redis.call('XADD', key('dead'), '*', unpack(fields))

    batch.deaths = batch.deaths or {}
    local deaths = batch.deaths[blame.reason] or {letters = {}, marks = {}}
    batch.deaths[blame.reason] = deaths
    deaths.letters[#deaths.letters + 1] = letter
    local mark = (batch.marks or {})[entry] or ''
    deaths.marks[#deaths.marks + 1] = #mark == MARK_BYTES and mark or ('\0'):rep(MARK_BYTES)
end

-- Why an event that was refused in a split batch is a dead letter, by why the batch was split.
local carve_reasons = {
    items = 'refused', rows = 'refused_alone', too_large = 'too_large_alone',
}

-- Our own fields of a dead letter, by name.
local function own_of(letter)
    local own = {}
    for i = math.max(1, #letter - OWN_VALUES + 1), #letter, 2 do own[letter[i]] = letter[i + 1] end
    return own
end

local gone = {reason = 'gone', offset = 0, column = 0, stage = 'claim'}

-- Moves ids to another consumer, and answers those that are there now. XCLAIM drops, without a
-- word, an id whose data is gone: that becomes a dead letter of its own. FORCE: also one that
-- somebody has acknowledged behind our back.
local function claim(batch, ids, consumer)
    local there = {}
    for from = 1, #ids, CLAIM_MAX do
        local part = {unpack(ids, from, math.min(from + CLAIM_MAX - 1, #ids))}
        local wanted = #part
        part[wanted + 1], part[wanted + 2] = 'FORCE', 'JUSTID'
        local moved = {}
        for _, id in ipairs(redis.call('XCLAIM', stream, group, consumer, 0, unpack(part))) do
            moved[id] = true
        end
        for i = 1, wanted do
            if moved[part[i]] then
                there[#there + 1] = part[i]
            else
                write_dead_letter(batch, part[i], {}, gone)
            end
        end
    end
    note_deaths(batch)
    return there
end

-- Takes entries off the stream for good; what stands for them has been written. Answers how many
-- were still there.
local function remove(ids)
    if #ids == 0 then return 0 end
    redis.call('XACK', stream, group, unpack(ids))
    local removed = redis.call('XDEL', stream, unpack(ids))
    redis.call('HINCRBY', key('stats'), 'removed', removed)
    return removed
end

-- Adds an entry to those that this call sets aside; true when there is no room for another one.
local function pile_up(pile, id)
    local entry = redis.call('XRANGE', stream, id, id)[1]
    pile[#pile + 1] = {id = id, fields = entry and entry[2]}
    for _, value in ipairs(entry and entry[2] or {}) do pile.bytes = pile.bytes + #value end
    return #pile == LETTERS_MAX or pile.bytes >= LETTER_BYTES
end

-- Each becomes a dead letter and leaves the stream before the next one, so that a letter whose
-- entry was not removed any more is the newest of all: it is not written twice. Neither there
-- nor pending: it was set aside before.
local function set_aside(batch, pile, blame)
    local newest = redis.call('XREVRANGE', key('dead'), '+', '-', 'COUNT', 1)[1]
    local own = newest and own_of(newest[2]) or {}
    for _, letter in ipairs(pile) do
        local id, fields = letter.id, letter.fields
        local written = own.entry == id and own.batch == batch.id
        if not written and (fields or #pending(batch.consumer, id, id, 1) == 1) then
            write_dead_letter(batch, id, fields or {}, fields and blame or gone)
        end
        remove({id})
    end
    note_deaths(batch)
end

-- The end of a batch's life on the queue: the manifest is kept for a while as its receipt.
local function finish(batch, keep_ms)
    keep_ms = tonumber(keep_ms) or KEEP_MS
    if #pending(batch.consumer, '-', '+', 1) == 0 then
        redis.call('XGROUP', 'DELCONSUMER', stream, group, batch.consumer)
    end
    local at = now()
    redis.call('PEXPIRE', batch.key, keep_ms)
    redis.call('ZADD', key('done'), 'NX', at, batch.id)
    redis.call('ZREMRANGEBYSCORE', key('done'), '-inf', at - keep_ms)
    for _, set in ipairs({'doubt', 'held', 'open'}) do
        redis.call('ZREM', key(set), batch.id)
    end
end

-- A receipt needs no ids of entries that have left the stream: more than half of its memory. Empty,
-- not deleted, for that would want one more right. The last write of a call that finishes a batch,
-- for until then somebody else may have to go on by them.
local function forget_ids(batch)
    local fields = {}
    for from = 0, (tonumber(batch.n) or 0) - 1, IDS_PER_FIELD do
        fields[#fields + 1], fields[#fields + 2] = 'ids:' .. from, ''
    end
    if #fields > 0 then redis.call('HSET', batch.key, unpack(fields)) end
end
