"""What a sound request needs to be sound: a contest, its entries, voters, a staff key, a solved challenge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import altcha

from loadtests.service import ID, prepared
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import ProofOfWork
from voting.settings import load
from voting.wiring import admin

ENTRIES = 60
VOTERS = 20_000
SPARE = 10
# Forwarded addresses are read too: every request comes from a proxy that is trusted.
PROXIES = {"VOTING_TRUSTED_PROXIES": "127.0.0.0/8", "VOTING_LIMIT_VOTER": "1000000/second"}
COVER = "0" * 64 + ".svg"


@dataclass(frozen=True)
class Ground:
    """Plain data, so that it can be given to another process. `spare`: voters that no generated request uses."""

    contest: str
    entries: list[str]
    tokens: list[str]
    spare: list[str]
    staff: str
    solved: str
    ticket: str


@contextmanager
def standing() -> Iterator[tuple[Ground, dict[str, str]]]:
    """Engines with a contest; and the environment for a service on them."""
    with prepared(ENTRIES, VOTERS) as ready:
        environment = ready.environment | PROXIES
        yield asyncio.run(_ground(environment, ready.entries, ready.tokens)), environment


async def _ground(environment: Mapping[str, str], entries: list[str], tokens: list[str]) -> Ground:
    settings = load(environment)
    async with admin.services(settings, "malformed") as office:
        staff = await office.staff_keys.create("malformed", "organiser", ID)
        now = (await office.contest_cache.get(ID)).now()
    keyring = Keyring(settings.secret)
    challenge = altcha.Challenge.from_dict(await ProofOfWork(keyring).ask(ID, "registration", now))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    solved = altcha.Payload(challenge, solution).to_base64()
    return Ground(ID, entries, tokens[SPARE:], tokens[:SPARE], staff, solved, keyring.issue_ticket(ID, now))


async def tally_is_recount(environment: Mapping[str, str]) -> str:
    """Empty, or in what way the tally is not what the ballots give."""
    async with admin.services(load(environment), "malformed") as office:
        found = await office.recounts.differences(await office.contest_cache.get(ID))
    return "; ".join(str(asdict(each)) for each in found[:5])
