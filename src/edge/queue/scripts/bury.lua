#!lua flags=allow-oom
-- bury - entries of a forming batch become dead letters, and only then leave the stream. One
-- that is not pending under the batch is skipped, so that a repeat buries nothing twice.
-- [4] id, [5] stage, [6] marks of the entries' tracking ids, one behind the other, or '', then for
-- each entry: its id, the reason, offset and column. Answers {'done', how many}.
local batch = manifest(ARGV[4])
local no = wrong_type() or closed(batch, 'forming', batch.ver)
if no then return no end

local buried = {}
batch.marks = {}
for i = 7, #ARGV, 4 do
    local id = ARGV[i]
    batch.marks[id] = mark_at(ARGV[6], (i - 7) / 4)
    if #pending(batch.consumer, id, id, 1) == 1 then
        local entry = redis.call('XRANGE', stream, id, id)[1]
        local blame = {
            reason = entry and ARGV[i + 1] or 'gone', offset = ARGV[i + 2],
            column = ARGV[i + 3], stage = ARGV[5],
        }
        write_dead_letter(batch, id, entry and entry[2] or {}, blame)
        buried[#buried + 1] = id
    end
end
note_deaths(batch)
remove(buried)
return {'done', #buried}
