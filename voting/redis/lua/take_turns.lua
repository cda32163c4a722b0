-- GCRA (generic cell rate algorithm, ITU-T I.371): each subject has a theoretical arrival time (TAT); a call that would
-- move it further than `burst` ahead of now is refused, and takes nothing from any of its subjects.
-- KEYS     for each call its subjects' keys: strings, the TAT in microseconds of Unix time
-- ARGV[1]  how many subjects a call has
-- ARGV[2..] for each subject of a call: interval between calls, then burst (both microseconds; the same for all calls)
-- answers  for each call 0, or the microseconds until it would be let through
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local subjects = tonumber(ARGV[1])
local interval, burst = {}, {}
for subject = 1, subjects do
    interval[subject], burst[subject] = tonumber(ARGV[2 * subject]), tonumber(ARGV[2 * subject + 1])
end
-- Each key is read once and written once, however many calls name it.
local tats, moved, found = {}, {}, redis.call('MGET', unpack(KEYS))
for place, key in ipairs(KEYS) do
    tats[key] = math.max(tonumber(found[place] or 0), now)
end
local answers = {}
for call = 0, #KEYS / subjects - 1 do
    local wait = 0
    for subject = 1, subjects do
        local tat = tats[KEYS[call * subjects + subject]] + interval[subject]
        wait = math.max(wait, tat - now - burst[subject])
    end
    if wait == 0 then
        for subject = 1, subjects do
            local key = KEYS[call * subjects + subject]
            tats[key] = tats[key] + interval[subject]
            moved[key] = tats[key]
        end
    end
    answers[call + 1] = wait
end
for key, tat in pairs(moved) do
    redis.call('SET', key, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
end
return answers
