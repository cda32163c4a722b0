"""The demo: the contest of document 004 with 120 entries written for it, as a real vote on this machine."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from voting.demo import secrets
from voting.demo.covers import draw
from voting.demo.secrets import DemoSecrets
from voting.domain.contest.contest_file import read_contest
from voting.domain.identity.roles import Grant, Role
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import read_csv
from voting.errors import AlreadyExists, ContestUnknown
from voting.wiring.admin import AdminServices

CONTEST = "demo"
# Two that may decide: what changes the result takes both.
ACCOUNTS: dict[str, Role] = {"owner": "owner", "organiser": "organiser", "judge": "judge"}


def document() -> str:
    """Returns the demo's contest file."""
    return (files("voting.demo") / "contest.toml").read_text("utf-8")


async def prepare(office: AdminServices, folder: Path) -> DemoSecrets:
    """Creates what is missing: the contest with its entries, its window opening now, and staff's accounts and keys."""
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
        stored = replace(stored, accounts={})
    if not stored.accounts:
        accounts = {name: await _account(office, name, role) for name, role in ACCOUNTS.items()}
        organiser = await office.staff_keys.create("demo organiser", "organiser", CONTEST, account="organiser")
        judge = await office.staff_keys.create("demo judge", "judge", CONTEST, account="judge")
        stored = replace(stored, organiser_key=organiser, judge_key=judge, accounts=accounts)
    secrets.save(folder, stored)
    return stored


async def _account(office: AdminServices, name: str, role: Role) -> tuple[str, str]:
    """Returns the password and the authenticator's secret of an account, which is created or gets new ones."""
    with suppress(AlreadyExists):
        # The owner may also make contests.
        contest = None if role == "owner" else CONTEST
        password, factor = await office.staff_accounts.add(name, [Grant(role, contest)])
        if factor:
            return password, factor.secret
    password = await office.staff_accounts.reset_password(name)
    return password, (await office.staff_accounts.reset_totp(name)).secret
