"""The entries' own videos, by ranges (RFC 9110 section 14), so that a phone loads only what is watched."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Stream

from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@get("/video/{contest:str}/{name:str}", opt=READS | PUBLIC, include_in_schema=False)
async def show_video(
    contest: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[bytes] | Stream:
    """Returns a video or its captions, or the part that `Range` asks for. Raises NotFound."""
    file = services.videos.open(await services.contest_cache.get(contest), name)
    headers = {"accept-ranges": "bytes", "etag": file.tag, "cache-control": "public, max-age=3600"}
    if request.headers.get("if-none-match") == file.tag:
        return Response(b"", status_code=304, headers=headers)
    first, last, status = 0, file.size - 1, 200
    # A part of an earlier version of the file is no use to the reader.
    if request.headers.get("if-range", file.tag) == file.tag and (wish := request.headers.get("range")):
        part = read_range(wish, file.size)
        if part is not None:
            (first, last), status = part, 206
            headers["content-range"] = f"bytes {first}-{last}/{file.size}"
        if first >= file.size:
            return Response(b"", status_code=416, headers=headers | {"content-range": f"bytes */{file.size}"})
    headers["content-length"] = str(last - first + 1)

    def read() -> AsyncIterator[bytes]:
        return file.read(first, last - first + 1)

    return Stream(read, status_code=status, media_type=file.media_type, headers=headers)


def read_range(text: str, size: int) -> tuple[int, int] | None:
    """Returns the first and the last byte of one range; None if the header means nothing, or several ranges.

    The first is not below `size` if there is no such part.
    """
    found = _RANGE.fullmatch(text)
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, size - int(found[2])) if int(found[2]) else size, size - 1
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    # A range that ends before it begins is none.
    return None if found[2] and int(found[2]) < first else (first, last)
