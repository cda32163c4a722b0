"""Staff accounts: roles, passwords, second factors, throttled sign-in and sessions."""

from __future__ import annotations

import asyncio
import random
import secrets
import string
from datetime import UTC, datetime

import pytest
from pyotp import TOTP

from tests.conftest import Contests, as_owner
from voting.domain.identity.roles import Grant, account_name
from voting.errors import (
    AlreadyExists,
    CredentialInvalid,
    CredentialMissing,
    Forbidden,
    Malformed,
    NotFound,
    SlowDown,
    VotingError,
)
from voting.services.staff.accounts import SecondFactor
from voting.services.staff.passwords import STEP_SECONDS, check_strength, step_of
from voting.services.staff.sessions import IDLE_SECONDS, SESSION_SECONDS, StaffSessions
from voting.services.staff.sign_in import OWN, STRANGERS
from voting.settings import Settings
from voting.wiring.admin import AdminServices

HOME, AWAY = "192.0.2.1", "198.51.100.1"


def code_at(secret: str, now: datetime, steps: int) -> str:
    return TOTP(secret).at(int(now.timestamp()) + STEP_SECONDS * steps)


class Person:
    """A staff member with an account, for one contest, and how to sign in."""

    def __init__(self, office: AdminServices, name: str, password: str, factor: SecondFactor) -> None:
        self.office, self.name, self.password, self.factor = office, name, password, factor
        self.codes = list(factor.recovery_codes)

    def code(self, steps: int = 0) -> str:
        """The authenticator's code, some steps from now."""
        return code_at(self.factor.secret, datetime.now(UTC), steps)

    async def sign_in(
        self, password: str = "", code: str = "", address: str = HOME, device: str | None = None, name: str = ""
    ) -> str:
        """Signs in, with a recovery code where no code is given; returns the known browser's cookie."""
        sign_in = self.office.staff_sign_in
        code = code or self.codes.pop()
        account = await sign_in.check(name or self.name, password or self.password, code, address, device)
        return sign_in.device_of(account)

    async def refused(self, error: type[VotingError] = CredentialInvalid, **given: str | None) -> VotingError:
        with pytest.raises(error) as refused:
            await self.sign_in(**({"code": "000000"} | given))  # type: ignore[arg-type]
        return refused.value


async def employ(office: AdminServices, contest: str, role: str = "organiser") -> Person:
    name = f"li-{secrets.token_hex(4)}"
    password, factor = await office.staff_accounts.add(name, [Grant(role, contest)])  # type: ignore[arg-type]
    assert factor
    return Person(office, name, password, factor)


@pytest.fixture
async def li(contests: Contests, office: AdminServices) -> Person:
    return await employ(office, await contests.make())


async def test_a_name_has_one_spelling_and_no_look_alike(li: Person) -> None:
    assert account_name(" Ｗang.Li ") == "wang.li"
    assert account_name("王芳") == "王芳"
    for text in ("", " ", "a b", "x" * 65, "li\u200b", "li/1", "a\nb"):
        assert account_name(text) is None, text
        with pytest.raises(Malformed):
            await li.office.staff_accounts.add(text, [])
    with pytest.raises(AlreadyExists):
        await li.office.staff_accounts.add(li.name.upper(), [])
    with pytest.raises(NotFound):
        await li.office.staff_accounts.grant("nobody", Grant("judge", None))
    await li.sign_in(name=li.name.upper())


async def test_whoever_can_change_a_result_needs_a_second_factor(li: Person, contests: Contests) -> None:
    contest, accounts = await contests.make(), li.office.staff_accounts
    for role in ("owner", "organiser", "reviewer"):
        with pytest.raises(Forbidden, match="needs a second factor"):
            await accounts.add(f"x-{secrets.token_hex(4)}", [Grant(role, contest)], with_code=False)
    name = f"judge-{secrets.token_hex(4)}"
    password, factor = await accounts.add(name, [Grant("judge", contest)], with_code=False)
    assert factor is None
    judge = await li.office.staff_sign_in.check(name, password, "", HOME, None)
    assert judge.grants == (Grant("judge", contest),)
    with pytest.raises(Forbidden, match="first run: voting staff reset-totp"):
        await accounts.grant(name, Grant("reviewer", contest))
    factor = await accounts.reset_totp(name)
    await accounts.grant(name, Grant("reviewer", contest))
    with pytest.raises(CredentialInvalid):
        await li.office.staff_sign_in.check(name, password, "", HOME, None)
    await li.office.staff_sign_in.check(name, password, factor.recovery_codes[0], HOME, None)


async def test_a_code_is_accepted_once_and_for_three_steps(li: Person) -> None:
    before, present, ahead = (li.code(steps) for steps in (-1, 0, 1))
    await li.sign_in(code=present)
    await li.refused(code=present)
    await li.refused(code=before)
    answers = await asyncio.gather(*(li.sign_in(code=ahead) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, str) for answer in answers) == 1, "of four at once one is accepted"
    now = datetime.now(UTC)
    for steps, is_valid in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        step = step_of(li.factor.secret, code_at(li.factor.secret, now, steps), now)
        assert step == (int(now.timestamp()) // STEP_SECONDS + steps if is_valid else None)


async def test_a_recovery_code_is_accepted_once_however_it_is_typed(li: Person) -> None:
    code = li.factor.recovery_codes[0]
    await li.sign_in(code=code.lower().replace("-", " "))
    await li.refused(code=code)
    assert len(set(li.factor.recovery_codes)) == 10


async def test_a_stored_authenticator_is_good_for_its_account_and_secret_only(li: Person, contests: Contests) -> None:
    other = await employ(li.office, await contests.make())
    async with as_owner(li.office.settings) as connection:
        stored = await connection.fetchval("select totp_secret from staff_accounts where name = $1", other.name)
        await connection.execute("update staff_accounts set totp_secret = $1 where name = $2", stored, li.name)
    await li.refused(code=other.code())
    await li.refused(code=li.code())
    await li.sign_in()


async def test_twenty_thousand_forged_sessions_keys_and_browsers_are_refused(li: Person) -> None:
    account = await li.office.staff_accounts.find(li.name)
    sessions = StaffSessions(li.office.database)
    contest = account.grants[0].contest
    session = await sessions.open(account, None)
    key = await li.office.staff_keys.create("x", "organiser", contest, account=li.name)
    dice = random.Random(9)

    def altered(text: str) -> str:
        at = dice.randrange(len(text))
        kept = text[:at] + dice.choice(string.ascii_letters + string.digits + "-_.") + text[at + 1 :]
        return dice.choice([kept, text[:at], text[at:], text + text[:at], secrets.token_urlsafe(32), text.swapcase()])

    async def is_let_in(bearer: str | None, cookie: str | None) -> bool:
        try:
            await sessions.permit(contest, {"organiser"}, bearer, cookie)
        except (CredentialInvalid, CredentialMissing):
            return False
        return True

    assert await is_let_in(key, None)
    assert await is_let_in(None, session)
    forged = [text for _ in range(10_000) for text in (altered(key), altered(session)) if text not in (key, session)]
    for at in range(0, len(forged), 500):
        some = forged[at : at + 500]
        accepted = await asyncio.gather(
            *(is_let_in(text, None) for text in some), *(is_let_in(None, text) for text in some)
        )
        assert sum(accepted) == 0


async def test_refusals_do_not_say_what_was_wrong(li: Person) -> None:
    wrong = [
        await li.refused(password="x" * 20, code=li.code()),
        await li.refused(code="123456"),
        await li.refused(name="nobody", address=AWAY),
        await li.refused(name="no name", address=AWAY),
        await li.refused(code=" "),
    ]
    assert len({str(error) for error in wrong}) == 1


async def test_wrong_attempts_wait_longer_and_longer_but_not_the_owner_elsewhere(
    li: Person, contests: Contests
) -> None:
    known = await li.sign_in(address=AWAY)
    other = await employ(li.office, await contests.make())
    others = await other.sign_in(address=AWAY)
    waits: list[float] = []
    async with as_owner(li.office.settings) as connection:
        for _ in range(OWN[0] + 14):
            await li.refused()
            wait = "select max(extract(epoch from next_at - tried_at)) from staff_attempts where failed >= $1"
            waits.append(float(await connection.fetchval(wait, len(waits) + 1)))
            await connection.execute("update staff_attempts set next_at = clock_timestamp()")
        doubling = [min(2.0**number, OWN[1]) for number in range(14)]
        assert waits == pytest.approx([0.0] * OWN[0] + doubling, abs=0.01)
        await connection.execute(
            "update staff_attempts set next_at = clock_timestamp() + interval '1 hour' where failed > $1", OWN[0]
        )
    error = await li.refused(SlowDown, password=li.password, code=li.codes[0])
    assert error.facts["retry_after"] > 3000, "even what is right"
    forged = known[:-2] + ("AA" if known[-2:] != "AA" else "BB")
    for device in (forged, others):
        await li.refused(SlowDown, device=device)
    # A known browser has a count of its own, from the same address, too.
    await li.sign_in(device=known)


async def test_many_at_once_get_no_more_tries(li: Person) -> None:
    answers = await asyncio.gather(
        *(li.sign_in(password="wrong" * 4, code="000000") for _ in range(40)), return_exceptions=True
    )
    kinds = [type(answer) for answer in answers]
    assert set(kinds) <= {CredentialInvalid, SlowDown}
    # They take a few seconds, after which one or two more are due.
    assert kinds.count(CredentialInvalid) <= OWN[0] + 4


async def test_an_account_that_the_world_guesses_at_is_slowed_for_strangers_only(li: Person) -> None:
    known = await li.sign_in()
    for number in range(STRANGERS[0] + 1):
        # Its own address each, as a botnet has.
        with pytest.raises((CredentialInvalid, SlowDown)):
            await li.sign_in(password="x", code="000000", address=f"203.0.113.{number}")
    async with as_owner(li.office.settings) as connection:
        much = (
            "update staff_attempts set failed = 10000, next_at = clock_timestamp() where failed > $1 returning subject"
        )
        assert len(await connection.fetch(much, STRANGERS[0])) == 1
        await li.refused(address="203.0.113.249")
        wait = "select extract(epoch from next_at - tried_at) from staff_attempts where failed > 10000"
        # Both moments are whole microseconds, one of them of a sum of floats.
        assert round(await connection.fetchval(wait), 3) == STRANGERS[1]
    await li.refused(SlowDown, address="203.0.113.250")
    await li.sign_in(device=known, address="203.0.113.251")


async def test_a_role_that_is_taken_away_ends_sessions_and_keys(li: Person, contests: Contests) -> None:
    contest = (await li.office.staff_accounts.find(li.name)).grants[0].contest
    key = await li.office.staff_keys.create("li's script", "organiser", contest, account=li.name)
    account = await li.office.staff_accounts.find(li.name)
    session = await StaffSessions(li.office.database).open(account, None)

    async def live() -> list[bool]:
        found = []
        # Each time without what is kept for two seconds.
        for bearer, cookie in ((key, None), (None, session)):
            try:
                await StaffSessions(li.office.database).permit(contest, {"organiser"}, bearer, cookie)
                found.append(True)
            except (CredentialInvalid, Forbidden):
                found.append(False)
        return found

    assert await live() == [True, True]
    await li.office.staff_accounts.grant(li.name, Grant("judge", contest))
    await li.office.staff_accounts.revoke(li.name, Grant("organiser", contest))
    assert await live() == [False, False]
    await li.office.staff_accounts.revoke(li.name, None)
    await li.refused(code=li.codes[0])
    for role, other in (("organiser", contest), ("judge", None)):
        with pytest.raises(Forbidden):
            await li.office.staff_keys.create("x", role, other, account=li.name)  # type: ignore[arg-type]


async def test_a_session_ends_by_itself_and_is_new_at_each_sign_in(li: Person) -> None:
    sessions = StaffSessions(li.office.database)
    account = await li.office.staff_accounts.find(li.name)
    first = await sessions.open(account, None)
    second = await sessions.open(account, first)
    assert first != second

    async def is_live(session: str) -> bool:
        try:
            return bool(await StaffSessions(li.office.database).find(None, session))
        except CredentialInvalid:
            return False

    assert (await is_live(first), await is_live(second)) == (False, True), "the former one of the browser ends"
    third = await sessions.open(account, None)
    (one, other) = await li.office.staff_accounts.sessions(li.name)
    assert (one.expires_at - one.opened_at).total_seconds() == pytest.approx(SESSION_SECONDS, abs=5)
    async with as_owner(li.office.settings) as connection:
        age = "update staff_sessions set {} = clock_timestamp() - make_interval(secs => $2) where id = $1"
        await connection.execute(age.format("seen_at"), one.id, IDLE_SECONDS - 10)
        assert await is_live(second), "and it is noted that it is used"
        assert (await li.office.staff_accounts.sessions(li.name))[0].seen_at > one.seen_at.replace(microsecond=0)
        await connection.execute(age.format("seen_at"), one.id, IDLE_SECONDS + 1)
        assert not await is_live(second)
        await connection.execute(age.format("expires_at"), other.id, 1)
        assert not await is_live(third), "however much it is used"
    fourth = await sessions.open(account, None)
    (listed,) = await li.office.staff_accounts.sessions(li.name)
    await li.office.staff_accounts.end_session(li.name, listed.id)
    assert not await is_live(fourth)


async def test_a_new_password_or_second_factor_ends_sessions_and_the_former_one(li: Person) -> None:
    accounts = li.office.staff_accounts
    account = await accounts.find(li.name)
    sessions = StaffSessions(li.office.database)
    await sessions.open(account, None)
    former = li.password
    li.password = await accounts.reset_password(li.name)
    assert await accounts.sessions(li.name) == ()
    await li.refused(password=former, code=li.codes[0])
    await li.sign_in()
    mine, _ = await sessions.open(account, None), await sessions.open(account, None)
    await accounts.change_password(account, "four words of mine", mine)
    assert len(await accounts.sessions(li.name)) == 1
    li.password = "four words of mine"
    old = li.codes.pop()
    li.factor = await accounts.reset_totp(li.name)
    assert await accounts.sessions(li.name) == ()
    await li.refused(code=old)
    await li.sign_in(code=li.code())


COMMON = ("password1234567", "123456789012345", "qwertyuiopasdfgh", "passwordpassword", "iloveyou12345678", "a" * 20)


@pytest.mark.parametrize("weak", [*COMMON, "short", "x7-" * 43, "li.wang knows 3 dogs", "voting voting voting"])
def test_a_password_that_is_easy_to_guess_is_refused(weak: str) -> None:
    with pytest.raises(Malformed):
        check_strength("li.wang", weak)


@pytest.mark.parametrize("good", ["four words of mine", "我家门前有两棵枣树还有一口井", "Tr0ub4dor&3 and a horse " * 5])
def test_any_characters_and_a_hundred_of_them_make_a_password(good: str) -> None:
    check_strength("li.wang", f"{good}。")


async def test_the_tables_hold_no_secret_in_clear(li: Person, settings: Settings) -> None:
    session = await StaffSessions(li.office.database).open(await li.office.staff_accounts.find(li.name), None)
    await li.refused()
    async with as_owner(settings) as connection:
        held = ""
        for table in ("staff_accounts", "staff_recovery_codes", "staff_sessions", "staff_attempts", "audit_log"):
            held += str([tuple(row) for row in await connection.fetch(f"select t::text from {table} t")])
    plain = "".join(each for each in li.factor.recovery_codes[0] if each.isalnum())
    for secret in (li.password, li.factor.secret, li.factor.recovery_codes[0], plain, session, HOME):
        assert secret not in held
        assert secret.encode().hex() not in held
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in held


@pytest.fixture(autouse=True)
async def _forget_attempts(settings: Settings) -> None:
    """The attempts from one address are counted over all accounts: each test begins without any."""
    async with as_owner(settings) as connection:
        await connection.execute("delete from staff_attempts")
