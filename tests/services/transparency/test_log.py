"""The public log, from the ballots that voters cast to the proofs that they check."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import ROOT, Contests, as_owner, cast, environment_of, insert_batch
from voting.domain.ballots import merkle
from voting.domain.transparency import bundle, note
from voting.domain.transparency.tree import Edge
from voting.errors import LogBroken, ProofInvalid
from voting.postgres.ballots import BallotRow
from voting.postgres.transparency import log as stored_log
from voting.services.identity.keyring import read_receipt
from voting.services.transparency.anchors import Anchors
from voting.services.transparency.log_check import check_log, log_status
from voting.services.transparency.log_key import LogKey
from voting.services.transparency.proving import check_proof
from voting.services.transparency.recovery import recover
from voting.services.transparency.sequencing import LogFrozenError, LogIdentity, Sequencer
from voting.settings import Settings
from voting.wiring.admin import AdminServices

SEED = b"k" * 32
# A zone where it is noon now, so that no day ends, and is sealed, during a test (Etc/GMT-8 is UTC+8, as POSIX has it).
NOON = f'time_zone = "Etc/GMT{datetime.now(UTC).hour - 12:+d}"\n'
# The leaf that opens a log, and the acts that made its contest and its roster.
HEAD = 3


def sequencer_of(office: AdminServices, *seeds: bytes) -> Sequencer:
    """Returns a sequencer as another process has it."""
    return Sequencer(
        office.database,
        LogKey(*seeds or (SEED,)),
        LogIdentity("vote.example.org", office.keyring.public_key, "0" * 64),
        Anchors(office.settings.data / "anchors"),
    )


async def cast_some(http: httpx.AsyncClient, contests: Contests, contest: str, count: int) -> list[dict[str, object]]:
    """Casts ballots at the same time; returns the answers."""
    answers = await asyncio.gather(*(cast(http, contest, token, ["A001"]) for token in contests.tokens(contest, count)))
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json() for answer in answers]


async def stored_ballots(
    contests: Contests, office: AdminServices, count: int, contest: str = "", at: datetime | None = None
) -> str:
    """Stores a batch of ballots as casting does, without the service; in a new contest if none is named."""
    contest = contest or await contests.make(top=NOON)
    rows = [
        BallotRow(secrets.token_bytes(16), 1, "k", uuid.uuid4(), ["A001"], "count", (), bytes(48), "[]", "{}")
        for _ in range(count)
    ]
    async with office.database.connection() as connection:
        await insert_batch(connection, contest, rows, at or datetime.now(UTC))
    return contest


async def let_go(office: AdminServices) -> None:
    """Ends the lease of whoever has it."""
    async with office.database.connection() as connection:
        await connection.execute("delete from leases where name = 'log'")


async def sequenced(office: AdminServices, *seeds: bytes) -> Sequencer:
    """Appends what waits, as a sequencer that has just started."""
    await let_go(office)
    made = sequencer_of(office, *seeds)
    await made.round()
    return made


async def test_a_ballots_receipt_becomes_a_proof_that_a_stranger_checks(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, tmp_path: Path
) -> None:
    contest = await contests.make(top=NOON)
    first = (await cast_some(http, contests, contest, 1))[0]["log"]
    assert isinstance(first, dict)
    waiting = await http.get(f"/log/{contest}/batch/{first['batch']}")
    assert (waiting.status_code, waiting.headers["retry-after"], waiting.json()["code"]) == (404, "1", "not_yet")
    assert (await http.get(f"/log/{contest}/checkpoint")).status_code == 404
    answers = await cast_some(http, contests, contest, 30)
    await stored_ballots(contests, office, 270, contest)
    await sequenced(office)
    vkey = (await http.get(f"/log/{contest}/log.json")).json()["vkey"]
    indexes = set()
    for answer in answers:
        log, receipt = answer["log"], str(answer["receipt"])
        assert isinstance(log, dict)
        proof = await http.get(f"/log/{contest}/proof/{log['batch']}/{log['place']}")
        assert proof.headers["access-control-allow-origin"] == "*"
        proven = check_proof(vkey, receipt, proof.text)
        assert str(answer["ballot"]) in proven.leaf
        assert proven.size == HEAD + 301
        indexes.add(proven.leaf_index)
    assert len(indexes) == 30
    with pytest.raises(ProofInvalid, match="does not have the leaf"):
        check_proof(vkey, str(answers[0]["receipt"]), proof.text)
    with pytest.raises(ProofInvalid, match="not signed with this key"):
        check_proof(str(LogKey(b"x" * 32).signer(f"vote.example.org/log/{contest}").key), receipt, proof.text)
    file = tmp_path / "ballot.tlog-proof"
    file.write_text(proof.text, "utf-8")
    saved = tmp_path / "receipt.txt"
    saved.write_text(receipt + "\n", "utf-8")
    for given in (receipt, str(saved)):
        done = run("verify", "proof", "--key", vkey, "--receipt", given, str(file))
        assert (done.returncode, done.stdout) == (0, proven.leaf), done.stderr
    assert f"number {proven.leaf_index} in" in done.stderr, "as the voter's page and the file have it"


async def test_what_is_published_is_a_tree_that_anybody_rebuilds(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, tmp_path: Path
) -> None:
    contest = await contests.make(top=NOON)
    answers = await cast_some(http, contests, contest, 300)
    await sequenced(office)
    note_text = (await http.get(f"/log/{contest}/checkpoint")).text
    checkpoint, _, _ = note.read_note(note_text)
    assert (checkpoint.origin, checkpoint.size) == (f"vote.example.org/log/{contest}", HEAD + 300)
    full = await http.get(f"/log/{contest}/tile/entries/000")
    assert (full.headers["content-encoding"], "immutable" in full.headers["cache-control"]) == ("gzip", True)
    rest = await http.get(f"/log/{contest}/tile/entries/001.p/47", headers={"accept-encoding": "identity"})
    entries = bundle.unframe(full.content) + bundle.unframe(rest.content)
    statements = {read_receipt(str(answer["receipt"])).statement for answer in answers}
    assert entries[0].startswith(f"voting/open/v1\n{contest}\n".encode())
    assert [entry.split(b"\n")[3] for entry in entries[1:HEAD]] == [b"action contest.create", b"action roster.import"]
    assert set(entries[HEAD:]) == statements, "a leaf is what its receipt states, byte for byte"
    edge = Edge()
    (tile,) = [each for each in edge.append([merkle.leaf_hash(entry) for entry in entries]) if each.id.level == 0]
    assert edge.root() == checkpoint.root
    assert (await http.get(f"/log/{contest}/tile/0/000")).content == tile.body
    assert (await http.get(f"/log/{contest}/tile/0/001.p/7")).content == b"".join(edge.levels[0][:7])
    assert (await http.get(f"/log/{contest}/tile/1/000.p/1")).content == tile.root
    for none in ("0/001", "0/001.p/48", "0/002.p/1", "1/000", "0/000.p/256", "0/1", "00/000", "64/000", "-1/000"):
        assert (await http.get(f"/log/{contest}/tile/{none}")).status_code == 404, none
    for none in ("batch/0", "batch/-1", f"batch/{2**64}", f"proof/{2**64}/0", f"proof/1/{2**64}", "batch/x"):
        assert (await http.get(f"/log/{contest}/{none}")).status_code == 404, none
    page = await http.get(f"/log/{contest}", headers={"accept": "text/html"})
    assert "<b>303</b>" in page.text
    done = run("log", "export", "--contest", contest, str(tmp_path), env=environment_of(office.settings))
    assert done.returncode == 0, done.stderr
    files = {str(file.relative_to(tmp_path)): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert files.keys() == {
        *("checkpoint", "log.json", "policy", "tile/0/000", "tile/0/001.p/47", "tile/1/000.p/1"),
        *("tile/entries/000", "tile/entries/001.p/47"),
    }
    assert files["checkpoint"].decode() == note_text
    assert files["tile/entries/000"] == full.content
    independent = [sys.executable, str(ROOT / "voting/verifier/verify.py"), "log", str(tmp_path), "--json", "--vkey"]
    vkey = (await http.get(f"/log/{contest}/log.json")).json()["vkey"]
    assert subprocess.run([*independent, vkey], capture_output=True, text=True, check=True).stdout == ""
    (tmp_path / "tile/0/000").write_bytes(tile.body[::-1])
    assert '"tile"' in subprocess.run([*independent, vkey], capture_output=True, text=True, check=False).stdout
    assert (await http.get(f"/log/{contest}/policy")).text == files["policy"].decode()


async def test_the_same_answer_is_given_again_and_an_erased_person_leaves_the_proof_valid(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make(top=NOON)
    (token,) = contests.tokens(contest, 1)
    first = await cast(http, contest, token, ["A001"], "one-key")
    again = await cast(http, contest, token, ["A001"], "one-key")
    assert first.content == again.content
    assert first.json()["log"].keys() == {"batch", "place"}
    await sequenced(office)
    log = first.json()["log"]
    vkey = (await http.get(f"/log/{contest}/log.json")).json()["vkey"]
    async with office.database.connection() as connection:
        voters = [
            row["voter"] for row in await connection.fetch("select voter from ballots where contest = $1", contest)
        ]
        await connection.execute("select erase_facts($1, $2)", contest, voters)
        salts = await connection.fetchval("select person_salts from batches where contest = $1", contest)
    assert salts == [None]
    proof = await http.get(f"/log/{contest}/proof/{log['batch']}/{log['place']}")
    assert check_proof(vkey, first.json()["receipt"], proof.text).leaf_index == HEAD
    assert (await cast(http, contest, token, ["A001"], "one-key")).content == first.content


async def test_what_the_clock_and_the_result_make_due_is_appended_once(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(top=NOON, opens=timedelta(days=-3), closes=timedelta(minutes=-1))
    await stored_ballots(contests, office, 7, contest, datetime.now(UTC) - timedelta(days=1))
    async with as_owner(settings) as connection:
        await connection.execute("insert into erased_days values ($1, now()::date - 2, 4)", contest)
    # The log begins, then finds what is due.
    made = await sequenced(office)
    done = run("certify", "--contest", contest, env=environment_of(settings))
    assert done.returncode == 0, done.stderr
    await made.round()
    await made.round()
    async with office.database.connection() as connection:
        entries = await stored_log.select_bundle(connection, contest, 0)
        (seal,) = await connection.fetch("select day, salt, raw from log_seals where contest = $1", contest)
        stored = await stored_log.select_head(connection, contest)
    texts = [entry.decode().splitlines() for entry in entries]
    kinds = [text[0].split("/")[1] for text in texts]
    before = ["open", "act", "act", *["ballot"] * 7, "erasure", "seal", "close"]
    assert kinds == [*before, "decisions", "act", "certificate"]
    assert texts[kinds.index("erasure")][4:] == ["voters 4"]
    committed = hashlib.sha256(seal["salt"] + seal["raw"].encode()).hexdigest()
    assert texts[kinds.index("seal")][3:] == [f"day {seal['day']}", "ballots 7", "picks 7", f"raw {committed}"]
    assert seal["raw"] == '{"A001":7}'
    assert texts[kinds.index("close")][3:] == ["ballots 7", "picks 7"]
    edge = Edge()
    edge.append([merkle.leaf_hash(entry) for entry in entries[:-1]])
    certificate = dict(line.split(" ", 1) for line in texts[-1][3:])
    assert certificate["size"] == str(len(entries) - 1)
    assert certificate["root"] == base64.b64encode(edge.root()).decode()
    assert stored
    assert (stored.ballots, stored.picks) == (7, 7)


async def test_acts_are_in_the_log_in_public_or_as_a_salted_hash(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(top=NOON)
    await office.contest_admin.pause(contest)
    await office.staff_keys.create("someone", "judge", contest)
    await sequenced(office)
    async with office.database.connection() as connection:
        entries = await stored_log.select_bundle(connection, contest, 0)
        ((salt, details),) = await connection.fetch(
            "select salt, details from audit_log where contest = $1 and action = 'staff.key.create'", contest
        )
        document = await connection.fetchval("select document from contests where id = $1", contest)
    paused, key = (dict(line.split(" ", 1) for line in entry.decode().splitlines()[3:]) for entry in entries[-2:])
    assert (paused["action"], json.loads(paused["details"])) == (
        "contest.pause",
        {"persons": 1, "account": None, "proposed_by": None, "reason": ""},
    )
    assert paused["document"] == hashlib.sha256(document.encode()).hexdigest()
    assert key["details"] == f"sha256:{hashlib.sha256(salt + details.encode()).hexdigest()}"
    assert b"someone" not in b"".join(entries)


async def test_batches_that_commit_in_another_order_are_neither_skipped_nor_doubled(
    contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make(top=NOON)
    await let_go(office)
    made = sequencer_of(office)

    async def put(number: int) -> None:
        async with as_owner(office.settings) as connection, connection.transaction():
            await connection.execute(
                "insert into log_queue (contest, batch, entries) values ($1, $2, $3)",
                contest,
                number,
                bundle.frame([b"voting/ballot/v2\n\n\n\n1\n"]),
            )
            # The number is taken; others commit before this does.
            await asyncio.sleep(secrets.randbelow(200) / 1000)

    tasks = [asyncio.create_task(put(number)) for number in range(60)]
    while not all(task.done() for task in tasks):
        await made.round()
        await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)
    await made.round()
    async with office.database.connection() as connection:
        rows = await connection.fetch("select batch, first, leaves from log_batches where contest = $1", contest)
    assert sorted(row["batch"] for row in rows) == list(range(60))
    assert sorted(row["first"] for row in rows) == list(range(HEAD, HEAD + 60))


async def test_another_sequencer_continues_and_only_one_appends(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(top=NOON)
    for count in (250, 5, 3):
        await stored_ballots(contests, office, count, contest)
        # Each has to rebuild the right edge from what is stored.
        last = await sequenced(office)
    snapshot = await office.contest_cache.get(contest)
    assert await check_log(office.database, snapshot) == (HEAD + 258, [])
    await stored_ballots(contests, office, 1, contest)
    await sequencer_of(office).round()
    assert (await log_status(office.database, snapshot)).stored.size == HEAD + 258, "the lease is the other's"
    await last.round()
    status = await log_status(office.database, snapshot)
    assert (status.stored.size, status.ballots, status.logged, status.queued, status.wrong) == (
        HEAD + 259,
        259,
        259,
        0,
        [],
    )


async def test_a_log_is_not_continued_with_another_key(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(top=NOON)
    await stored_ballots(contests, office, 2, contest)
    await sequenced(office)
    await stored_ballots(contests, office, 1, contest)
    await sequenced(office, b"x" * 32)
    snapshot = await office.contest_cache.get(contest)
    assert (await log_status(office.database, snapshot)).stored.size == HEAD + 2
    await sequenced(office)
    assert (await log_status(office.database, snapshot)).stored.size == HEAD + 3


CHANGES = [
    ("update log_tiles set body = set_byte(body, 9, 1) where contest = $1 and level = 0", "tile 0/0"),
    ("update log_tiles set body = set_byte(body, 40, 65) where contest = $1 and level = -1", "another root"),
    ("update logs set edge = set_byte(edge, 40, 65) where contest = $1", "another root"),
    ("update logs set checkpoint = replace(checkpoint, '263', '264') where contest = $1", "not signed"),
    ("update batches set leaves = sha256(leaves) || substr(leaves, 33) where contest = $1", "other ballots"),
    ("update log_batches set first = first + 1 where contest = $1", "said to be at 4"),
    ("delete from log_batches where contest = $1", "neither in the log nor before it"),
    ("delete from batches where contest = $1", "other ballots"),
]


async def test_a_change_of_the_stored_log_is_found(contests: Contests, office: AdminServices) -> None:
    made = [await stored_ballots(contests, office, 260) for _ in CHANGES]
    await sequenced(office)
    for contest, (sql, says) in zip(made, CHANGES, strict=True):
        snapshot = await office.contest_cache.get(contest)
        assert await check_log(office.database, snapshot) == (HEAD + 260, [])
        async with as_owner(office.settings) as connection:
            await connection.execute(sql, contest)
        assert says in " ".join((await check_log(office.database, snapshot))[1])


async def test_a_log_whose_tiles_do_not_have_the_signed_root_is_frozen(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(top=NOON)
    await stored_ballots(contests, office, 2, contest)
    await sequenced(office)
    async with as_owner(settings) as connection:
        await connection.execute(
            "update logs set edge = substr(edge, 1, length(edge) - 1) || 'x' where contest = $1", contest
        )
    await stored_ballots(contests, office, 1, contest)
    await let_go(office)
    made = sequencer_of(office)
    await made.round()
    with pytest.raises(LogFrozenError, match="do not have the root that was signed"):
        await made.append(contest)
    done = run("log", "status", "--contest", contest, env=environment_of(settings))
    assert done.returncode == 1
    assert "frozen: the stored tiles of 5 leaves" in done.stderr
    page = await http.get(f"/log/{contest}?lang=en", headers={"accept": "text/html"})
    assert "is not what was signed before" in page.text


TABLES = ("logs", "log_tiles", "log_batches", "log_queue", "batches", "ballots", "tallies")


async def backup(settings: Settings, contest: str) -> dict[str, str]:
    """Returns the contest's rows, as a backup of the database has them."""
    async with as_owner(settings) as connection:
        return {
            table: await connection.fetchval(
                f"select coalesce(json_agg({table}), '[]')::text from {table} where contest = $1", contest
            )
            for table in TABLES
        }


async def restore(settings: Settings, contest: str, rows: dict[str, str]) -> None:
    async with as_owner(settings) as connection, connection.transaction():
        for table in TABLES:
            await connection.execute(f"delete from {table} where contest = $1", contest)
            await connection.execute(
                f"insert into {table} overriding system value select * from json_populate_recordset(null::{table}, $1)",
                rows[table],
            )


async def test_a_restored_backup_freezes_the_contest_and_is_recovered_from_what_was_published(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path
) -> None:
    contest = await contests.make(top=NOON)
    await stored_ballots(contests, office, 250, contest)
    made = await sequenced(office)
    await stored_ballots(contests, office, 5, contest)
    saved = await backup(settings, contest)
    await made.round()
    lost = await cast_some(http, contests, contest, 3)
    await made.round()
    environment = environment_of(settings)
    assert run("log", "export", "--contest", contest, str(tmp_path), env=environment).returncode == 0
    await restore(settings, contest, saved)
    await made.round()
    snapshot = await office.contest_cache.get(contest)
    wrong = (await log_status(office.database, snapshot)).wrong[0]
    assert f"a log of {HEAD + 258} leaves was published, and the database has {HEAD + 250}" in wrong
    (token,) = contests.tokens(contest, 1)
    refused = await cast(http, contest, token, ["A001"])
    assert (refused.status_code, refused.json()["code"]) == (503, "try_again")
    (tmp_path / "other").mkdir()
    with pytest.raises(LogBroken, match="no checkpoint"):
        await recover(office.database, LogKey(SEED), snapshot, tmp_path / "other")
    with pytest.raises(LogBroken, match="not signed"):
        await recover(office.database, LogKey(b"x" * 32), snapshot, tmp_path)
    done = await recover(office.database, LogKey(SEED), snapshot, tmp_path)
    assert done.entries == 8
    assert {each.ballot for each in done.lost} == {answer["ballot"] for answer in lost}
    assert (await cast(http, contest, token, ["A001"])).status_code == 201
    await sequenced(office)
    leaves, findings = await check_log(office.database, snapshot)
    assert (leaves, findings) == (HEAD + 258 + 2, []), "with the incident and the new ballot"
    async with office.database.connection() as connection:
        entries = await stored_log.select_bundle(connection, contest, 1)
    assert entries[HEAD + 258 - 256].decode().splitlines()[3].startswith("what 3 ballots from leaf 253 on")


async def test_the_command_appends_with_a_key_that_only_its_owner_reads(
    contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path
) -> None:
    contest = await contests.make(top=NOON)
    await stored_ballots(contests, office, 1, contest)
    await let_go(office)
    file = tmp_path / "keys" / "log.key"
    environment = environment_of(settings)
    assert run("log", "run", "--once", env=environment).returncode == 1, "no key is set"
    assert run("log", "key", str(file)).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o400
    assert run("log", "key", str(file)).returncode == 1, "it is not overwritten"
    environment["VOTING_LOG_KEY"] = str(file)
    done = run("log", "run", "--once", env=environment)
    assert done.returncode == 0, done.stderr
    checked = run("log", "check", "--contest", contest, env=environment)
    assert (checked.returncode, "4 leaves are what the checkpoint states" in checked.stderr) == (0, True), (
        checked.stderr
    )
    file.chmod(0o440)
    assert "chmod 400" in run("log", "run", "--once", env=environment).stderr
