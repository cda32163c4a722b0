"""The documents' contests from roster to award list, through the commands, with figures computed by hand."""

from __future__ import annotations

import csv
import io
import json
import secrets
from importlib.resources import files
from pathlib import Path

import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, environment_of
from voting.settings import Settings

CODES = [f"V{number:03d}" for number in range(1, 131)]
HEADER = "code,title,author,category,recommender,nomination,加盖公章,作者手写签字,配乐,真人出镜"
FULFILLED = "是,是,是,是"
PROVINCES = [f"{name}科技厅" for name in "京津冀晋辽吉黑苏浙皖闽赣鲁"]
CRITERIA = "科学性,创新性,实用性,艺术性"


def contest_file(scope: str, id: str, tmp_path: Path) -> Path:
    text = (files("voting") / "contests" / "004-science-envoys.toml").read_text("utf-8")
    text = text.replace('id = "science-envoys-2023"', f'id = "{id}"').replace(
        'scope = "finalists"', f'scope = "{scope}"'
    )
    file = tmp_path / f"{scope}.toml"
    file.write_text(text, "utf-8")
    return file


def write(path: Path, header: str, rows: list[str]) -> str:
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8-sig")
    return str(path)


@pytest.mark.parametrize("scope", ["finalists", "all"])
async def test_004_shortlist_of_100_final_scores_and_60_winners(
    settings: Settings, contests: Contests, tmp_path: Path, scope: str
) -> None:
    """130 entries. First round: V001 is marked 230 - 1 halves ... so that V001 to V100 go on and V101 to V130 do not.

    Picks: V130, outside the finalists, leads with 1000; of the finalists V001 has 400, V002 has 200, the others none.
    Final marks: V001 80, V002 90, Vnnn 70 - nnn/10. By hand, with 2 x picks / most, which is 400 among the finalists
    and 1000 among all:
    V001: 8 x 0.80 + 2 x 400/400 = 8.4, or + 2 x 400/1000 = 7.2;  V002: 8 x 0.90 + 2 x 200/400 = 8.2, or + 0.4 = 7.6;
    V003: 8 x 0.697 = 5.576.  So V001 leads among the finalists, and V002 where all are compared.
    """
    env, id = environment_of(settings), f"d004-{secrets.token_hex(4)}"
    file = contest_file(scope, id, tmp_path)
    names = ("推广科技成果", "工作生活日常")
    # Thirteen provinces recommend ten each, and a county's envoys one more, which counts separately.
    ways = [f"{PROVINCES[number // 10]},province" for number in range(129)] + ["某县科技特派团,county"]
    lines = [
        f"{code},作品{code},作者{code},{names[number % 2]},{ways[number]},{FULFILLED}"
        for number, code in enumerate(CODES)
    ]
    first = [f"J{judge},{code}" + f",{100 - n / 2}" * 4 for judge in (1, 2) for n, code in enumerate(CODES)]
    marks = {1: 80.0, 2: 90.0} | {number: 70 - number / 10 for number in range(3, 101)}
    final = [f"J1,V{number:03d}" + f",{mark:.1f}" * 4 for number, mark in marks.items()]
    roster = write(tmp_path / "roster.csv", HEADER, lines)
    first_file = write(tmp_path / "first.csv", f"judge,entry,{CRITERIA}", first)
    final_file = write(tmp_path / "final.csv", f"judge,entry,{CRITERIA}", final)
    for arguments in (
        ("contest", "create", str(file), "--open-now"),
        ("roster", "import", roster, "--contest", id),
        ("marks", "import", first_file, "--contest", id, "--round", "first"),
        ("marks", "import", final_file, "--contest", id, "--round", "final"),
    ):
        done = run(*arguments, env=env)
        assert done.returncode == 0, done.stderr
    async with contests.office() as office, office.database.connection() as connection:
        await connection.executemany(
            "insert into tallies (contest, entry, shard, raw, held, counted, version) values ($1, $2, 0, $3, 0, $3, 1)",
            [(id, "V130", 1000), (id, "V001", 400), (id, "V002", 200)],
        )
    content = json.loads(run("results", "--contest", id, "--blend", env=env).stdout)
    rows = {row["entry"]: row for row in content["entries"]}
    assert sorted(code for code, row in rows.items() if row["cuts_passed"]) == CODES[:100]
    expected = {"finalists": ("8.4000", "8.2000"), "all": ("7.2000", "7.6000")}[scope]
    assert (rows["V001"]["final"], rows["V002"]["final"], rows["V003"]["final"]) == (*expected, "5.5760")
    assert rows["V130"]["final"] == rows["V130"]["awards"] == ""
    winners = [row["entry"] for row in content["entries"] if row["awards"] == "优秀作品"]
    leader = {"finalists": ["V001", "V002"], "all": ["V002", "V001"]}[scope]
    assert winners == [*leader, *CODES[2:60]]
    taken = ("--award", "excellent", "--from", "V010", "--reason", "抄袭")
    revoked = run("awards", "revoke", "--contest", id, *taken, env=env)
    assert revoked.returncode == 0, revoked.stderr
    table = run("results", "--contest", id, "--blend", "--format", "csv", env=env).stdout.removeprefix("\ufeff")
    after = {row["entry"]: row["awards"] for row in csv.DictReader(io.StringIO(table))}
    assert after["V010"] == "优秀作品（收回（taken back）：抄袭）"
    assert after["V061"] == "优秀作品（递补（came up））"
    assert sum(award.startswith("优秀作品") for award in after.values()) == 61


async def test_marks_and_figures_that_do_not_fit_leave_nothing_behind(
    settings: Settings, contests: Contests, tmp_path: Path
) -> None:
    env, id = environment_of(settings), f"d004-{secrets.token_hex(4)}"
    run("contest", "create", str(contest_file("finalists", id, tmp_path)), "--open-now", env=env)
    roster = write(tmp_path / "r.csv", HEADER, [f"V001,甲,乙,推广科技成果,丙,own,{FULFILLED}"])
    run("roster", "import", roster, "--contest", id, env=env)
    bad = write(tmp_path / "m.csv", f"judge,entry,{CRITERIA}", ["J1,V001,90,90,90,90", "J1,V999,90,90,90,101"])
    refused = run("marks", "import", bad, "--contest", id, "--round", "first", env=env)
    assert refused.returncode == 1
    assert "line 3, entry: 'V999' is not an entry of this round; write its code" in refused.stderr
    assert "line 3, 艺术性: '101' is out of range; give a mark from 0 to 100" in refused.stderr
    blended = run("results", "--contest", id, "--blend", env=env)
    assert (blended.returncode, "round 'first' has no marks for 1 entries: V001" in blended.stderr) == (1, True)
    unknown = run("marks", "import", bad, "--contest", id, "--round", "semi", env=env)
    assert "there is no round 'semi' in this contest; there are: first, final" in unknown.stderr
