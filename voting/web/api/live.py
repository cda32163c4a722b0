"""The organisers' live board, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from voting.services.watching import Event
from voting.web.access import permit
from voting.web.given import GivenServices

RETRY_MILLISECONDS = 3000


@get("/api/v1/contests/{contest:str}/live")
async def watch(contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices) -> ServerSentEvent:
    """Events tally, decisions, rate and notice; `Last-Event-ID` resumes."""
    listing = await services.catalogue.get(contest)

    async def permitted() -> None:
        await permit(request, services, await services.catalogue.get(contest), "organiser")

    await permitted()
    services.watching.admit()
    events = services.watching.watch(listing.contest.id, request.headers.get("last-event-id"), permitted)
    return ServerSentEvent(_messages(events))


async def _messages(events: AsyncIterator[Event]) -> AsyncIterator[ServerSentEventMessage]:
    async for event in events:
        if event.name:
            data = msgspec.json.encode(event.data).decode()
            yield ServerSentEventMessage(data=data, event=event.name, id=event.id, retry=RETRY_MILLISECONDS)
        else:
            yield ServerSentEventMessage(comment="still here")
