"""Features of a ballot computed from the cells it shares with others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from voting.fraud.features.cells import expectation, surprise
from voting.fraud.features.column_index import Cells, Floats, Ints, Key, Numbering, Part, Survey, Values, once
from voting.fraud.features.covoting import covoting
from voting.fraud.features.lockstep import lockstep
from voting.fraud.features.persistence import steady
from voting.fraud.features.profiles import Profiles, distinct, profiles

# Cells with this surprise and size are examined.
_LEAST_Z, _LEAST_N = 3.0, 5
# The third quartile of a normal distribution is this many deviations above the median.
_QUARTILE = 0.6745
# With fewer ballots, a voter's changes cannot be judged.
_FEW = 2


class Families(NamedTuple):
    """The cells to examine besides the entry.

    `profiled` cells give all features, `plain` ones the surprise only; `broad` ones are so large that even a small
    surprise matters.
    """

    profiled: tuple[Key, ...]
    plain: tuple[Key, ...]
    broad: tuple[Key, ...] = ()
    lasting: tuple[Key, ...] = ()
    """Cells also compared with other days: a rally is over in a day, a slow campaign is not."""
    whole: bool = False
    """Whether to look for patterns over days: lockstep and persistence."""


THOROUGH = Families(
    profiled=(
        ("fingerprint",),
        ("agent",),
        ("client",),
        ("prefix",),
        ("address",),
        ("minutes10",),
        ("hour",),
        ("fingerprint", "hours2"),
        ("prefix", "hours2"),
        ("asn", "hours2"),
    ),
    plain=(
        ("origin",),
        ("device",),
        ("reading_bin", "hour"),
        ("reading_bin", "fingerprint"),
        ("age_bin", "hour"),
        ("oddities",),
        ("returning", "hours2"),
        ("returning", "fresh", "reading_bin", "day"),
    ),
    broad=(
        ("hour_of_day",),
        ("age_bin",),
        ("asn",),
        ("day",),
        ("reading_bin",),
        ("hosted",),
        ("returning", "fresh", "hour_of_day"),
        ("returning", "asn"),
        ("returning", "fresh", "reading_bin"),
    ),
    lasting=(
        ("returning", "fresh"),
        ("returning", "fresh", "night"),
        ("night",),
        ("agent",),
        ("fingerprint",),
        ("asn",),
        ("reading_bin",),
        ("prefix",),
    ),
    whole=True,
)
# For the rounds: patterns within hours, at a fraction of the cost.
QUICK = Families(
    profiled=(("fingerprint",), ("prefix",), ("hour",), ("asn", "hours2")),
    plain=(("device",), ("oddities",), ("age_bin", "hour")),
    broad=(
        ("age_bin",),
        ("asn",),
        ("reading_bin",),
        ("hosted",),
        ("returning", "asn"),
        ("returning", "fresh", "reading_bin"),
    ),
)


class World:
    """The usual values among the trusted ballots of a contest."""

    def __init__(self, survey: Survey, trust: Floats) -> None:
        trusted = trust > 0.5
        trusted = trusted if trusted.any() else np.ones(survey.size, dtype=bool)

        def known(name: str) -> Floats:
            values = survey.column(name)[trusted]
            return values[~np.isnan(values)]

        self.fresh, self.hosting, self.odd = (
            float(known(name).mean()) if len(known(name)) else 0.0 for name in ("fresh", "hosting", "odd")
        )
        # Median and quartiles, not mean and deviation: quick bots would shift those to values that nobody has.
        reading = known("reading")
        self.reading, slower = (
            float(np.quantile(reading, quantile)) if len(reading) else 0.0 for quantile in (0.5, 0.75)
        )
        spread = (slower - self.reading) / _QUARTILE
        self.reading_spread = spread if spread > 0.3 else 0.7
        counts = survey.numbering(("fingerprint",)).totals(trusted.astype(np.float64))
        self._shares = counts[counts > 0] / max(1.0, counts.sum())

    def distinct(self, counts: Floats, most: float) -> Floats:
        """Returns the mean number of different fingerprints among `counts` ballots, each at most `most`."""
        grid = np.unique(np.round(np.geomspace(1, max(2.0, most), 60)))
        shares, times = np.unique(self._shares, return_counts=True)
        if not len(shares):
            return np.ones_like(counts)
        expected = np.array([float(((1 - (1 - shares) ** size) * times).sum()) for size in grid])
        return np.asarray(np.interp(counts, grid, np.maximum(1.0, expected)), dtype=np.float64)


def features(survey: Survey, trust: Floats, families: Families = THOROUGH) -> Iterator[Part]:
    """Yields the features of all ballots in parts. `trust`: by ballot, 0 to 1."""
    world = World(survey, trust)
    yield from own(survey, world)
    # In a small contest a crowd is a large part.
    yield Part(Numbering(np.zeros(survey.size, dtype=np.uint8), 1), {"own_contest": np.log10([max(1.0, survey.size)])})
    for by in families.profiled:
        yield _profiled(survey, by, trust, world)
    for by in families.plain:
        cells = survey.cells(by)
        yield _excess("_".join(by), cells, expectation(cells, trust))
    for by in families.broad:
        cells = survey.cells(by)
        ratio = np.log((cells.n + 3) / (expectation(cells, trust) + 3))
        yield Part(cells.ballots, {"broad_" + "_".join(by): np.clip(ratio, -2, 3)})
    for by in families.lasting:
        yield _lasting(survey, by, trust)
    yield _undiversified(survey, trust)
    past = [name for name in survey.ballots.columns if name.startswith("past_")]
    if past:
        yield Part(None, {name: survey.column(name) for name in past})
    if families.whole:
        yield from survey.once(("over days",), lambda: [*lockstep(survey), *covoting(survey), *steady(survey)])


def own(survey: Survey, world: World) -> Iterator[Part]:
    """Yields features of the ballot itself, its device and its voter."""
    column, reading = survey.column, survey.column("reading")
    quick = np.clip((world.reading - reading) / world.reading_spread, 0, 4)
    yield Part(None, {"own_instant": reading < np.log(0.8), "own_quick": np.nan_to_num(quick)})

    def by(name: str, **columns: Values) -> Part:
        cells = survey.numbering((name,))
        sample = cells.samples()
        return Part(cells, {f"own_{what}": values[sample] for what, values in columns.items()})

    yield by("hosting", hosting=column("hosting"))
    yield by(
        "oddities",
        odd=column("odd"),
        odd2=np.clip(column("oddity_count") - 1, 0, 3),
        cross_site=column("cross_site"),
        automation=column("automation"),
    )
    yield by("fresh", fresh=column("fresh") - world.fresh)
    yield by("refused", refused=column("refused"))
    voters = survey.numbering(("voter",))
    yield Part(voters, {"own_returns": np.clip(np.log(voters.counts()), 0, 2.5)})
    yield device_voters(survey)
    yield restless(survey)


@once
def device_voters(survey: Survey) -> Part:
    """own_device_voters: the logarithm of the number of voters of a device."""
    devices = survey.numbering(("device",))
    several = devices.only(np.flatnonzero(devices.counts() > 1))
    voters = np.log(kinds(several, survey.numbering(("voter",))))
    return Part(several, {"own_device_voters": np.clip(voters, 0, 4)})


@once
def restless(survey: Survey) -> Part:
    """own_restless_...: how much a voter changes networks, places and phones between ballots, 0 to 1.

    A voter who rents addresses comes from a new one each time, with the same old tokens.
    """
    voters = survey.numbering(("voter",))
    frequent = voters.only(np.flatnonzero(voters.counts() > _FEW))
    changes = {
        f"own_restless_{name}": (kinds(frequent, survey.numbering((name,))) - 1) / (frequent.counts() - 1)
        for name in ("asn", "prefix", "fingerprint", "device")
    }
    return Part(frequent, {name: np.maximum(values, 0.0) for name, values in changes.items()})


def kinds(of: Numbering, what: Numbering) -> Floats:
    """Returns, by number, how many different known values of the other numbering its ballots have."""
    known = np.flatnonzero((of.of < of.size) & (what.of < what.size))
    return distinct(of.of[known], what.of[known], of.size)


def _surprising(name: str, cells: Cells, expected: Floats) -> tuple[Ints, dict[str, Floats]]:
    """Returns the cells above the minimum size and surprise, and their surprise."""
    large = np.flatnonzero(cells.n >= _LEAST_N)
    z = surprise(cells.n[large], expected[large])
    told, z = large[z > _LEAST_Z], z[z > _LEAST_Z]
    ratio = np.clip(np.log(cells.n[told] / expected[told]), 0, 5)
    return told, {f"{name}_ratio": ratio, f"{name}_z": np.log1p(z) / 2}


def _excess(name: str, cells: Cells, expected: Floats) -> Part:
    """Returns the surprise of surprising cells; the other cells count as unknown."""
    told, columns = _surprising(name, cells, expected)
    return Part(cells.ballots.only(told), columns)


def _profiled(survey: Survey, by: Key, trust: Floats, world: World) -> Part:
    """Returns the surprising cells of (entry, *by) with the profile of their ballots."""
    cells, name = survey.cells(by), "_".join(by)
    expected = expectation(cells, trust)
    told, columns = _surprising(name, cells, expected)
    ballots, count = cells.ballots.only(told), cells.n[told]
    share = np.clip((count - expected[told]) / count, 0, 1)
    what = _told(profiles(survey, ballots), count, cells.n.max(initial=0.0), world)
    values = np.nan_to_num(np.stack([*what.values()])) * share
    columns |= {f"{name}_{each}": value for each, value in zip(what, values, strict=True)}
    return Part(ballots, columns)


def _told(profile: Profiles, count: Floats, most: float, world: World) -> dict[str, Floats]:
    deviation = (world.reading - profile.reading) / world.reading_spread
    returning = profile.returning - (profile.returning.mean() if len(count) else 0.0)
    return {
        "fresh": np.clip((profile.fresh - world.fresh) / (1.02 - world.fresh), -1, 1),
        "quick": np.clip(deviation, 0, 3),
        "slow": np.clip(-deviation, 0, 3),
        "uniform": np.clip((0.6 - profile.spread / world.reading_spread) / 0.5, 0, 1),
        "hosting": np.clip(profile.hosting - world.hosting, 0, 1),
        "odd": np.clip(profile.odd - world.odd, 0, 1),
        "scattered": np.clip(profile.prefixes / count, 0, 1),
        "alike": np.clip(1 - profile.fingerprints / world.distinct(count, most), 0, 1),
        "regular": np.clip(1.2 - profile.regular, 0, 1),
        "returning": returning,
    }


def _lasting(survey: Survey, by: Key, trust: Floats) -> Part:
    """Returns, by (entry, *by, day), how the other days' ballots of (entry, *by) compare with their expectation."""
    whole, days = survey.cells(by), survey.cells((*by, "day"))
    within = whole.ballots.of[days.sample]
    others = whole.n[within] - days.n
    expected = np.maximum(expectation(whole, trust)[within] - expectation(days, trust), 0)
    name = "_".join(by)
    columns = {
        f"lasting_{name}": np.clip(np.log((others + 3) / (expected + 3)), -2, 3),
        f"lasting_{name}_z": np.log1p(surprise(others, np.maximum(expected, 0.5))) / 2,
    }
    return Part(days.ballots, columns)


def _undiversified(survey: Survey, trust: Floats) -> Part:
    """Finds one kind of phone at one place more often than the place's ballots and the mix of phones explain."""
    cells, place = survey.cells(("prefix", "fingerprint")), survey.numbering(("entry", "prefix"))
    known = np.where(cells.ballots.of < cells.ballots.size, trust, 0.0)
    kinds = survey.numbering(("fingerprint",))
    share = kinds.totals(known) / max(known.sum(), 1e-9)
    here = np.bincount(place.of[cells.sample], cells.n, place.size)
    expected = share[kinds.of[cells.sample]] * here[place.of[cells.sample]]
    return _excess("prefix_fingerprint", cells, np.maximum(expected, 0.05))
