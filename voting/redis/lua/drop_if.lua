-- Deletes a value only if it is still the one that the caller knows: another process may have replaced it.
-- KEYS[1]  string
-- ARGV[1]  the value that the caller knows
-- answers  1 if it was deleted, else 0
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
