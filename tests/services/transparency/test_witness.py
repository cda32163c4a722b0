"""Witnesses: what they refuse to cosign, and a contest whose log they bind."""

from __future__ import annotations

import hashlib
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import ROOT, VOTING, Contests, as_owner, environment_of, eventually, free_port, without_settings
from tests.services.transparency.test_log import NOON, SEED, sequenced, stored_ballots
from voting.domain.ballots import merkle
from voting.domain.transparency import note, tree
from voting.domain.transparency.tree import Edge, Leaves
from voting.domain.transparency.witness import AddCheckpoint, read_request
from voting.services.transparency.cosigning import Cosigning
from voting.services.transparency.log_check import log_status
from voting.services.transparency.log_key import LogKey, is_signed
from voting.services.transparency.witnessing import Witnessing
from voting.sqlite.witness import SeenLogs
from voting.wiring.admin import AdminServices

HASHES = [merkle.leaf_hash(b"%d" % number) for number in range(300)]
LOG = LogKey(SEED).signer("vote.example.org/log/x")


def request(old: int, size: int, hashes: list[bytes] = HASHES, log: str = LOG.key.name) -> str:
    """Returns a log's request; the proof is right for a log that begins with the same leaves."""
    edge = Edge()
    tiles = {tile.id: tile.body for tile in edge.append(hashes[:size])}
    tiles |= {id: b"".join(edge.levels[id.level]) for id in tree.right_edge(size)}
    proof = [tree.root(Leaves(*each), tiles) for each in tree.consistency(old, size)] if old else []
    return AddCheckpoint(old, proof, LogKey(SEED).signer(log).sign(size, edge.root())).text()


@pytest.fixture
def witnessing(tmp_path: Path) -> Iterator[Witnessing]:
    seen = SeenLogs(tmp_path / "seen.sqlite")
    yield Witnessing(seen, LogKey(b"w" * 32).witness("notary.example.org/w1"), [LOG.key])
    seen.close()


def test_a_log_that_grows_is_cosigned_and_one_that_is_rewritten_is_not(witnessing: Witnessing) -> None:
    first = witnessing.add_checkpoint(request(0, 7))
    assert first.status == 200
    assert witnessing.add_checkpoint(request(7, 7)).status == 200
    assert witnessing.add_checkpoint(request(7, 290)).status == 200
    stored = witnessing.checkpoint(hashlib.sha256(LOG.key.name.encode()).hexdigest())
    checkpoint, body, signatures = note.read_note(stored.text)
    assert checkpoint.size == 290
    keys = (LOG.key, LogKey(b"w" * 32).witness("notary.example.org/w1").key)
    assert [is_signed(key, body, each) for key, each in zip(keys, signatures, strict=True)] == [True, True]
    other = [merkle.leaf_hash(b"other"), *HASHES[1:]]
    assert witnessing.add_checkpoint(request(290, 300, other)).status == 422, "rewritten"
    shorter = witnessing.add_checkpoint(request(0, 20))
    assert (shorter.status, shorter.text, shorter.media_type) == (409, "290\n", "text/x.tlog.size"), "rewound"
    assert witnessing.add_checkpoint(request(290, 290, other)).status == 409, "two logs of one size"
    assert witnessing.add_checkpoint(request(290, 300)).status == 200


def test_what_is_no_request_of_a_known_log_is_refused(witnessing: Witnessing) -> None:
    assert witnessing.add_checkpoint("nonsense").status == 400
    assert witnessing.add_checkpoint(request(0, 7).replace("old 0", "old 9")).status == 400
    assert witnessing.add_checkpoint(request(0, 7, log="other.example/log")).status == 404
    signature = request(0, 7).rsplit(" ", 1)[1]
    forged = request(0, 7).replace(signature, signature[:20] + "AAAA" + signature[24:])
    assert witnessing.add_checkpoint(forged).status == 403
    assert witnessing.checkpoint("0" * 64).status == 404


@contextmanager
def witness_process(folder: Path, vkey: str, port: int) -> Iterator[None]:
    """Runs `voting witness serve`."""
    command = [*VOTING, "witness", "serve", "--name", f"w{port}", "--key", str(folder / f"{port}.key"), "--log", vkey]
    command += ["--store", str(folder / f"{port}.sqlite"), "--port", str(port)]
    process = subprocess.Popen(command, env=without_settings(), stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def test_a_contest_with_witnesses_has_cosigned_checkpoints_and_a_rewound_log_is_frozen(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, tmp_path: Path
) -> None:
    ports = [free_port(), free_port(), free_port()]
    vkeys = [
        run("witness", "key", "--name", f"w{port}", "--key", str(tmp_path / f"{port}.key")).stdout for port in ports
    ]
    rules = "".join(
        f'[[witness]]\nname = "w-{number}"\nvkey = "{vkey.strip()}"\nurl = "http://127.0.0.1:{port}"\n'
        for number, (port, vkey) in enumerate(zip(ports, vkeys, strict=True))
    )
    contest = await contests.make(f"{rules}[[quota]]\npicks = 5\n", top=f"quorum = 2\n{NOON}")
    await stored_ballots(contests, office, 3, contest)
    await sequenced(office)
    vkey = (await http.get(f"/log/{contest}/log.json")).json()["vkey"]
    snapshot = await office.contest_cache.get(contest)
    async with httpx.AsyncClient() as client:
        cosigning = Cosigning(office.database, client)
        with witness_process(tmp_path, vkey, ports[0]), witness_process(tmp_path, vkey, ports[1]):

            async def signed(count: int) -> bool:
                await cosigning.round()
                await cosigning.settle()
                return (await http.get(f"/log/{contest}/checkpoint")).text.count("\u2014 w") == count

            # The third is away: two of three are enough.
            await eventually(lambda: signed(2), 60)
            # An independent verifier takes the quorum from the log's policy, too.
            await stored_ballots(contests, office, 300, contest)
            await sequenced(office)
            await eventually(lambda: signed(2), 60)
            done = run(
                "log", "export", "--contest", contest, str(tmp_path / "log"), env=environment_of(office.settings)
            )
            assert done.returncode == 0, done.stderr
            verify = [sys.executable, str(ROOT / "voting/verifier/verify.py"), "log", str(tmp_path / "log"), "--json"]
            policy = ["--policy", str(tmp_path / "log/policy")]
            checked = subprocess.run([*verify, *policy], capture_output=True, text=True, check=False)
            assert (checked.stdout, checked.returncode) == ("", 0)
            async with as_owner(office.settings) as connection:
                size = await connection.fetchval("select size from logs where contest = $1", contest)
                older = LogKey(SEED).signer(f"vote.example.org/log/{contest}").sign(size - 1, secrets.token_bytes(32))
                await connection.execute(
                    "update logs set size = size - 1, checkpoint = $2 where contest = $1", contest, older
                )
                await connection.execute("delete from log_witnesses where contest = $1", contest)

            async def frozen() -> bool:
                await cosigning.round()
                await cosigning.settle()
                return f"knows a log of {size} leaves" in " ".join((await log_status(office.database, snapshot)).wrong)

            await eventually(frozen, 60)


async def test_a_contest_that_cannot_be_read_does_not_keep_the_others_from_their_witnesses(
    contests: Contests, office: AdminServices, tmp_path: Path
) -> None:
    signers = {name: LogKey(name.encode() * 16).witness(f"notary.example.org/{name}") for name in ("w1", "w2")}
    first, second = (
        f'[[witness]]\nname = "{name}"\nvkey = "{signer.key}"\nurl = "http://{name}.example.org"\n'
        for name, signer in signers.items()
    )
    past, broken, live = [
        await contests.make(
            f"{first}[[quota]]\npicks = 5\n", top=NOON, opens=-timedelta(days=9), closes=timedelta(days=days)
        )
        for days in (-3, -2, 1)
    ]
    await sequenced(office)
    asked: list[tuple[str, str]] = []
    logs = [LogKey(SEED).signer(f"vote.example.org/log/{contest}").key for contest in (past, live)]
    witnesses = {name: Witnessing(SeenLogs(tmp_path / name), signer, logs) for name, signer in signers.items()}

    def answer(sent: httpx.Request) -> httpx.Response:
        name, body = sent.url.host.partition(".")[0], sent.content.decode()
        if name not in witnesses:
            # Of another test's contest.
            return httpx.Response(404)
        asked.append((name, read_request(body).note.partition("\n")[0].rpartition("/")[2]))
        given = witnesses[name].add_checkpoint(body)
        return httpx.Response(given.status, text=given.text, headers={"content-type": given.media_type})

    async with as_owner(office.settings) as owner, httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        change = "update contests set document = $2, revision = revision + 1 where id = $1"
        document = await owner.fetchval("select document from contests where id = $1", past)
        whole = await owner.fetchval("select document from contests where id = $1", broken)
        cosigning = Cosigning(office.database, client)

        async def rounds_ask(*wanted: tuple[str, str]) -> bool:
            await cosigning.round()
            await cosigning.settle()
            return set(wanted) <= set(asked)

        await owner.execute(change, broken, "nonsense")
        try:
            assert await rounds_ask(("w1", live), ("w1", past))
        finally:
            await owner.execute(change, broken, whole)
        assert asked.index(("w1", live)) < asked.index(("w1", past))
        await rounds_ask()
        # A further witness is asked though the log does not grow.
        await owner.execute(change, past, document + second)
        await eventually(lambda: rounds_ask(("w2", past)))
