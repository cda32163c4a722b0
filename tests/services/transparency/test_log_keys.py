"""A log changes its key: both sign for a while, a leaf announces it, and old checkpoints stay checkable."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.conftest import Contests
from tests.services.transparency.test_log import SEED, let_go, sequenced, sequencer_of, stored_ballots
from tests.verifier.conftest import Verify, program, verify
from voting.domain.transparency.witness import AddCheckpoint
from voting.domain.verifier_key import read_key as read_vkey
from voting.errors import SettingInvalid
from voting.postgres import log as stored_log
from voting.services.transparency.log_check import check_log
from voting.services.transparency.log_export import export_log
from voting.services.transparency.log_key import LogKey, change_key, drop_old_keys, make_key, read_key
from voting.services.transparency.witnessing import Witnessing
from voting.sqlite.witness import SeenLogs
from voting.wiring.admin import AdminServices

__all__ = ["program", "verify"]
NEW = b"n" * 32


async def test_a_log_changes_its_key(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, tmp_path: Path, verify: Verify
) -> None:
    contest = await stored_ballots(contests, office, 3)
    snapshot = await office.contest_cache.get(contest)
    await sequenced(office)
    old, new = (str(LogKey(seed).signer(f"vote.example.org/log/{contest}").key) for seed in (SEED, NEW))

    async def export() -> str:
        await export_log(office.database, snapshot, office.keyring.public_key, tmp_path / "log")
        return (tmp_path / "log" / "checkpoint").read_text()

    def codes(*trust: object) -> set[str]:
        return verify("log", tmp_path / "log", *trust, "--receipt-key", office.keyring.public_key).codes

    before = await export()
    (tmp_path / "before").write_text(before)
    changed = await sequenced(office, NEW, SEED)
    both = await export()
    await changed.round()
    assert await export() == both, "the change is announced once"
    (tmp_path / "policy").write_bytes((await http.get(f"/log/{contest}/policy")).content)
    trusted = ("--policy", tmp_path / "policy", "--checkpoint", tmp_path / "before")
    for trust in (("--vkey", old), ("--vkey", new), trusted):
        assert codes(*trust) == set()
    assert f"New key of the log at leaf 6: {new}" in verify("log", tmp_path / "log", "--vkey", old).words
    async with office.database.connection() as connection:
        entries = await stored_log.select_bundle(connection, contest, 0)
    assert entries[-1].decode().splitlines()[3:5] == [f"old {old}", f"new {new}"]

    for logs in ([old], [new], [old, new]):
        seen = SeenLogs(tmp_path / f"{len(logs)}{logs[0][-5:].encode().hex()}.sqlite")
        witnessing = Witnessing(seen, LogKey(b"w" * 32).witness("w"), map(read_vkey, logs))
        assert witnessing.add_checkpoint(AddCheckpoint(0, [], both).text()).status == 200
        seen.close()

    await stored_ballots(contests, office, 2, contest)
    await sequenced(office, SEED)
    assert await export() == both, "the old key alone signs no more"
    await sequenced(office, NEW)
    after = await export()
    assert after.count("\u2014") == 1
    assert codes("--vkey", new) == codes(*trusted) == set()
    assert codes("--vkey", old) == {"signature"}
    assert (await check_log(office.database, snapshot))[1] == []
    page = (await http.get(f"/log/{contest}")).text
    assert new in page
    assert old in page
    await let_go(office)
    assert await sequencer_of(office, SEED).round()


def test_the_file_of_the_key_is_changed_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "log.key"
    make_key(file)
    first = read_key(file).signer("x").key
    change_key(file)
    newest, older = read_key(file).signer("x").keys
    assert older == first
    assert newest != first
    assert file.stat().st_mode & 0o777 == 0o400
    assert (drop_old_keys(file), drop_old_keys(file)) == (1, 0)
    assert read_key(file).signer("x").keys == (newest,)
    assert [each.name for each in tmp_path.iterdir()] == ["log.key"]
    file.chmod(0o600)
    file.write_text("no key\n")
    with pytest.raises(SettingInvalid):
        change_key(file)
