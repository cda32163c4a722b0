"""The demo: the contest of document 004 with 120 entries written for it, as a real vote on this machine."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from voting.demo import secrets
from voting.demo.covers import draw
from voting.demo.secrets import DemoSecrets
from voting.domain.contest.contest_file import read_contest
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import read_csv
from voting.errors import ContestUnknown
from voting.wiring.admin import AdminServices

CONTEST = "demo"


def document() -> str:
    """Returns the demo's contest file."""
    return (files("voting.demo") / "contest.toml").read_text("utf-8")


async def prepare(office: AdminServices, folder: Path) -> DemoSecrets:
    """Creates what is missing: the contest with its entries, its window opening now, and a key for each role."""
    stored = secrets.load(folder) or secrets.make()
    try:
        is_filled = bool((await office.contest_cache.get(CONTEST)).entries)
    except ContestUnknown:
        is_filled = False
    if not is_filled:
        text = document()
        contest = read_contest(text, "voting/demo/contest.toml")
        roster = read_csv((files("voting.demo") / "roster.csv").read_text("utf-8"), "voting/demo/roster.csv")
        entries = read_roster(roster, contest, "voting/demo/roster.csv")
        names = {category.id: category.name for category in contest.categories}
        covers = {entry.cover: draw(entry.code, names[entry.category]).encode() for entry in entries}
        await office.contest_admin.create(contest, text, open_now=True)
        await office.contest_admin.import_roster(CONTEST, entries, covers)
        stored = replace(stored, organiser_key="", judge_key="")
    if not stored.organiser_key:
        organiser = await office.staff_keys.create("demo organiser", "organiser", CONTEST)
        judge = await office.staff_keys.create("demo judge", "judge", CONTEST)
        stored = replace(stored, organiser_key=organiser, judge_key=judge)
    secrets.save(folder, stored)
    return stored
