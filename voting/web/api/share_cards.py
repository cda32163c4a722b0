"""Signatures for the cards that WeChat shows for links."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS


@get("/api/v1/contests/{contest:str}/share-card", opt=READS | PUBLIC)
async def sign_page(
    contest: FromPath[str], services: GivenServices, url: Annotated[str, QueryParameter(max_length=1000)]
) -> Response[dict[str, Any]]:
    """Returns what `wx.config` takes for a page of this contest; 404 where the service is not set up for WeChat."""
    snapshot = await services.contest_cache.get(contest)
    content = await services.share_cards.sign(snapshot, url)
    return Response(content, headers={"cache-control": "no-store"})
