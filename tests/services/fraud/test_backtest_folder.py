"""The folder of a backtest's results, when it cannot be created or filled."""

from __future__ import annotations

from pathlib import Path

import pytest

from voting.errors import SettingInvalid
from voting.services.fraud.backtest.folder import made, write


def test_files_that_cannot_all_be_written_leave_the_former_ones_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, {"history.jsonl": [b"1\n"], "summary.json": [b"{}"]})
    with pytest.raises(SettingInvalid, match=rf"^{tmp_path} cannot be written \(File name too long\)"):
        write(tmp_path, {"history.jsonl": [b"2\n"], "s" * 300: [b"{}"]})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "history.jsonl": b"1\n",
        "summary.json": b"{}",
    }


def test_unused_new_folders_are_removed_and_filled_ones_stay(tmp_path: Path) -> None:
    for folder in (tmp_path / "kept", tmp_path / "kept" / "a" / "b"):
        with pytest.raises(KeyboardInterrupt), made(folder):
            assert folder.is_dir()
            (tmp_path / "kept" / "file").touch()
            raise KeyboardInterrupt
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "kept"]


def test_a_folder_that_was_there_stays(tmp_path: Path) -> None:
    with made(tmp_path):
        pass
    assert tmp_path.is_dir()


def test_a_folder_in_place_of_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "summary.json").mkdir()
    with pytest.raises(SettingInvalid, match=r"cannot be written \(summary.json is a folder there\); give another"):
        made(tmp_path).__enter__()
