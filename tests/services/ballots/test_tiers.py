"""Tiers of credentials: exact counts by tier in results, certificate and groups; tiers with their own tally."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.conftest import SECRET, Contests, as_owner, cast, contest_text
from voting.domain.contest.cautions import cautions
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.explain import explain
from voting.domain.identity.channel import NUMBERS as CHANNELS
from voting.domain.identity.channel import Channel
from voting.domain.identity.tier import NUMBERS, TIERS, tier_of
from voting.postgres.fraud import decisions
from voting.postgres.fraud.decisions import Authority, Change
from voting.services.fraud.certify import as_json
from voting.services.fraud.policy_files import load_sweep_policy
from voting.services.identity.keyring import Keyring
from voting.services.results import reports
from voting.settings import Settings

RULES = '[voters]\nchannels = ["web", "wechat", "mini_program", "phone", "oidc", "issued"]\n{}\n[[quota]]\npicks = 5\n'
VOTERS: list[tuple[Channel, int | None]] = [
    ("web", None),
    ("web", None),
    ("wechat", None),
    ("mini_program", None),
    ("mini_program", 2),
    ("phone", None),
    ("issued", None),
]
COMPOSITION = {"issued": 1, "rated": 1, "wechat": 2, "verified": 1, "web": 2}


def test_every_channel_has_a_tier_and_every_tier_a_number_of_its_own() -> None:
    assert {tier_of(channel, is_rated=rated) for channel in CHANNELS for rated in (False, True)} == set(TIERS)
    assert tier_of("wechat", is_rated=True) == "wechat", "only the mini program's sign-in asks for the rank"
    assert len(set(NUMBERS.values())) == len(NUMBERS) == len(TIERS)


async def vote(http: httpx.AsyncClient, contest: str) -> None:
    keyring = Keyring(SECRET.encode())
    for channel, risk in VOTERS:
        token = keyring.issue_credential(contest, channel, datetime.now(UTC), risk=risk)
        answer = await cast(http, contest, token, ["A001"])
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(("apart", "counted"), [("", 7), ('apart = ["web", "wechat"]', 3)])
async def test_results_tell_the_tiers_apart_and_count_those_that_the_rules_let_count(
    http: httpx.AsyncClient, contests: Contests, settings: Settings, apart: str, counted: int
) -> None:
    contest = await contests.make(RULES.format(apart))
    await vote(http, contest)
    async with contests.office() as office:
        snapshot = await office.contest_cache.renew(contest)
        report = await office.reports.report(snapshot)
        row = report.rows[0]
        assert (row.tally.raw, row.tally.counted, row.tally.by_tier) == (counted, counted, COMPOSITION)
        assert reports.as_json(report)["entries"][0]["counted_web"] == 2
        cells = next(csv.DictReader(io.StringIO(reports.as_csv(report).removeprefix("\ufeff"))))
        assert {tier: int(cells[f"counted_{tier}"]) for tier in TIERS} == COMPOSITION
        async with as_owner(settings) as owner:
            rows = await owner.fetch("select sequence, voter from ballots where contest = $1 and tier = 1", contest)
        # A web ballot is void, and back: both tallies follow.
        void = [Change(rows[0]["sequence"], rows[0]["voter"], "void", ["C3"], None)]
        back = [Change(rows[0]["sequence"], rows[0]["voter"], "count", [], None)]
        by = Authority("review", "test")
        await office.database.transact(lambda tx: decisions.change(tx, contest, void, by))
        tally = (await office.reports.report(snapshot)).rows[0].tally
        assert (tally.counted, tally.by_tier["web"]) == (counted - (not apart), 1)
        assert await office.recounts.differences(snapshot) == ()
        await office.database.transact(lambda tx: decisions.change(tx, contest, back, by))
        assert await office.recounts.differences(snapshot) == ()
        # A wrong figure by tier is a wrong tally, and is set right.
        async with as_owner(settings) as owner:
            await owner.execute("update tallies set web = web + 1 where contest = $1", contest)
        assert [difference.entry for difference in await office.recounts.mend(snapshot, "test")] == ["A001"]
        assert (await office.reports.report(snapshot)).rows[0].tally.by_tier == COMPOSITION


async def test_the_certificate_keeps_the_composition(
    http: httpx.AsyncClient, contests: Contests, settings: Settings
) -> None:
    contest = await contests.make(RULES.format(""))
    await vote(http, contest)
    async with as_owner(settings) as owner:
        await owner.execute("update contests set closes_at = now(), revision = revision + 1 where id = $1", contest)
    async with contests.office() as office:
        snapshot = await office.contest_cache.renew(contest)
        made = await office.certifier.certify(snapshot, load_sweep_policy(settings.policy))
        (entry,) = [each for each in as_json(made, contest)["entries"] if each["entry"] == "A001"]  # type: ignore[attr-defined]
        assert entry["tiers"] == COMPOSITION
        assert await office.certifier.standing(snapshot) == made
        assert (await office.reports.report(snapshot)).rows[0].tally.by_tier == COMPOSITION


def test_the_check_recommends_a_higher_tier_where_picks_decide_awards() -> None:
    award = '[[award]]\nid = "first"\nname = "一等奖"\nby = "votes"\namong = "all"\ncount = 1\n'
    told = {}
    for apart in ("", 'apart = ["web"]'):
        contest = read_contest(contest_text("c", RULES.format(apart) + award, timedelta(), timedelta(days=1)))
        told[apart] = [" ".join(cautions(contest, "en")), " ".join(cautions(contest, "zh"))]
        assert any("tally of their own" in each for each in explain(contest, "en")) == bool(apart)
    assert all('apart = ["web"]' in each for each in told[""])
    assert not any("patient script" in each or "网页凭证" in each for each in told['apart = ["web"]'])
