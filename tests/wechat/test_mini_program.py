"""The mini program of deploy/miniprogram: its words are the web page's, and it votes in the real service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from subprocess import PIPE

import pytest

from tests.conftest import ROOT, Contests, environment_of, free_port, serving
from tests.gateway import Gateway
from tests.wechat.standin import Standin
from voting.demo.wechat.process import settings_of
from voting.settings import Settings
from voting.web.i18n.words import WORDS

FOLDER = ROOT / "deploy" / "miniprogram"
PHONE = "+8613812345678"
RULES = """
[voters]
channels = ["mini_program"]
[verification]
share = 1.0
by = ["phone"]
[[quota]]
picks = 5
per = "contest"
period = "day"
[[quota]]
picks = 1
per = "entry"
period = "day"
"""


def test_its_words_are_those_of_the_web_page() -> None:
    for name, text in json.loads((FOLDER / "src" / "words.json").read_text("utf-8")).items():
        assert text == getattr(WORDS["zh"], name), name


def test_wechat_shows_the_labels_of_its_dialogs() -> None:
    """It fails where one has more than four characters."""
    pages = "".join(page.read_text("utf-8") for page in (FOLDER / "src").rglob("*.ts"))
    labels = re.findall(r'(?:confirmText|cancelText): "([^"]*)"', pages)
    assert labels
    assert [label for label in labels if len(label) > 4] == []


@pytest.mark.campaign
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not there")
async def test_it_lists_votes_shows_the_ballots_and_confirms(
    contests: Contests, settings: Settings, wechat_standin: Standin
) -> None:
    """Built, checked against WeChat's typings, and run by miniprogram-simulate."""
    contest, port = await contests.make(RULES), free_port()
    wechat = settings_of(wechat_standin.url, f"http://127.0.0.1:{port}")
    with Gateway.running() as gateway:
        environment = environment_of(settings) | wechat | gateway.settings
        with serving(environment, "--workers", "1", port=port) as (url, _):
            code = wechat_standin.mini_program_code(3)
            variables = {"SERVICE": url, "CONTEST": contest, "CODE": code, "PHONE": PHONE}
            names = os.environ | {f"MINIPROGRAM_{name}": value for name, value in variables.items()}
            for command in (["ci"], ["run", "check"], ["run", "build"]):
                done = subprocess.run(
                    ["npm", *command, "--silent"], cwd=FOLDER, env=names, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, done.stdout + done.stderr
            voted = simulate(names, gateway)
    async with contests.office() as office, office.database.connection() as connection:
        rows = await connection.fetch("select id::text, picks from ballots where contest = $1", contest)
        confirmed = await connection.fetchval("select confirmed_by from confirmations where contest = $1", contest)
    assert sorted(row["id"] for row in rows) == sorted(voted["ballots"])
    assert sorted(row["picks"] for row in rows) == sorted([entry] for entry in voted["entries"])
    assert confirmed == "phone"


def simulate(environment: Mapping[str, str], gateway: Gateway) -> dict[str, list[str]]:
    """Runs the pages; returns the entries voted for and the ballots."""
    with subprocess.Popen(
        ["node", "simulate.mjs"], cwd=FOLDER, env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True
    ) as run:
        assert run.stdout
        line = run.stdout.readline()
        out, errors = run.communicate(gateway.code(PHONE) + "\n" if line == "code?\n" else None)
    assert run.returncode == 0, line + out + errors
    voted: dict[str, list[str]] = json.loads(out.splitlines()[-1])
    return voted
