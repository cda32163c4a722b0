"""Simulated outcomes under changed rules."""

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


def test_another_scope_or_cut_lists_moved_entries_with_reasons(tmp_path: Path) -> None:
    one, two = pair(tmp_path, 'scope = "finalists"', 'scope = "all"')
    votes = tmp_path / "votes.csv"
    # 130 entries: generated marks may exclude the clear leader of the vote; use it for every seed to see.
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


def test_a_roster_with_given_votes_and_marks_by_hand(tmp_path: Path) -> None:
    """Three works, all in the final; experts 90, 80, 70 of 100, picks 0, 50, 100.

    8 x 0.9 = 7.2; 8 x 0.8 + 2 x 50/100 = 7.4; 8 x 0.7 + 2 = 7.6. With 4 points for the public instead of 2:
    7.2; 6.4 + 2 = 8.4; 5.6 + 4 = 9.6: nobody's place changes. With 1 point: 7.2; 6.9; 6.6: V1 and V3 change places.
    """
    head = "code,title,author,category,recommender,nomination,加盖公章,作者手写签字,配乐,真人出镜"
    rows = [f"V{n},作品{n},作者{n},推广科技成果,单位{n},own,是,是,是,是" for n in (1, 2, 3)]
    roster, votes, marks = (tmp_path / name for name in ("roster.csv", "votes.csv", "marks.csv"))
    roster.write_text("\n".join([head, *rows]), "utf-8")
    votes.write_text("entry,value\nV2,50\nV3,100\n", "utf-8")
    given = [f"J,V{n},{mark},{mark},{mark},{mark}" for n, mark in ((1, 90), (2, 80), (3, 70))]
    marks.write_text("\n".join(["judge,entry,科学性,创新性,实用性,艺术性", *given]), "utf-8")
    options = ["--roster", str(roster), "--votes", str(votes), "--marks", f"first={marks}", "--marks", f"final={marks}"]
    one, more = pair(tmp_path, 'source = "public"\npoints = 2', 'source = "public"\npoints = 4')
    order = json.loads(run("contest", "simulate", one, *options, "--json").stdout)
    assert [(row["entry"], row["final"]) for row in order] == [("V3", "7.6000"), ("V2", "7.4000"), ("V1", "7.2000")]
    assert run("contest", "simulate", one, "--against", more, *options, "--json").stdout.strip() == "[]"
    one, less = pair(tmp_path, 'source = "public"\npoints = 2', 'source = "public"\npoints = 1')
    turned = json.loads(run("contest", "simulate", one, "--against", less, *options, "--json").stdout)
    assert [(row["entry"], row["after"]["final"]) for row in turned] == [("V1", "7.2000"), ("V3", "6.6000")]


def test_bad_input_is_named(tmp_path: Path) -> None:
    one, _ = pair(tmp_path, "days = 10", "days = 11")
    refused = run("contest", "simulate", one, "--marks", "semi=x.csv")
    assert (refused.returncode, "one of: first, final" in refused.stderr) == (1, True)
