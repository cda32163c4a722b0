"""Options for locust, its guard against other machines, and the thresholds of its exit code."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from locust import events
from locust.env import Environment

from loadtests.scenarios.voters import Crowd, Voter, is_loopback, read_tokens

MOST_CHECKED = 5000
logger = logging.getLogger("loadtests")
logging.getLogger("httpx").setLevel(logging.WARNING)


def add_options(parser: ArgumentParser) -> None:
    """The options besides locust's."""
    parser.add_argument("--contest", default="demo", help="The contest's id.")
    parser.add_argument("--tokens", type=Path, help="File of credentials, one a line: voting credentials issue.")
    parser.add_argument("--think", type=float, default=1.0, help="Factor of the pauses; 0: none.")
    parser.add_argument("--visits", type=int, default=0, help="End after this many visits; 0: after --run-time.")
    parser.add_argument("--far", action="store_true", help="Allow another host: your own, whose operators know.")


def prepare(environment: Environment, **_: Any) -> None:
    """Refuses other machines; gives the options to the voters."""
    options = environment.parsed_options
    assert options is not None
    environment.host = environment.host or "http://127.0.0.1:8000"
    if not options.far and not is_loopback(environment.host):
        raise SystemExit(f"{environment.host} is not this machine; load only what is yours, with --far")
    tokens = read_tokens(options.tokens) if options.tokens else iter(())
    Voter.crowd = Crowd(options.contest, tokens, options.think, options.visits)
    Voter.far_allowed = options.far


def look_for_ballots(environment: Environment, **_: Any) -> None:
    """Checks that GET .../me of each voter lists every ballot that was answered 201."""
    crowd = Voter.crowd
    url = f"{environment.host}/api/v1/contests/{crowd.contest}/me"

    def look(token: str, ballots: set[str]) -> None:
        try:
            answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=20)
            found = {ballot["ballot"] for ballot in answer.json()["ballots"]}
        except (httpx.HTTPError, ValueError, KeyError) as error:
            crowd.evidence.faults.append(f"GET me: {error!r}")
            return
        crowd.evidence.faults += [f"ballot {ballot} was answered 201 and is not there" for ballot in ballots - found]

    voters = list(islice(crowd.evidence.accepted.items(), MOST_CHECKED))
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda voter: look(*voter), voters))


def judge(environment: Environment, **_: Any) -> None:
    """Sets the exit code to 1 if a threshold is missed."""
    evidence = Voter.crowd.evidence
    for fault in evidence.faults[:20]:
        logger.error(fault)
    logger.info(
        "%d ballots were answered 201, of %d voters; %d faults",
        evidence.ballots,
        len(evidence.accepted),
        len(evidence.faults),
    )
    if evidence.faults or not evidence.ballots or environment.stats.total.num_failures:
        environment.process_exit_code = 1


for event, listener in (
    (events.init_command_line_parser, add_options),
    (events.init, prepare),
    (events.test_stop, look_for_ballots),
    (events.quitting, judge),
):
    event.add_listener(listener)  # type: ignore[no-untyped-call]
