"""The page of a contest's public log."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.errors import NotFound
from voting.services.transparency.public_log import MERGE_DELAY_SECONDS, published
from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.rendering import about, html, language_of, page


@get("/log/{contest:str}", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_log(contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices) -> Response[str]:
    """Returns how long the log is, when it last grew, and how to check it."""
    snapshot, language = await services.contest_cache.get(contest), language_of(request)
    try:
        head = await services.public_log.head(snapshot)
    except NotFound:
        # It begins soon after the contest is made.
        head = None
    shown = about(snapshot.contest, language) | {
        "head": head,
        "receipt_key": services.keyring.public_key,
        "witnesses": await services.public_log.witnesses(snapshot),
        "is_cosigned": head is not None and published(head) == head.cosigned,
    }
    return html(request, page(request, "log.html", **shown, seconds=MERGE_DELAY_SECONDS))
