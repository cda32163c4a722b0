"""Contest control: pause, extend, withdraw an entry, publish a notice; each with its effect, and the last acts."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import local
from voting.domain.identity.roles import ORGANISING
from voting.domain.language import Language
from voting.domain.results.inputs import document_sha256
from voting.services.audit import Action
from voting.services.contests.admin import UNCONFIRMED_PAUSE
from voting.services.contests.overview import PendingProposal
from voting.web.auth import by
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.i18n.acts import ACTS as NAMES
from voting.web.pages.staff.audit import act
from voting.web.pages.staff.reader import opened
from voting.web.rendering import html, language_of, page, phase_of

MOST_ACTS = 20
ACTS: tuple[Action, ...] = (
    "announcement.end",
    "announcement.publish",
    "award.revoke",
    "certification.certify",
    "certification.reopen",
    "contest.create",
    "contest.display",
    "contest.extend",
    "contest.pause",
    "contest.replace",
    "contest.resume",
    "contest.seal",
    "entry.withdraw",
    "roster.import",
    "second_person.propose",
)

_CHANGES = ("extension", "withdrawal", "display")
_BY_COMMAND: dict[str, dict[Language, str]] = {
    act: NAMES[act] for act in ("award.revoke", "certification.certify", "certification.reopen")
}


class ProposedExtension(NamedTuple):
    """An extension that waits for a second person. `field`: the new end as a form sends it."""

    proposal: PendingProposal
    closes_at: datetime
    field: str
    by: timedelta


@get("/control/{contest:str}", media_type=MediaType.HTML, opt=READS | by(*ORGANISING))
async def show_control(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns what can be changed now, each with its effect and its form, and the last changes."""
    _, _, values = await opened(request, services, contest)
    # Not a second old: the page is loaded again after each act.
    snapshot = await services.contest_cache.renew(contest)
    rules, now, language = snapshot.contest, snapshot.now(), language_of(request)
    pending = {each.action: each for each in await services.overview.proposals([contest])}
    extension, pause = pending.get("contest.extend"), pending.get("contest.pause")
    records = await services.audit_log.history(contest, ACTS, MOST_ACTS)
    values |= {
        "contest": rules,
        "phase": phase_of(snapshot),
        "is_over": snapshot.certified or now >= rules.closes_at,
        "is_certified": snapshot.certified,
        # Rules that are not sealed can still be replaced as a whole.
        "may": {what: what in rules.changeable or not snapshot.is_sealed() for what in _CHANGES},
        "extension": _extension(extension, rules) if extension else None,
        "pause": pause,
        "pause_ends": pause.proposed_at + UNCONFIRMED_PAUSE if pause else None,
        "withdrawal": pending.get("entry.withdraw"),
        # Confirmed by a command; the others have their own cards, an answer its own page.
        "pending": [(name, each) for act, each in pending.items() if (name := _BY_COMMAND.get(act, {}).get(language))],
        "has_begun": now >= rules.opens_at,
        "document_sha256": document_sha256(snapshot.document),
        "may_seal": not snapshot.is_sealed(),
        "earliest": _field(rules.closes_at, rules),
        "entries": snapshot.entries,
        "announcements": snapshot.announcements,
        "shown_announcement": snapshot.announcement(),
        "now": now,
        "acts": [act(each, language, partial(local, contest=rules, language=language)) for each in records],
        "of_contest": contest,
        "moment": lambda at: local(at, rules, language),
    }
    return html(request, page(request, "control.html", **values))


def _extension(proposal: PendingProposal, contest: Contest) -> ProposedExtension:
    closes_at = datetime.fromisoformat(str(proposal.details["is"]))
    longer = closes_at - contest.closes_at
    return ProposedExtension(proposal, closes_at, closes_at.isoformat(), longer)


def _field(moment: datetime, contest: Contest) -> str:
    """Returns a moment as a field of local date and time has it."""
    return f"{moment.astimezone(contest.zone):%Y-%m-%dT%H:%M}"
