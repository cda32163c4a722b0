-- Gives back turns that lua/take_turns.lua took, of calls that another part of the contest refused.
--
-- KEYS  for each turn its subject's key; a key that has expired holds none
-- ARGV  for each turn the interval between its subject's calls, in microseconds
for number, key in ipairs(KEYS) do
    if redis.call('EXISTS', key) == 1 then redis.call('DECRBY', key, ARGV[number]) end
end
