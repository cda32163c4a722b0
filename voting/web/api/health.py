"""For the machines that look after the service."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Response, get

from voting import telemetry
from voting.web.given import GivenServices


@get("/health/live", media_type=MediaType.JSON)
async def live() -> dict[str, Any]:
    """The process answers."""
    return {"status": "ok"}


@get("/health/ready")
async def ready(services: GivenServices) -> Response[dict[str, Any]]:
    """200 while ballots can be taken, which needs PostgreSQL; Redis is told, and can be missed. 503 once it stops."""
    answers = await services.probing.probe()
    status = "draining" if services.probing.draining else "ok" if answers["postgres"] else "away"
    return Response({"status": status, **answers}, status_code=200 if status == "ok" else 503)


@get("/metrics")
async def metrics() -> Response[bytes]:
    """Prometheus' text format."""
    return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
