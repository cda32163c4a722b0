"""A log changes its key: both sign for a while, a leaf announces it, and old checkpoints stay checkable."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, environment_of
from tests.services.transparency.test_log import (
    SEED,
    backup,
    let_go,
    restore,
    sequenced,
    sequencer_of,
    stored_ballots,
)
from tests.verifier.conftest import Verify, program, verify
from voting.domain.transparency.witness import AddCheckpoint
from voting.domain.verifier_key import read_key as read_vkey
from voting.errors import LogBroken, SettingInvalid
from voting.postgres.transparency import log as stored_log
from voting.services.transparency.log_check import check_log, log_status, select_unannounced
from voting.services.transparency.log_export import export_log
from voting.services.transparency.log_key import LogKey, change_key, drop_old_keys, make_key, read_key
from voting.services.transparency.recovery import recover
from voting.services.transparency.witnessing import Witnessing
from voting.settings import Settings
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


async def test_a_key_is_kept_until_every_log_has_announced_the_next(
    contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path
) -> None:
    contest, file = await stored_ballots(contests, office, 1), tmp_path / "log.key"
    await sequenced(office)
    file.write_text(f"{NEW.hex()}\n{SEED.hex()}\n")
    file.chmod(0o400)
    done = run("log", "rotate-key", str(file), "--end", env=environment_of(settings))
    assert (done.returncode, contest in done.stderr) == (1, True), done.stderr
    assert len(file.read_text().split()) == 2
    await sequenced(office, NEW, SEED)
    assert contest not in await select_unannounced(office.database, read_key(file))


async def test_a_backup_from_before_a_change_of_the_key_is_recovered(
    contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path, verify: Verify
) -> None:
    contest = await stored_ballots(contests, office, 3)
    snapshot = await office.contest_cache.get(contest)
    await sequenced(office)
    older = await backup(settings, contest)
    old, new = (str(LogKey(seed).signer(f"vote.example.org/log/{contest}").key) for seed in (SEED, NEW))
    # The first loss comes between the change of the file and its announcement, the second after the change has ended.
    for before, keys in (((SEED,), (NEW, SEED)), ((NEW,), (NEW,))):
        await stored_ballots(contests, office, 2, contest)
        await sequenced(office, *before)
        await export_log(office.database, snapshot, office.keyring.public_key, tmp_path)
        await restore(settings, contest, older)
        await sequenced(office, *keys)
        assert "was published" in (await log_status(office.database, snapshot)).wrong[0]
        if before == (NEW,):
            with pytest.raises(LogBroken, match="not signed"):
                await recover(office.database, LogKey(SEED), snapshot, tmp_path)
        await recover(office.database, LogKey(*keys), snapshot, tmp_path)
        stored = (await log_status(office.database, snapshot)).stored
        assert (stored.vkey, stored.old_vkeys) == (new, [old])
        await export_log(office.database, snapshot, office.keyring.public_key, tmp_path)
        checked = verify("log", tmp_path, "--vkey", new)
        assert checked.findings == []
        assert f"New key of the log at leaf 8: {new}" in checked.words


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


def test_a_key_is_new_each_time(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "two"):
        make_key(tmp_path / name)
        keys.append((tmp_path / name).read_text("ascii"))
    assert keys[0] != keys[1]
