"""The published result (公示) with the register of objections."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.errors import NotScorable
from voting.services.results.objections import MATTERS
from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.i18n.words import WORDS
from voting.web.rendering import Look, PageCache, about, page

_PAGES = PageCache()


@get("/c/{contest:str}/results", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_publication(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[bytes]:
    """Returns the certified result with the objections to it; before there is one, a page that says so."""
    snapshot, look = await services.contest_cache.get(contest), Look.of(request)
    published, report = await services.objections.published(snapshot), None
    if published:
        try:
            report = await services.reports.report(snapshot, blended=True)
        except NotScorable:
            report = await services.reports.report(snapshot)
    is_open = bool(published and published.until and snapshot.now() < published.until)
    values = {
        **about(snapshot.contest, look.language),
        "published": published,
        "report": report,
        "is_open": is_open,
        "matters": MATTERS,
        "words": WORDS[look.language].script,
    }
    inputs = (report.input_sha256, report.changed) if report else ()
    key = (snapshot.uid, snapshot.revision, published, is_open, *inputs)
    return _PAGES.answer(request, look, key, lambda: page(request, "publication.html", **values))
