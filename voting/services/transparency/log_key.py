"""The key that signs the logs' checkpoints: a file of its own, which only the sequencer reads."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from voting.domain.identity.token import derive
from voting.domain.transparency import note
from voting.domain.transparency.note import Checkpoint, Signature
from voting.domain.transparency.witness import TIME_BYTES, cosigned_message, timed
from voting.domain.verifier_key import LOG_KEY, WITNESS_KEY, VerifierKey
from voting.errors import SettingInvalid

_SEEDS = re.compile(r"[0-9a-f]{64}(\n[0-9a-f]{64})*\n?")


class LogSigner(NamedTuple):
    """Signs the checkpoints of one log, or certificates.

    `older`: keys that sign checkpoints as well, until everybody knows the newest.
    """

    key: VerifierKey
    private: Ed25519PrivateKey
    older: tuple[LogSigner, ...] = ()

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The public keys, the newest first."""
        return self.key, *(each.key for each in self.older)

    def sign(self, size: int, root: bytes) -> str:
        """Returns the signed checkpoint of a tree."""
        body = Checkpoint(self.key.name, size, root).body()
        lines = [note.signature_line(each.key, each.private.sign(body.encode())) for each in (self, *self.older)]
        return "\n".join([body, "".join(lines)])


class LogKey:
    """Makes the signer of each log. Each has keys of its own, made from secrets, of which the newest is the first."""

    def __init__(self, *seeds: bytes) -> None:
        self._seeds = seeds

    def signer(self, origin: str) -> LogSigner:
        """Returns the signer of the log with this origin."""
        newest, *older = [Ed25519PrivateKey.from_private_bytes(derive(seed, "log", origin)) for seed in self._seeds]
        keys = [LogSigner(VerifierKey(origin, LOG_KEY, _public(private)), private) for private in (newest, *older)]
        return keys[0]._replace(older=tuple(keys[1:]))

    def person(self, name: str) -> LogSigner:
        """Returns the signer of certificates with this name."""
        private = Ed25519PrivateKey.from_private_bytes(derive(self._seeds[0], "person", name))
        return LogSigner(VerifierKey(name, LOG_KEY, _public(private)), private)

    def witness(self, name: str) -> WitnessSigner:
        """Returns the signer of a witness with this name."""
        private = Ed25519PrivateKey.from_private_bytes(derive(self._seeds[0], "witness", name))
        return WitnessSigner(VerifierKey(name, WITNESS_KEY, _public(private)), private)


class WitnessSigner(NamedTuple):
    """Cosigns the checkpoints of logs."""

    key: VerifierKey
    private: Ed25519PrivateKey

    def cosign(self, body: str, seconds: int) -> str:
        """Returns the line of a cosignature of a checkpoint, seen at this time."""
        signature = self.private.sign(cosigned_message(seconds, body))
        return note.signature_line(self.key, seconds.to_bytes(TIME_BYTES, "big") + signature)


def is_signed(key: VerifierKey, body: str, signature: Signature) -> bool:
    """Whether a signature of a note is the key's: a log's, or a witness' cosignature."""
    if (signature.name, signature.key_id) != (key.name, key.id):
        return False
    signed, message = signature.signature, body.encode()
    if key.type == WITNESS_KEY:
        seconds, signed = timed(signature)
        message = cosigned_message(seconds, body)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signed, message)
    except (ValueError, InvalidSignature):
        return False
    return True


def _public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def make_key(file: Path) -> None:
    """Writes a new key, readable by its owner alone. Raises SettingInvalid if the file exists or cannot be written."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(32) + "\n")
    except FileExistsError:
        raise SettingInvalid(f"{file} exists; a log signed with its key could not be continued with another") from None
    except OSError as error:
        raise SettingInvalid(f"{file} cannot be written: {error.strerror}") from None


def change_key(file: Path) -> None:
    """Puts a new key before those of the file, in one step. Raises SettingInvalid as `read_key` does."""
    read_key(file)
    _replace(file, [secrets.token_hex(32), *file.read_text("ascii").split()])


def drop_old_keys(file: Path) -> int:
    """Keeps the newest key alone; returns how many are dropped. Raises SettingInvalid as `read_key` does."""
    read_key(file)
    newest, *older = file.read_text("ascii").split()
    _replace(file, [newest])
    return len(older)


def _replace(file: Path, seeds: Sequence[str]) -> None:
    draft = file.with_name(file.name + ".new")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="ascii") as opened:
            opened.write("".join(f"{seed}\n" for seed in seeds))
            opened.flush()
            os.fsync(opened.fileno())
        # The service's user goes on reading it, whoever runs the command.
        if (draft.stat().st_uid, draft.stat().st_gid) != (owner := (file.stat().st_uid, file.stat().st_gid)):
            os.chown(draft, *owner)
        os.replace(draft, file)
    except OSError as error:
        raise SettingInvalid(f"{draft} cannot be written: {error.strerror}") from None


def read_key(file: Path) -> LogKey:
    """Returns the key. Raises SettingInvalid if the file has none, or others may read it."""
    try:
        text, mode = file.read_text("ascii"), file.stat().st_mode
    except (OSError, ValueError) as error:
        raise SettingInvalid(
            f"the log's key cannot be read from {file} ({error}); see: voting log key --help"
        ) from None
    if mode & 0o077:
        raise SettingInvalid(f"others may read {file}, which has the log's key; run: chmod 400 {file}")
    if not _SEEDS.fullmatch(text):
        raise SettingInvalid(f"{file} does not have a log's key: 64 hexadecimal digits; see: voting log key --help")
    return LogKey(*map(bytes.fromhex, text.split()))
