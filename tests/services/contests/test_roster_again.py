"""Importing a roster again: correct counts; missing entries are named, and removed only before the opening."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, contest_text, environment_of
from voting.domain.entry import Entry
from voting.errors import RosterSealed
from voting.settings import Settings
from voting.wiring.admin import AdminServices

QUOTA = "[[quota]]\npicks = 5\n"
HEAD = "code,title,author,category\n"
FIRST = f"{HEAD}17,标题一,张三,类别一\nA002,标题二,李四,类别二\nA003,撤回的作品,王五,类别二\n"
SECOND = f"{HEAD}A017,标题一,张三,类别一\nA002,标题二,李四,类别二\n"


def roster(*codes: str, title: str = "作品") -> list[Entry]:
    return [Entry(code, title, "作者", "one") for code in codes]


async def upcoming(contests: Contests, *codes: str) -> str:
    contest = await contests.make(QUOTA, opens=timedelta(days=1), entries=0)
    async with contests.office() as office:
        await office.contest_admin.import_roster(contest, roster(*codes), {})
    return contest


async def codes_of(office: AdminServices, contest: str) -> list[str]:
    return [*(await office.contest_cache.renew(contest)).entries]


def test_the_command_prints_its_changes_and_missing_entries(settings: Settings, tmp_path: Path) -> None:
    env, id = environment_of(settings), f"again-{secrets.token_hex(4)}"
    file, first, second = tmp_path / "c.toml", tmp_path / "first.csv", tmp_path / "second.csv"
    file.write_text(contest_text(id, QUOTA, timedelta(days=1), timedelta(days=9)), "utf-8")
    first.write_text(FIRST, "utf-8")
    second.write_text(SECOND, "utf-8")
    assert run("contest", "create", str(file), env=env).returncode == 0
    done = run("roster", "import", str(first), "--contest", id, env=env)
    assert f"3 entries are in contest '{id}': 3 new, 0 changed, 0 unchanged\n" in done.stderr, done.stderr
    done = run("roster", "import", str(second), "--contest", id, env=env)
    assert f"4 entries are in contest '{id}': 1 new, 0 changed, 1 unchanged, 2 that the file lacks" in done.stderr
    assert "still in the contest: 17, A003; to take them out: --replace before" in done.stderr
    done = run("roster", "import", str(second), "--contest", id, "--replace", env=env)
    assert f"2 entries are in contest '{id}': 0 new, 0 changed, 2 unchanged\n" in done.stderr
    assert "removed, because the file lacks them: 17, A003" in done.stderr
    left = json.loads(run("results", "--contest", id, env=env).stdout)["entries"]
    assert [each["entry"] for each in left] == ["A002", "A017"]


async def test_entries_similar_to_stored_ones_are_refused(
    contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path
) -> None:
    rules = f'{QUOTA}[[nomination]]\nid = "unit"\nname = "推荐单位"\nmost = 9\n'
    contest = await contests.make(rules, opens=timedelta(days=1), entries=0)
    named = [
        Entry(code, "作品", "张三", "one", recommender="甲（集团）", nomination="unit") for code in ("A001", "A002")
    ]
    await office.contest_admin.import_roster(contest, named, {})
    await office.contest_admin.withdraw(contest, "A002", "asked for")
    file = tmp_path / "more.csv"
    head = "code,title,author,category,recommender\n"

    def given(*rows: str, option: str = "--amend") -> str:
        file.write_text(head + "".join(f"{row}\n" for row in rows), "utf-8")
        return run("roster", "import", str(file), "--contest", contest, option, env=environment_of(settings)).stderr

    said = given("a001,新,李四,类别一,乙", "a002,新,李四,类别一,乙", "A003,新,王五,类别一,甲(集团)")
    assert "line 2, code: 'a001' is nearly 'A001', which the contest has already: they differ in upper and" in said
    assert "line 3, code: 'a002' is nearly 'A002', which the contest has already" in said
    assert "line 4, recommender: '甲(集团)' is nearly '甲（集团）', which the contest has already: they differ" in said
    assert "code: 'A003'" not in said
    said = given("A001,改,张三,类别一,甲(集团)", "A002,改,张三,类别一,甲(集团)", "A003,新,张 三,类别一,乙")
    assert "2 entries are in contest" in said, said
    assert "warning: the author '张 三' of A003 is nearly '张三' of A001: they differ by blanks; if they are" in said
    said = given("a002,新,李四,类别一,甲（集团）", option="--replace")
    assert "'a002' is nearly 'A002', which the contest has already" in said
    assert "1 entries are in contest" in given("a001,新,李四,类别一,甲（集团）", option="--replace")


async def test_an_import_counts_each_kind_of_change(contests: Contests, office: AdminServices) -> None:
    contest = await upcoming(contests, "A1", "A2", "A3", "A4")
    await office.contest_admin.withdraw(contest, "A4", "asked for")
    given = [*roster("A2"), *roster("A3", title="改名"), *roster("A4", "A5")]
    change = await office.contest_admin.import_roster(contest, given, {})
    assert (change.added, [*change.changed], change.unchanged) == (("A5",), ["A3"], 1)
    assert (change.absent, change.removed, change.withdrawn, change.total) == (("A1",), (), ("A4",), 4)
    assert sorted(await codes_of(office, contest)) == ["A1", "A2", "A3", "A5"]


async def test_the_same_file_again_changes_nothing(contests: Contests, office: AdminServices) -> None:
    contest = await upcoming(contests, "A1", "A2")
    change = await office.contest_admin.import_roster(contest, roster("A2", "A1"), {})
    assert (change.added, change.changed, change.unchanged, change.absent) == ((), {}, 2, ())


async def test_nothing_is_removed_once_voting_has_begun(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(QUOTA, entries=3)
    for amend in (False, True):
        with pytest.raises(RosterSealed, match="voting contest withdraw"):
            await office.contest_admin.import_roster(contest, roster("A001"), {}, amend=amend, replacing=True)
    change = await office.contest_admin.import_roster(contest, roster("A009"), {}, amend=True)
    assert (change.added, change.absent, change.total) == (("A009",), ("A001", "A002", "A003"), 4)


async def test_a_first_import_may_replace_nothing(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(QUOTA, entries=0)
    change = await office.contest_admin.import_roster(contest, roster("A1"), {}, replacing=True)
    assert (change.added, change.total) == (("A1",), 1)
