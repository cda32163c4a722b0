"""The demo's secrets between runs."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner

from voting.cli.demo import demo
from voting.demo import secrets
from voting.demo.secrets import DemoSecrets
from voting.errors import SettingInvalid


def test_secrets_that_cannot_be_read_are_not_replaced(tmp_path: Path) -> None:
    assert secrets.load(tmp_path) is None
    (tmp_path / "demo.json").write_text('{"secret": "half', "utf-8")
    with pytest.raises(SettingInvalid, match="restore it, or begin a new demo with: make demo RESET=1"):
        secrets.load(tmp_path)


def test_the_codes_of_the_accounts_can_be_printed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOTING_DATA", str(tmp_path))
    assert "there is no demo" in str(CliRunner().invoke(demo, ["--codes"]).exception)
    authenticator = pyotp.random_base32()
    secrets.save(tmp_path, DemoSecrets("s", accounts={"owner": ("a-password", authenticator)}))
    before = pyotp.TOTP(authenticator).now()
    printed = CliRunner().invoke(demo, ["--codes"]).output
    assert "owner" in printed
    assert "a-password" in printed
    assert any(f"code {code} " in printed for code in (before, pyotp.TOTP(authenticator).now()))
