"""The public tally, within the contest's display policy."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS

# How long shared caches may answer: a viral link must not become a load of reads.
CACHE = "public, max-age=2, s-maxage=2, stale-while-revalidate=10, stale-if-error=21600"


# Shared caches ignore the query, so the response must not depend on it.
@get("/api/v1/contests/{contest:str}/tallies", opt=READS | PUBLIC | {"any_query": True})
async def show_tallies(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[bytes]:
    """Returns the entries, best first; an empty list while picks are hidden. 304 if nothing changed."""
    snapshot = await services.contest_cache.get(contest)
    shown = await services.tally_reader.shown(snapshot)
    headers = {"etag": f'"{shown.tag}"', "cache-control": CACHE}
    if headers["etag"] in [
        tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")
    ]:
        return Response(b"", status_code=304, headers=headers)
    picks = shown.picks or {}
    rows = [
        {"entry": code, "picks": picks[code], "rank": place}
        for code, place in sorted(shown.places.items(), key=lambda row: (row[1], row[0]))
    ]
    content = {
        "as_of": shown.as_of.astimezone(snapshot.contest.zone),
        "policy": snapshot.contest.display.policy,
        "tallies": rows,
    }
    return Response(msgspec.json.encode(content), media_type="application/json", headers=headers)
