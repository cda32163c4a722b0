"""A5 of the research page: phone farms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.newcomer.ballots import FOUR, WECHAT, WIFI, Ballots, joined
from loadtests.hands.newcomer.dice import Array
from loadtests.hands.newcomer.networks import TELECOM
from loadtests.hands.newcomer.profiles import IN_WECHAT
from loadtests.hands.newcomer.programs import reading, scripted
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import DAY, MS


@dataclass(frozen=True, slots=True)
class _Farm:
    """What each account has; those of one phone share model and addresses, sometimes the token."""

    voter: Array
    token: Array
    born: Array
    profile: Array
    wifi: Array
    cell: Array
    cell_asn: Array

    def __len__(self) -> int:
        return len(self.voter)


def phone_farm(scene: Scene, n: int) -> Ballots:
    """A5 phone farm: 150-500 phones with three accounts each, the same three models, three Wi-Fi addresses and mobile
    ones, one after another every 3 s; one session a day for one to three clients."""
    rng = scene.rng
    accounts = min(n, int(scene.ranged(150, 500)) * 3)
    sessions = int(np.clip(round(n / accounts), 1, 10))
    days = rng.permutation(scene.times.days_at(8, 15))[:sessions]
    farm = _farm(scene, accounts)
    clients = [scene.entries.client() for _ in range(int(rng.integers(1, 4)))]
    most = max(1, n // sessions)
    made = joined(
        [
            _session(scene, farm, int(day), most, clients[turn % len(clients)], turn == 0)
            for turn, day in enumerate(days)
        ]
    )
    _as_old_as_at_first(made)
    return made


def _farm(scene: Scene, accounts: int) -> _Farm:
    rng = scene.rng
    phones = max(5, accounts // 3)
    models = scene.browsers.some(IN_WECHAT, 3)
    voter, token = scene.serials(accounts), scene.serials(accounts)
    shared = rng.random() < 0.4
    phone = np.arange(accounts) % phones
    model = models[rng.integers(0, 3, phones)]
    born = scene.times.opens - rng.exponential(DAY * 2, accounts).astype(np.int64)
    cell, cell_asn = scene.networks.handsets(phones)
    wifi = scene.networks.one_net(3)
    return _Farm(
        voter=voter,
        token=token[phone] if shared else token,
        born=born,
        profile=model[phone],
        wifi=wifi[phone % 3],
        cell=cell[phone],
        cell_asn=cell_asn[phone],
    )


def _session(scene: Scene, farm: _Farm, day: int, most: int, client: int, first: bool) -> Ballots:
    """One run through the accounts; in the first one the tokens are made."""
    rng = scene.rng
    who = rng.permutation(len(farm))[:most] if rng.random() < 0.5 else np.arange(min(most, len(farm)))
    n = len(who)
    start = scene.times.clock(day, rng.uniform(8, 22))
    at = start + np.cumsum(scene.shifted(3) * rng.gamma(4, 0.25, n)) * MS
    seconds = reading(scene, n, 3, 9, (0.2, 0.5))
    at_home = rng.random(n) < 0.7
    latest = at - seconds * MS - 300
    return scripted(
        scene,
        at,
        client,
        farm.profile[who],
        (np.where(at_home, farm.wifi[who], farm.cell[who]), np.where(at_home, TELECOM, farm.cell_asn[who])),
        seconds,
        voter=farm.voter[who],
        device=farm.token[who],
        channel=WECHAT,
        issued=(latest if first else np.minimum(farm.born[who], latest)).astype(np.int64),
        network=np.where(at_home, WIFI, FOUR),
        solve=700,
    )


def _as_old_as_at_first(made: Ballots) -> None:
    """A token stays as old as it was at its first vote."""
    order = np.lexsort((made["at"], made["device"]))
    heads = np.flatnonzero(np.append(True, np.diff(made["device"][order]) != 0))
    head = heads[np.searchsorted(heads, np.arange(len(order)), "right") - 1]
    made["issued"][order] = made["issued"][order][head]
