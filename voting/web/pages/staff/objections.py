"""The staff's page of objections: read, answer, confirm."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.web.auth import by
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.pages.staff.reader import opened
from voting.web.rendering import html, page


@get("/results/{contest:str}/objections", media_type=MediaType.HTML, opt=READS | by("owner", "organiser", "auditor"))
async def show_objections(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns every objection with its text and answer, and forms to answer."""
    snapshot, person, values = await opened(request, services, contest)
    values["published"] = await services.objections.published(snapshot)
    values["proposed"] = await services.objections.proposed(snapshot)
    values["may_answer"] = person.may(("owner", "organiser"), contest)
    return html(request, page(request, "objections.html", **values))
