"""The entries' covers."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS

_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    # An SVG opened directly must not run scripts with this site's origin.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


@get("/media/{contest:str}/{name:str}", opt=READS | PUBLIC)
async def show_cover(contest: FromPath[str], name: FromPath[str], services: GivenServices) -> Response[bytes]:
    """Returns a picture by the hash of its content."""
    media_type, body = await services.covers.fetch(await services.contest_cache.get(contest), name)
    return Response(body, media_type=media_type, headers=_HEADERS)
