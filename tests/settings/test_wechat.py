"""The settings of WeChat's apps."""

from __future__ import annotations

from pathlib import Path

import pytest

from voting.errors import SettingInvalid
from voting.settings import load

PAGE = {"VOTING_WECHAT_APPID": "wx0123456789abcdef", "VOTING_PUBLIC_URL": "https://vote.example.org"}


def test_a_secret_comes_from_the_environment_or_a_file_and_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    settings = load(PAGE | {"VOTING_WECHAT_SECRET_FILE": str(file), "VOTING_WECHAT_VERIFY_FILES": "MP_verify_a1.txt"})
    assert settings.wechat_secret_file == "from-a-file"
    assert settings.wechat_verify_files == ("MP_verify_a1.txt",)
    assert "from-a-file" not in repr(settings)
    assert "secret-text" not in repr(load(PAGE | {"VOTING_WECHAT_SECRET": "secret-text"}))


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (PAGE, "belong together"),
        ({"VOTING_MINI_PROGRAM_SECRET": "s"}, "belong together"),
        (PAGE | {"VOTING_WECHAT_SECRET": "s", "VOTING_WECHAT_SECRET_FILE": __file__}, "leave one of them"),
        (PAGE | {"VOTING_WECHAT_SECRET": "s", "VOTING_PUBLIC_URL": ""}, "without VOTING_PUBLIC_URL"),
        (PAGE | {"VOTING_WECHAT_SECRET": "s", "VOTING_PUBLIC_URL": "https://vote.example.org:8443"}, "has a port"),
        (PAGE | {"VOTING_WECHAT_SECRET_FILE": "/nowhere/secret"}, "cannot be read"),
        ({"VOTING_WECHAT_APPID": "gh_1"}, "wx and 16"),
        ({"VOTING_WECHAT_VERIFY_FILES": "../MP_verify_a.txt"}, "files' names"),
    ],
)
def test_half_an_app_and_a_mistyped_one_are_refused(environment: dict[str, str], words: str) -> None:
    with pytest.raises(SettingInvalid, match=words):
        load(environment)
