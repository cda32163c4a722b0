"""Reads a contest from its file and reports every fault with its line and how to fix it."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from voting.domain.contest.calendar import clock_times
from voting.domain.contest.contest import Contest
from voting.domain.contest.references import reference_faults
from voting.domain.contest.toml_schema import dotted, line_of, read
from voting.domain.names import alike
from voting.errors import Fault, FileInvalid, say


def read_contest(text: str, name: str = "contest file") -> Contest:
    """Returns the contest in `text` (TOML). Raises FileInvalid with every fault and its line."""
    contest, faults = read(text, Contest)
    if contest is not None:
        try:
            faults = tuple(_rule_faults(contest, text))
        except OverflowError:
            where = line_of(text, "window", "opens_at")
            faults = (Fault(where, "window", say("lies outside the calendar"), say("write the years of the vote")),)
    if contest is None or faults:
        raise FileInvalid(name, faults)
    return contest


def decode_contest(document: str, id: str) -> Contest:
    """Returns a stored contest. It was valid when it was stored: an upgrade with stricter rules must not stop its vote.

    Raises FileInvalid for what this program cannot read, such as a key that only a newer one knows.
    """
    contest, faults = read(document, Contest, bounded=False)
    if contest is None:
        raise FileInvalid(f"stored contest {id!r}", faults)
    return contest


def _rule_faults(contest: Contest, text: str) -> list[Fault]:
    try:
        ZoneInfo(contest.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        where = line_of(text, "time_zone")
        return [
            Fault(
                where,
                "time_zone",
                say("{} is not a time zone", repr(contest.time_zone)),
                say("such as {}", "Asia/Shanghai"),
            )
        ]
    own = [*_window_faults(contest, text), *_ballot_faults(contest, text), *_category_faults(contest, text)]
    own += _verification_faults(contest, text)
    return [*own, *reference_faults(contest, text)]


def _window_faults(contest: Contest, text: str) -> list[Fault]:
    window, where = contest.window, line_of(text, "window", "closes_at")
    if sum(end is not None for end in (window.closes_at, window.closes_on, window.days)) != 1:
        mend = say("give one of closes_at, closes_on and days")
        return [Fault(line_of(text, "window"), "window", say("must end in one way"), mend)]
    if faults := _clock_faults(contest, text):
        return faults
    if contest.closes_at <= contest.opens_at:
        return [
            Fault(where, "window.closes_at", say("is not after opens_at"), say("let the window end after it begins"))
        ]
    return []


def _clock_faults(contest: Contest, text: str) -> list[Fault]:
    """Yields faults for local times that the zone's clocks skip or show twice."""
    faults = []
    for name, moment in (("opens_at", contest.window.opens_at), ("closes_at", contest.window.closes_at)):
        times = [] if moment is None or moment.tzinfo else clock_times(moment, contest.zone)
        if len(times) == 1 or moment is None or moment.tzinfo:
            continue
        what = say(
            "is a time that {}'s clocks show twice" if times else "is a time that {}'s clocks skip", contest.time_zone
        )
        first = times[0] if times else moment.replace(tzinfo=contest.zone).astimezone(UTC).astimezone(contest.zone)
        mend = say("write it with its offset, such as {}", first.isoformat())
        faults.append(Fault(line_of(text, "window", name), f"window.{name}", what, mend))
    return faults


def _ballot_faults(contest: Contest, text: str) -> list[Fault]:
    rule, faults = contest.ballot, []
    if rule.least > rule.most:
        where = line_of(text, "ballot", "least")
        faults.append(
            Fault(where, "ballot.least", say("{} is more than most = {}", rule.least, rule.most), say("raise `most`"))
        )
    for index, quota in enumerate(contest.quotas):
        where, place = line_of(text, "quota", index), f"quota[{index + 1}]"
        if (quota.picks is None) == (quota.ballots is None):
            mend = say("give one of them: picks = 5, or ballots = 1")
            faults.append(Fault(where, place, say("counts picks or ballots"), mend))
        elif quota.ballots is not None and quota.per != "contest":
            what = say("counts ballots, which are of the whole contest")
            faults.append(Fault(where, place, what, say("leave `per` out, or count picks")))
        elif (quota.period == "sliding") != (quota.minutes is not None):
            what = say("needs `minutes` for a sliding interval, and only there")
            faults.append(Fault(where, place, what, say('write period = "sliding" with minutes = 5')))
        elif quota.per == "contest" and quota.picks is not None and quota.picks < rule.least:
            where = line_of(text, "quota", index, "picks")
            mend = say("give at least {} picks or lower ballot.least", rule.least)
            faults.append(Fault(where, f"{place}.picks", say("no ballot could fit into this quota"), mend))
    return faults


def _verification_faults(contest: Contest, text: str) -> list[Fault]:
    rule = contest.verification
    if rule is None or any(rule.ways(channel) for channel in contest.voters.channels):
        return []
    what = say("asks nobody: no voter of this contest can confirm through another channel")
    mend = say("name a channel in `by` that is not the only one of [voters], or leave [verification] out")
    return [Fault(line_of(text, "verification", "by"), "verification.by", what, mend)]


def _category_faults(contest: Contest, text: str) -> list[Fault]:
    """Yields faults for ambiguous names: a roster gives a category by name or id, so each must match only one."""
    faults, owners = [], dict[str, tuple[int, str]]()
    for index, category in enumerate(contest.categories):
        for attribute in ("id", "name"):
            value = getattr(category, attribute)
            owner, known = owners.setdefault(alike(value), (index, value))
            if owner != index:
                is_same = value == known
                what = (
                    say("{} stands twice", repr(value)) if is_same else say("{} is nearly {}", repr(value), repr(known))
                )
                place = f"category[{index + 1}].{attribute}"
                where = line_of(text, "category", index, attribute)
                faults.append(Fault(where, place, what, say("give each category its own")))
    return faults or ([] if contest.categories else _without_categories(contest, text))


def _without_categories(contest: Contest, text: str) -> list[Fault]:
    """Yields faults for settings that need categories, in a contest without any."""
    paths: list[tuple[str | int, ...]] = [("tags",)] if contest.tags else []
    paths += [("quota", index, "per") for index, each in enumerate(contest.quotas) if each.per == "category"]
    paths += [("award", index, "per_category") for index, each in enumerate(contest.awards) if each.per_category]
    for index, way in enumerate(contest.nominations):
        paths += [("nomination", index, "per")] if way.per == "recommender_category" else []
    mend = say("write a [[category]] for each, or leave this out")
    return [Fault(line_of(text, *path), dotted(path), say("the contest has no category"), mend) for path in paths]
