"""A policy's file: its version, its hash, and every fault with its line."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

import pytest

from voting.errors import FileInvalid
from voting.fraud.policy import read_policy
from voting.services.fraud.policy_files import DEFAULT, load_policy

TEXT = (files("voting.fraud") / "policies" / DEFAULT / "rules.toml").read_text("utf-8")


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
        ("growth = 0.2", 'growth = "x"', "sweep.growth: 'x' does not fit; write a number"),
        ("growth = 0.2", "growth = 1.5", "sweep.growth: 1.5 is too large; at most 1"),
        ("past_hours = 24", "past_hours = 0", "sweep.past_hours: 0 is too small; at least 1"),
        ("past_days = 4", "past_days = -1", "sweep.past_days: -1 is too small; at least 0"),
        ("hours = 8\n", "hours = 0\n", "sweep.hours: 0 is too small; at least 1"),
        ("hours = 8\n", f"hours = 1{'0' * 400}\n", "sweep.hours: 1000"),
        ("every_minutes = 5", "every_minutes = nan", "sweep.every_minutes: nan does not fit; write a number"),
        ("every_minutes = 5", "every_minutes = inf", "sweep.every_minutes: inf is too large; at most 1440"),
        ("every_minutes = 5", f"every_minutes = 1{'0' * 400}", "sweep.every_minutes: 1000"),
        ("every_minutes = 5", "every_minutes = 0", "sweep.every_minutes: 0.0 is too small; at least 0.05"),
        ("every_minutes = 5", "every_minutes = -5", "sweep.every_minutes: -5.0 is too small; at least 0.05"),
        ("every_minutes = 5", "every_minute = 5", "sweep.every_minute: is not a known key; did you mean `every_minu"),
        ("wait_minutes = 50", "wait_minutes = -1", "sweep.wait_minutes: -1.0 is too small; at least 0"),
        ("[sweep.nearline]", "[sweep.nearlin]", "sweep.nearlin: is not a known key; did you mean `nearline`?"),
        ("past_days = 4", "foo = 7", "sweep.foo: is not a known key; known here: model"),
        ("least_group = 5", "foo = 7", "sweep.nearline.foo: is not a known key"),
        ("least_group = 5", "least_group = 0", "sweep.nearline.least_group: 0 is too small; at least 1"),
        ("least_probability = 0.15", "least_probability = 15", "sweep.nearline.least_probability: 15.0 is too large"),
        ("least_probability = 0.2", "least_probability = -1", "sweep.certification.least_probability: -1.0 is too sm"),
        ('model_sha256 = "', 'model_sha256 = "x', "sweep.model_sha256: "),
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


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="no such file or directory"):
        load_policy(tmp_path / "none.toml")
