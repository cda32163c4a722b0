"""Rules are sealed when the window opens; afterwards only what they declare changeable changes, on record."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.acceptance.test_cli import run
from tests.conftest import Contests, cast, contest_text, environment_of, refusal
from voting.settings import Settings

RULES = 'changeable = ["extension", "withdrawal"]\n'
QUOTA = "[[quota]]\npicks = 5\n"


def write(path: Path, id: str, opens: timedelta, top: str = "") -> str:
    text = contest_text(id, QUOTA, opens, timedelta(days=10))
    path.write_text(top + text, "utf-8")
    return str(path)


async def test_rules_can_be_replaced_until_they_are_sealed(
    settings: Settings, contests: Contests, tmp_path: Path
) -> None:
    env, id = environment_of(settings), f"seal-{secrets.token_hex(4)}"
    first = write(tmp_path / "1.toml", id, timedelta(days=1))
    second = write(tmp_path / "2.toml", id, timedelta(days=2))
    assert run("contest", "create", first, env=env).returncode == 0
    assert "nothing was sealed" in run("contest", "seal", second, env=env).stderr
    assert run("contest", "replace", second, env=env).returncode == 0
    sealed = run("contest", "seal", second, env=env)
    assert sealed.stdout.strip() == hashlib.sha256(Path(second).read_bytes()).hexdigest()
    late = run("contest", "replace", first, env=env)
    assert (late.returncode, "are sealed; nothing was changed" in late.stderr) == (1, True)
    async with contests.office() as office, office.database.connection() as connection:
        rows = await connection.fetch("select action, details from audit_log where contest = $1 order by id", id)
    assert [row["action"] for row in rows] == ["contest.create", "contest.replace", "contest.seal"]
    assert json.loads(rows[1]["details"])["is"] == sealed.stdout.strip()


async def test_an_open_window_seals_the_rules(settings: Settings, tmp_path: Path) -> None:
    env, id = environment_of(settings), f"seal-{secrets.token_hex(4)}"
    file = write(tmp_path / "1.toml", id, timedelta(minutes=-1))
    assert run("contest", "create", file, env=env).returncode == 0
    assert "are sealed" in run("contest", "replace", file, env=env).stderr
    later = (datetime.now(UTC) + timedelta(days=20)).isoformat()
    refused = run("contest", "extend", "--contest", id, "--closes-at", later, "--reason", "x", env=env)
    assert "do not declare 'extension' changeable" in refused.stderr
    assert run("contest", "extend", "--contest", id, "--closes-at", "soon", "--reason", "x", env=env).returncode == 2


async def test_declared_changes_are_made_and_recorded(
    settings: Settings, contests: Contests, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    env = environment_of(settings)
    contest = await contests.make(QUOTA, top=RULES)
    before = (await http.get(f"/api/v1/contests/{contest}")).json()["window"]["closes_at"]
    earlier = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    later = (datetime.now(UTC) + timedelta(days=20)).replace(microsecond=0)
    shorter = run("contest", "extend", "--contest", contest, "--closes-at", earlier, "--reason", "x", env=env)
    assert "cannot be made shorter" in shorter.stderr
    longer = run(
        "contest", "extend", "--contest", contest, "--closes-at", later.isoformat(), "--reason", "flood", env=env
    )
    assert longer.returncode == 0, longer.stderr
    one, two = contests.tokens(contest, 2)
    assert (await cast(http, contest, one, ["A001"])).status_code == 201
    gone = run("contest", "withdraw", "--contest", contest, "--entry", "A001", "--reason", "asked for", env=env)
    assert gone.returncode == 0, gone.stderr
    assert refusal(await cast(http, contest, two, ["A001"])) == (404, "entry_unknown")
    after = (await http.get(f"/api/v1/contests/{contest}")).json()
    assert after["entries"] == 11
    assert datetime.fromisoformat(after["window"]["closes_at"]) == later != before
    assert "A001" not in run("results", "--contest", contest, env=env).stdout
    assert await contests.counted(contest) == {"A001": 1}, "ballots stay as they were cast"
    again = run("contest", "withdraw", "--contest", contest, "--entry", "A001", "--reason", "x", env=env)
    assert "there is no entry 'A001'" in again.stderr
