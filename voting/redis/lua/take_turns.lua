-- Lets calls through by their rates, and counts those that it lets through.
--
-- GCRA (generic cell rate algorithm, ITU-T I.371): each subject has a theoretical arrival time (TAT); a call that would
-- move it further than `burst` ahead of now is refused, and takes nothing from any of its subjects.
-- Counters: two strings of 32-bit counters, each for a window of time; voting/fraud/online/counters.py says which counter
-- stands for what, and does the same in memory.
-- KEYS[1], KEYS[2]  the counters of the short window and of the long one
-- KEYS[3..] for each call its subjects' keys: strings, the TAT in microseconds of Unix time
-- then      for each call with a ticket the ticket's key: string, the voter who used it first
-- ARGV[1]   how many subjects a call has; without any, every call is let through
-- ARGV[2..] for each subject of a call: interval between calls, then burst (both microseconds; the same for all calls)
-- then      when each of the windows may be forgotten: Unix time in milliseconds
-- last      MessagePack: for each call three lists of counters: of the short window, of the long one, and of the long one
--           those of its device: two of the pair of device and voter, two of the device, to be counted where the pair
--           was not counted before; empty where no device is known; then, where it has a ticket, the voter and for how
--           many milliseconds the ticket's first use is remembered
-- answers   for each call a list: 0, or the microseconds until it would be let through; and, when it is let through,
--           1 or, where another voter used its ticket first, 0; then the values of its counters, of its device's only
--           the last two
local SLICE = 1000
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local subjects = tonumber(ARGV[1])
local interval, burst = {}, {}
for subject = 1, subjects do
    interval[subject], burst[subject] = tonumber(ARGV[2 * subject]), tonumber(ARGV[2 * subject + 1])
end
-- Each key is read once and written once, however many calls name it.
local calls = cmsgpack.unpack(ARGV[#ARGV])
local last = 2 + #calls * subjects
local tats, moved, found = {}, {}, {}
if subjects > 0 then found = redis.call('MGET', unpack(KEYS, 3, last)) end
for place = 3, last do
    tats[KEYS[place]] = math.max(tonumber(found[place - 2] or 0), now)
end

-- The values of counters, in their order, after `verb` was done to each. Tables are filled by index: their length is a
-- search each time, and this is done for every ballot.
local function fields(key, verb, places)
    local values, count, total = {}, 0, #places
    for first = 1, total, SLICE do
        local command, at = { 'BITFIELD', key }, 2
        for place = first, math.min(first + SLICE - 1, total) do
            command[at + 1], command[at + 2], command[at + 3] = verb, 'u32', places[place] * 32
            at = at + 3
            if verb == 'INCRBY' then
                at = at + 1
                command[at] = 1
            end
        end
        for _, value in ipairs(redis.call(unpack(command))) do
            count = count + 1
            values[count] = value
        end
    end
    return values
end

local answers, quick, slow, admitted = {}, {}, {}, {}
local of_quick, of_slow = 0, 0
local ticket = last
for call, counters in ipairs(calls) do
    local wait, first = 0, 2 + (call - 1) * subjects
    for subject = 1, subjects do
        local tat = tats[KEYS[first + subject]] + interval[subject]
        wait = math.max(wait, tat - now - burst[subject])
    end
    answers[call] = { wait, 1 }
    local voter = counters[4]
    if voter then ticket = ticket + 1 end
    if wait == 0 then
        if voter then
            local user = redis.call('SET', KEYS[ticket], voter, 'NX', 'GET', 'PX', counters[5])
            if user and user ~= voter then answers[call][2] = 0 end
        end
        admitted[#admitted + 1] = call
        for subject = 1, subjects do
            local key = KEYS[first + subject]
            tats[key] = tats[key] + interval[subject]
            moved[key] = tats[key]
        end
        for number, place in ipairs(counters[1]) do quick[of_quick + number] = place end
        for number, place in ipairs(counters[2]) do slow[of_slow + number] = place end
        of_quick, of_slow = of_quick + #counters[1], of_slow + #counters[2]
    end
end
for key, tat in pairs(moved) do
    redis.call('SET', key, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
end

-- Together: what a call finds is what those before it left, as each counter's increments are done in their order.
local in_quick, in_slow = fields(KEYS[1], 'INCRBY', quick), fields(KEYS[2], 'INCRBY', slow)
local at_quick, at_slow = 0, 0
for _, call in ipairs(admitted) do
    local answer, counters = answers[call], calls[call]
    local some, more, device = #counters[1], #counters[2], counters[3]
    for place = 1, some do answer[2 + place] = in_quick[at_quick + place] end
    for place = 1, more do answer[2 + some + place] = in_slow[at_slow + place] end
    at_quick, at_slow = at_quick + some, at_slow + more
    if #device > 0 then
        local pair, own = { device[1], device[2] }, { device[3], device[4] }
        local before = fields(KEYS[2], 'GET', pair)
        local verb = (before[1] > 0 and before[2] > 0) and 'GET' or 'INCRBY'
        if verb == 'INCRBY' then fields(KEYS[2], verb, pair) end
        local voters = fields(KEYS[2], verb, own)
        answer[3 + some + more], answer[4 + some + more] = voters[1], voters[2]
    end
end
if #quick > 0 then redis.call('PEXPIREAT', KEYS[1], ARGV[#ARGV - 2]) end
if #admitted > 0 then redis.call('PEXPIREAT', KEYS[2], ARGV[#ARGV - 1]) end
return answers
