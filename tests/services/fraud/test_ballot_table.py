"""The table that sweeps read, from ballots cast through the API."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import httpx

from tests.conftest import ROOT, Contests, cast
from voting.fraud.facts.facts import Facts, read_facts
from voting.services.fraud.ballot_table import load_ballot_table, voter_bytes, voter_text
from voting.wiring.admin import AdminServices


async def test_the_table_has_the_facts_of_a_ballot(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make('[ballot]\nmost = 2\n[[quota]]\npicks = 5\nper = "contest"\nperiod = "day"\n')
    client = {"screen": "412x915", "dpr": 2.6, "timezone": "Asia/Shanghai"}
    for token in contests.tokens(contest, 2):
        assert (await cast(http, contest, token, ["A001", "A002"], client=client)).status_code == 201
    digest, again = hashlib.sha256(), hashlib.sha256()
    found = await load_ballot_table(office.database, contest, digest=digest)
    assert found["entry"].to_list() == ["A001", "A002"] * 2
    assert found["id"].n_unique() == found["voter"].n_unique() == 2
    assert found["address"].null_count() == found["prefix"].null_count() == 0
    assert "127.0.0.1" not in str(found["address"].to_list()), "an address is stored as a keyed hash only"
    assert 0 not in found["agent"].to_list()
    assert 0 not in found["client"].to_list()
    assert max(map(len, (*found["id"], *found["voter"]))) <= 12
    await load_ballot_table(office.database, contest, digest=again)
    assert digest.digest() == again.digest() != hashlib.sha256().digest()


def test_facts_that_are_gone_or_of_another_shape_are_unknown() -> None:
    assert read_facts(None) == read_facts('{"app": "wechat"}') == Facts()
    assert read_facts('["web", "d"]') == Facts(channel="web", device="d")


def test_a_voter_is_found_by_the_beginning_of_the_hash() -> None:
    voter = hashlib.sha256(b"somebody").digest()
    assert voter.startswith(voter_bytes(voter_text(voter)))


def test_the_processes_that_serve_do_without_polars() -> None:
    code = "import sys, voting.asgi, voting.cli.contest, voting.cli.serve; sys.exit('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
