-- Sets absolute tallies, each only when it is newer than what is there: safe to repeat and in any order.
-- KEYS[1]  hash of a contest's tally
-- ARGV[1]  "replace": drop what is there first, and mark the hash as complete
--          "complete": mark the hash as complete;  "some": neither
-- ARGV[2..] pairs: entry code, "version raw held counted" (decimal integers)
-- answers  how many entries were set
local key = KEYS[1]
if ARGV[1] == 'replace' then
    redis.call('DEL', key)
end
local applied = 0
for i = 2, #ARGV, 2 do
    local old = redis.call('HGET', key, ARGV[i])
    local new = ARGV[i + 1]
    if not old or tonumber(string.match(old, '^%d+')) < tonumber(string.match(new, '^%d+')) then
        redis.call('HSET', key, ARGV[i], new)
        applied = applied + 1
    end
end
if ARGV[1] ~= 'some' then
    redis.call('HSET', key, '*', '1')
end
return applied
