"""Comparing the tally with the ballots."""

from __future__ import annotations

import httpx

from tests.acceptance.test_cli import run
from tests.conftest import Contests, cast, environment_of, eventually
from voting.settings import Settings

RULES = "[ballot]\nmost = 2\n[[quota]]\npicks = 5\n"
FORGED = "update tallies set counted = counted + 600 where contest = $1 and entry = 'A001'"


async def test_a_wrong_tally_is_reported_and_corrected_on_record(
    http: httpx.AsyncClient, contests: Contests, settings: Settings
) -> None:
    env, contest = environment_of(settings), await contests.make(RULES)
    for token in contests.tokens(contest, 3):
        assert (await cast(http, contest, token, ["A001", "A002"])).status_code == 201
    same = run("recount", "--contest", contest, env=env)
    assert (same.returncode, same.stdout) == (0, ""), same.stderr
    assert "is what its ballots give" in same.stderr
    async with contests.office() as office, office.database.connection() as connection:
        # Forge six hundred picks, and delete one.
        await connection.execute(FORGED, contest)
        await connection.execute("delete from tallies where contest = $1 and entry = 'A002'", contest)
    wrong = run("recount", "--contest", contest, env=env)
    assert wrong.returncode == 1
    assert "A002\ttally raw=0 held=0 counted=0\tballots raw=3 held=0 counted=3" in wrong.stdout
    assert wrong.stdout.startswith("A001\ttally raw=3 held=0 counted=")
    assert "2 entries differ" in wrong.stderr
    mended = run("recount", "--contest", contest, "--mend", "wrong by hand", env=env)
    assert mended.returncode == 0, mended.stderr
    assert run("recount", "--contest", contest, env=env).returncode == 0
    async with contests.office() as office, office.database.connection() as connection:
        details = await connection.fetchval(
            "select details from audit_log where contest = $1 and action = 'tally.mend'", contest
        )
    assert "wrong by hand" in details
    # Forged picks are on no page either, and new ballots count on from the correct tally.
    (token,) = contests.tokens(contest, 1)
    assert (await cast(http, contest, token, ["A001"])).status_code == 201

    async def is_right() -> bool:
        found = (await http.get(f"/api/v1/contests/{contest}/tallies")).json()["tallies"]
        return {each["entry"]: each["picks"] for each in found if each["picks"]} == {"A001": 4, "A002": 3}

    await eventually(is_right)
