"""Growth that nothing explains stands in the way of a certification until people have said what it was."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, environment_of
from tests.fraud.rings import POLICY, certifier, crowd, dripped, find_nothing, record
from tests.services.test_second_person import hire
from tests.web.test_staff import bearer
from voting.cli.certify import _warn
from voting.errors import NotCertifiable
from voting.services.fraud.growth import Growths
from voting.services.second_person import Person
from voting.settings import Settings
from voting.wiring.admin import AdminServices

WANG = Person("key:1", "wang")


async def test_an_even_drip_is_estimated_explained_and_not_subtracted(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await dripped(contests, office.database)
    snapshot, growths = await office.contest_cache.get(contest), Growths(office.database)
    with pytest.raises(NotCertifiable, match="what explains 1 cases of growth: A002-night"):
        await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    (growth,) = await growths.all(snapshot)
    found = growth.excess
    assert (found.entry, found.sign, growth.state) == ("A002", "night", "open")
    assert 0 < found.low < found.estimate < found.high <= 750
    assert growth.effect.shifts[0] == ("A002", 1, 2)
    listed = run("review", "list", "--contest", contest, "--language", "en", env=environment_of(settings)).stdout
    assert listed.startswith("growth\tA002-night\topen\tA002: too many votes at night; ")
    explain = ("review", "explain", "A002-night", "--contest", contest, "--reason", "shift workers")
    assert run(*explain, env=environment_of(settings)).stdout == "A002-night\tdecided\n"
    # More than was explained needs another ground.
    async with as_owner(settings) as owner:
        await owner.execute("update growth_decisions set most = $2 where contest = $1", contest, found.estimate - 1)
    (growth,) = await growths.all(snapshot)
    assert growth.state == "open"
    assert await growths.decide(snapshot, [growth.id], WANG, "accept", "the night bus") == (("A002-night", "decided"),)
    assert await growths.decide(snapshot, [growth.id], WANG, "accept", "twice") == (("A002-night", "unchanged"),)
    assert await growths.decide(snapshot, [growth.id], WANG, "undo", "no") == (("A002-night", "withdrawn"),)
    with pytest.raises(NotCertifiable):
        await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    await growths.decide(snapshot, [growth.id], WANG, "accept", "the night bus")
    made = await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    assert made.tallies["A002"].counted == 750
    async with as_owner(settings) as owner:
        acts = await owner.fetch(
            "select action, details::jsonb ->> 'reason' as reason from audit_log"
            " where contest = $1 and action like 'growth.%' order by id",
            contest,
        )
        # A reviewer has since voided all but five of its picks, so at most those can be void.
        await owner.execute("update tallies set counted = 5 where contest = $1 and entry = 'A002'", contest)
    assert [tuple(act) for act in acts] == [
        ("growth.accept", "shift workers"),
        ("growth.accept", "the night bus"),
        ("growth.withdraw", "no"),
        ("growth.accept", "the night bus"),
    ]
    (growth,) = await growths.all(snapshot)
    assert growth.most == 5


async def test_a_day_far_above_the_days_before_is_explained_by_two_accounts_on_the_page(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, capsys: pytest.CaptureFixture[str]
) -> None:
    contest = await contests.make(opens=timedelta(days=-6), closes=timedelta(minutes=-1))
    for number in range(1, 6):
        ago = timedelta(days=6 - number, hours=-2)
        await record(
            office.database, contest, crowd(100 * number, 20, "A001") + crowd(5000 + 100 * number, 12, "A002"), ago
        )
    await record(office.database, contest, crowd(9000, 250, "A002"), timedelta(hours=21))
    snapshot = await office.contest_cache.get(contest)
    with pytest.raises(NotCertifiable, match="cases of growth"):
        await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    persons = [await hire(office, contest) for _ in range(2)]
    keys = [await office.staff_keys.create(each.name, "organiser", contest, account=each.account) for each in persons]
    for key, status in zip(map(bearer, keys), (202, 200), strict=True):
        every = (await http.get(f"/api/v1/staff/contests/{contest}/groups", headers=key)).json()["excesses"]
        day = next(each for each in every if each["entry"] == "A002" and each["sign"].startswith("day-"))
        assert day["estimate"] > 200
        for each in every:
            path = f"/api/v1/staff/contests/{contest}/growth/{each['id']}/decisions"
            wish = {"action": "accept", "reason": "on television that evening"}
            assert (await http.post(path, json=wish, headers=key)).status_code == status
        waiting = await office.database.transact(lambda tx: office.growths.undecided(tx, snapshot))
        assert ("a second one must agree" in waiting) == (status == 202)
        assert "nobody has said" not in waiting
        _warn(await office.growths.all(snapshot), contest)
        warned = capsys.readouterr().err
        assert ("Explained: on television" in warned) == (status == 200)
    assert all(each.state == "accepted" for each in await office.growths.all(snapshot))
    async with office.database.connection() as connection:
        await connection.execute("delete from growth_decisions where contest = $1", contest)
    assert (await http.post("/api/v1/staff/session", json={"key": keys[0]})).status_code == 201
    for language, words in {"zh": "待说明", "en": "To be explained"}.items():
        page = (await http.get(f"/review/{contest}?lang={language}")).text
        assert words in page
        assert f'data-send="/api/v1/staff/contests/{contest}/growth/{day["id"]}/decisions"' in page
