"""Logs, receipts, proofs and bundles as SPEC.md describes them, made by other means than the verifiers check them.

Tiles, roots, inclusion proofs and the log's signatures come from tlog-scales, signatures from cryptography.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import shutil
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import PlainEd25519Signer, Vkey
from tlog_scales.tlog import Checkpoint
from tlog_scales.writer import TilesWriter

from tests.conftest import ROOT

VERIFIER = ROOT / "voting" / "verifier"
CONTEST = "damei-2026"
ORIGIN = f"vote.example.org/log/{CONTEST}"
OPENS = datetime(2026, 11, 20, tzinfo=UTC)
COSIGNED_AT = 1795305600
FIGURES = {"count": "counted", "hold": "held", "void": "void"}
CODES = [f"A{number:03d}" for number in range(1, 13)]


def key_of(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


LOG, RECEIPTS, STRANGER = key_of(1), key_of(2), key_of(9)
WITNESSES = {name: key_of(number) for number, name in enumerate(("notary", "press", "university"), 3)}
PERSONS = {f"person.example/{name}": key_of(number) for number, name in enumerate(("zhou", "li"), 6)}


def vkey_of(name: str, key: Ed25519PrivateKey, kind: int = 1) -> str:
    return str(Vkey(name, None, kind, key.public_key().public_bytes_raw()).serialize())  # type: ignore[no-untyped-call]


LOG_VKEY = vkey_of(ORIGIN, LOG)
RECEIPT_KEY = base64.urlsafe_b64encode(RECEIPTS.public_key().public_bytes_raw()).decode().rstrip("=")
POLICY = "\n".join(
    [
        "# 见证方 / witnesses",
        f"log {LOG_VKEY} https://{ORIGIN}/",
        *(f"witness {name} {vkey_of(f'{name}.example', key, 4)}" for name, key in WITNESSES.items()),
        f"group two 2 {' '.join(WITNESSES)}",
        "quorum two\n",
    ]
)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> bytes:
    """Returns canonical JSON of a value whose keys are ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def leaf(kind: str, *lines: str, contest: str = CONTEST) -> bytes:
    return "".join(f"{line}\n" for line in (f"voting/{kind}", contest, *lines)).encode()


def ballot_leaf(id: uuid.UUID, recorded: str, picks: int, commitment: bytes, contest: str = CONTEST) -> bytes:
    return leaf("ballot/v2", str(id), recorded, str(picks), b64(commitment), contest=contest)


def signature_line(name: str, key: Ed25519PrivateKey, text: bytes, kind: int = 1, at: int = COSIGNED_AT) -> str:
    """Returns a signature of a note; kind 4 is a witness' cosignature."""
    id = bytes.fromhex(vkey_of(name, key, kind).split("+")[1])
    made = key.sign(text) if kind == 1 else at.to_bytes(8) + key.sign(b"cosignature/v1\ntime %d\n" % at + text)
    return f"— {name} {b64(id + made)}\n"


def cosign(note: bytes, names: tuple[str, ...] = tuple(WITNESSES), at: int = COSIGNED_AT) -> bytes:
    """Adds the cosignatures of witnesses to a checkpoint."""
    text = note.partition(b"\n\n")[0] + b"\n"
    return note + "".join(signature_line(f"{name}.example", WITNESSES[name], text, 4, at) for name in names).encode()


def write_log(folder: Path, leaves: list[bytes], key: Ed25519PrivateKey = LOG, origin: str = ORIGIN) -> bytes:
    """Writes a log's directory; returns its checkpoint, which no witness has cosigned yet."""
    writer = TilesWriter.create(folder, origin)
    for entry in leaves:
        writer.add_leaf(entry)
    writer.commit([PlainEd25519Signer(origin, key)])
    return (folder / "checkpoint").read_bytes()


def proof_of(folder: Path, index: int, note: bytes) -> bytes:
    """Returns the tlog-proof of a leaf."""
    reader = TilesReader(LocalBackend(folder))
    size = Checkpoint.from_text(note.decode()).size
    reader.set_size(size)
    path = [b64(hash) for hash in reader.get_inclusion_proof(index, size).node_hashes]
    return "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *path, "", ""]).encode() + note


def batch_root(statements: list[bytes]) -> bytes:
    if len(statements) == 1:
        return hashlib.sha256(b"\0" + statements[0]).digest()
    split = 1 << (len(statements) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + batch_root(statements[:split]) + batch_root(statements[split:])).digest()


def hops_of(statements: list[bytes], place: int) -> bytes:
    if len(statements) == 1:
        return b""
    split = 1 << (len(statements) - 1).bit_length() - 1
    left, right = statements[:split], statements[split:]
    if place < split:
        return hops_of(left, place) + b"R" + batch_root(right)
    return hops_of(right, place - split) + b"L" + batch_root(left)


def receipt(statements: list[bytes], place: int, key: Ed25519PrivateKey = RECEIPTS) -> str:
    """Returns the receipt of one ballot of a batch."""
    signature = key.sign(b"voting receipts v1\0" + batch_root(statements))
    parts = (statements[place], hops_of(statements, place), signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@dataclass
class World:
    """A contest's documents, the leaves of its log, and what its seals hide."""

    documents: dict[str, bytes]
    leaves: list[bytes] = field(default_factory=list)
    ballots: list[tuple[int, list[bytes], int]] = field(default_factory=list)  # leaf, its batch, its place there
    raw: dict[str, int] = field(default_factory=dict)
    seals: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[list[Any]] = field(default_factory=list)  # lines of openings, as SPEC.md has them
    opened: list[list[Any]] = field(default_factory=list)  # of the ballots

    @property
    def picks(self) -> int:
        return sum(self.raw.values())


def documents() -> dict[str, bytes]:
    return {
        "contest.toml": f'id = "{CONTEST}"\ntitle = "大美科技特派团"\n'.encode(),
        "policy.toml": b'version = "2026.2"\n',
        "roster.csv": b"code,title\n" + "".join(f"{code},作品 {code}\n" for code in CODES).encode(),
        "witnesses.policy": POLICY.encode(),
        **{
            name: (VERIFIER / name).read_bytes()
            for name in ("verify.py", "verify.html", "README.zh.md", "README.en.md", "SPEC.md")
        },
    }


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def make_world(seed: int = 1, ballots: int = 300, days: int = 3) -> World:
    """Makes a contest of some days: opening, batches of ballots, decisions, acts, erasures, seals and the close."""
    dice = random.Random(seed)
    world = World(documents())
    hashes = {name: sha256(text) for name, text in world.documents.items()}
    closes = OPENS + timedelta(days=days)
    window = (f"opens {moment(OPENS)}", f"closes {moment(closes)}")
    signers = [f"certificate {vkey_of(name, key)}" for name, key in PERSONS.items()]
    world.leaves.append(
        leaf(
            "open/v1",
            moment(OPENS - timedelta(hours=1)),
            f"contest {hashes['contest.toml']}",
            f"receipts {RECEIPT_KEY}",
            f"policy {hashes['policy.toml']}",
            f"witnesses {hashes['witnesses.policy']}",
            *(f"{name.removesuffix('.csv')} {hashes[name]}" for name in ("roster.csv", "verify.py", "verify.html")),
            *window,
            *signers,
        )
    )
    made = 0
    for day in range(days):
        last = ballots * (day + 1) // days
        while made < last:
            count = min(dice.randint(1, 16), last - made)
            at = OPENS + timedelta(days=day, seconds=made * 86400 // max(ballots, 1) % 86000)
            add_batch(world, dice, [at + timedelta(seconds=dice.randint(0, 1)) for _ in range(count)])
            made += count
        add_evening(world, dice, OPENS + timedelta(days=day), window)
    counts = (f"ballots {ballots}", f"picks {world.picks}")
    world.leaves.append(leaf("close/v1", moment(closes), *counts))
    return world


def add_batch(world: World, dice: random.Random, moments: list[datetime]) -> None:
    statements: list[bytes] = []
    for at in moments:
        chosen = sorted(dice.sample(CODES, dice.randint(1, 5)))
        for code in chosen:
            world.raw[code] = world.raw.get(code, 0) + 1
        id = uuid.UUID(bytes=dice.randbytes(16), version=4)
        recorded_at = int(at.timestamp()) * 1_000_000 + dice.randrange(1_000_000)
        judged = ["hold", ["burst", "雷同"]] if dice.random() < 0.1 else ["count", []]
        judged.append(sha256(world.documents["policy.toml"]))
        salts, c_p = (dice.randbytes(16), dice.randbytes(16)), dice.randbytes(32)
        opened = [len(world.leaves) + len(statements), str(id), str(recorded_at), chosen]
        world.opened.append(
            ["ballot", *opened, b64(salts[0]), [b64(salts[1]), *judged], b64(state(salts[1], judged)), b64(c_p)]
        )
        statements.append(ballot_leaf(id, moment(at), len(chosen), commitment(world.opened[-1])))
    for place in range(len(statements)):
        world.ballots.append((len(world.leaves) + place, statements, place))
    world.leaves += statements


def state(salt: bytes, judged: list[Any]) -> bytes:
    """Returns the part of a commitment that hides state, reasons and policy."""
    return hashlib.sha256(b"voting state v2\0" + salt + canonical(judged)).digest()


def commitment(opened: list[Any]) -> bytes:
    """Returns the commitment that a line of openings opens."""
    _, _, id, recorded_at, picks, salt, _, c_s, c_p = opened
    of_picks = base64.b64decode(salt) + canonical([CONTEST, id, int(recorded_at), picks])
    parts = [hashlib.sha256(b"voting picks v2\0" + of_picks).digest(), *map(base64.b64decode, (c_s, c_p))]
    return hashlib.sha256(b"voting ballot v2\0" + b"".join(parts)).digest()


def decided(world: World, dice: random.Random) -> str:
    """Decides about some ballots; returns the root of the leaf."""
    policy = sha256(world.documents["policy.toml"])
    lines = [
        canonical([opened[2], dice.choice(["count", "hold", "void"]), ["雷同"], "review", policy, "", 1]).decode()
        for opened in dice.sample(world.opened, min(len(world.opened), 8))
    ]
    salted = [(dice.randbytes(16), line) for line in [*lines, "[]"]]
    world.decisions.append(["decisions", len(world.decisions) + 1, [[b64(salt), line] for salt, line in salted]])
    return batch_root([salt + line.encode() + b"\n" for salt, line in salted]).hex()


def figures(world: World) -> dict[str, dict[str, int]]:
    """Returns the votes of each entry by the states in force."""
    states = {
        id: state for _, _, lines in world.decisions for _, line in lines[:-1] for id, state in [json.loads(line)[:2]]
    }
    counts = {code: dict.fromkeys(("count", "hold", "void"), 0) for code in CODES}
    for opened in world.opened:
        for code in opened[4]:
            counts[code][states.get(opened[2], opened[6][1])] += 1
    return counts


def write_openings(file: Path, lines: list[list[Any]]) -> None:
    file.write_bytes(b"".join(canonical(line) + b"\n" for line in lines))


def add_evening(world: World, dice: random.Random, day: datetime, window: tuple[str, ...]) -> None:
    midnight, hashes = moment(day + timedelta(days=1)), {name: sha256(text) for name, text in world.documents.items()}
    salt, number = dice.randbytes(16), len(world.seals) + 1
    details = canonical({"note": "公告", "number": number}).decode()
    acts = (f"document {hashes['contest.toml']}", *window)
    world.leaves += [
        leaf(
            "decisions/v1",
            midnight,
            f"number {number}",
            f"policy {hashes['policy.toml']}",
            f"root {decided(world, dice)}",
        ),
        leaf("act/v1", midnight, "action contest.notice", f"details {details}", *acts),
        leaf("act/v1", midnight, "action account.add", f"details sha256:{'7' * 64}", acts[0]),
        leaf("erasure/v1", midnight, f"date {day:%Y-%m-%d}", f"voters {number}"),
        leaf(
            "seal/v1",
            midnight,
            f"day {day:%Y-%m-%d}",
            f"ballots {len(world.ballots)}",
            f"picks {world.picks}",
            f"raw {sha256(salt + canonical(world.raw))}",
        ),
    ]
    world.seals.append({"day": f"{day:%Y-%m-%d}", "picks": dict(world.raw), "salt": b64(salt)})


def certificate_leaf(size: int, root: bytes, manifest: bytes, number: int = 1) -> bytes:
    lines = (f"number {number}", f"policy {sha256(documents()['policy.toml'])}", f"size {size}", f"root {b64(root)}")
    return leaf("certificate/v1", "2026-11-24T08:00:00Z", *lines, f"manifest {sha256(manifest)}")


def certify(folder: Path, text: bytes, signers: list[tuple[str, Ed25519PrivateKey]] | None = None) -> None:
    """Signs the certificate."""
    signers = list(PERSONS.items()) if signers is None else signers
    note = text + b"\n" + "".join(signature_line(name, key, text) for name, key in signers).encode()
    (folder / "signatures" / "certificate").write_bytes(note)


def write_bundle(folder: Path, world: World) -> None:
    """Writes a certified bundle."""
    note = write_log(folder / "log", world.leaves)
    for name, data in world.documents.items():
        (folder / name).write_bytes(data)
    entries = [
        {
            "code": code,
            "counted": votes["count"],
            "held": votes["hold"],
            "raw": sum(votes.values()),
            "void": votes["void"],
        }
        for code, votes in figures(world).items()
    ]
    result = {"ballots": len(world.ballots), "contest": CONTEST, "entries": entries, "picks": world.picks}
    (folder / "result.json").write_bytes(canonical(result) + b"\n")
    (folder / "seals.json").write_bytes(canonical(world.seals) + b"\n")
    (folder / "proofs").mkdir()
    (folder / "proofs" / "close.tlog-proof").write_bytes(proof_of(folder / "log", len(world.leaves) - 1, note))
    (folder / "stamps").mkdir()
    (folder / "stamps" / "2026-11-22.checkpoint").write_bytes(note)
    (folder / "signatures").mkdir()
    (folder / "checkpoint.cosigned").write_bytes(cosign(note))
    seal_bundle(folder, world)


def seal_bundle(folder: Path, world: World, number: int = 1) -> None:
    """Writes the manifest of what lies there, the certificate with its proof, the stamps and the sums."""
    checkpoint = Checkpoint.from_text((folder / "log" / "checkpoint").read_text())
    attached = {"manifest.json", "SHA256SUMS", "checkpoint.cosigned", "signatures", "stamps"}
    core = {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in attached
    }
    manifest = {
        "ballots": len(world.ballots),
        "certification": number,
        "certified_at": "2026-11-24T08:00:00Z",
        "contest": CONTEST,
        "files": core,
        "format": "voting/bundle/v1",
        "log": {"origin": ORIGIN, "root": b64(checkpoint.root_hash), "size": checkpoint.size},
        "picks": world.picks,
        "versions": {"voting": "0.1.0"},
        "witnesses": "quorum",
    }
    (folder / "manifest.json").write_bytes(canonical(manifest) + b"\n")
    text = certificate_leaf(checkpoint.size, checkpoint.root_hash, (folder / "manifest.json").read_bytes(), number)
    certify(folder, text)
    longer = folder.with_name(folder.name + "-longer")
    note = cosign(write_log(longer, [*world.leaves, text]))
    (folder / "signatures" / "certificate.tlog-proof").write_bytes(proof_of(longer, checkpoint.size, note))
    shutil.rmtree(longer)
    shutil.copy(folder / "signatures" / "certificate", folder / "stamps" / "certificate")
    for name in ("2026-11-22.checkpoint", "certificate"):
        stamp(folder / "stamps" / name)
    write_sums(folder)


def stamp(path: Path) -> None:
    """Writes the part of a time stamp token that says what is stamped."""
    algorithm = bytes.fromhex("300d06096086480165030402010500")
    imprint = algorithm + b"\x04\x20" + hashlib.sha256(path.read_bytes()).digest()
    path.with_name(path.name + ".tsr").write_bytes(b"\x30\x80" + b"\x30\x31" + imprint)


def write_sums(folder: Path) -> None:
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = [f"{sha256((folder / name).read_bytes())}  {name}\n" for name in files if name != "SHA256SUMS"]
    (folder / "SHA256SUMS").write_text("".join(lines))
