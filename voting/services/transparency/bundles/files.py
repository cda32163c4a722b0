"""The files of a certified bundle, fixed in the transaction that logs the certificate.

They are the same for whoever exports them, since they are stored by their hashes and the manifest, whose hash is in the
certificate, names all of them. voting/verifier/SPEC.md, section 8, describes them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from typing import NamedTuple

from voting import __version__
from voting.domain.canonical_json import canonical
from voting.domain.results.scoring import Tally
from voting.domain.transparency import bundle, leaves, tree
from voting.domain.transparency.growth import LogEnd
from voting.domain.transparency.roster_file import roster_csv
from voting.domain.transparency.tree import TileId
from voting.domain.transparency.witness import log_policy
from voting.errors import ContestUnknown
from voting.postgres import contests
from voting.postgres.database import Connection
from voting.postgres.results import certifications
from voting.postgres.results.certifications import Certification
from voting.postgres.transparency import bundles, log
from voting.postgres.transparency.bundles import Outside
from voting.postgres.transparency.log import StoredLog
from voting.services.transparency.log_export import prove

_VERIFIER = files("voting") / "verifier"
# The log's first leaf names these: a later version of the service has others.
_NAMED = ("verify.py", "verify.html")
_NO_BUNDLE = "0" * 64


class Opened(NamedTuple):
    """What the log's first leaf names by its hash, besides the contest's file."""

    witnesses: str
    verifiers: Mapping[str, str]


async def store_opened(tx: Connection, policy: str) -> Opened:
    """Stores the verifiers and the log's policy, so that a bundle has those that the log's first leaf names."""
    verifiers = {name: await bundles.store_file(tx, (_VERIFIER / name).read_bytes()) for name in _NAMED}
    return Opened(await bundles.store_file(tx, policy.encode()), verifiers)


async def certificate(tx: Connection, contest: str, end: LogEnd, now: datetime) -> tuple[int, bytes]:
    """Returns number and leaf of the certificate that is due, and stores its bundle; `end` is that of the stored log.

    A certification that was reopened before gets a leaf without a bundle: what it was made from may have changed since.
    """
    number, stands = await log.select_due_certificate(tx, contest)
    stored, certified = await log.select_head(tx, contest), await certifications.select(tx, contest, number)
    if stored is None or certified is None:
        raise ContestUnknown(f"there is no log, or no certification {number}, of the contest {contest!r}")
    manifest = await _manifest(tx, contest, stored, end, certified) if stands else ""
    lines = [
        ("number", number),
        ("policy", certified.bound.policy_sha256),
        ("size", end.size),
        ("root", base64.b64encode(end.edge.root()).decode()),
        ("manifest", leaves.sha256(manifest) if stands else _NO_BUNDLE),
    ]
    leaf = leaves.leaf("certificate", contest, now, lines)
    if stands:
        await bundles.insert(tx, contest, number, manifest, leaf.decode())
    return number, leaf


async def _manifest(tx: Connection, contest: str, stored: StoredLog, end: LogEnd, certified: Certification) -> str:
    """Stores the bundle's own files; returns the text that names all of its files."""
    own = await _own_files(tx, contest, stored, certified)
    hashes = {name: await bundles.store_file(tx, body) for name, body in own.items()}
    hashes |= await _log_hashes(tx, contest, stored.checkpoint, end)
    manifest = {
        "ballots": stored.ballots,
        "certification": certified.number,
        "certified_at": leaves.moment(certified.certified_at),
        "contest": contest,
        "files": hashes,
        "format": "voting/bundle/v1",
        "log": {"origin": stored.origin, "root": base64.b64encode(stored.root).decode(), "size": stored.size},
        "picks": stored.picks,
        "versions": {"policy": certified.policy_version, "voting": __version__},
        "witnesses": "none" if certified.without_witnesses else "quorum",
    }
    return f"{canonical(manifest).decode()}\n"


async def _own_files(tx: Connection, contest: str, stored: StoredLog, certified: Certification) -> dict[str, bytes]:
    kept = await contests.select(tx, contest)
    if kept is None:
        raise ContestUnknown(f"there is no contest {contest!r}")
    entries = await contests.select_entries(tx, contest)
    outside = await bundles.select_outside(tx, contest)
    policy = log_policy(stored.vkeys, kept.contest.witnesses, kept.contest.witness_quorum).encode()
    opened = _opened((await log.select_bundle(tx, contest, 0))[0])
    own = {
        "contest.toml": kept.document.encode(),
        "policy.toml": await bundles.select_file(tx, certified.bound.policy_sha256) or b"",
        "roster.csv": roster_csv(entries),
        # A change of the log's key has named a newer policy.
        "witnesses.policy": (not stored.old_vkeys and await bundles.select_file(tx, opened["witnesses"])) or policy,
        "result.json": _line(_result(contest, stored, certified, [entry.code for entry in entries], outside)),
        "seals.json": _line(
            [
                {
                    "day": seal.day.isoformat(),
                    "picks": json.loads(seal.raw),
                    "salt": base64.b64encode(seal.salt).decode(),
                }
                for seal in await bundles.select_seals(tx, contest)
            ]
        ),
    }
    if stored.closed_size:
        own["proofs/close.tlog-proof"] = (await prove(tx, contest, stored.closed_size - 1, stored.checkpoint)).encode()
    for name in (*_NAMED, "README.zh.md", "README.en.md", "SPEC.md"):
        named = opened.get(name)
        own[name] = (named and await bundles.select_file(tx, named)) or (_VERIFIER / name).read_bytes()
    return own


def _opened(leaf: bytes) -> dict[str, str]:
    """Returns the lines of the log's first leaf by their names."""
    return dict(line.split(" ", 1) for line in leaf.decode().splitlines()[3:])


def _result(
    contest: str, stored: StoredLog, certified: Certification, roster: list[str], outside: Mapping[str, Outside]
) -> dict[str, object]:
    """Returns the certified figures in the roster's order; entries that were withdrawn follow."""
    codes = [*roster, *sorted((certified.tallies.keys() | outside.keys()) - set(roster))]
    inputs = {name.removesuffix("_sha256"): digest or "" for name, digest in asdict(certified.bound).items()}
    return {
        "ballots": stored.ballots,
        "contest": contest,
        "entries": [
            _figures(code, certified.tallies.get(code, Tally()), outside.get(code, Outside())) for code in codes
        ],
        "inputs": inputs,
        "picks": stored.picks,
        "public_only": "yes" if certified.public_only else "no",
    }


def _figures(code: str, tally: Tally, outside: Outside) -> dict[str, object]:
    void = tally.raw - tally.held - tally.counted
    figures = {"code": code, "raw": tally.raw, "held": tally.held, "void": void, "counted": tally.counted}
    return figures | outside._asdict()


def _line(value: object) -> bytes:
    return canonical(value) + b"\n"


async def _log_hashes(tx: Connection, contest: str, checkpoint: str, end: LogEnd) -> dict[str, str]:
    """Returns the SHA-256 of each file of the log by its path."""
    hashes = {"log/checkpoint": leaves.sha256(checkpoint)}
    for id, sha256 in (await bundles.select_tile_hashes(tx, contest)).items():
        hashes[f"log/{tree.tile_path(_level(id), id.number, tree.TILE_HASHES)}"] = sha256
    for level, row in enumerate(end.edge.levels):
        if row:
            number = tree.last_tile(level, end.size)
            hashes[f"log/{tree.tile_path(str(level), number, len(row))}"] = _sha256(b"".join(row))
    if end.entries:
        path = tree.tile_path("entries", tree.last_tile(0, end.size), len(end.entries))
        hashes[f"log/{path}"] = _sha256(bundle.frame(end.entries))
    return hashes


def _level(id: TileId) -> str:
    return "entries" if id.level < 0 else str(id.level)


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
