"""The certified bundle: the same whoever writes it, checked by the verifiers, and silent about choices."""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
import shutil
import uuid
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, environment_of, insert_batch
from tests.services.transparency.test_log import NOON, SEED, sequenced
from tests.verifier.case import Case
from tests.verifier.conftest import Verify, program, verify
from tests.verifier.made import World
from tests.verifier.tampering import KINDS
from voting.errors import LogBroken, ProofInvalid
from voting.postgres.ballots import BallotRow
from voting.postgres.transparency import log
from voting.server.witness import WitnessApp
from voting.services.transparency.bundles.export import export_bundle
from voting.services.transparency.bundles.signing import accept, sign
from voting.services.transparency.cosigning import Cosigning
from voting.services.transparency.log_key import LogKey
from voting.services.transparency.witnessing import Witnessing
from voting.settings import Settings
from voting.sqlite.witness import SeenLogs
from voting.wiring.admin import AdminServices

__all__ = ["program", "verify"]
BALLOTS = 300
NAMES = ("li", "zhou")


@dataclass(frozen=True)
class Certified:
    """A certified contest's bundle, and the policy that a stranger has from elsewhere."""

    contest: str
    folder: Path
    policy: Path


def write(settings: Settings, contest: str, folder: Path) -> None:
    done = run("log", "bundle", "--contest", contest, str(folder), env=environment_of(settings))
    assert done.returncode == 0, done.stderr


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


class Commands:
    """Runs commands, as the organiser does or, offline, a signer."""

    def __init__(self, settings: Settings) -> None:
        self._environment = environment_of(settings)

    async def refused(self, *arguments: str) -> str:
        done = await asyncio.to_thread(run, *arguments, env=self._environment)
        assert done.returncode == 1, done.stderr
        return done.stderr

    async def __call__(self, *arguments: str, offline: bool = False) -> str:
        done = await asyncio.to_thread(run, *arguments, env=None if offline else self._environment)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
async def certified(contests: Contests, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """A contest with a witness and two signers is certified; its bundle before and after they have signed."""
    folder, command = tmp_path_factory.mktemp("certified"), Commands(settings)
    persons = [("--name", f"{name}.example.org/signer", "--key", str(folder / f"{name}.key")) for name in NAMES]
    vkeys = [(await command("log", "signer", *person, offline=True)).strip() for person in persons]
    signers = "".join(
        f'[[signer]]\nname = "{name}"\nvkey = "{vkey}"\n' for name, vkey in zip(NAMES, vkeys, strict=True)
    )
    witness = LogKey(b"w" * 32).witness("notary.example.org")
    rules = (
        f'{signers}[[witness]]\nname = "notary"\nvkey = "{witness.key}"\nurl = "http://notary"\n[[quota]]\npicks = 5\n'
    )
    async with contests.office() as office:
        contest = await contests.make(rules, top=NOON, opens=timedelta(days=-3), closes=timedelta(minutes=-1))
        rows = [
            BallotRow(
                *(secrets.token_bytes(16), 1, "k", uuid.uuid4(), ["A001"], "count", (), secrets.token_bytes(48)),
                # Not the first value: a channel is no personal datum, and boards count by it.
                *(f'[null, null, null, null, "192.0.2.1 phone {place} end"]', "{}"),
            )
            for place in range(BALLOTS)
        ]
        async with office.database.connection() as connection:
            await insert_batch(connection, contest, rows, datetime.now(UTC) - timedelta(days=1))
        made = await sequenced(office)
        await made.round()
        assert "fewer than 1 of 1 witnesses" in await command.refused("certify", "--contest", contest)
        log_key = LogKey(SEED).signer(f"vote.example.org/log/{contest}").key
        with closing(SeenLogs(folder / "seen.sqlite")) as seen:
            app: Any = WitnessApp(Witnessing(seen, witness, [log_key]))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
                cosigning = Cosigning(office.database, client)

                async def cosigned() -> None:
                    await cosigning.round()
                    await cosigning.settle()

                await cosigned()
                await command("certify", "--contest", contest)
                await made.round()
                assert "has no such bundle" in await command.refused(
                    "log", "bundle", "--contest", contest, str(folder / "b")
                )
                await cosigned()
                await made.round()
                await cosigned()
        await command("log", "bundle", "--contest", contest, str(folder / "unsigned"))
        for name, person in zip(NAMES, persons, strict=True):
            signed = await command("log", "sign", *person, str(folder / "unsigned"), offline=True)
            (folder / name).write_text(signed, "utf-8")
        await command("log", "accept", "--contest", contest, *(str(folder / name) for name in NAMES))
        await command("log", "bundle", "--contest", contest, str(folder / "bundle"))
        (folder / "policy").write_bytes((folder / "bundle" / "witnesses.policy").read_bytes())
    return Certified(contest, folder / "bundle", folder / "policy")


def test_the_verifier_finds_nothing_wrong(certified: Certified, verify: Verify) -> None:
    verdict = verify("bundle", certified.folder, "--policy", certified.policy)
    assert (verdict.status, verdict.findings) == (0, [])
    assert f"ballots {BALLOTS}, votes {BALLOTS}" in verdict.words
    (certified_by,) = re.findall("Certified by (.*).", verdict.words)
    assert set(certified_by.split(", ")) == {f"{name}.example.org/signer" for name in NAMES}
    assert re.findall("NOT CHECKED.* \\((.*)\\)", verdict.words) == ["there are none"], "of time stamps"
    unsigned = verify("bundle", certified.folder.with_name("unsigned"), "--policy", certified.policy)
    assert [(each["code"], each["where"]) for each in unsigned.findings] == [("certificate", "signatures/certificate")]


@pytest.mark.parametrize(("more", "is_cosigned"), [(0, True), (1, False)])
async def test_a_log_without_the_place_of_its_close_must_be_cosigned_as_a_whole(
    certified: Certified, office: AdminServices, more: int, is_cosigned: bool
) -> None:
    """It was closed by a version that did not store the place."""
    async with office.database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(
                "update logs set closed_size = null, size = split_part(cosigned, E'\\n', 2)::bigint + $2"
                " where contest = $1",
                certified.contest,
                more,
            )
            assert await log.is_close_cosigned(connection, certified.contest) is is_cosigned
        finally:
            await transaction.rollback()


async def test_a_signature_is_of_this_certificate_and_by_a_person_whom_the_log_names(
    certified: Certified, office: AdminServices, tmp_path: Path
) -> None:
    folder, snapshot = certified.folder, await office.contest_cache.get(certified.contest)
    stranger = LogKey(b"x" * 32).person("li.example.org/signer")
    with pytest.raises(ProofInvalid, match="has not signed it with a key"):
        await accept(office.database, "test", snapshot, sign(stranger, folder))
    signed = (folder / "signatures" / "certificate").read_text()
    with pytest.raises(ProofInvalid, match="is not the certificate number 1"):
        await accept(office.database, "test", snapshot, signed.replace("number 1", "number 2"))
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "manifest.json").write_text("{}")
    with pytest.raises(LogBroken, match="of another manifest"):
        sign(stranger, tmp_path / "copy")


async def test_it_is_the_same_whoever_writes_it(
    certified: Certified, office: AdminServices, settings: Settings, tmp_path: Path
) -> None:
    """Also after the log has grown."""
    await office.staff_keys.create("someone", "judge", certified.contest)
    await sequenced(office)
    write(settings, certified.contest, tmp_path / "one")
    write(settings, certified.contest, tmp_path / "other" / "place")
    first = {name: body for name, body in files_of(certified.folder).items() if is_core(name)}
    for folder in (tmp_path / "one", tmp_path / "other" / "place"):
        assert {name: body for name, body in files_of(folder).items() if is_core(name)} == first
    assert (
        run(
            "log", "bundle", "--contest", certified.contest, str(tmp_path / "one"), env=environment_of(settings)
        ).returncode
        == 1
    )


def is_core(name: str) -> bool:
    return not name.startswith(("signatures/", "stamps/")) and name not in ("SHA256SUMS", "checkpoint.cosigned")


async def test_it_shows_nobodys_choice_and_no_voter(certified: Certified, settings: Settings) -> None:
    async with as_owner(settings) as connection:
        rows = await connection.fetch("select id, voter, salt from ballots where contest = $1", certified.contest)
    everything = b"".join(files_of(certified.folder).values())
    for row in rows:
        assert str(row["id"]).encode() in everything, "a ballot is there by the id of its receipt"
        for hidden in (row["voter"], row["salt"]):
            assert hidden is None or not any(hidden) or hidden not in everything
            assert hidden is None or not any(hidden) or hidden.hex().encode() not in everything
    lines = [line for line in everything.split(b"\n") if str(rows[0]["id"]).encode() in line]
    assert all(b"A001" not in line for line in lines)


async def test_a_changed_or_missing_file_is_not_exported(
    certified: Certified, office: AdminServices, settings: Settings, tmp_path: Path
) -> None:
    async with as_owner(settings) as connection:
        sha256 = json.loads((certified.folder / "manifest.json").read_text())["files"]["result.json"]
        body = await connection.fetchval("select body from log_files where sha256 = $1", sha256)
        await connection.execute("update log_files set body = body || '\\x20' where sha256 = $1", sha256)
        try:
            done = run(
                "log", "bundle", "--contest", certified.contest, str(tmp_path / "b"), env=environment_of(settings)
            )
        finally:
            await connection.execute("update log_files set body = $2 where sha256 = $1", sha256, body)
    assert "result.json is not as it was certified" in done.stderr
    snapshot = await office.contest_cache.get(certified.contest)
    async with as_owner(settings) as connection:
        await connection.execute("delete from log_files where sha256 = $1", sha256)
        try:
            with pytest.raises(LogBroken, match=r"result\.json, .*, is missing from the database"):
                await export_bundle(office.database, snapshot, tmp_path / "c", None)
        finally:
            await connection.execute("insert into log_files (sha256, body) values ($1, $2)", sha256, body)


# Of the kinds of tampering with a bundle, those that nobody has to sign for.
KINDS_OF_FILES = (
    "a_bit_in_an_entry",
    "a_bit_in_level_0",
    "a_bit_in_level_1",
    "a_tile_missing",
    "entries_missing",
    "bytes_left_over",
    "a_wrong_length",
    "a_tile_of_another_size",
    "another_root",
    "a_file_changed",
    "a_file_renamed",
    "a_file_added",
    "a_key_twice",
    "a_float",
    "the_first_certification_shown_as_the_second",
    "no_certificate",
)


@pytest.mark.parametrize("name", KINDS_OF_FILES)
def test_tampering_with_it_is_named(certified: Certified, verify: Verify, tmp_path: Path, name: str) -> None:
    folder, kind = tmp_path / "bundle", KINDS[name]
    shutil.copytree(certified.folder, folder)
    kind.bend(Case(folder, World({}), random.Random(name)))
    codes = verify("bundle", folder, "--policy", certified.policy).codes
    # A leaf that cannot be read may be the one that names the documents.
    assert kind.codes <= codes <= kind.codes | kind.also | {"open"}


async def opened(certified: Certified, contests: Contests, settings: Settings, folder: Path) -> Path:
    """Returns the file of openings that an auditor was given."""
    key, file = folder / "auditor.key", folder / "openings.jsonl"
    key.write_text(await contests.staff_key("auditor", certified.contest))
    await Commands(settings)("log", "openings", "--contest", certified.contest, "--key-file", str(key), str(file))
    return file


async def test_an_auditor_counts_every_vote_again(
    certified: Certified, contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path, verify: Verify
) -> None:
    file = await opened(certified, contests, settings, tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600

    def findings(lines: list[str]) -> set[tuple[str, str]]:
        bent = tmp_path / "bent.jsonl"
        bent.write_text("".join(f"{line}\n" for line in lines))
        checked = verify("openings", bent, "--bundle", certified.folder, "--policy", certified.policy)
        return {(each["code"], each["where"]) for each in checked.findings}

    lines = file.read_text().splitlines()
    decided = sum(line.startswith('["decisions"') for line in lines)
    place = json.loads(lines[decided])[1]
    assert findings(lines) == set()
    moved = lines[decided].replace('["A001"]', '["A002"]')
    assert findings([*lines[:decided], moved, *lines[decided + 1 :]]) == {
        ("opening", f"leaf {place}"),
        *(("result", f"result.json {code} counted") for code in ("A001", "A002")),
    }
    assert ("opening", f"leaf {place}") in findings(lines[:decided] + lines[decided + 1 :])
    assert ("opening", f"openings line {len(lines) + 1}") in findings([*lines, lines[-1]])
    ballot = json.loads(lines[decided])[2]
    forged = json.dumps(
        ["decisions", 0, [["A" * 22 + "==", json.dumps([ballot, "void", [], "", "", "", 0], separators=(",", ":"))]]],
        separators=(",", ":"),
    )
    for other in (
        lines[1:],
        [forged, *lines],
        [forged.replace('"decisions",0', '"decisions",1'), *lines],
        [*lines[:decided], lines[0], *lines[decided:]],
    ):
        assert "decision" in {code for code, _ in findings(other)}
    async with as_owner(settings) as connection:
        actor = await connection.fetchval(
            "select actor from audit_log where contest = $1 and action = 'openings.export'", certified.contest
        )
    assert actor.startswith("key:")


async def test_openings_are_for_auditors_only(
    certified: Certified, contests: Contests, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(await contests.staff_key("organiser", certified.contest))
    arguments = ("log", "openings", "--contest", certified.contest, "--key-file", str(tmp_path / "key"))
    assert "this takes the role auditor" in await Commands(settings).refused(*arguments, str(tmp_path / "openings"))
    assert not (tmp_path / "openings").exists()


async def test_100_persons_are_erased_and_everything_stays_valid(
    certified: Certified, contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path, verify: Verify
) -> None:
    async with as_owner(settings) as connection:
        rows = await connection.fetch(
            "select voter, place from ballots where contest = $1 order by place", certified.contest
        )
        erased = [row["voter"] for row in rows[:100]]
        salts = await connection.fetchval("select person_salts from batches where contest = $1", certified.contest)
        await connection.execute("select erase_facts($1, $2)", certified.contest, erased)
        tables = await connection.fetch(
            "select table_name from information_schema.columns where table_schema = 'public'"
            " and column_name = 'contest'"
        )
        dump = "".join(
            [
                row[0]
                for table in tables
                for row in await connection.fetch(
                    f"select t::text from {table[0]} t where contest = $1", certified.contest
                )
            ]
        )
        # Witnesses that have been away for an hour do not make the certificate one without them.
        later = "update logs set signed_at = signed_at + interval '1 hour' where contest = $1"
        await connection.execute(later, certified.contest)
    file = await opened(certified, contests, settings, tmp_path)
    write(settings, certified.contest, tmp_path / "bundle")
    everything = b"".join([*files_of(tmp_path / "bundle").values(), file.read_bytes()])
    for row in rows[:100]:
        datum, salt = f"192.0.2.1 phone {row['place']} end", salts[row["place"]]
        assert datum not in dump
        assert datum.encode() not in everything
        assert salt.hex() not in dump
        assert salt not in everything
    assert f"192.0.2.1 phone {rows[100]['place']} end" in dump, "the others are as they were"
    checked = verify("openings", file, "--bundle", tmp_path / "bundle", "--policy", certified.policy)
    assert (checked.status, checked.findings) == (0, [])


async def test_the_published_result_names_its_signers(http: httpx.AsyncClient, certified: Certified) -> None:
    page = await http.get(f"/c/{certified.contest}/results?lang=en", headers={"accept": "text/html"})
    assert "with keys of their own, by: li, zhou." in page.text
    assert 'id="unwitnessed"' not in page.text
