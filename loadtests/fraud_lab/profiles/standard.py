"""The standard profile: the public, crowds and campaigns of `families`, on the networks and browsers of `simulator`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from loadtests.fraud_lab.families import ATTACKS, EVERY, LOOKALIKES
from loadtests.fraud_lab.families.public import public
from loadtests.fraud_lab.profiles import plan
from loadtests.fraud_lab.profiles.rows import PUBLIC, Label, Rows
from loadtests.fraud_lab.simulator.scene import Scene
from loadtests.fraud_lab.simulator.world import DAYS, Rule, World


def make_world(  # noqa: PLR0913 (all by name)
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    families: Sequence[str] = EVERY,
    crowds: Sequence[str] = tuple(LOOKALIKES),
    entries: int | None = None,
    rule: Rule = "day",
    days: int = DAYS,
    small: bool = False,
) -> World:
    """`ballots` attempts, a share `fraud` of them by campaigns of these families. 20 to 45 % of the honest ballots are
    by these crowds, the rest by the public. Without `entries` their number is drawn from 50 to 300. `rule`: one pick
    per voter and day, or per voter and window. With `small` each campaign has 40 to 350 ballots."""
    random = np.random.default_rng([20_260_101, seed])
    scene = Scene(random, int(random.integers(50, 301)) if entries is None else entries, days)
    attacks = plan.attacks(random, {name: ATTACKS[name] for name in sorted(families)}, round(ballots * fraud), small)
    honest = ballots - sum(each.ballots for each in attacks)
    kinds = {name: kind for name, kind in LOOKALIKES.items() if name in crowds}
    gatherings = plan.gatherings(random, kinds, round(honest * random.uniform(0.2, 0.45)))
    # Framed rivals are drawn first: no campaign may help them.
    attacks.sort(key=lambda each: each.family != "A11")
    rows, made = Rows(scene, rule), Counter[str]()
    for each in attacks + gatherings:
        name, fraud = each.family, each.family in ATTACKS
        family = ATTACKS[name] if fraud else LOOKALIKES[name]
        made[name] += 1
        rows.add(Label(fraud, name, f"{name}#{made[name]}", family.scripted), family.make(scene, each.ballots))
    # The public fills up what the quota and the window's ends have removed.
    rows.add(PUBLIC, public(scene, max(1, ballots - rows.valid())))
    return rows.world(ballots)
