"""A neutral poster of an entry, with a QR code of its page: to print, or to keep from a phone."""

from __future__ import annotations

import io
from typing import Any

import segno
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.domain.entry import Entry
from voting.errors import EntryUnknown
from voting.services.contests.contest_cache import ContestSnapshot
from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenOptions, GivenServices
from voting.web.flood_limiter import READS
from voting.web.options import WebOptions
from voting.web.rendering import about, html, language_of, page

# Of one module of the code; with its quiet zone a code is about 300 pixels wide.
_SCALE = 8


@get("/c/{contest:str}/entries/{code:str}/poster", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_poster(
    contest: FromPath[str], code: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns the poster of an entry. Raises EntryUnknown."""
    snapshot = await services.contest_cache.get(contest)
    entry = _entry(snapshot, code)
    return html(request, page(request, "poster.html", **about(snapshot.contest, language_of(request)), entry=entry))


@get("/c/{contest:str}/entries/{code:str}/qr.png", opt=READS | PUBLIC, include_in_schema=False)
async def show_qr_code(
    contest: FromPath[str],
    code: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    options: GivenOptions,
) -> Response[bytes]:
    """Returns the QR code of an entry's page as a picture, which WeChat can keep and read. Raises EntryUnknown."""
    _entry(await services.contest_cache.get(contest), code)
    picture = io.BytesIO()
    qr_code(request, options, f"/c/{contest}/entries/{code}").save(picture, kind="png", scale=_SCALE)
    control = "public, max-age=3600" if options.public_origin else "no-store"
    return Response(picture.getvalue(), media_type="image/png", headers={"cache-control": control})


def qr_code(request: Request[Any, Any, Any], options: WebOptions, path: str) -> segno.QRCode:
    """Returns the QR code of a page of this site."""
    # Without VOTING_PUBLIC_URL the address is that by which this reader came, so it is not for others.
    origin = options.public_origin or str(request.base_url).rstrip("/")
    return segno.make_qr(f"{origin}{path}")


def _entry(snapshot: ContestSnapshot, code: str) -> Entry:
    entry = snapshot.entries.get(code)
    if entry is None:
        raise EntryUnknown
    return entry
