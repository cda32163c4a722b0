"""What each ballot's company says of it: the cells that it is in, and how remarkable those are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from voting.fraud.cells import expectation, surprise
from voting.fraud.lockstep import lockstep
from voting.fraud.profiles import Profiles, profiles
from voting.fraud.steady import steady
from voting.fraud.survey import Floats, Key, Part, Survey

# A cell is looked into when it is so surprising, and not tiny.
_LEAST_Z, _LEAST_N = 3.0, 5
# Of a voter with so few ballots nobody can say how much he changes.
_FEW = 2


class Families(NamedTuple):
    """Which cells are looked at, beside the entry: those of which everything is asked, those of which only the
    surprise counts, and those so large that also a small surprise says something."""

    profiled: tuple[Key, ...]
    plain: tuple[Key, ...]
    broad: tuple[Key, ...] = ()
    lasting: tuple[Key, ...] = ()
    """Those of which also the other days tell: a rally is over in a day, a campaign that drips is not."""
    whole: bool = False
    """Whether what shows only over days is looked for: lockstep, and what is steady."""


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
        ("hosting",),
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
# For the rounds: what shows within hours, at a fraction of the cost.
QUICK = Families(
    profiled=(("fingerprint",), ("prefix",), ("hour",), ("asn", "hours2")),
    plain=(("device",), ("oddities",), ("age_bin", "hour")),
    broad=(
        ("age_bin",),
        ("asn",),
        ("reading_bin",),
        ("hosting",),
        ("returning", "asn"),
        ("returning", "fresh", "reading_bin"),
    ),
)


class World:
    """What is usual among the trusted ballots of a contest."""

    def __init__(self, survey: Survey, trust: Floats) -> None:
        trusted = trust > 0.5
        trusted = trusted if trusted.any() else np.ones(survey.size, dtype=bool)

        def known(name: str) -> Floats:
            values = survey.column(name)[trusted]
            return values[~np.isnan(values)]

        self.reading, self.fresh, self.hosting, self.odd = (
            float(known(name).mean()) if len(known(name)) else 0.0 for name in ("reading", "fresh", "hosting", "odd")
        )
        reading = known("reading")
        spread = float(reading.std(ddof=1)) if len(reading) > 1 else 0.0
        self.reading_spread = spread if spread > 0.3 else 0.7
        counts = survey.numbering(("fingerprint",)).totals(trusted.astype(np.float64))
        self._shares = counts[counts > 0] / max(1.0, counts.sum())

    def distinct(self, counts: Floats) -> Floats:
        """How many different fingerprints so many ballots have, on average."""
        grid = np.unique(np.round(np.geomspace(1, max(2.0, counts.max(initial=2.0)), 60)))
        shares, times = np.unique(self._shares, return_counts=True)
        if not len(shares):
            return np.ones_like(counts)
        expected = np.array([float(((1 - (1 - shares) ** size) * times).sum()) for size in grid])
        return np.asarray(np.interp(counts, grid, np.maximum(1.0, expected)), dtype=np.float64)


def features(survey: Survey, trust: Floats, families: Families = THOROUGH) -> Iterator[Part]:
    """The features of all ballots, some at a time. `trust`: by ballot, from 0 to 1."""
    world = World(survey, trust)
    yield _own(survey, world)
    for by in families.profiled:
        yield _profiled(survey, by, trust, world)
    for by in families.plain:
        cells = survey.cells(by)
        yield Part(cells.ballots, _excess("_".join(by), cells.n, expectation(cells, trust)))
    for by in families.broad:
        cells = survey.cells(by)
        ratio = np.log((cells.n + 3) / (expectation(cells, trust) + 3))
        yield Part(cells.ballots, {"broad_" + "_".join(by): np.clip(ratio, -2, 3)})
    for by in families.lasting:
        yield _lasting(survey, by, trust)
    yield _undiversified(survey, trust)
    if families.whole:
        yield from survey.once(("over days",), lambda: [*chain(lockstep(survey), steady(survey))])


def _own(survey: Survey, world: World) -> Part:
    """What a ballot says by itself."""
    reading, oddities = survey.column("reading"), survey.column("oddity_count")
    quick = np.clip((world.reading - reading) / world.reading_spread, 0, 4)
    voters = survey.numbering(("voter",))
    columns = {
        "own_hosting": survey.column("hosting"),
        "own_odd": survey.column("odd"),
        "own_odd2": np.clip(oddities - 1, 0, 3),
        "own_cross_site": survey.column("cross_site"),
        "own_automation": survey.column("automation"),
        "own_instant": np.where(np.isnan(reading), 0.0, reading < np.log(0.8)),
        "own_quick": quick,
        "own_fresh": survey.column("fresh") - world.fresh,
        "own_refused": survey.column("refused"),
        "own_device_voters": survey.once(("device voters",), lambda: _device_voters(survey)),
        **survey.once(("restless",), lambda: _restless(survey)),
        "own_returns": np.clip(np.log(voters.counts()[voters.of]), 0, 2.5),
    }
    return Part(None, {name: np.nan_to_num(values) for name, values in columns.items()})


def _device_voters(survey: Survey) -> Floats:
    """By ballot the logarithm of how many voters its device has; 0 where it is unknown."""
    devices, pairs = survey.numbering(("device",)), survey.numbering(("device", "voter"))
    voters = np.bincount(devices.of[pairs.samples()], minlength=devices.size + 1)
    voters[devices.size] = 1
    return np.clip(np.log(voters[devices.of]), 0, 4)


def _restless(survey: Survey) -> dict[str, Floats]:
    """By ballot how much its voter changes from ballot to ballot, from 0 to 1: networks, places, phones.

    Who rents addresses comes from another one each time, with the same old tokens.
    """
    voters = survey.numbering(("voter",))
    ballots = voters.counts()
    columns = {}
    for name in ("asn", "prefix", "fingerprint", "device"):
        pairs = survey.numbering(("voter", name))
        kinds = np.bincount(voters.of[pairs.samples()], minlength=voters.size)[: voters.size]
        changes = np.where(ballots > _FEW, (kinds - 1) / np.maximum(ballots - 1, 1), 0.0)
        columns[f"own_restless_{name}"] = np.maximum(changes, 0.0)[voters.of]
    return columns


def _excess(name: str, count: Floats, expected: Floats) -> dict[str, Floats]:
    """How far a cell is above expectation; 0 for one that is not surprising, or tiny."""
    z = surprise(count, expected)
    told = (z > _LEAST_Z) & (count >= _LEAST_N)
    return {
        f"{name}_ratio": np.where(told, np.clip(np.log(count / expected), 0, 5), 0.0),
        f"{name}_z": np.where(told, np.log1p(z) / 2, 0.0),
    }


def _profiled(survey: Survey, by: Key, trust: Floats, world: World) -> Part:
    """The surprising cells of (entry, *by), and what kind of ballots are in each."""
    cells = survey.cells(by)
    expected, name = expectation(cells, trust), "_".join(by)
    columns = _excess(name, cells.n, expected)
    profile = survey.once(("profiles", *by), lambda: profiles(survey, cells, _LEAST_N))
    count = cells.n[profile.cells]
    share = np.clip((count - expected[profile.cells]) / count, 0, 1)
    told = columns[f"{name}_z"][profile.cells] > 0
    for what, values in _told(profile, count, told, world).items():
        columns[f"{name}_{what}"] = np.zeros(cells.ballots.size)
        columns[f"{name}_{what}"][profile.cells] = np.where(told, np.nan_to_num(values) * share, 0.0)
    return Part(cells.ballots, columns)


def _told(profile: Profiles, count: Floats, told: npt.NDArray[np.bool_], world: World) -> dict[str, Floats]:
    deviation = (world.reading - profile.reading) / world.reading_spread
    returning = profile.returning - (profile.returning[told].mean() if told.any() else 0.0)
    return {
        "fresh": np.clip((profile.fresh - world.fresh) / (1.02 - world.fresh), -1, 1),
        "quick": np.clip(deviation, 0, 3),
        "slow": np.clip(-deviation, 0, 3),
        "uniform": np.clip((0.6 - profile.spread / world.reading_spread) / 0.5, 0, 1),
        "hosting": np.clip(profile.hosting - world.hosting, 0, 1),
        "odd": np.clip(profile.odd - world.odd, 0, 1),
        "scattered": np.clip(profile.prefixes / count, 0, 1),
        "alike": np.clip(1 - profile.fingerprints / world.distinct(count), 0, 1),
        "regular": np.clip(1.2 - profile.regular, 0, 1),
        "returning": returning,
    }


def _lasting(survey: Survey, by: Key, trust: Floats) -> Part:
    """By (entry, *by, day): how the other days' ballots of (entry, *by) compare with what is expected of them."""
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
    """(entry, prefix, fingerprint): one kind of phone more often at one place than its ballots and the mix explain."""
    cells, place = survey.cells(("prefix", "fingerprint")), survey.cells(("prefix",))
    known = np.where(cells.ballots.of < cells.ballots.size, trust, 0.0)
    kinds = survey.numbering(("fingerprint",))
    share = kinds.totals(known) / max(known.sum(), 1e-9)
    here = np.bincount(place.ballots.of[cells.sample], cells.n, place.ballots.size)
    expected = share[kinds.of[cells.sample]] * here[place.ballots.of[cells.sample]]
    return Part(cells.ballots, _excess("prefix_fingerprint", cells.n, np.maximum(expected, 0.05)))
