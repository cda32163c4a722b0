"""What a valid request needs: a contest, its entries, voters, a staff key, a solved challenge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import altcha
import asyncpg

from loadtests.service import ID, Prepared, prepared
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import ProofOfWork
from voting.settings import load
from voting.wiring import admin

ENTRIES = 60
VOTERS = 20_000
SPARE = 10
# Every request seems to come from a trusted proxy, so that forwarded addresses are read too.
PROXIES = {"VOTING_TRUSTED_PROXIES": "127.0.0.0/8", "VOTING_LIMIT_VOTER": "1000000/second"}
# How the keys of ballots begin that must not be recorded.
SMUGGLED_KEY = "smuggled-"
COVER = "0" * 64 + ".svg"


@dataclass(frozen=True)
class ValidData:
    """Plain data that another process can receive. `spare`: voters that no generated request uses."""

    contest: str
    entries: list[str]
    tokens: list[str]
    spare: list[str]
    staff: str
    solved: str
    ticket: str


@contextmanager
def started() -> Iterator[tuple[ValidData, dict[str, str]]]:
    """Engines with a contest, and the environment for a service on them."""
    with prepared(ENTRIES, VOTERS) as ready:
        environment = ready.environment | PROXIES
        yield asyncio.run(_valid_data(environment, ready)), environment


async def _valid_data(environment: Mapping[str, str], ready: Prepared) -> ValidData:
    settings = load(environment)
    async with admin.services(settings, "fuzz") as office:
        staff = await office.staff_keys.create("fuzz", "organiser", ID)
        now = (await office.contest_cache.get(ID)).now()
    keyring = Keyring(settings.secret)
    challenge = altcha.Challenge.from_dict(await ProofOfWork(keyring).ask(ID, "registration", now))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    solved = altcha.Payload(challenge, solution).to_base64()
    spare, tokens = ready.tokens[:SPARE], ready.tokens[SPARE:]
    return ValidData(ID, ready.entries, tokens, spare, staff, solved, keyring.issue_ticket(ID, now))


async def wrongly_recorded(environment: Mapping[str, str]) -> str:
    """Empty, or how the tally differs from the ballots, and the number of ballots that were no requests."""
    async with admin.services(load(environment), "fuzz") as office:
        found = await office.recounts.differences(await office.contest_cache.get(ID))
    connection = await asyncpg.connect(environment["DATABASE_URL"])
    try:
        smuggled = await connection.fetchval(_SMUGGLED, f"{SMUGGLED_KEY}%")
    finally:
        await connection.close()
    tally = [f"the tally is not the recount: {asdict(each)}" for each in found[:5]]
    return "; ".join([*tally, *([f"{smuggled} ballots within other requests were recorded"] if smuggled else [])])


_SMUGGLED = "select count(*) from ballots where idempotency_key like $1"
