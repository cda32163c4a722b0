"""The online stage holds nearly certain fraud, and spares crowds that look similar."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.fraud import people
from tests.fraud.people import NOON, Crowd
from voting.fraud.facts.attempt import Attempt, Client, Solved
from voting.fraud.facts.facts import Counts, Facts
from voting.fraud.facts.observe import observe
from voting.fraud.online.counters import Counters
from voting.fraud.online.scorecard import Judgement, judge
from voting.services.fraud.policy_files import load_policy

ONLINE = load_policy().online
PYTHON: dict[str, Any] = {"user_agent": "python-requests/2.32.3", "headers": {}, "client": None}


def judged(attempts: Iterable[Attempt]) -> list[Judgement]:
    counters, found = Counters(), []
    for attempt in attempts:
        facts = observe(attempt)
        found.append(judge(facts, counters.add(attempt.at, attempt.entry, attempt.voter, facts), ONLINE))
    return found


def one(reading: float = 20, **more: Any) -> Judgement:
    return judged([Crowd(1, odd=0, fresh=0).desk(NOON, "E1", "1.2.3.4", reading, **more)])[0]


@pytest.mark.parametrize(
    "crowd", [people.office, people.school, people.wechat_group, people.employer, people.kiosk, people.vpn]
)
@pytest.mark.parametrize("seed", range(3))
def test_no_look_alike_is_held_and_hardly_any_challenged(
    crowd: Callable[[Crowd], Iterator[Attempt]], seed: int
) -> None:
    maker = Crowd(seed)
    alike = list(crowd(maker))
    ids = {attempt.id for attempt in alike}
    together = people.in_order(iter([*alike, *people.background(maker)]))
    answers = Counter(
        (attempt.id in ids, judgement.response) for attempt, judgement in zip(together, judged(together), strict=True)
    )
    assert not answers[True, "hold"] + answers[False, "hold"]
    # Voters behind a VPN are challenged if another site's page also seems to send their ballots.
    assert answers[True, "challenge"] <= len(alike) * 0.01
    assert answers[False, "challenge"] <= 2000 * 0.001


@pytest.mark.parametrize(
    ("reading", "more", "reasons"),
    [
        (0.1, PYTHON, {"C1", "T1"}),
        (0.3, {"headers": {"sec-fetch-site": "cross-site", "accept-language": "zh-CN"}}, {"C2", "C5", "T1"}),
        (0.1, {"hosting": True}, {"N1", "T1"}),
        (
            20,
            {
                "hosting": True,
                "device_issued_at": NOON - timedelta(seconds=21),
                "headers": {"sec-ch-ua": '"Chromium";v="99"', "sec-fetch-site": "none", "accept-language": "ru"},
            },
            {"A1", "C2", "N1"},
        ),
    ],
)
def test_nearly_certain_fraud_is_held(reading: float, more: dict[str, Any], reasons: set[str]) -> None:
    judgement = one(reading, **more)
    assert judgement.response == "hold"
    assert set(judgement.reasons) == reasons
    assert len([family for family, points in judgement.points.items() if points >= ONLINE.family]) >= 2


@pytest.mark.parametrize(
    "more",
    [
        {"hosting": True},
        PYTHON,
        {"headers": {}},
        {"user_agent": None, "headers": None, "client": None, "opened_at": None, "device_issued_at": None},
        {"device_issued_at": NOON},
        {"opened_at": NOON + timedelta(seconds=3)},
    ],
)
def test_one_oddity_alone_does_nothing(more: dict[str, Any]) -> None:
    found = one(**more)
    assert (found.response, found.reasons) == ("allow", ())


def test_one_family_challenges_at_most_whatever_it_finds() -> None:
    screen = Client("2560x1440", 1.0, ["en"], "UTC", "Linux x86_64")
    everything = {"sec-fetch-site": "cross-site", "sec-ch-ua-platform": '"Android"', "sec-ch-ua-mobile": "?1"}
    judgement = one(headers=everything, client=screen, challenge=Solved(passed=False))
    assert judgement.response == "challenge"
    assert judgement.points == {"C": ONLINE.caps.C}


def test_a_solved_challenge_is_not_asked_for_again_but_buys_no_release() -> None:
    assert one(0.1).response == "challenge"
    assert one(0.1, challenge=Solved(passed=True, ms=900)).response == "allow"
    assert one(0.1, **PYTHON, challenge=Solved(passed=True, ms=9)).response == "hold"


def test_a_crowd_is_not_challenged_for_being_one() -> None:
    crowd = Counts(
        ballots=5000, entry=900, fingerprint=800, entry_fingerprint=700, prefix_fingerprint=700, place=600, voters=1
    )
    assert judge(Facts(age=5, reading=900_000), crowd, ONLINE).response == "allow"
    assert judge(Facts(age=5, reading=1200), crowd, ONLINE).response == "allow"


def test_many_voters_of_one_device_are_noticed() -> None:
    crowd = Crowd(3, odd=0, fresh=0)
    farm = [crowd.phone(NOON, "E1", "1.2.3.4", 0.4, device="phone-1") for _ in range(12)]
    answers = judged(farm)
    assert [answer.response for answer in answers[:7]] == ["allow"] * 7
    assert answers[-1].response == "challenge"
    assert "C4" in answers[-1].reasons


def test_a_script_that_does_not_load_the_page_is_held() -> None:
    crowd = Crowd(5, odd=0)
    script = [
        crowd.desk(NOON + timedelta(seconds=3 * number), "E9", "120.1.1.1", 0.08, **PYTHON) for number in range(300)
    ]
    assert Counter(answer.response for answer in judged(script)) == {"hold": 300}


def test_a_script_that_waits_is_challenged_once_it_is_a_burst() -> None:
    """A1 of the research page: one host, one agent, cleared cookies, 0.4 to 1.2 s of reading."""
    crowd = Crowd(6, odd=0)
    script = [
        crowd.desk(
            NOON + timedelta(seconds=3 * number), "E9", "120.1.1.1", 0.45, **{**PYTHON, "headers": {"origin": "x"}}
        )
        for number in range(200)
    ]
    answers = [answer.response for answer in judged(script)]
    assert answers[:20] == ["allow"] * 20
    assert answers[40:] == ["challenge"] * 160


def test_a_browser_that_a_test_drives_is_counted() -> None:
    """A headless browser that identifies itself, registers and votes within half a second, like the project's tests."""
    agent = {"user_agent": people.CHROME.format(major=130).replace("Chrome/", "HeadlessChrome/")}
    assert one(0.3, **agent, device_issued_at=NOON).response == "allow"


def test_a_ballot_is_judged_in_well_under_a_millisecond() -> None:
    """A generous limit, since a machine may be busy. On an idle one it takes a fiftieth."""
    attempts = people.in_order(people.background(Crowd(8), 4000))
    judged(attempts[:2000])
    start = time.process_time()
    judged(attempts[2000:])
    assert (time.process_time() - start) / 2000 < 0.001
