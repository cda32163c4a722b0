"""The vectors of SPEC.md: made here by other means, printed there, and accepted by verify.py."""

from __future__ import annotations

import ast
import base64
import hashlib
import re
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.verifier import made
from tests.verifier.conftest import Verify

SPEC = (made.VERIFIER / "SPEC.md").read_text("utf-8")


def committed() -> bytes:
    """Returns C of the vector's ballot."""
    ballot, policy = "86fdc500-a02b-4a16-9025-ab1186b9c35f", made.sha256(b"policy")
    recorded = int(datetime(2026, 11, 20, 8, 15, 31, tzinfo=UTC).timestamp()) * 1_000_000 + 123_456
    picks = made.canonical([made.CONTEST, ballot, recorded, ["A003", "A017"]])
    state = made.canonical(["hold", ["雷同", "burst"], policy])
    parts = (
        b"voting picks v2\0" + b"\x11" * 16 + picks,
        b"voting state v2\0" + b"\x12" * 16 + state,
        b"voting person v2\0" + b"\x13" * 16 + b"\x14" * 32 + b'{"class": "phone"}',
    )
    return hashlib.sha256(b"voting ballot v2\0" + b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def vectors(folder: Path) -> dict[str, str]:
    ids = [uuid.UUID("86fdc500-a02b-4a16-9025-ab1186b9c35f"), uuid.UUID(int=1), uuid.UUID(int=2)]
    batch = [
        made.ballot_leaf(id, "2026-11-20T08:15:31Z", 2, committed() if place == 0 else bytes([place]) * 32)
        for place, id in enumerate(ids)
    ]
    opened = made.leaf(
        "open/v1",
        "2026-11-19T23:00:00Z",
        f"contest {made.sha256(b'contest')}",
        f"receipts {made.RECEIPT_KEY}",
        f"policy {made.sha256(b'policy')}",
        f"witnesses {made.sha256(b'witnesses')}",
        "opens 2026-11-20T00:00:00Z",
        "closes 2026-11-23T00:00:00Z",
    )
    leaves = [opened, *batch, made.leaf("close/v1", "2026-11-23T00:00:00Z", "ballots 3", "picks 6")]
    note = made.cosign(made.write_log(folder / "log", leaves), ("notary",))
    return {
        "the log's vkey": made.LOG_VKEY,
        "the witness' vkey": made.vkey_of("notary.example", made.WITNESSES["notary"], 4),
        "the receipt key": made.RECEIPT_KEY,
        "a ballot's leaf": batch[0].decode(),
        "its leaf hash in hex": hashlib.sha256(b"\0" + batch[0]).hexdigest(),
        "its receipt, the first of a batch of three": made.receipt(batch, 0),
        "its tlog-proof in a log of five leaves": made.proof_of(folder / "log", 1, note).decode(),
    }


@pytest.fixture(scope="module")
def printed() -> dict[str, str]:
    blocks = re.findall(r"^([A-Za-z][^\n]*):\n\n```\n(.*?)\n?```$", SPEC, re.MULTILINE | re.DOTALL)
    return {name[0].lower() + name[1:]: text for name, text in blocks}


def test_the_vectors_are_those_that_other_programs_make(printed: dict[str, str], tmp_path: Path) -> None:
    assert printed == {name: text.rstrip("\n") for name, text in vectors(tmp_path).items()}


def test_the_verifier_accepts_the_vectors(verify: Verify, printed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "receipt").write_text(printed["its receipt, the first of a batch of three"])
    (tmp_path / "proof").write_text(printed["its tlog-proof in a log of five leaves"] + "\n")
    log, witness = printed["the log's vkey"], printed["the witness' vkey"]
    (tmp_path / "policy").write_text(f"log {log}\nwitness notary {witness}\nquorum notary\n")
    key = ("--receipt-key", printed["the receipt key"])
    assert verify("receipt", tmp_path / "receipt", *key).status == 0
    proof = ("proof", tmp_path / "proof", "--receipt", tmp_path / "receipt", "--policy", tmp_path / "policy", *key)
    assert verify(*proof).status == 0
    statement = printed["its receipt, the first of a batch of three"].partition(".")[0]
    assert base64.urlsafe_b64decode(statement + "==").decode().rstrip("\n") == printed["a ballot's leaf"]


def test_it_needs_the_standard_library_of_python_39_alone() -> None:
    tree = ast.parse((made.VERIFIER / "verify.py").read_text("utf-8"), feature_version=(3, 9))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {str(name).partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_every_finding_is_specified(program: object) -> None:
    """Each code of the verifiers stands in SPEC.md, and each belongs to one sentence of the verdict."""
    for name in ("verify.py", "verify.html"):
        text = (made.VERIFIER / name).read_text("utf-8")
        codes = set(re.findall(r'(?:Finding|expect)\(\s*"([a-z]+)"', text))
        assert {"signature", "leaf", "inclusion"} <= codes
        assert all(f"`{code}`" in SPEC for code in codes)
    claimed = [code for codes, _, _ in vars(program)["CLAIMS"].values() for code in codes]
    assert len(claimed) == len(set(claimed))
    assert codes <= {*claimed}
