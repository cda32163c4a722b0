"""Persons sign the certificate with keys of their own, on machines of their own; the service takes their signatures.

The log's first leaf names their keys, and the certificate, by the hash of the manifest, every file of the bundle.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from voting.domain.transparency import leaves, note
from voting.domain.verifier_key import VerifierKey, read_key
from voting.errors import LogBroken, ProofInvalid
from voting.postgres.database import Connection, Database
from voting.postgres.transparency import bundles, log
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.transparency.bundles.export import select_bundle
from voting.services.transparency.log_key import LogSigner, is_signed


def sign(signer: LogSigner, directory: Path) -> str:
    """Returns the certificate of the bundle in a directory as a note with the person's signature.

    Raises LogBroken if the directory is no bundle, or its manifest not the one that the certificate names.
    """
    try:
        certificate = (directory / "signatures" / "certificate.txt").read_text("utf-8")
        manifest = hashlib.sha256((directory / "manifest.json").read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise LogBroken(f"{directory} is no bundle as `voting log bundle` writes it: {error}") from None
    if f"\nmanifest {manifest}\n" not in certificate:
        raise LogBroken("the certificate is of another manifest; check the bundle with its verify.py before you sign")
    return f"{certificate}\n{note.signature_line(signer.key, signer.private.sign(certificate.encode()))}"


async def accept(database: Database, actor: str, snapshot: ContestSnapshot, signed: str) -> list[str]:
    """Stores the signatures of a signed certificate, on record; returns the signers' names.

    Raises ProofInvalid if it is not the newest certificate, or a signature is not that of a person whom the log's first
    leaf names.
    """
    contest = snapshot.contest.id
    try:
        text, signatures = note.read_signed(signed)
    except ValueError as error:
        raise ProofInvalid(f"it is no signed certificate: {error}") from None

    async def work(tx: Connection) -> list[str]:
        stored = await select_bundle(tx, contest, None)
        if text != stored.certificate:
            raise ProofInvalid(f"it is not the certificate number {stored.number} of this contest")
        keys = await _keys(tx, contest)
        names = []
        for signature in signatures:
            if not any(is_signed(key, text, signature) for key in keys):
                raise ProofInvalid(f"{signature.name} has not signed it with a key that the log's first leaf names")
            await bundles.store_signature(tx, contest, stored.number, signature.name, signature.line)
            names.append(signature.name)
        details = {"certification": stored.number, "signers": names, "certificate_sha256": leaves.sha256(text)}
        await audit.record(tx, actor, "certificate.sign", contest, details)
        return names

    return await database.transact(work)


async def _keys(tx: Connection, contest: str) -> list[VerifierKey]:
    """Returns the keys of the persons whom the log's first leaf names."""
    opened = (await log.select_bundle(tx, contest, 0))[0].decode().splitlines()
    return [read_key(line.removeprefix("certificate ")) for line in opened if line.startswith("certificate ")]
