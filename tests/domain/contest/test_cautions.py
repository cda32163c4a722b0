"""Cautions about channels: in both languages, in the check and on the board."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, contest_text
from tests.web.test_staff import bearer
from voting.domain.contest.cautions import cautions, voter_groups
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.schema import VoterRule

DOCUMENTS = sorted(Path("voting/contests").glob("00*.toml"))


def text(channels: str) -> str:
    rules = f"[voters]\nchannels = {channels}\n[[quota]]\npicks = 5\n" if channels else "[[quota]]\npicks = 5\n"
    return contest_text("c", rules, timedelta(), timedelta(days=1))


@pytest.mark.parametrize(
    ("channels", "web"),
    [("", True), ('["web"]', True), ('["issued"]', False), ("[]", False), ('["web", "mini_program", "wechat"]', True)],
)
def test_web_voting_has_a_caution(channels: str, web: bool) -> None:
    contest = read_contest(text(channels))
    assert any("patient script" in each for each in cautions(contest, "en")) == web
    assert any("脚本" in each for each in cautions(contest, "zh")) == web


@pytest.mark.parametrize(
    ("channels", "across", "groups"),
    [
        ('["web", "issued"]', "", [["issued"]]),
        ('["wechat", "mini_program"]', "", [["wechat", "mini_program"]]),
        ('["wechat", "mini_program"]', '["wechat"]', [["wechat"], ["mini_program"]]),
        ('["wechat", "phone"]', "", [["wechat"], ["phone"]]),
        ('["wechat", "phone", "mini_program"]', "", [["wechat", "phone", "mini_program"]]),
        ('["oidc", "issued", "phone"]', "", [["issued"], ["oidc", "phone"]]),
    ],
)
def test_channels_that_cannot_be_joined_are_named(channels: str, across: str, groups: list[list[str]]) -> None:
    rules = text(channels).replace("[[quota]]", f"one_person_across = {across}\n[[quota]]" if across else "[[quota]]")
    contest = read_contest(rules)
    assert voter_groups(contest) == groups
    chinese, english = cautions(contest, "zh"), cautions(contest, "en")
    assert any(f"up to {len(groups)} times" in each for each in english) == (len(groups) > 1)
    assert any(f"最多可投 {len(groups)} 倍" in each for each in chinese) == (len(groups) > 1)


@pytest.mark.parametrize(
    ("second", "warned"),
    [
        ("count = 2", True),
        ('count = 2\nexcludes = ["first"]', False),
        ("", False),
        ('by = "public"\ncount = 2', False),
        ('count = 2\ncategories = ["b"]', False),
    ],
    ids=["the same", "excluded", "without a number", "by another figure", "of another category"],
)
def test_awards_that_one_entry_wins_together(second: str, warned: bool) -> None:
    categories = "".join(f'[[category]]\nid = "{id}"\nname = "{id}"\n' for id in "ab")
    first = '[[award]]\nid = "first"\nname = "一等奖"\nby = "votes"\ncount = 1\ncategories = ["a"]\n'
    second = second if "by =" in second else f'by = "votes"\n{second}'
    contest = read_contest(text("") + categories + first + f'[[award]]\nid = "second"\nname = "二等奖"\n{second}\n')
    assert (
        any("both 一等奖 and 二等奖" in each and 'excludes = ["first"]' in each for each in cautions(contest, "en"))
        == warned
    )
    assert any("兼得一等奖和二等奖" in each for each in cautions(contest, "zh")) == warned


def test_only_channels_that_exist_are_defaults() -> None:
    assert VoterRule().channels == ("web", "issued")


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.stem)
def test_the_documents_load(file: Path) -> None:
    done = run("contest", "check", str(file))
    assert done.returncode == 0, done.stderr
    by_web = "web" in read_contest(file.read_text("utf-8")).voters.channels
    assert ("patient script" in done.stderr) == ("脚本" in done.stderr) == by_web


def test_the_check_prints_the_cautions(tmp_path: Path) -> None:
    file = tmp_path / "contest.toml"
    file.write_text(text('["web", "wechat", "phone"]'), "utf-8")
    done = run("contest", "check", str(file), "--json")
    told = json.loads(done.stdout)["cautions"]
    assert [len(told[language]) for language in ("zh", "en")] == [2, 2]
    assert all(each in done.stderr for language in told for each in told[language])


async def test_the_board_shows_the_cautions(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make('[voters]\nchannels = ["web", "wechat", "phone"]\n[[quota]]\npicks = 5\n')
    key = await contests.staff_key("organiser", contest)
    for language, words in {"zh": ("脚本", "最多可投 2 倍"), "en": ("patient script", "up to 2 times")}.items():
        page = await http.get(f"/board/{contest}?lang={language}", headers=bearer(key))
        assert all(word in page.text for word in words)
    assert "patient script" not in (await http.get(f"/board/{contest}?lang=en")).text, "not before the sign-in"
