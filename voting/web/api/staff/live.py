"""The organisers' live board, as server-sent events."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.response import ServerSentEventMessage, Stream

from voting.services.tallies.live_board import Event, View
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS

RETRY_MILLISECONDS = 3000
_HEADERS = {"cache-control": "no-cache", "connection": "keep-alive", "x-accel-buffering": "no"}


@get("/api/v1/contests/{contest:str}/live", media_type="text/event-stream", opt=READS | by("owner", "organiser"))
async def watch(
    contest: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    view: Annotated[View, QueryParameter()] = "staff",
) -> Stream:
    """Streams the states of the live board, or of the big screen, when they change; `Last-Event-ID` resumes.

    Staff: tally, decisions, rate, tiers, notice, voters, stake (the best place that held picks could change), minutes,
    before (earlier places), groups, health, age. The screen has only what voters may see: notice, rate, voters, screen,
    age.
    """
    snapshot = await services.contest_cache.get(contest)

    async def permitted() -> None:
        await permit(request, services, contest)

    person = await permit(request, services, contest)
    services.live_boards.admit(person.actor)
    last_id = request.headers.get("last-event-id")
    events = services.live_boards.watch(snapshot.contest.id, person.actor, last_id, permitted, view)
    messages = (b"".join(map(_encoded, batch)) async for batch in events)
    return Stream(messages, headers=_HEADERS, media_type="text/event-stream")


@lru_cache(64)
def _encoded(event: Event) -> bytes:
    """Encodes each event once; the framework's own stream would encode it for every board."""
    data = msgspec.json.encode(event.data).decode()
    return ServerSentEventMessage(data=data, event=event.name, id=event.id, retry=RETRY_MILLISECONDS).encode()
