"""What waits for whoever has signed in, and the contests that he may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from litestar import MediaType, Request, Response, get

from voting.domain.identity.roles import DECIDING, ORGANISING, Role, Staff
from voting.domain.language import Language
from voting.domain.results.publication import ends_at
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.contests.overview import Counts, PendingProposal
from voting.services.fraud.group_view import effect_in_words
from voting.services.fraud.growth import to_decide
from voting.services.second_person import person_of
from voting.web.auth import OWN_ACCOUNT, own_account
from voting.web.dependencies import GivenOptions, GivenServices, Services
from voting.web.flood_limiter import READS
from voting.web.i18n.acts import ACTS
from voting.web.i18n.words import WORDS
from voting.web.pages.staff.reader import SignInNeeded
from voting.web.rendering import html, language_of, page, phase_of

MOST_NEEDS = 5
PHASES = ("open", "not_open", "closed", "certified")
_PAGES_OF_ACTS = {
    "contest.extend": "/control/{}",
    "objection.answer": "/results/{}/objections",
}


class Listed(NamedTuple):
    """A contest with what its staff may see of it. `picks` None: not for this person's roles."""

    snapshot: ContestSnapshot
    roles: frozenset[Role]
    counts: Counts
    phase: str
    picks: int | None
    hours: Sequence[int]
    """Ballots of each of the last 24 hours, for those who see picks; empty if there were none."""
    ends: str
    links: list[tuple[str, str]]


class Need(NamedTuple):
    """Something that waits for the person: what it is, in which contest, and where it is done."""

    kind: str
    what: str
    snapshot: ContestSnapshot
    path: str


@get("/staff", media_type=MediaType.HTML, opt=READS | OWN_ACCOUNT)
async def show_overview(
    request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions
) -> Response[str]:
    """Returns the page on which an account begins."""
    try:
        name, _ = await own_account(request, services)
    except (CredentialMissing, CredentialInvalid, Forbidden):
        raise SignInNeeded from None
    person, language = (await services.staff_accounts.find(name)).staff, language_of(request)
    listed = await _listed(services, person, language)
    needs = await _needs(services, person, listed, language)
    values: dict[str, Any] = {
        "person": person,
        "needs": needs[:MOST_NEEDS],
        "more": len(needs) - MOST_NEEDS,
        "phases": [(phase, [each for each in listed if _stage(each) == phase]) for phase in PHASES],
        "missing": options.site.missing if any(grant.role in ORGANISING for grant in person.grants) else (),
        "may_create": person.may({"owner"}, None),
        "everywhere": person.may({"owner", "auditor"}, None),
    }
    return html(request, page(request, "overview.html", **values))


async def _listed(services: Services, person: Staff, language: Language) -> list[Listed]:
    """Returns the contests that the person's roles cover, the latest opening first."""
    of = {
        snapshot.contest.id: (snapshot, roles)
        for snapshot in await services.contest_cache.all()
        if (roles := person.roles(snapshot.contest.id))
    }
    counts = await services.overview.counts(of)
    seeing = {
        contest
        for contest, (snapshot, roles) in of.items()
        if snapshot.contest.public_vote and roles & {*DECIDING, "auditor"}
    }
    hours = await services.overview.hours(seeing)
    return [
        Listed(
            snapshot,
            roles,
            counts[contest],
            phase_of(snapshot),
            counts[contest].picks if contest in seeing else None,
            hours.get(contest, ()),
            _ends(snapshot, counts[contest], language),
            pages_of(snapshot, roles, language),
        )
        for contest, (snapshot, roles) in of.items()
    ]


def pages_of(snapshot: ContestSnapshot, roles: frozenset[Role], language: Language) -> list[tuple[str, str]]:
    """Returns the pages that the roles open, each with what it is called."""
    contest, t, auditing = snapshot.contest.id, WORDS[language], {"auditor"}
    pages = [
        (t.board, f"/board/{contest}", ORGANISING),
        (t.control, f"/control/{contest}", ORGANISING),
        (t.roster, f"/control/{contest}/roster", ORGANISING),
        (t.review, f"/review/{contest}", DECIDING | auditing),
        (t.marking, f"/marking/{contest}", {"judge"} if snapshot.contest.rounds else ()),
        (t.results, f"/results/{contest}", roles),
        (t.objections, f"/results/{contest}/objections", ORGANISING | auditing if snapshot.certified else ()),
        (t.complaint_desk, f"/control/{contest}/complaints", ORGANISING),
        (t.audit_log, f"/staff/audit?contest={contest}", {"owner"} | auditing),
    ]
    return [(text, path) for text, path, allowed in pages if roles.intersection(allowed)]


def _stage(listed: Listed) -> str:
    """Returns under which heading a contest is listed; without a public vote, its window tells nothing."""
    if listed.snapshot.certified:
        return "certified"
    phase = listed.snapshot.contest.phase(listed.snapshot.now())
    return "open" if listed.phase == "none" and phase == "not_open" else phase


def _ends(snapshot: ContestSnapshot, counts: Counts, language: Language) -> str:
    """Returns how long it is until the contest opens, closes, or takes no more objections; empty if nothing runs."""
    contest, now, t = snapshot.contest, snapshot.now(), WORDS[language]
    if counts.certified_at and contest.publication:
        until = ends_at(contest.publication, counts.certified_at, contest.zone)
        return t.overview_publication.format(_span(until - now, language)) if until > now else ""
    if not contest.public_vote:
        return ""
    if now < contest.opens_at:
        return str(t.overview_opens.format(_span(contest.opens_at - now, language)))
    return str(t.overview_closes.format(_span(contest.closes_at - now, language))) if now < contest.closes_at else ""


def _span(left: timedelta, language: Language) -> str:
    minutes = int(left.total_seconds()) // 60
    t = WORDS[language]
    return str(
        t.days_hours.format(minutes // 1440, minutes // 60 % 24)
        if minutes >= 1440
        else t.overview_hours.format(minutes // 60, minutes % 60)
    )


async def _needs(services: Services, person: Staff, listed: list[Listed], language: Language) -> list[Need]:
    """Returns what waits for the person: what can change a place first, then the oldest proposals, then the rest."""
    by_id = {each.snapshot.contest.id: each for each in listed}
    needs: list[Need] = []
    for each in listed:
        if each.counts.groups and each.roles & DECIDING and not each.snapshot.certified:
            needs += await _groups(services, person, each, language)
    proposals = await services.overview.proposals([id for id, each in by_id.items() if each.roles & ORGANISING])
    needs += [
        _proposal(each, by_id[each.contest].snapshot, language)
        for each in proposals
        if each.account != person.account and each.action in ACTS
    ]
    for each in listed:
        needs += _others(each, language)
        if each.counts.growth and each.roles & DECIDING and not each.snapshot.certified:
            needs += await _growth(services, person, each, language)
    return needs


async def _groups(services: Services, person: Staff, listed: Listed, language: Language) -> list[Need]:
    """Returns the groups that another one has proposed to decide, and those that change a place."""
    snapshot, t = await services.contest_cache.get(listed.snapshot.contest.id), WORDS[language]
    needs = []
    for each in await services.reviews.all(snapshot):
        group, path = each.group, f"/review/{snapshot.contest.id}/groups/{each.group.id}"
        what = t.review_group.format(group.id) + t.colon + effect_in_words(each, language)
        if group.proposal and person_of(person).name != group.proposal.person:
            needs.append(Need("second", what, snapshot, path))
        elif group.state == "open" and each.effect.shifts and not group.proposal:
            needs.append(Need("group", what, snapshot, path))
    return needs


async def _growth(services: Services, person: Staff, listed: Listed, language: Language) -> list[Need]:
    """Returns the growth that waits for a ground, or for another one than who proposed it."""
    snapshot = await services.contest_cache.get(listed.snapshot.contest.id)
    waiting = [
        each
        for each in to_decide(await services.growths.all(snapshot))
        if each.decision is None or each.decision.account != person.account
    ]
    what = WORDS[language].overview_growth.format(len(waiting))
    return [Need("growth", what, snapshot, f"/review/{snapshot.contest.id}#growth")] if waiting else []


def _proposal(proposal: PendingProposal, snapshot: ContestSnapshot, language: Language) -> Need:
    act = ACTS[proposal.action][language]  # type: ignore[index]
    what = WORDS[language].overview_proposal.format(proposal.account, act)
    path = _PAGES_OF_ACTS.get(proposal.action, "/control/{}").format(snapshot.contest.id)
    return Need("second", what, snapshot, path)


def _others(listed: Listed, language: Language) -> Iterator[Need]:
    snapshot, t, counts = listed.snapshot, WORDS[language], listed.counts
    contest = snapshot.contest.id
    if counts.objections and listed.roles & ORGANISING:
        what = t.overview_objections.format(counts.objections)
        yield Need("objection", what, snapshot, f"/results/{contest}/objections")
    if counts.complaints and listed.roles & ORGANISING:
        what = t.overview_complaints.format(counts.complaints)
        yield Need("complaint", what, snapshot, f"/control/{contest}/complaints")
    if counts.cells and listed.roles & DECIDING and not snapshot.certified:
        yield Need("cell", t.overview_cells.format(counts.cells), snapshot, f"/review/{contest}#cells")
