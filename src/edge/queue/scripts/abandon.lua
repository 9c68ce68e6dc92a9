#!lua flags=allow-oom
-- abandon - a forming batch, ours or one whose owner is gone, is terminated; then its entries
-- are given back with their ids, CLAIM_MAX a call. Goes on with any terminated batch, whoever
-- owns it. Repeatable.
-- [4] id, [5] ver. Answers {'done', ver, state, 1 while there may be more entries, else 0}.
local batch = manifest(ARGV[4])
local no = wrong_type()
if no then return no end
if batch.state == 'forming' then
    local another = batch.owner ~= me and lives(batch.name, batch.owner)
    if another then return refused('owner', batch) end
    if batch.ver ~= ARGV[5] then return refused('version', batch) end
    change(batch, 'terminated')
elseif batch.state ~= 'terminated' then
    return refused('state', batch)
end

local ids = pending(batch.consumer, '-', '+', CLAIM_MAX)
claim(batch, ids, 'free')
if #ids < CLAIM_MAX then finish(batch) end
return {'done', tonumber(batch.ver), 'terminated', #ids < CLAIM_MAX and 0 or 1}
