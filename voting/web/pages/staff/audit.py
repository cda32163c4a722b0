"""The audit log as a page for owners and auditors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromQuery, QueryParameter

from voting.domain.audit_chain import AuditRecord
from voting.domain.contest.explain import local
from voting.domain.language import Language
from voting.web.auth import by
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.i18n.acts import ACTS, DETAILS
from voting.web.i18n.words import WORDS
from voting.web.pages.staff.reader import reader
from voting.web.rendering import html, language_of, moment, page

PAGE_RECORDS = 100
SHOWN_NAMES = 10
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:\d\d")


@get("/staff/audit", media_type=MediaType.HTML, opt=READS | by("owner", "auditor"))
async def show_audit_log(
    request: Request[Any, Any, Any],
    services: GivenServices,
    contest: FromQuery[str | None] = None,
    before: Annotated[int, QueryParameter(ge=0, le=2**62)] = 2**62,
) -> Response[str]:
    """Returns the newest records before a number, of all contests or of one."""
    snapshot, language = (
        await services.contest_cache.get(contest) if contest is not None else None,
        language_of(request),
    )
    person = await reader(request, services, contest)
    at = partial(local, contest=snapshot.contest, language=language) if snapshot else moment
    head, records = await services.audit_log.latest(before, contest, PAGE_RECORDS)
    values: dict[str, Any] = {
        "of_contest": contest,
        "person": person,
        "head": head,
        "acts": [act(each, language, at) for each in records],
        "moment": at,
        "older": records[-1].seq if len(records) == PAGE_RECORDS else None,
    }
    return html(request, page(request, "audit.html", **values))


def act(record: AuditRecord, language: Language, moment: Callable[[datetime], str]) -> dict[str, Any]:
    """Returns a record, what it is called, and its details by name. `moment` writes a time."""
    details = [
        (DETAILS[name][language] if name in DETAILS else name, _shown(value, language, moment))
        for name, value in json.loads(record.details).items()
        if value not in (None, "", [], {})
    ]
    return {"record": record, "called": _called(record.action, language), "details": details}


def _called(action: str, language: Language) -> str:
    """Returns what an act is called; empty for one of an earlier or a later version."""
    return ACTS[action][language] if action in ACTS else ""


def _shown(value: Any, language: Language, moment: Callable[[datetime], str]) -> str:
    """Returns a detail's value for people: of a long list the first; what has no other form as JSON."""
    if isinstance(value, list):
        t = WORDS[language]
        named = t.comma.join(_shown(each, language, moment) for each in value[:SHOWN_NAMES])
        return str(named if len(value) <= SHOWN_NAMES else t.audit_more.format(named, len(value)))
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if _MOMENT.fullmatch(value):
        return moment(datetime.fromisoformat(value))
    return _called(value, language) or value
