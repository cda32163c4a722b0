"""The output of a backtest: decisions, history, summary and report of a recorded contest with rings and crowds."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.acceptance.test_browser import QUIET, chromium
from tests.recorded import ALL, CONTEST, EVENTS, FREEZE, RESULTS, RINGS, Recorded
from tests.services.fraud.test_backtest import DECISION, FILES, Event, Run, moment
from voting import __version__
from voting.domain.contest.contest_file import read_contest
from voting.services.fraud.policy_files import load_sweep_policy

Replayed = Callable[[Recorded], Run]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """Returns the output of a recorded contest's backtest, which is run once."""

    @cache
    def replay(recorded: Recorded) -> Run:
        out = tmp_path_factory.mktemp(recorded.name) / "out"
        return Run(out, recorded.replay(out))

    return replay


@pytest.fixture(scope="module")
def world(replayed: Replayed) -> tuple[Path, list[Event], Run]:
    """The folder of the recorded contest, its attempts, and the backtest's output."""
    with gzip.open(RINGS.folder / EVENTS, "rt", encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    return RINGS.folder, events, replayed(RINGS)


World = tuple[Path, list[Event], Run]


def first_difference(found: bytes, expected: bytes) -> str:
    """Returns the first line that differs."""
    pairs = zip(found.splitlines(), expected.splitlines(), strict=False)
    for number, (now, then) in enumerate(pairs, 1):
        if now != then:
            return f"line {number} is {now.decode()}, was {then.decode()}; {FREEZE}"
    return f"{len(found.splitlines())} lines, were {len(expected.splitlines())}; {FREEZE}"


@pytest.mark.parametrize(
    "recorded",
    [ALL[0], *(pytest.param(each, marks=pytest.mark.campaign) for each in ALL[1:])],
    ids=[recorded.name for recorded in ALL],
)
def test_a_recorded_contest_is_decided_as_before(recorded: Recorded, replayed: Replayed) -> None:
    """Byte for byte: tests/recorded/README.md."""
    for file in RESULTS:
        found, expected = (replayed(recorded).out / file).read_bytes(), recorded.expected(file)
        assert found == expected, f"{recorded.name}/{file}: {first_difference(found, expected)}"


def test_decisions_are_one_line_an_event_in_the_order_of_the_input(world: World) -> None:
    _, events, run = world
    assert [line["id"] for line in run.decisions] == [each["id"] for each in events]
    for line, each in zip(run.decisions, events, strict=True):
        assert list(line) == DECISION
        assert line["decision"] in ("count", "hold", "refuse")
        assert line["stage"] in ("online", "nearline", "certification")
        assert (line["decision"] == "count") is (line["reasons"] == [])
        assert line["reasons"] == sorted(set(line["reasons"]))
        assert moment(line["decided_at"]).tzinfo
        assert moment(line["decided_at"]) >= moment(each["at"])
        assert line["stage"] != "online" or moment(line["decided_at"]) == moment(each["at"])


def test_every_stage_has_a_part_in_it(world: World) -> None:
    held = {line["stage"] for line in world[2].decisions if line["decision"] == "hold"}
    assert held == {"online", "nearline", "certification"}


def test_history_has_only_changes_by_time_and_ends_in_the_decisions(world: World) -> None:
    _, events, run = world
    times = [moment(line["decided_at"]) for line in run.history]
    assert times == sorted(times)
    current = {each["id"]: "count" for each in events}
    last: dict[str, Event] = {}
    for line in run.history:
        assert [name for name in line if name != "response"] == DECISION
        # A challenged ballot that is cast is listed, although it counts like others.
        assert line["decision"] != current[line["id"]] or line.get("response") == "challenge"
        current[line["id"]] = line["decision"]
        last[line["id"]] = {name: line[name] for name in DECISION}
    for line in run.decisions:
        if line["id"] in last:
            # The certification may give better reasons for a hold of a round: that changes no decision.
            assert {**line, "reasons": []} == {**last[line["id"]], "reasons": []}
        else:
            assert (line["decision"], line["stage"]) == ("count", "online")


def test_a_ballot_held_and_released_has_two_lines(world: World) -> None:
    run = world[2]
    changes: dict[str, list[Event]] = {}
    for line in run.history:
        if "response" not in line:
            changes.setdefault(line["id"], []).append(line)
    released = [each for each in changes.values() if each[-1]["decision"] == "count"]
    assert released
    for each in released:
        assert [line["decision"] for line in each[-2:]] == ["hold", "count"]
        # Only a certification may come at the moment of the last round, and after it.
        later, at_once = (
            each[-1]["decided_at"] > each[-2]["decided_at"],
            each[-1]["decided_at"] == each[-2]["decided_at"],
        )
        assert later or (at_once and each[-1]["stage"] == "certification")
    closed = moment(read_contest((world[0] / CONTEST).read_text("utf-8")).closes_at.isoformat())
    for line in run.history:
        assert line["stage"] != "certification" or moment(line["decided_at"]) >= closed


def test_the_rounds_are_on_the_clock(world: World) -> None:
    every = timedelta(minutes=load_sweep_policy().sweep.every_minutes)
    for line in world[2].history:
        if line["stage"] == "nearline":
            assert (moment(line["decided_at"]) - datetime(1970, 1, 1, tzinfo=UTC)) % every == timedelta()


def test_the_summary_adds_up(world: World) -> None:
    folder, events, run = world
    summary, decisions = run.summary, run.decisions
    assert json.loads(json.dumps(run.told)) == summary
    assert summary["version"] == __version__
    assert summary["attempts"] == len(events)
    assert summary["events_sha256"] == hashlib.sha256((folder / EVENTS).read_bytes()).hexdigest()
    assert summary["policy"] == {"version": load_sweep_policy().version, "sha256": load_sweep_policy().sha256}
    assert Counter(summary["decisions"]) == Counter(line["decision"] for line in decisions)
    assert Counter(summary["stages"]) == Counter(line["stage"] for line in decisions)
    assert summary["reasons"] == Counter(code for line in decisions for code in line["reasons"])
    assert sum(each["ballots"] for each in summary["groups"]) == summary["decisions"]["hold"]
    raw = Counter(each["entry"] for each in events)
    held = Counter(e["entry"] for e, line in zip(events, decisions, strict=True) if line["decision"] == "hold")
    assert {each["entry"] for each in summary["entries"]} == set(raw)
    for each in summary["entries"]:
        entry = each["entry"]
        assert (each["raw"], each["held"]) == (raw[entry], held[entry])
        assert each["certified"] == raw[entry] - held[entry]
        assert each["rank_raw"] == 1 + sum(count > raw[entry] for count in raw.values())
        certified = [other["certified"] for other in summary["entries"]]
        assert each["rank_certified"] == 1 + sum(count > each["certified"] for count in certified)
    assert [each["rank_certified"] for each in summary["entries"]] == sorted(
        each["rank_certified"] for each in summary["entries"]
    )
    assert sum(group["ballots"] for group in summary["groups"]) <= summary["decisions"]["hold"]


def test_it_writes_four_files(world: World) -> None:
    assert sorted(path.name for path in world[2].out.iterdir()) == FILES


async def test_the_report_is_a_page_that_people_can_read(world: World) -> None:
    run = world[2]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        asked: list[str] = []
        wrong: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        await page.goto((run.out / "report.html").as_uri())
        text = await page.inner_text("body")
        rows = await page.locator("table tr").count()
        bars, groups = await page.locator("rect.all").count(), await page.locator("section.group").count()
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await browser.close()
    assert len(asked) == 1
    assert wrong == []
    assert not wide
    assert rows == 1 + len(run.summary["entries"])
    assert bars > 40
    assert groups == min(30, len(run.summary["groups"]))
    for each in (
        "排名前后对比",
        "时间线",
        "最大的可疑群组",
        run.summary["policy"]["version"],
        run.summary["entries"][0]["entry"],
    ):
        assert each in text
    assert "{{" not in text
    assert "None" not in text
