"""Receipts as people send them on: wrapped, spaced, quoted, with what nobody sees between."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.test_cli import run
from tests.conftest import SECRET
from voting.domain.ballots import merkle
from voting.domain.ballots.ballot import Receipt
from voting.services.identity.keyring import Keyring, check_receipt, receipt_text

KEYRING = Keyring(SECRET.encode())
STATEMENTS = [Receipt("demo", name, datetime.now(UTC), b"x" * 32).statement() for name in ("one", "two")]
ROOT, PATHS = merkle.tree([merkle.leaf_hash(statement) for statement in STATEMENTS])
RECEIPT = receipt_text(STATEMENTS[0], PATHS[0], KEYRING.sign(ROOT))


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(textwrap.wrap(RECEIPT, 76)),
        "\r\n> ".join(textwrap.wrap(RECEIPT, 40)),
        f"  「{RECEIPT}」 ",
        f"“{RECEIPT}”\n",
        f"'{RECEIPT}'",
        f"`{RECEIPT}`",
        "\u200b".join(textwrap.wrap(RECEIPT, 30)),
        "\u00ad\n\ufeff".join(textwrap.wrap(RECEIPT, 30)),
        "\u3000".join(textwrap.wrap(RECEIPT, 20)),
        "\u00a0\u2060".join(RECEIPT),
    ],
)
def test_a_receipt_that_was_wrapped_on_its_way_is_genuine(text: str) -> None:
    statement = check_receipt(KEYRING.public_key, text)
    assert statement
    assert statement.splitlines()[:3] == ["voting receipt v1", "demo", "one"]


@pytest.mark.parametrize("text", [RECEIPT[:-1], RECEIPT + "A", RECEIPT.replace(".", "", 1), "", "收据", f"x{RECEIPT}"])
def test_truncated_or_extended_receipts_are_not_genuine(text: str) -> None:
    assert check_receipt(KEYRING.public_key, text) is None


def test_the_command_takes_the_pieces_that_a_shell_makes_of_it_or_its_file(tmp_path: Path) -> None:
    file = tmp_path / "receipt.txt"
    file.write_text(RECEIPT + "\n", "utf-8")
    for given in (textwrap.wrap(RECEIPT, 50), [str(file)]):
        done = run("verify", "receipt", "--public-key", f" {KEYRING.public_key}\n", *given)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[2] == "one"
