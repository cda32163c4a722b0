"""Signed notes: an example of signed-note's own, and what is refused."""

from __future__ import annotations

import pytest

from voting.domain.transparency.note import Checkpoint, proof_text, read_note, read_proof, signature_line
from voting.domain.verifier_key import LOG_KEY, VerifierKey, read_key

# Of Go's sumdb/note, whose format signed-note describes.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
KEY = VerifierKey("example.org/log/x", LOG_KEY, bytes(range(32)))
NOTE = Checkpoint(KEY.name, 7, b"r" * 32).body() + "\n" + signature_line(KEY, b"s" * 64)


def test_keys_are_written_and_read_as_others_do() -> None:
    assert str(read_key(GO_KEY)) == GO_KEY
    assert read_key(GO_KEY).name == "PeterNeumann"
    assert read_key(str(KEY)) == KEY


@pytest.mark.parametrize("bad", ["", "name", "name+00000000+AQ==", GO_KEY.replace("c7", "c8"), GO_KEY[:-4]])
def test_what_is_no_key_is_refused(bad: str) -> None:
    with pytest.raises(ValueError):
        read_key(bad)


def test_a_checkpoint_is_read_back_whatever_signatures_it_has() -> None:
    other = "\u2014 witness.example AAAAAAAAAAAAAAAA\n"
    checkpoint, body, signatures = read_note(NOTE + other)
    assert checkpoint == Checkpoint(KEY.name, 7, b"r" * 32)
    assert NOTE.startswith(body + "\n")
    assert (signatures[0].name, signatures[0].signature) == (KEY.name, b"s" * 64)
    assert "".join(each.line for each in signatures) == NOTE[len(body) + 1 :] + other


@pytest.mark.parametrize(
    "bad",
    ["", NOTE[:-1], NOTE.replace("\n7\n", "\n07\n"), NOTE.replace("\n7\n", "\n-7\n"), NOTE.replace("\n\n", "\n")],
)
def test_what_is_no_checkpoint_is_refused(bad: str) -> None:
    with pytest.raises(ValueError):
        read_note(bad)


def test_a_proof_is_read_back() -> None:
    text = proof_text(3, [b"a" * 32, b"b" * 32], NOTE)
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
    assert read_proof(text) == (3, [b"a" * 32, b"b" * 32], NOTE)
    assert read_proof(text.replace("@v1\n", "@v1\nextra QQ==\n")).leaf_index == 3
    for bad in (text.replace("@v1", "@v2"), text.replace("index 3", "index 03"), text.replace("\n\n", "\n"), ""):
        with pytest.raises(ValueError):
            read_proof(bad)
