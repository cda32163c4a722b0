"""Random schedules of one voter's presses under faults, and a record of what the page showed."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple, Protocol

from tests.voter_page.faulty_proxy import Fault, FaultyProxy, Picks

FAULTS: dict[Fault, int] = {
    "pass": 6,
    "lost_before": 3,
    "lost_after": 5,
    "delayed": 1,
    "cut": 2,
    "twice": 1,
    "busy": 2,
    "busy_after": 2,
    "slow": 3,
    "portal": 1,
}
OUTAGE: dict[Fault, int] = {"lost_before": 3, "lost_after": 2, "cut": 1, "busy_after": 1}
Happening = Literal[
    "press", "press_twice", "press_in_two_tabs", "reload", "ten_minutes", "offline", "next_day", "lose_credential"
]
HAPPENINGS: dict[Happening, int] = {
    "press": 12,
    "press_twice": 2,
    "press_in_two_tabs": 2,
    "reload": 3,
    "ten_minutes": 2,
    "offline": 1,
    "next_day": 1,
    "lose_credential": 1,
}


class Step(NamedTuple):
    """One step; `faults` are those of its ballots, in order."""

    what: Happening
    tab: int
    picks: Sequence[str]
    faults: Sequence[Fault]


class Outcome(NamedTuple):
    """What the page showed in the end, and on the way there."""

    state: str
    receipt: str = ""
    states: Sequence[str] = ()
    repeats: bool = False
    """Whether the button said that trying again cannot count twice."""
    picks: Picks = ()
    """The picks pressed, if a page keeps a ballot of several picks as it was sent."""


class Tabs(Protocol):
    """A voter's browser."""

    async def open(self, tab: int) -> None:
        """Opens or reloads a tab."""

    async def press(self, tab: int, picks: Sequence[str]) -> Awaitable[Outcome]:
        """Presses; the outcome is ready when the page shows a final state."""

    async def pass_time(self, tab: int, seconds: int) -> None:
        """Advances the page's clock."""

    async def go_offline(self) -> None:
        """Takes the device offline for a moment."""

    async def lose_credential(self) -> None:
        """Deletes the browser's credential."""


def schedule(seed: int, sets: Sequence[Picks], tabs: int, happenings: dict[Happening, int]) -> list[Step]:
    """Returns the steps that follow from a seed."""
    random = Random(seed)
    steps = []
    for _ in range(random.randint(4, 9)):
        (what,) = random.choices(list(happenings), list(happenings.values()))
        picks = list(random.choice(sets))
        random.shuffle(picks)
        # Sometimes the network is away for longer than the page retries.
        possible = OUTAGE if random.random() < 0.25 else FAULTS
        faults = random.choices(list(possible), list(possible.values()), k=random.choice([0, 1, 2, 3, 5, 8]))
        if what in ("press_twice", "press_in_two_tabs"):
            faults.insert(0, "held")
        steps.append(Step(what, random.randrange(tabs), picks, faults))
    return steps


@dataclass
class Voter:
    """One voter: presses, and compares what the page showed with what the service recorded."""

    proxy: FaultyProxy
    tabs: Tabs
    tab_count: int
    next_day: Callable[[set[str]], Awaitable[None]]
    """Moves the recorded ballots into the past, so that the quota is free again."""
    told: defaultdict[Picks, set[str]] = field(default_factory=lambda: defaultdict(set))
    votes: Counter[Picks] = field(default_factory=Counter)
    """How many ballots the voter wants recorded, without refused ones."""
    open: set[Picks] = field(default_factory=set)
    """Picks of which it is not yet known whether they were recorded."""
    refused: set[Picks] = field(default_factory=set)
    """Picks refused last: a button that still says "try again" casts another vote."""
    mixed: set[Picks] = field(default_factory=set)
    """Picks pressed at once as a new vote in one tab and as a retry in another."""
    log: list[str] = field(default_factory=list)
    unknowable: Counter[Picks] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    async def live(self, steps: Sequence[Step]) -> None:
        """Performs the steps, then presses without faults what is still unknown, and checks the record."""
        for tab in range(self.tab_count):
            await self.tabs.open(tab)
        for step in steps:
            self.proxy.faults.clear()
            self.proxy.faults.extend(step.faults)
            await self._meet(step)
            await self.proxy.settle()
        self.proxy.faults.clear()
        for picks in sorted(self.open):
            await self._press(0, picks)
        assert not self.open
        for picks in {*self.proxy.recorded, *self.told}:
            recorded, told = self.proxy.recorded[picks], self.told[picks]
            assert told <= recorded, (
                f"{picks}: told of {len(told)} ballots, of which {len(told - recorded)} are not there"
            )
            untold = len(recorded - told)
            assert untold <= self.unknowable[picks], f"{picks}: recorded {len(recorded)} times, told {len(told)} times"
            assert picks in self.mixed or len(told) == self.votes[picks], (
                f"{picks}: wanted {self.votes[picks]} times, told {len(told)} times"
            )

    async def _meet(self, step: Step) -> None:
        if step.what == "reload":
            await self.tabs.open(step.tab)
        elif step.what == "ten_minutes":
            await self.tabs.pass_time(step.tab, 660)
        elif step.what == "next_day":
            await self.next_day(set().union(*self.proxy.recorded.values()))
        elif step.what == "lose_credential":
            await self.tabs.lose_credential()
        else:
            if step.what == "offline":
                await self.tabs.go_offline()
            other = (step.tab + 1) % self.tab_count if step.what == "press_in_two_tabs" else step.tab
            await self._press(step.tab, step.picks, None if step.what in ("press", "offline") else other)

    async def _press(self, tab: int, picks: Sequence[str], again_in: int | None = None) -> None:
        self.proxy.pressed.clear()
        pressed = [await self.tabs.press(tab, picks)]
        if again_in is not None:
            pressed.append(await self.tabs.press(again_in, picks))
        self.proxy.pressed.set()
        outcomes = await asyncio.gather(*pressed)
        name = outcomes[0].picks or tuple(sorted(picks))
        self.log += [f"tab {tab} {name}: {[outcome._replace(receipt=outcome.receipt[-6:]) for outcome in outcomes]}"]
        is_repeat = name in self.open or (name not in self.refused and outcomes[0].repeats)
        receipts = {outcome.receipt for outcome in outcomes if outcome.state == "recorded"}
        assert len(receipts - self.told[name]) <= 1, f"{name}: pressed twice at once, recorded twice"
        assert is_repeat or not receipts & self.told[name], f"{name}: an old answer was taken for a new ballot"
        self.told[name] |= receipts
        if name not in self.open and len({outcome.repeats for outcome in outcomes}) > 1:
            self.mixed.add(name)
        self.votes[name] += not is_repeat
        for outcome in outcomes:
            self.states.update([*outcome.states, outcome.state])
        self._conclude(name, {outcome.state for outcome in outcomes})

    def _conclude(self, name: Picks, states: set[str]) -> None:
        """Updates the record after a press ended, in whichever tab."""
        if states & {"refused", "too_fast"}:
            untold = len(self.proxy.recorded[name] - self.told[name])
            assert untold <= self.unknowable[name], f"{name}: told {states}, but it is recorded"
        if "unknown" in states and "recorded" not in states:
            self.open.add(name)
            return
        self.unknowable[name] += "unknowable" in states and (name in self.open or not self.unknowable[name])
        self.open.discard(name)
        self.refused.discard(name)
        if "recorded" not in states:
            self.refused.add(name)
            self.votes[name] -= 1
