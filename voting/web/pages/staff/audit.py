"""The audit log as a page for owners and auditors."""

from __future__ import annotations

import json
from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromQuery, QueryParameter

from voting.domain.audit_chain import AuditRecord
from voting.domain.language import Language
from voting.web.auth import by
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.i18n.acts import ACTS
from voting.web.pages.staff.reader import reader
from voting.web.rendering import html, language_of, moment, page

PAGE_RECORDS = 100


@get("/staff/audit", media_type=MediaType.HTML, opt=READS | by("owner", "auditor"))
async def show_audit_log(
    request: Request[Any, Any, Any],
    services: GivenServices,
    contest: FromQuery[str | None] = None,
    before: Annotated[int, QueryParameter(ge=0, le=2**62)] = 2**62,
) -> Response[str]:
    """Returns the newest records before a number, of all contests or of one."""
    if contest is not None:
        await services.contest_cache.get(contest)
    person, language = await reader(request, services, contest), language_of(request)
    head, records = await services.audit_log.latest(before, contest, PAGE_RECORDS)
    values: dict[str, Any] = {
        "of_contest": contest,
        "person": person,
        "head": head,
        "acts": [act(each, language) for each in records],
        "moment": moment,
        "older": records[-1].seq if len(records) == PAGE_RECORDS else None,
    }
    return html(request, page(request, "audit.html", **values))


def act(record: AuditRecord, language: Language) -> dict[str, Any]:
    """Returns a record, what it is called, and its details by name; a value that is no text is written as JSON."""
    details = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in json.loads(record.details).items()
        if value not in (None, "", [], {})
    ]
    # A record of a later or an earlier version may have another name.
    called = ACTS[record.action][language] if record.action in ACTS else ""
    return {"record": record, "called": called, "details": details}
