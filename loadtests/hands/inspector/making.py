"""A world from its arguments: which instances there are and how large, then the public, then all in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from loadtests.hands.inspector.attacks import ATTACKS
from loadtests.hands.inspector.clock import Generator
from loadtests.hands.inspector.crowds import CROWDS
from loadtests.hands.inspector.output import Cast, tables
from loadtests.hands.inspector.stage import Draft, Family, Stage
from loadtests.traffic.world import World

_WHOLE = 200_000
_SMALL, _LARGEST = 52, 330
# A crowd is at most this share of the honest ballots.
_CROWD = 0.04
_Plan = list[tuple[str, float]]


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    small: bool = False,
    families: Sequence[str] | None = None,
) -> World:
    """A contest of about `ballots` ballots with a share `fraud` of fraud, of all attacks or of `families` only; with
    `small` every campaign has 40 to 350 ballots."""
    rng = np.random.default_rng([seed, ballots, round(fraud * 1_000_000), small])
    stage = Stage(rng, ballots)
    wanted = {name: ATTACKS[name] for name in ATTACKS if families is None or name in families}
    cheating, honest = round(ballots * fraud), ballots - round(ballots * fraud)
    plan = _small(rng, wanted, cheating) if small else _campaigns(rng, wanted, cheating, ballots)
    casts = _played(stage, wanted, plan, fraud=True)
    casts += _played(stage, CROWDS, _crowds(rng, honest), fraud=False)
    rest = max(0, ballots - sum(len(cast.draft.at) for cast in casts))
    casts.append(Cast(_trimmed(stage, stage.public(rest + rest // 10 + 20), rest), "background", "background"))
    events, labels, entries = tables(stage, casts)
    return World(events, labels, entries, stage.clock.opens, stage.clock.closes, "day")


def _campaigns(rng: Generator, wanted: Mapping[str, Family], total: int, ballots: int) -> _Plan:
    """Rounds of all families, each at its natural size for a contest of this size, until there is enough."""
    scale = min(ballots / _WHOLE, np.sqrt(ballots / _WHOLE))
    plan: _Plan = []
    while wanted and sum(size for _, size in plan) < total:
        for name in rng.permutation(sorted(wanted)):
            if sum(size for _, size in plan) < total or len(plan) < len(wanted) <= total / 150:
                plan.append((str(name), max(60.0, scale * _natural(rng, wanted[name]))))
    return _fitted(plan, total)


def _small(rng: Generator, wanted: Mapping[str, Family], total: int) -> _Plan:
    """Campaigns of 40 to 350 ballots, the families in turn."""
    count = min(-(-total // 150), max(1, total // _SMALL)) if wanted and total else 0
    turns = [str(name) for _ in range(count) for name in rng.permutation(sorted(wanted))]
    sizes = np.exp(rng.uniform(np.log(70), np.log(260), count)).tolist()
    fitted = _fitted(list(zip(turns, sizes, strict=False)), total)
    return [(name, min(max(size, _SMALL), _LARGEST, total)) for name, size in fitted]


def _crowds(rng: Generator, honest: int) -> _Plan:
    """All kinds of crowds once, then again at random, to 25-38 % of the honest ballots."""
    total, plan = honest * rng.uniform(0.25, 0.38), _Plan()
    while len(plan) < len(CROWDS) or sum(size for _, size in plan) < total:
        name = list(CROWDS)[len(plan)] if len(plan) < len(CROWDS) else str(rng.choice(list(CROWDS)))
        plan.append((name, min(_natural(rng, CROWDS[name]), honest * _CROWD * rng.uniform(0.4, 0.9))))
    return _fitted(plan, min(total, sum(size for _, size in plan)))


def _fitted(plan: _Plan, total: float) -> _Plan:
    """The same instances, `total` ballots together."""
    whole = sum(size for _, size in plan)
    return [(name, size * total / whole) for name, size in plan]


def _natural(rng: Generator, family: Family) -> float:
    return float(np.exp(rng.uniform(np.log(family.least), np.log(family.most))))


def _played(stage: Stage, families: Mapping[str, Family], plan: _Plan, *, fraud: bool) -> list[Cast]:
    seen: dict[str, int] = {}
    casts = []
    for name, size in plan:
        seen[name] = seen.get(name, 0) + 1
        draft = _trimmed(stage, families[name].make(stage, max(8, round(size * 1.04))), max(1, round(size)))
        casts.append(Cast(draft, name, f"{name}#{seen[name]}", fraud, families[name].scripted))
    return casts


def _trimmed(stage: Stage, draft: Draft, n: int) -> Draft:
    """At most `n` ballots within the window, at most one a voter and day."""
    inside = np.flatnonzero((draft.at >= stage.clock.opens) & (draft.at < stage.clock.closes))
    _, first = np.unique(draft.who[inside] * 64 + stage.clock.day(draft.at[inside]), return_index=True)
    return draft.taken(np.sort(stage.rng.permutation(inside[first])[:n]))
