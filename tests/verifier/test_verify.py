"""verify.py: signatures against RFC 8032 and cryptography, receipts, proofs, promises, and what it refuses to check."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.verifier import made
from tests.verifier.conftest import Verify

ORDER = 2**252 + 27742317777372353535851937790883648493
# RFC 8032, section 7.1: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


def signatures(count: int) -> list[tuple[bytes, bytes, bytes]]:
    """Returns signatures that hold, and others: a bit flipped anywhere, and one whose scalar is too great."""
    dice, made_up = random.Random(8032), []
    for _ in range(count):
        key, message = Ed25519PrivateKey.from_private_bytes(dice.randbytes(32)), dice.randbytes(dice.randrange(80))
        triple = [key.public_key().public_bytes_raw(), message, key.sign(message)]
        made_up.append((triple[0], triple[1], triple[2]))
        part = dice.choice([0, 2])
        bent = bytearray(triple[part])
        bent[dice.randrange(len(bent))] ^= 1 << dice.randrange(8)
        triple[part] = bytes(bent)
        made_up.append((triple[0], triple[1], triple[2]))
    public, message, signature = made_up[0]
    too_great = int.from_bytes(signature[32:], "little") + ORDER
    return [*made_up, (public, message, signature[:32] + too_great.to_bytes(32, "little")), (public, message, b"")]


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_ed25519_is_that_of_the_rfc_and_of_cryptography(program: ModuleType) -> None:
    for vector in RFC_8032:
        public, message, signature = map(bytes.fromhex, vector)
        assert program.ed25519_verify(public, message, signature)
        assert not program.ed25519_verify(public, message + b"\0", signature)
    cases = signatures(30)
    assert [program.ed25519_verify(*case) for case in cases] == [holds(*case) for case in cases]


@pytest.fixture(scope="module")
def world() -> made.World:
    return made.make_world()


@pytest.fixture(scope="module")
def log(world: made.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log") / "log"
    note = made.cosign(made.write_log(folder, world.leaves))
    (folder / "checkpoint").write_bytes(note)
    return folder


@pytest.fixture
def held(world: made.World, log: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A voter's receipt and proof."""
    index, statements, place = next(ballot for ballot in world.ballots if len(ballot[1]) > 5 and ballot[2] == 3)
    receipt, proof = tmp_path / "receipt.txt", tmp_path / "ballot.tlog-proof"
    receipt.write_text(made.receipt(statements, place) + "\n")
    proof.write_bytes(made.proof_of(log, index, (log / "checkpoint").read_bytes()))
    return receipt, proof


def test_every_receipt_and_proof_of_a_log_holds(
    verify: Verify, world: made.World, log: Path, policy: Path, tmp_path: Path
) -> None:
    receipts = []
    for index, statements, place in random.Random(2).sample(world.ballots, 40):
        receipts.append(tmp_path / f"{index}.txt")
        receipts[-1].write_text(made.receipt(statements, place))
        (tmp_path / "proof").write_bytes(made.proof_of(log, index, (log / "checkpoint").read_bytes()))
        arguments = ("--receipt", receipts[-1], "--policy", policy, "--receipt-key", made.RECEIPT_KEY)
        verdict = verify("proof", tmp_path / "proof", *arguments)
        assert (verdict.status, verdict.findings) == (0, [])
        assert f"Entry {index} of a log of {len(world.leaves)}" in verdict.words
    named = [argument for receipt in receipts for argument in ("--receipt", receipt)]
    verdict = verify("log", log, "--policy", policy, "--receipt-key", made.RECEIPT_KEY, *named)
    assert (verdict.status, verdict.findings) == (0, [])
    assert verdict.words.count("of the log.") == len(receipts)


def parts(receipt: str) -> list[bytes]:
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in receipt.strip().split(".")]


def joined(*parts: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize("part", ["statement", "path", "signature", "hop", "padding", "text"])
def test_a_bent_receipt_is_named(
    verify: Verify, world: made.World, held: tuple[Path, Path], policy: Path, log: Path, part: str
) -> None:
    receipt, proof = held
    own, other = parts(receipt.read_text()), parts(made.receipt(world.ballots[-1][1], 0))
    bent = {
        "statement": joined(other[0], own[1], own[2]),
        "path": joined(own[0], own[1][33:], own[2]),
        "signature": joined(own[0], own[1], other[2]),
        "hop": joined(own[0], b"X" + own[1][1:], own[2]),
        "padding": receipt.read_text().strip() + "==",
        "text": "not a receipt",
    }
    receipt.write_text(bent[part])
    key = ("--receipt-key", made.RECEIPT_KEY)
    assert verify("receipt", receipt, *key).codes == {"receipt"}
    verdict = verify("proof", proof, "--receipt", receipt, "--policy", policy, *key)
    assert (verdict.status, verdict.codes) == (1, {"receipt"})
    assert verify("log", log, "--policy", policy, "--receipt", receipt, *key).codes == {"receipt"}


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("index", "inclusion"),
        ("dropped", "inclusion"),
        ("added", "inclusion"),
        ("exchanged", "inclusion"),
        ("older checkpoint", "inclusion"),
        ("unsigned", "signature"),
        ("not a proof", "format"),
        ("short hash", "format"),
    ],
)
def test_a_bent_proof_is_named(
    verify: Verify, world: made.World, held: tuple[Path, Path], policy: Path, tmp_path: Path, part: str, code: str
) -> None:
    receipt, proof = held
    head, _, note = proof.read_bytes().partition(b"\n\n")
    lines = head.split(b"\n")
    if part == "index":
        lines[1] = b"index %d" % (int(lines[1].split()[1]) + 1)
    elif part == "dropped":
        del lines[-1]
    elif part == "added":
        lines.append(lines[-1])
    elif part == "exchanged":
        lines[2], lines[3] = lines[3], lines[2]
    elif part == "older checkpoint":
        note = made.cosign(made.write_log(tmp_path / "older", world.leaves[:250]))
    elif part == "unsigned":
        note = note.partition("— notary".encode())[0].replace(b"\n\n", b"\n1\n\n")
    elif part == "not a proof":
        lines[0] = b"c2sp.org/tlog-proof@v2"
    elif part == "short hash":
        lines[2] = b"AAAA"
    proof.write_bytes(b"\n".join(lines) + b"\n\n" + note)
    verdict = verify("proof", proof, "--receipt", receipt, "--policy", policy)
    assert (verdict.status, verdict.codes) == (1, {code})


def test_a_promise_without_a_leaf_is_named(verify: Verify, world: made.World, policy: Path, tmp_path: Path) -> None:
    """The queue's row was deleted: the log holds later leaves, but not this one."""
    index, statements, place = world.ballots[40]
    (tmp_path / "receipt").write_text(made.receipt(statements, place))
    made.write_log(tmp_path / "log", [*world.leaves[:index], *world.leaves[index + 1 :]])
    (tmp_path / "young").mkdir()
    made.write_log(tmp_path / "young" / "log", world.leaves[:index])
    arguments = ("--vkey", made.LOG_VKEY, "--receipt", tmp_path / "receipt", "--receipt-key", made.RECEIPT_KEY)
    assert "promise" in verify("log", tmp_path / "log", *arguments).codes
    assert verify("log", tmp_path / "young" / "log", *arguments).status == 0


def test_a_receipt_of_another_contest_breaks_no_promise(
    verify: Verify, log: Path, policy: Path, tmp_path: Path
) -> None:
    statement = made.ballot_leaf(uuid.UUID(int=5), "2026-11-20T08:00:00Z", 1, bytes(32), contest="other-2026")
    # Notepad begins a file with a byte order mark.
    (tmp_path / "receipt").write_text("\ufeff" + made.receipt([statement], 0) + "\r\n", "utf-8")
    key = ("--receipt-key", made.RECEIPT_KEY)
    assert verify("receipt", tmp_path / "receipt", *key).status == 0
    assert verify("log", log, "--policy", policy, "--receipt", tmp_path / "receipt", *key).codes == {"receipt"}


def test_signatures_may_stand_in_any_order_and_be_of_strangers(
    verify: Verify, log: Path, policy: Path, tmp_path: Path
) -> None:
    head, _, tail = (log / "checkpoint").read_text().partition("\n\n")
    stranger = made.signature_line("stranger.example", made.STRANGER, (head + "\n").encode(), 4)
    lines = [stranger, *tail.splitlines(keepends=True)]
    kept = tmp_path / "kept"
    for _ in range(4):
        lines = [lines[-1], *lines[:-1]]
        kept.write_text(head + "\n\n" + "".join(lines))
        assert verify("log", log, "--policy", policy, "--checkpoint", kept).findings == []


def test_a_plus_in_a_key_is_part_of_it(program: ModuleType) -> None:
    """base64 has a plus: only the first two part a vkey."""
    dice = random.Random(3)
    vkeys = [made.vkey_of("a.example/log", Ed25519PrivateKey.from_private_bytes(dice.randbytes(32))) for _ in range(20)]
    assert any(vkey.count("+") > 2 for vkey in vkeys)
    for vkey in vkeys:
        assert program.parse_vkey(vkey, 1).name == "a.example/log"


@pytest.mark.parametrize(
    "text",
    [
        f"log {made.LOG_VKEY}\n",
        "quorum none\n",
        f"log {made.LOG_VKEY}\nquorum two\n",
        f"log {made.LOG_VKEY}\nlog {made.LOG_VKEY}\nquorum none\n",
        f"log {made.LOG_VKEY[:-4]}AAA=\nquorum none\n",
        made.POLICY.replace("two 2 notary press", "two 2 notary notary"),
        made.POLICY.replace("two 2", "two 4"),
        made.POLICY + "quorum none\n",
        made.POLICY.replace("group two", "group notary"),
    ],
)
def test_a_policy_that_says_nothing_clear_is_refused(verify: Verify, log: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "policy").write_text(text)
    assert verify("log", log, "--policy", tmp_path / "policy").status == 2


def test_a_log_s_key_is_never_taken_from_the_log(verify: Verify, log: Path) -> None:
    assert verify("log", log).status == 2
    stranger = made.vkey_of(made.ORIGIN, made.STRANGER)
    assert verify("log", log, "--vkey", stranger).codes == {"signature"}


@pytest.mark.parametrize("python", [sys.executable, "python3.9"])
def test_it_runs_as_a_program_without_anything_else(log: Path, policy: Path, tmp_path: Path, python: str) -> None:
    """Isolated from site packages, from another directory, with findings on standard output."""
    # A version manager may answer to the name of a Python that is not there.
    if not shutil.which(python) or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"{python} is not installed here")
    program = [python, "-I", "-S", str(made.VERIFIER / "verify.py")]

    def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
        command = [*program, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)

    assert run("log", log, "--policy", policy).returncode == 0
    (tmp_path / "receipt").write_text("no.receipt.here")
    done = run("receipt", "receipt", "--receipt-key", made.RECEIPT_KEY, "--json")
    assert done.returncode == 1
    assert [json.loads(line)["code"] for line in done.stdout.splitlines()] == ["receipt"]
    done = run("log", "nowhere", "--policy", policy)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere: no such directory" in done.stderr


def test_what_is_printed_cannot_take_over_the_terminal(verify: Verify, world: made.World, tmp_path: Path) -> None:
    """A forged log may name a signer or an incident with escape sequences, to paint another verdict."""
    painted = "\x9b2J\u202e no finding"
    leaves = [*world.leaves, made.leaf("incident/v1", "2026-11-23T00:00:01Z", f"where {painted}")]
    leaves.append(made.leaf("incident/v1", "2026-11-23T00:00:01Z", "what \x1b[2J"))
    made.write_log(tmp_path / "log", leaves)
    verdict = verify("log", tmp_path / "log", "--vkey", made.LOG_VKEY)
    assert [finding["code"] for finding in verdict.findings] == ["format", "format"]
    assert painted in verdict.findings[0]["found"]
    assert not set(verdict.words) & set("\x1b\x9b\u202e")
