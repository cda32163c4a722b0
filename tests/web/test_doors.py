"""Registration: when a voter may register, how often from one address, and the validity of a credential."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy

import asyncpg
import httpx
import msgspec
import pytest
from asyncpg import Connection

from tests.conftest import SECRET, Contests, cast, environment_of, refusal, serving, solve
from voting.domain.identity.roles import Role
from voting.domain.identity.token import seal
from voting.errors import ContestUnknown, CredentialInvalid, NotFound, TryAgain, VotingError
from voting.fraud.facts.facts import Facts, hashed
from voting.postgres.identity import staff
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.contests.covers import Covers
from voting.services.identity.keyring import Keyring
from voting.services.readiness import Health
from voting.services.staff.keys import PREFIX
from voting.services.staff.sessions import KEPT_SECONDS, MOST_SESSIONS, StaffSessions
from voting.services.tallies.activity import Activities
from voting.services.tallies.live_board import MOST_BOARDS_OF_A_KEY, LiveBoards
from voting.services.tallies.projection import Reading
from voting.services.tallies.reader import Shown
from voting.settings import Settings, load
from voting.wiring.admin import AdminServices

SCHOOL = 200


@pytest.fixture(scope="module")
def proxied(settings: Settings) -> Iterator[str]:
    """Runs a service that takes addresses from X-Forwarded-For."""
    with serving(environment_of(settings) | {"VOTING_TRUSTED_PROXIES": "127.0.0.0/8"}, "--workers", "2") as (url, _):
        yield url


async def register(http: httpx.AsyncClient, contest: str, headers: dict[str, str] | None = None) -> httpx.Response:
    base = f"/api/v1/contests/{contest}"
    asked = await http.post(f"{base}/challenges", headers=headers)
    assert asked.status_code == 200, asked.text
    solved = await asyncio.to_thread(solve, asked.json())
    return await http.post(f"{base}/voters", json={"challenge": solved}, headers=headers)


async def readings(settings: Settings, contest: str) -> list[int | None]:
    """Returns the reading time of each ballot in seconds, in order; None if unknown."""
    connection = await asyncpg.connect(settings.database_url)
    rows = await connection.fetch(
        "select facts -> place -> 3 as reading from batches f"
        " join ballots b on b.batch = f.id and b.contest = f.contest where f.contest = $1 order by sequence",
        contest,
    )
    await connection.close()
    found = [json.loads(row["reading"]) for row in rows]
    return [None if each is None else each // 1000 for each in found]


async def test_a_ticket_is_good_for_an_hour_and_for_one_credential(
    http: httpx.AsyncClient, contests: Contests, settings: Settings
) -> None:
    contest, other = await contests.make(), await contests.make()
    keyring, now = Keyring(SECRET.encode()), datetime.now(UTC)

    def ticket(seconds: float, of: str = contest) -> str:
        return keyring.issue_ticket(of, now - timedelta(seconds=seconds))

    one, two, three = contests.tokens(contest, 3)
    shared, old, foreign = ticket(600), ticket(3601), ticket(600, other)
    # The payload of an earlier version has no nonce.
    former = seal(keyring.key("ticket", contest), int(now.timestamp() * 1000).to_bytes(8, "big"))
    wanted = [
        (one, shared, 600),
        (two, shared, None),
        (one, shared, 600),
        (three, shared, None),
        (two, ticket(1200), 1200),
        (three, old, None),
        (three, ticket(3400), 3400),
        (two, foreign, None),
        (two, former, None),
        (two, shared[:-2] + "AA", None),
    ]
    for token, given, _ in wanted:
        assert (await cast(http, contest, token, ["A001"], ticket=given)).status_code == 201
    found = await readings(settings, contest)
    for (_, _, expected), reading in zip(wanted, found, strict=True):
        assert (reading is None) == (expected is None)
        assert reading is None or 0 <= reading - (expected or 0) < 60


async def test_pages_of_the_same_moment_have_tickets_of_their_own(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    tickets = [(await http.get(f"/api/v1/contests/{contest}")).json()["ticket"] for _ in range(3)]
    now = datetime.now(UTC)
    tickets += [Keyring(SECRET.encode()).issue_ticket(contest, now) for _ in range(3)]
    assert len(set(tickets)) == 6


@pytest.mark.parametrize(
    ("opens", "closes", "code"),
    [
        (timedelta(minutes=5), timedelta(days=1), "window_not_open"),
        (timedelta(days=190), timedelta(days=200), "window_not_open"),
        (timedelta(days=-2), timedelta(seconds=-1), "window_closed"),
    ],
)
async def test_nobody_registers_outside_the_window(
    http: httpx.AsyncClient, contests: Contests, opens: timedelta, closes: timedelta, code: str
) -> None:
    contest = await contests.make(opens=opens, closes=closes)
    base = f"/api/v1/contests/{contest}"
    for answer in (
        await http.post(f"{base}/challenges"),
        await http.post(f"{base}/voters", json={"challenge": "bm90IG9uZQ=="}),
    ):
        assert refusal(answer) == (409, code)
        assert {"opens_at", "closes_at", "server_time"} <= answer.json().keys()


async def test_a_credential_of_an_earlier_window_is_no_longer_good(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make(opens=timedelta(minutes=-5))
    keyring, now = Keyring(SECRET.encode()), datetime.now(UTC)
    early = keyring.issue_credential(contest, "web", now - timedelta(minutes=6))
    base = f"/api/v1/contests/{contest}"
    assert refusal(await cast(http, contest, early, ["A001"])) == (401, "credential_invalid")
    bearer = {"Authorization": f"Bearer {early}"}
    assert refusal(await http.get(f"{base}/me", headers=bearer)) == (401, "credential_invalid")
    assert (await http.get(f"/c/{contest}", headers={"Cookie": f"voter-{contest}={early}"})).status_code == 200
    # Registering with it gives another one; credentials that the organiser issued beforehand are valid.
    http.cookies.clear()
    again = await register(http, contest, bearer)
    assert again.status_code == 201
    assert again.json()["token"] != early
    panel = keyring.issue_credential(contest, "issued", now - timedelta(days=30))
    for token in (again.json()["token"], panel):
        assert (await cast(http, contest, token, ["A001"])).status_code == 201


async def test_one_address_may_not_ask_without_end_and_others_are_let_in(
    settings: Settings, contests: Contests
) -> None:
    contest = await contests.make()
    limited = {"VOTING_TRUSTED_PROXIES": "127.0.0.0/8", "VOTING_LIMIT_REGISTRATION": "1/minute burst 3"}
    with serving(environment_of(settings) | limited, "--workers", "2") as (url, _):
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:

            async def asked(address: str) -> httpx.Response:
                return await http.post(f"/api/v1/contests/{contest}/challenges", headers={"X-Forwarded-For": address})

            for first, same, other in (
                ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
                ("2001:db8::7", "2001:db8::8", "2001:db8:0:1::7"),
                ("::ffff:192.0.2.9", "192.0.2.9", "::ffff:192.0.2.10"),
            ):
                answers = [await asked(first) for _ in range(3)]
                assert [answer.status_code for answer in answers] == [200] * 3
                refused = await asked(same)
                assert refusal(refused) == (429, "slow_down")
                assert 1 <= int(refused.headers["retry-after"]) <= 60
                assert (await asked(other)).status_code == 200
            # Registrations have a separate rate.
            spent = {"X-Forwarded-For": "192.0.2.7"}
            answers = [
                await http.post(f"/api/v1/contests/{contest}/voters", json={"challenge": "x"}, headers=spent)
                for _ in range(4)
            ]
            assert [answer.status_code for answer in answers] == [403, 403, 403, 429]


async def test_a_school_behind_one_address_votes_within_a_minute(proxied: str, contests: Contests) -> None:
    contest = await contests.make()
    # A computer room: the same browser on every machine.
    room = {
        "X-Forwarded-For": "203.0.113.5",
        "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/130.0.0.0 Safari/537.36",
        "Accept-Language": "zh-CN,zh;q=0.9",
    }
    statuses: Counter[int] = Counter()
    limits = httpx.Limits(max_connections=40)
    begun, worked = time.monotonic(), time.process_time()
    async with httpx.AsyncClient(base_url=proxied, timeout=30, limits=limits) as http:

        async def vote(number: int) -> None:
            # Each pupil's page was opened a while ago.
            ticket = Keyring(SECRET.encode()).issue_ticket(contest, datetime.now(UTC) - timedelta(seconds=8 + number))
            registered = await register(http, contest, room)
            assert registered.status_code == 201, registered.text
            headers = room | {"Authorization": f"Bearer {registered.json()['token']}", "Idempotency-Key": "k"}
            body = {"entries": [f"A{number % 12 + 1:03d}"], "ticket": ticket}
            answer = await http.post(f"/api/v1/contests/{contest}/ballots", json=body, headers=headers)
            while answer.status_code == 503:
                # The machine is busy: the page comes again with the same key, as it is told.
                await asyncio.sleep(int(answer.headers["retry-after"]))
                answer = await http.post(f"/api/v1/contests/{contest}/ballots", json=body, headers=headers)
            statuses[answer.status_code] += 1

        # Without cookies: they are 200 browsers.
        http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        await asyncio.gather(*(vote(number) for number in range(SCHOOL)))
    assert statuses == {201: SCHOOL}, "none refused, none challenged"
    # The pupils' computers solve their challenges at the same time; here one process solves all.
    assert time.monotonic() - begun - (time.process_time() - worked) < 60
    assert sum((await contests.counted(contest)).values()) == SCHOOL, "none held"


async def test_metrics_are_not_for_the_public(http: httpx.AsyncClient) -> None:
    assert (await http.get("/metrics")).status_code == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        answer = await http.get("/metrics", headers={header: "127.0.0.1"})
        assert refusal(answer) == (403, "forbidden")
        assert "voting_" not in answer.text


def test_the_settings_name_the_networks_that_may_read_metrics(settings: Settings) -> None:
    given = environment_of(settings) | {"VOTING_METRICS_NETWORKS": "192.0.2.0/24"}
    with serving(given) as (url, _):
        assert refusal(httpx.get(f"{url}/metrics")) == (403, "forbidden")
    for text, networks in (("", ()), ("192.0.2.0/24, 127.0.0.1/32", ("192.0.2.0/24", "127.0.0.1/32"))):
        read = load(given | {"VOTING_METRICS_NETWORKS": text})
        assert tuple(map(str, read.metrics_networks)) == networks


async def test_a_staff_key_has_twenty_sessions_the_newest(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    key, other = [await contests.staff_key("organiser", contest) for _ in range(2)]
    path = f"/api/v1/staff/contests/{contest}/tallies"

    async def signed_in(key: str) -> str:
        answer = await http.post("/api/v1/staff/session", json={"key": key})
        assert answer.status_code == 201
        http.cookies.clear()
        return answer.headers["set-cookie"].split(";")[0]

    others = await signed_in(other)
    sessions = [await signed_in(key) for _ in range(MOST_SESSIONS + 3)]
    await asyncio.sleep(KEPT_SECONDS + 0.1)
    statuses = [(await http.get(path, headers={"Cookie": each})).status_code for each in [others, *sessions]]
    assert statuses == [200, *[401] * 3, *[200] * MOST_SESSIONS]
    async with office.database.connection() as connection:
        await staff.open_session(connection, b"ended", key.split("_")[1], None, -1, MOST_SESSIONS)
        await staff.sweep_sessions(connection)
        ended = "select count(*) from staff_sessions where expires_at < now()"
        assert await connection.fetchval(ended) == 0


async def test_one_keys_boards_leave_room_for_others(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    live_boards = LiveBoards(
        office.database,
        office.contest_cache,
        _AnyTally(),  # type: ignore[arg-type]
        Activities(office.database, office.contest_cache),
        _AnyAnswers(),  # type: ignore[arg-type]
        no_groups,
    )

    async def permit() -> None:
        pass

    boards = [live_boards.watch(contest, "one", None, permit) for _ in range(MOST_BOARDS_OF_A_KEY)]
    for board in boards:
        live_boards.admit("one")
        await anext(board)
    with pytest.raises(TryAgain):
        live_boards.admit("one")
    live_boards.admit("other")
    await boards[0].aclose()  # type: ignore[attr-defined]
    live_boards.admit("one")
    for board in boards:
        await board.aclose()  # type: ignore[attr-defined]


class _AnyTally:
    """Replaces the tally reader, which the limits do not depend on."""

    async def live(self, snapshot: ContestSnapshot) -> Reading:
        return Reading({}, snapshot.now())

    async def shown(self, snapshot: ContestSnapshot) -> Shown:
        return Shown(snapshot.now(), None, "hidden")


class _AnyAnswers:
    """Replaces the check of dependencies, which the limits do not depend on either."""

    async def probe(self) -> Health:
        return Health({}, None)


async def no_groups(snapshot: ContestSnapshot) -> Sequence[Mapping[str, object]]:
    return []


async def test_requests_for_unknown_names_share_queries(
    contests: Contests, office: AdminServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many names of each kind at once: contests, covers, staff keys, sessions."""
    snapshot = await office.contest_cache.get(await contests.make())
    queries: Counter[str] = Counter()

    def counted(name: str) -> Callable[..., Awaitable[object]]:
        real = getattr(Connection, name)

        async def query(*given: object, **named: object) -> object:
            queries[name] += 1
            return await real(*given, **named)

        return query

    for name in ("fetch", "fetchrow", "fetchval"):
        monkeypatch.setattr(Connection, name, counted(name))
    contest_cache, staff_sessions, covers = (
        ContestCache(office.database),
        StaffSessions(office.database),
        Covers(office.database),
    )
    roles: frozenset[Role] = frozenset({"organiser"})
    kinds: dict[type[VotingError], tuple[Callable[[str], Awaitable[object]], ...]] = {
        ContestUnknown: (lambda name: contest_cache.get(name[:20]),),
        NotFound: (lambda name: covers.fetch(snapshot, f"{name}.png"), lambda name: covers.fetch(snapshot, "")),
        CredentialInvalid: (
            lambda name: staff_sessions.by_key(f"{PREFIX}_{name[:12]}_{name[:40]}"),
            lambda name: staff_sessions.permit(snapshot.contest.id, roles, None, name),
        ),
    }
    for refusal_, asks in kinds.items():
        for ask in asks:
            queries.clear()
            names = [secrets.token_hex(32) for _ in range(300)]
            answers = await asyncio.gather(*(ask(name) for name in names), return_exceptions=True)
            assert {type(answer) for answer in answers} == {refusal_}
            assert queries.total() <= 3
    # Newly stored names are found at once.
    made = await contests.make()
    assert (await contest_cache.get(made)).contest.id == made
    key = await contests.staff_key("organiser", made)
    assert (await staff_sessions.by_key(key)).contest == made


async def test_stored_fingerprints_are_anonymous_and_differ_between_contests(
    http: httpx.AsyncClient, contests: Contests, settings: Settings
) -> None:
    agent = "Mozilla/5.0 (Linux; Android 14; V2309A) Chrome/130.0.0.0 Mobile Safari/537.36"
    headers = {"User-Agent": agent, "Origin": "https://vote.example.org", "Accept-Language": "zh-CN"}
    report = {"screen": "360x800", "dpr": 3, "languages": ["zh-CN"], "timezone": "Asia/Shanghai", "platform": "Linux"}
    made = [await contests.make() for _ in range(2)]
    for contest in made:
        for token in contests.tokens(contest, 2):
            more = headers | {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
            body = {"entries": ["A001"], "client": report}
            answer = await http.post(f"/api/v1/contests/{contest}/ballots", json=body, headers=more)
            assert answer.status_code == 201
    connection = await asyncpg.connect(settings.database_url)
    stored = [
        [
            json.loads(row[0])
            for row in await connection.fetch("select json_array_elements(facts) from batches where contest = $1", each)
        ]
        for each in made
    ]
    await connection.close()
    names = [field.name for field in msgspec.structs.fields(Facts)]
    for name in ("agent", "client", "origin"):
        (first, same), (other, _) = ([facts[names.index(name)] for facts in each] for each in stored)
        assert first == same > 0, name
        assert first != other, name
        assert first not in (hashed((agent,)), hashed(("vote.example.org",))), name
