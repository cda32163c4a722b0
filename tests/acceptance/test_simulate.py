"""What-if over rules."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from tests.acceptance.test_cli import run

RULES = (files("voting") / "contests" / "004-science-envoys.toml").read_text("utf-8")


def pair(tmp_path: Path, old: str, new: str) -> tuple[str, str]:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text(RULES, "utf-8")
    assert old in RULES
    two.write_text(RULES.replace(old, new), "utf-8")
    return str(one), str(two)


def test_the_same_rules_change_nothing_and_the_same_seed_gives_the_same_order(tmp_path: Path) -> None:
    one, two = pair(tmp_path, "days = 10", "days = 11")
    assert run("contest", "simulate", one, "--against", two, "--json").stdout.strip() == "[]"
    first, second = run("contest", "simulate", one, "--seed", "3"), run("contest", "simulate", one, "--seed", "3")
    assert first.stdout == second.stdout
    assert len(first.stdout.splitlines()) == 130
    assert run("contest", "simulate", one, "--seed", "4").stdout != first.stdout


def test_another_scope_and_another_cut_say_who_moves_and_why(tmp_path: Path) -> None:
    one, two = pair(tmp_path, 'scope = "finalists"', 'scope = "all"')
    votes = tmp_path / "votes.csv"
    # 130 entries: the leader by far is the one that the made-up marks may leave out; give it to every seed to see.
    votes.write_text("entry,value\n" + "\n".join(f"E{n:03d},{100_000 // n}" for n in range(1, 131)), "utf-8")
    moved = None
    for seed in range(1, 30):
        done = run("contest", "simulate", one, "--against", two, "--votes", str(votes), "--seed", str(seed), "--json")
        assert done.returncode == 0, done.stderr
        moved = json.loads(done.stdout)
        if moved:
            break
    assert moved
    assert {row["why"] for row in moved} <= {"its public points change", "others pass it or fall behind"}
    one, two = pair(tmp_path, "keep = 100", "keep = 80")
    smaller = json.loads(run("contest", "simulate", one, "--against", two, "--json").stdout)
    assert sum(row["why"] == "no longer passes the cuts" for row in smaller) == 20


def test_bad_input_is_named(tmp_path: Path) -> None:
    one, _ = pair(tmp_path, "days = 10", "days = 11")
    refused = run("contest", "simulate", one, "--marks", "semi=x.csv")
    assert (refused.returncode, "one of: first, final" in refused.stderr) == (1, True)
