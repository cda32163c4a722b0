"""A policy's file: its version, its hash, and every fault with its line."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

import pytest

from voting.errors import FileInvalid
from voting.fraud.policy import read_policy
from voting.services.fraud.policy_files import DEFAULT, load_policy

TEXT = (files("voting.fraud") / "policies" / f"{DEFAULT}.toml").read_text("utf-8")


def test_the_packaged_policy_is_known_by_its_version_and_hash() -> None:
    policy = load_policy()
    assert policy.version == DEFAULT
    assert policy.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert policy.online.reading[0].below == 150


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hold = 75", "hold = 'much'", "online.hold: 'much' does not fit; write a whole number"),
        ("hold = 75", "hold = 40", "online.hold: 40 is too small; at least challenge = 50"),
        ("families = 2", "families = 1", "online.families: 1 is too small; at least 2"),
        ("C = 60", "C = 75", "online.caps.C: is too large; below hold = 75, for no family holds a ballot by itself"),
        (
            "automation = 16",
            "automaton = 30",
            "online.headers.automaton: is not a known key; did you mean `automation`?",
        ),
        ("points = 30", "points = -1", "online.voters.points: -1 is too small; at least 0"),
        ('version = "2026.2"', "", "version: is missing"),
        ("least = 30\npoints = 10", "least = 30\npoints = 48", "online.crowd: has too large points"),
        ("[sweep]", "sweep = 3 #", "sweep: "),
        (TEXT[TEXT.index("[sweep]") :], "", "file, sweep: is missing; add it"),
        ("[online]", "[online", "is not TOML"),
    ],
)
def test_every_fault_is_named_with_its_line(old: str, new: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    file.write_text(text, "utf-8")
    with pytest.raises(FileInvalid) as raised:
        load_policy(file)
    assert message in str(raised.value)
    assert "mine.toml: " in str(raised.value)


def test_the_line_is_that_of_the_key() -> None:
    line = TEXT.splitlines().index("C = 60") + 1
    with pytest.raises(FileInvalid, match=rf"policy: line {line}, online.caps.C"):
        read_policy(TEXT.replace("C = 60", "C = 90"))


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(TEXT.replace("\n", "\r\n").encode())
    policy = load_policy(file)
    assert policy.sha256 == hashlib.sha256(file.read_bytes()).hexdigest() != load_policy().sha256
    assert (policy.online, policy.sweep) == (load_policy().online, load_policy().sweep)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="cannot be read"):
        load_policy(tmp_path / "none.toml")
