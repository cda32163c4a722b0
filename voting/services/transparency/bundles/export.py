"""Writes a certified bundle into a directory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from voting.domain.transparency import note
from voting.errors import LogBroken, NotFound, SettingInvalid
from voting.postgres.database import Connection, Database
from voting.postgres.transparency import bundles, log
from voting.postgres.transparency.bundles import Stamp, StoredBundle
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.transparency.log_export import prove, write_file, write_tiles


async def export_bundle(database: Database, snapshot: ContestSnapshot, directory: Path, number: int | None) -> int:
    """Writes the bundle of a certification, by default the newest, into a new directory; returns its number.

    Raises NotFound, SettingInvalid if it cannot be written, and LogBroken if a stored file is missing or is not the
    certified one.
    """
    contest = snapshot.contest.id
    _check_new(directory)
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        stored = await select_bundle(connection, contest, number)
        try:
            await _write_core(connection, contest, stored, directory)
            for name, body in (await _attachments(connection, contest, stored)).items():
                write_file(directory / name, body)
            write_file(directory / "SHA256SUMS", _sums(directory))
        except OSError as error:
            raise SettingInvalid(f"{error.filename} cannot be written: {error.strerror}") from None
    return stored.number


def _check_new(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        raise SettingInvalid(f"{directory} is not empty; name a new directory")


async def select_bundle(connection: Connection, contest: str, number: int | None) -> StoredBundle:
    """Returns the bundle of a certification, by default the newest. Raises NotFound."""
    stored = await bundles.select(connection, contest, number)
    if stored is None:
        raise NotFound(
            f"contest {contest!r} has no such bundle: it comes seconds after certification, once the log has everything"
            f" before it and the witnesses have cosigned that; see: voting log status --contest {contest}"
        )
    return stored


async def _write_core(connection: Connection, contest: str, stored: StoredBundle, directory: Path) -> None:
    await write_tiles(connection, contest, stored.size, directory / "log")
    write_file(directory / "log" / "checkpoint", stored.checkpoint.encode())
    named: Mapping[str, str] = msgspec.json.decode(stored.manifest)["files"]
    for name, sha256 in named.items():
        if not name.startswith("log/"):
            body = await bundles.select_file(connection, sha256)
            if body is None:
                raise LogBroken(f"{name}, SHA-256 {sha256}, is missing from the database: restore it from a backup")
            write_file(directory / name, body)
    for name, sha256 in named.items():
        if hashlib.sha256((directory / name).read_bytes()).hexdigest() != sha256:
            raise LogBroken(f"{name} is not as it was certified: somebody changed it past the service")
    write_file(directory / "manifest.json", stored.manifest.encode())


async def _attachments(connection: Connection, contest: str, stored: StoredBundle) -> dict[str, bytes]:
    """Returns what may still grow after certification: cosignatures, signatures and proofs of the certificate."""
    head = await log.select_head(connection, contest)
    if head is None:
        raise NotFound(f"contest {contest!r} has no log")
    # The certificate stays where it is: an older checkpoint with witnesses proves it better than a newer one without.
    checkpoint = head.cosigned or head.checkpoint
    if note.read_note(checkpoint)[0].size <= stored.size:
        # Witnesses have not seen the certificate yet.
        checkpoint = head.checkpoint
    attached = {
        "signatures/certificate.txt": stored.certificate,
        "signatures/certificate.tlog-proof": await prove(connection, contest, stored.size, checkpoint),
    }
    if signatures := await bundles.select_signatures(connection, contest, stored.number):
        attached["signatures/certificate"] = f"{stored.certificate}\n{''.join(signatures.values())}"
    if stored.cosigned:
        attached["checkpoint.cosigned"] = stored.cosigned
    stamps = _stamps(await bundles.select_stamps(connection, contest), stored, attached)
    return {name: text.encode() for name, text in attached.items()} | stamps


def _stamps(stamps: Sequence[Stamp], stored: StoredBundle, attached: Mapping[str, str]) -> dict[str, bytes]:
    """Returns the stamps of what is in the bundle: of checkpoints of its log, and of its certificate."""
    files: dict[str, bytes] = {}
    for stamp in stamps:
        name = stamp.name.replace(f"certificate-{stored.number}", "certificate")
        if name.endswith(".checkpoint"):
            belongs = note.read_note(stamp.body)[0].size <= stored.size
        else:
            belongs = attached.get(f"signatures/{name}") == stamp.body
        if belongs:
            files |= {f"stamps/{name}": stamp.body.encode(), f"stamps/{name}.tsr": stamp.answer}
    return files


def _sums(directory: Path) -> bytes:
    """Returns a line for each file, by path."""
    files = sorted(file.relative_to(directory).as_posix() for file in directory.rglob("*") if file.is_file())
    lines = [f"{hashlib.sha256((directory / name).read_bytes()).hexdigest()}  {name}\n" for name in files]
    return "".join(lines).encode()
