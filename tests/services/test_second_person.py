"""What changes a result takes two accounts, once an account may decide about the contest."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.acceptance.test_cli import run
from tests.conftest import VOTING, Contests, environment_of, without_settings
from tests.fraud.rings import POLICY, certifier, crowd, record
from voting.domain.identity.roles import Grant, Role
from voting.errors import Forbidden, RulesSealed, SecondPersonNeeded, Stale
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.certify import as_json
from voting.services.fraud.review import ReviewAction, Reviews
from voting.services.second_person import Person, person_of
from voting.wiring.admin import AdminServices

TOP = 'changeable = ["extension", "withdrawal"]\n'
RULES = '[[quota]]\npicks = 5\n[[award]]\nid = "first"\nname = "一等奖"\nby = "votes"\ncount = 1\n'
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=20)
Act = Callable[[AdminServices, ContestSnapshot, Person | None], Awaitable[object]]


async def revoke(office: AdminServices, contest: ContestSnapshot, person: Person | None) -> None:
    await office.marks.revoke(contest, "first", "A002", "抄袭", person)


async def extend(office: AdminServices, contest: ContestSnapshot, person: Person | None) -> None:
    await office.contest_admin.extend(contest.contest.id, LATER, "a flood", person)


async def withdraw(office: AdminServices, contest: ContestSnapshot, person: Person | None) -> None:
    await office.contest_admin.withdraw(contest.contest.id, "A002", "copied", person)


async def certify(office: AdminServices, contest: ContestSnapshot, person: Person | None) -> object:
    return await certifier(office.database).certify(contest, POLICY, person=person)


async def reopen(office: AdminServices, contest: ContestSnapshot, person: Person | None) -> object:
    return await certifier(office.database).reopen(contest, "an objection", person)


ACTS: dict[str, Act] = {
    "contest.extend": extend,
    "entry.withdraw": withdraw,
    "award.revoke": revoke,
    "certification.certify": certify,
    "certification.reopen": reopen,
}

REASONS = {
    "contest.extend": "a flood",
    "entry.withdraw": "copied",
    "award.revoke": "抄袭",
    "certification.reopen": "an objection",
}


class Team(NamedTuple):
    """Two organisers of a contest."""

    contest: ContestSnapshot
    li: Person
    zhang: Person


async def hire(office: AdminServices, contest: str, role: Role = "organiser") -> Person:
    """Returns a person with a new account."""
    name = f"{role}-{secrets.token_hex(4)}"
    await office.staff_accounts.add(name, [Grant(role, contest)])
    return person_of((await office.staff_accounts.find(name)).staff)


async def prepared(contests: Contests, office: AdminServices, act: str) -> ContestSnapshot:
    """A contest in which the act is possible: open to be extended, closed to be certified, certified to be reopened."""
    closes = timedelta(days=10) if act in ("contest.extend", "entry.withdraw") else timedelta(minutes=-1)
    contest = await contests.make(RULES, opens=timedelta(hours=-3), closes=closes, entries=20, top=TOP)
    await record(office.database, contest, [*crowd(0, 6, "A001"), *crowd(100, 5, "A002")], timedelta(hours=1))
    snapshot = await office.contest_cache.get(contest)
    if act == "certification.reopen":
        await certify(office, snapshot, None)
    return snapshot


async def team(contests: Contests, office: AdminServices, act: str) -> Team:
    contest = await prepared(contests, office, act)
    return Team(contest, *[await hire(office, contest.contest.id) for _ in range(2)])


async def recorded(office: AdminServices, contest: ContestSnapshot, action: str) -> list[dict[str, object]]:
    """Returns the details of the audit log's records of an act."""
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select details from audit_log where contest = $1 and action = $2 order by seq", contest.contest.id, action
        )
    return [json.loads(row["details"]) for row in rows]


@pytest.mark.parametrize("act", ACTS)
async def test_one_proposes_and_another_does_it(contests: Contests, office: AdminServices, act: str) -> None:
    contest, li, zhang = await team(contests, office, act)
    do = ACTS[act]
    before = len(await recorded(office, contest, act))
    with pytest.raises(Forbidden, match="two persons decide about this contest"):
        await do(office, contest, None)
    for key_name in ("li", "zhang"):
        with pytest.raises(Forbidden, match="each with an account"):
            await do(office, contest, Person("key:1", key_name))
    with pytest.raises(SecondPersonNeeded):
        await do(office, contest, li)
    with pytest.raises(Forbidden, match="who proposed it cannot confirm it"):
        await do(office, contest, li)
    with pytest.raises(Forbidden, match="who proposed it cannot confirm it"):
        await do(office, contest, Person("key:of-li", "another name", li.account))
    assert len(await recorded(office, contest, act)) == before, "nothing is done yet"
    await do(office, contest, zhang)
    done = (await recorded(office, contest, act))[-1]
    assert (done["persons"], done["account"], done["proposed_by"]) == (2, zhang.account, li.account)
    (proposed,) = await recorded(office, contest, "second_person.propose")
    assert (proposed["act"], proposed["account"], proposed.get("reason")) == (act, li.account, REASONS.get(act))


@pytest.mark.parametrize("act", ACTS)
async def test_where_nobody_has_an_account_one_person_decides_and_it_is_said(
    contests: Contests, office: AdminServices, act: str
) -> None:
    contest = await prepared(contests, office, act)
    # Who only looks at results, or decides elsewhere, is no second person.
    await hire(office, contest.contest.id, "judge")
    await hire(office, contest.contest.id, "auditor")
    await hire(office, await contests.make())
    await ACTS[act](office, contest, None)
    done = (await recorded(office, contest, act))[-1]
    assert (done["persons"], done["account"], done["proposed_by"]) == (1, None, None)


async def test_another_proposal_takes_the_place_of_the_first(contests: Contests, office: AdminServices) -> None:
    contest, li, zhang = await team(contests, office, "contest.extend")
    other = LATER + timedelta(days=1)
    with pytest.raises(SecondPersonNeeded):
        await extend(office, contest, li)
    with pytest.raises(SecondPersonNeeded):
        await office.contest_admin.extend(contest.contest.id, other, "longer", zhang)
    with pytest.raises(SecondPersonNeeded):
        await extend(office, contest, li)
    with pytest.raises(SecondPersonNeeded):
        await office.contest_admin.extend(contest.contest.id, other, "longer", zhang)
    # The same moment, written otherwise, and for another reason.
    beijing = other.astimezone(timezone(timedelta(hours=8)))
    await office.contest_admin.extend(contest.contest.id, beijing, "as proposed", li)
    (done,) = await recorded(office, contest, "contest.extend")
    assert done["is"] == other.isoformat()


async def test_an_extension_is_of_a_year_at_most(contests: Contests, office: AdminServices) -> None:
    contest, li, _ = await team(contests, office, "contest.extend")
    present = contest.contest.closes_at
    # The last one is after the last moment that UTC has here.
    last = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
    for closes_at in (present + timedelta(days=366, seconds=1), datetime.max.replace(tzinfo=UTC), last):
        with pytest.raises(RulesSealed, match="at most 366 days"):
            await office.contest_admin.extend(contest.contest.id, closes_at, "a slip of the pen", li)
    with pytest.raises(SecondPersonNeeded):
        await office.contest_admin.extend(contest.contest.id, present + timedelta(days=366), "a year", li)


async def test_a_proposal_ends_with_the_role_of_who_made_it(contests: Contests, office: AdminServices) -> None:
    contest, li, zhang = await team(contests, office, "award.revoke")
    third = await hire(office, contest.contest.id)
    with pytest.raises(SecondPersonNeeded):
        await revoke(office, contest, li)
    await office.staff_accounts.revoke(li.name, None)
    with pytest.raises(SecondPersonNeeded):
        await revoke(office, contest, zhang)
    await revoke(office, contest, third)
    (done,) = await recorded(office, contest, "award.revoke")
    assert (done["account"], done["proposed_by"]) == (third.account, zhang.account)


async def test_a_group_proposed_by_a_key_is_not_confirmed_by_an_account(
    contests: Contests, office: AdminServices
) -> None:
    contest = await prepared(contests, office, "award.revoke")
    await record(office.database, contest.contest.id, crowd(900, 30, "A017", "ring-a"), timedelta(hours=1))
    await certifier(office.database).propose(contest, POLICY)
    reviews, void = Reviews(office.database, 20), ReviewAction("void", "one script")
    assert (await reviews.rule(contest, "ring-a", Person("key:1", "li"), void))[0] == "proposed"
    zhang, wang = [await hire(office, contest.contest.id) for _ in range(2)]
    with pytest.raises(Stale, match="undo it first"):
        await reviews.rule(contest, "ring-a", zhang, void)
    assert (await reviews.rule(contest, "ring-a", zhang, ReviewAction("undo", "again")))[0] == "withdrawn"
    assert [(await reviews.rule(contest, "ring-a", each, void))[0] for each in (zhang, wang)] == ["proposed", "decided"]


async def test_both_at_the_same_moment_do_it_once(contests: Contests, office: AdminServices) -> None:
    contest, li, zhang = await team(contests, office, "contest.extend")
    answers = await asyncio.gather(*(extend(office, contest, person) for person in (li, zhang)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "SecondPersonNeeded"]
    assert len(await recorded(office, contest, "contest.extend")) == 1


async def test_a_certificate_names_both_or_says_that_it_was_one(contests: Contests, office: AdminServices) -> None:
    contest, li, zhang = await team(contests, office, "certification.certify")
    with pytest.raises(SecondPersonNeeded):
        await certify(office, contest, li)
    key = await office.staff_keys.create("a laptop", "organiser", contest.contest.id, account=zhang.account)
    by_key = person_of((await office.staff_sessions.by_key(key)).staff)
    made = await certifier(office.database).certify(contest, POLICY, person=by_key)
    told = as_json(made, contest.contest.id)
    assert (told["actor"], told["persons"], told["proposed_by"]) == (by_key.actor, 2, li.account)
    shown = run("certify", "--contest", contest.contest.id, env=environment_of(contests.settings)).stderr
    assert f"two persons certified it: {zhang.account}, as {li.account} had proposed" in shown
    alone = await prepared(contests, office, "certification.certify")
    made = await certifier(office.database).certify(alone, POLICY)
    assert as_json(made, alone.contest.id)["persons"] == 1


async def test_a_proposal_to_certify_is_of_one_policy_and_kind(contests: Contests, office: AdminServices) -> None:
    contest, li, zhang = await team(contests, office, "certification.certify")
    with pytest.raises(SecondPersonNeeded):
        await certify(office, contest, li)
    with pytest.raises(SecondPersonNeeded):
        await certifier(office.database).certify(contest, POLICY, public_only=True, person=zhang)


async def test_groups_are_void_in_bulk_by_two_accounts(contests: Contests, office: AdminServices) -> None:
    contest = await prepared(contests, office, "award.revoke")
    await record(office.database, contest.contest.id, crowd(900, 30, "A017", "ring-a"), timedelta(hours=1))
    await certifier(office.database).propose(contest, POLICY)
    reviewer, owner = [await hire(office, contest.contest.id, role) for role in ("reviewer", "owner")]
    reviews = Reviews(office.database, 20)

    async def rule(person: Person) -> str:
        return (await reviews.rule(contest, "ring-a", person, ReviewAction("void", "one script")))[0]

    for person in (Person("shell:root"), Person("key:1", "li"), Person("key:2", "wang")):
        with pytest.raises(Forbidden, match="two persons decide about this"):
            await rule(person)
    assert await rule(reviewer) == "proposed"
    with pytest.raises(Forbidden, match="who proposed it cannot confirm it"):
        await rule(Person("key:3", reviewer.name, reviewer.account))
    assert await rule(owner) == "decided"


async def test_commands_act_for_an_account_by_key_file_or_by_password_and_code(
    contests: Contests, office: AdminServices, tmp_path: Path
) -> None:
    contest = await contests.make(top=TOP)
    environment = environment_of(contests.settings)
    files = {}
    for name in (f"li-{contest}", f"judge-{contest}"):
        role = name.split("-")[0].replace("li", "organiser")
        made = run("staff", "add", name, "--role", role, "--contest", contest, env=environment)
        assert made.returncode == 0, made.stderr
        key = run(
            "staff", "key", "create", "--role", role, "--contest", contest, "--name", name, "--account", name,
            env=environment,
        )  # fmt: skip
        files[role] = tmp_path / role
        files[role].write_text(key.stdout, "utf-8")
    made = run("staff", "add", f"zhang-{contest}", "--role", "owner", "--contest", contest, env=environment)
    password, code = [re.findall(rf"^{what}\t(\S+)$", made.stdout, re.M)[0] for what in ("password", "recovery code")]
    closes = LATER.isoformat()
    command = ["contest", "extend", "--contest", contest, "--closes-at", closes, "--reason", "x"]

    def told(*more: str, code: int = 1) -> str:
        answer = run(*command, *more, env=environment)
        assert answer.returncode == code, answer.stderr
        return answer.stderr

    assert "two persons decide about this contest" in told()
    assert "this takes the role organiser or owner" in told("--key-file", str(files["judge"]))
    assert "now another account must run the same command" in told("--key-file", str(files["organiser"]), code=0)
    assert "who proposed it cannot confirm it" in told("--key-file", str(files["organiser"]))
    done = subprocess.run(
        [*VOTING, *command, "--as", f"zhang-{contest}"],
        env=without_settings() | environment,
        input=f"{password}\n{code}\n",
        capture_output=True,
        text=True,
        # Without a terminal, the password is read from the standard input.
        start_new_session=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert password not in done.stdout + done.stderr
    (extended,) = await recorded(office, await office.contest_cache.get(contest), "contest.extend")
    assert (extended["account"], extended["proposed_by"]) == (f"zhang-{contest}", f"li-{contest}")
