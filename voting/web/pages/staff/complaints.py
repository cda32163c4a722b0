"""The staff's page of complaints: read, answer, close."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.domain.identity.roles import ORGANISING
from voting.web.auth import by
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.pages.staff.reader import opened
from voting.web.rendering import html, page


@get("/control/{contest:str}/complaints", media_type=MediaType.HTML, opt=READS | by(*ORGANISING))
async def show_complaint_desk(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns the complaints with their texts and contacts, those that wait first, and the forms to end them."""
    snapshot, _, values = await opened(request, services, contest)
    values["complaints"] = await services.complaints.all(snapshot)
    return html(request, page(request, "complaint_desk.html", **values))
