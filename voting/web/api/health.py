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
    """For load balancers: 200 while this process serves, 503 once it stops.

    It does not follow PostgreSQL: a failover would take every process out of the load balancer, with the pages that it
    could still answer and the Retry-After of its refusals.
    """
    if services.probing.draining:
        return Response({"status": "draining"}, status_code=503)
    return Response({"status": "ok"})


@get("/health/deps")
async def deps(services: GivenServices) -> Response[dict[str, Any]]:
    """For people and alerts: PostgreSQL and Redis, each "ok" or "away". 503 without PostgreSQL, which ballots need."""
    answers = await services.probing.probe()
    words = {name: "ok" if answers[name] else "away" for name in answers}
    return Response({"status": words["postgres"], **words}, status_code=200 if answers["postgres"] else 503)


@get("/metrics")
async def metrics(services: GivenServices) -> Response[bytes]:
    """Prometheus' text format."""
    for name, answers in (await services.probing.probe()).items():
        telemetry.DEPENDENCY_UP.labels(name).set(answers)
    return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
