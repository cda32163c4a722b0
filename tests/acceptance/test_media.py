"""Rosters with media files: the roster names the files, and the files fill the rest."""

from __future__ import annotations

import secrets
from pathlib import Path

import openpyxl
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, environment_of
from tests.domain.contest.test_contest import GOOD
from tests.media.test_reader import VP8, ffmpeg, video
from voting.settings import Settings

RULES = """
[[entry_check]]
column = "时长"
kind = "duration"
least = 180
most = 480

[[entry_check]]
column = "分辨率"
kind = "resolution"
least = 1080

[[entry_check]]
column = "分辨率"
kind = "ratio"
values = ["16:9", "9:16"]

[[entry_check]]
column = "格式"
kind = "container"
values = ["mp4"]

[[entry_check]]
column = "大小"
kind = "size"
most = 500
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    right = video(folder / "right.mp4")
    ffmpeg("-display_rotation", "90", "-i", str(right), "-c", "copy", str(folder / "phone.mp4"))
    video(folder / "long.mp4", seconds=760)
    video(folder / "square.mp4", size="1440x1440")
    video(folder / "renamed.mp4", *VP8, seconds=200)
    (folder / "text.mp4").write_text("稍后补交", "utf-8")
    return folder


@pytest.fixture
def contest_file(tmp_path: Path) -> Path:
    file = tmp_path / "c.toml"
    file.write_text(f'media = "文件"\n{GOOD}{RULES}', "utf-8")
    return file


def roster(tmp_path: Path, *rows: str, head: str = "文件,时长,分辨率,格式,大小") -> str:
    file = tmp_path / "roster.csv"
    lines = [f"code,title,author,category,{head}", *(f"A{n},题{n},甲,one,{row}" for n, row in enumerate(rows, 1))]
    file.write_text("\n".join(lines), "utf-8")
    return str(file)


def test_columns_filled_by_files_may_be_left_out(library: Path, contest_file: Path, tmp_path: Path) -> None:
    options = ("--contest-file", str(contest_file), "--media", str(library))
    bare = run("roster", "check", roster(tmp_path, "right.mp4", "phone.mp4", head="文件"), *options)
    assert bare.returncode == 0, bare.stderr
    assert "2 entries are right" in bare.stderr
    told = roster(tmp_path, "right.mp4,05:00,1920x1080,MP4,", "phone.mp4,300,1080x1920,,", "right.mp4,,1920×1080,,0")
    assert run("roster", "check", told, *options).returncode == 0
    alone = run("roster", "check", roster(tmp_path, "x.mp4,05:00,1080x1920,mp4,12.5"), *options[:2])
    assert alone.returncode == 0, alone.stderr
    assert "media files are not read: give their folder with --media (column '文件')" in alone.stderr


def test_every_wrong_file_is_reported_with_its_row(library: Path, contest_file: Path, tmp_path: Path) -> None:
    rows = (
        "long.mp4,03:10,,,",
        "square.mp4,,,,",
        "renamed.mp4,,,mp4,",
        "text.mp4,,,,",
        "none.mp4,,,,",
        "../c.toml,,,,",
        "phone.mp4,,1920x1080,,3",
        ",,,,",
    )
    report = tmp_path / "report.xlsx"
    wrong = run(
        *("roster", "check", roster(tmp_path, *rows), "--contest-file", str(contest_file)),
        *("--media", str(library), "--report", str(report)),
    )
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert [line.partition("roster.csv: ")[2] for line in wrong.stderr.splitlines() if "roster.csv: " in line] == [
        "line 2, 时长: says '03:10', the file lasts 12:40; write 12:40, or give the right file",
        "line 2, 时长: '12:40' is too much; from 180 to 480 seconds",
        "line 3, 分辨率: '1440x1440' is another ratio; one of: 16:9, 9:16",
        "line 4, 格式: says 'mp4', the file is webm; write webm, or give the right file",
        "line 4, 格式: 'webm' is not allowed; one of: mp4",
        "line 5, 文件: 'text.mp4' is no video; give a video, or take the name out",
        f"line 6, 文件: there is no file 'none.mp4'; put it into {library}",
        "line 7, 文件: '../c.toml' is no plain name of a file; write the name alone, such as A017.mp4",
        "line 8, 分辨率: says '1920x1080', the file shows 1080x1920; write 1080x1920, or give the right file",
        "line 8, 大小: says '3', the file has 0.008065 MB; write 0.008065, or give the right file",
        *(f"line 9, {column}: is empty; fill it in" for column in ("时长", "分辨率", "格式", "大小")),
    ]
    assert "Traceback" not in wrong.stderr
    table = openpyxl.load_workbook(report).worksheets[0]
    red = {cell.coordinate for row in table.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert {"F2", "G3", "H4", "E5", "E6", "E7", "G8", "I8"} < red


def test_wrong_use_of_the_option_is_reported(library: Path, contest_file: Path, tmp_path: Path) -> None:
    file = roster(tmp_path, "right.mp4", head="文件")
    check = ("roster", "check", file, "--contest-file", str(contest_file), "--media")
    missing = run(*check, str(tmp_path / "none"))
    assert (missing.returncode, "give the folder of the media files" in missing.stderr) == (1, True)
    unnamed = run("roster", "check", roster(tmp_path, "5:00", head="时长"), *check[3:], str(library))
    assert "line 1, 文件: the column is missing" in unnamed.stderr
    contest_file.write_text(GOOD, "utf-8")
    unasked = run(*check, str(library))
    assert (unasked.returncode, "does not say which column names the media files" in unasked.stderr) == (1, True)


async def test_a_roster_is_imported_with_its_files(
    settings: Settings, contests: Contests, library: Path, contest_file: Path, tmp_path: Path
) -> None:
    env, id = environment_of(settings), f"media-{secrets.token_hex(4)}"
    contest_file.write_text(contest_file.read_text("utf-8").replace('"spring"', f'"{id}"'), "utf-8")
    assert run("contest", "create", str(contest_file), env=env).returncode == 0
    order = ("--contest", id, "--amend", "--media", str(library))
    wrong = run("roster", "import", roster(tmp_path, "right.mp4", "long.mp4", head="文件"), *order, env=env)
    assert (wrong.returncode, "line 3, 时长: '12:40' is too much" in wrong.stderr) == (1, True)
    right = run("roster", "import", roster(tmp_path, "right.mp4", "phone.mp4", head="文件"), *order, env=env)
    assert right.returncode == 0, right.stderr
    async with contests.office() as office:
        assert [*(await office.contest_cache.get(id)).entries] == ["A1", "A2"]
