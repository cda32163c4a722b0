"""The mini program of deploy/miniprogram: its words are the web page's, and it votes in the real service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from tests.conftest import ROOT, Contests, Service
from tests.wechat.standin import Standin
from voting.web.i18n.words import WORDS

FOLDER = ROOT / "deploy" / "miniprogram"


def test_its_words_are_those_of_the_web_page() -> None:
    for name, text in json.loads((FOLDER / "src" / "words.json").read_text("utf-8")).items():
        assert text == getattr(WORDS["zh"], name), name


@pytest.mark.campaign
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not there")
async def test_it_lists_votes_and_shows_the_ballot(
    contests: Contests, wechat_service: Service, wechat_standin: Standin
) -> None:
    """Built, checked against WeChat's typings, and run by miniprogram-simulate."""
    rules = '[voters]\nchannels = ["mini_program"]\n[[quota]]\npicks = 5\nper = "contest"\nperiod = "day"\n'
    contest = await contests.make(rules + '[[quota]]\npicks = 1\nper = "entry"\nperiod = "day"\n')
    environment = os.environ | {
        "MINIPROGRAM_SERVICE": wechat_service.url,
        "MINIPROGRAM_CONTEST": contest,
        "MINIPROGRAM_CODE": wechat_standin.mini_program_code(3),
    }
    for command in (["ci"], ["run", "check"], ["run", "build"], ["run", "simulate"]):
        done = subprocess.run(
            ["npm", *command, "--silent"], cwd=FOLDER, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    voted = json.loads(done.stdout.splitlines()[-1])
    async with contests.office() as office, office.database.connection() as connection:
        rows = await connection.fetch("select id::text, picks from ballots where contest = $1", contest)
    assert [(row["id"], row["picks"]) for row in rows] == [(voted["ballot"], [voted["entry"]])]
