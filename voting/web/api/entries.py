"""The entries, searched and paged."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from voting.domain.entry import Entry, Sort, find
from voting.web.auth import PUBLIC
from voting.web.dependencies import PAGE, GivenServices
from voting.web.flood_limiter import READS


@get("/api/v1/contests/{contest:str}/entries", opt=READS | PUBLIC)
async def list_entries(
    contest: FromPath[str],
    services: GivenServices,
    category: Annotated[str, QueryParameter(max_length=64)] = "",
    q: Annotated[str, QueryParameter(max_length=100)] = "",
    sort: FromQuery[Sort | Literal[""]] = "",
    page: Annotated[str, QueryParameter(pattern=PAGE)] = "",
) -> dict[str, Any]:
    """Returns 20 entries a page. While picks are hidden, `picks` and `rank` are null, and sort by picks is by code."""
    snapshot = await services.contest_cache.get(contest)
    shown = await services.tally_reader.shown(snapshot)
    found = find(
        snapshot.entries.values(),
        category=category,
        text=q,
        sort=sort or "code",
        page=int(page or 1),
        picks=shown.picks,
        initials=snapshot.initials,
    )
    picks = shown.picks or {}
    rows = [
        describe(contest, entry) | {"picks": picks.get(entry.code), "rank": shown.places.get(entry.code)}
        for entry in found.entries
    ]
    return {
        "entries": rows,
        "page": found.page,
        "pages": found.pages,
        "total": found.total,
        "as_of": shown.as_of.astimezone(snapshot.contest.zone),
    }


def describe(contest: str, entry: Entry) -> dict[str, Any]:
    """Returns an entry for JSON; links are addresses on this host, or the roster's own for videos."""
    return {
        "code": entry.code,
        "title": entry.title,
        "author": entry.author,
        "category": entry.category,
        "tags": entry.tags,
        "summary": entry.summary,
        "media": {
            "cover": f"/media/{contest}/{entry.cover}" if entry.cover else None,
            "video": entry.video or None,
        },
    }
