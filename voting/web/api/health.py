"""Health checks and metrics for operators' systems."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from litestar import MediaType, Request, Response, get

from voting import telemetry
from voting.errors import Forbidden
from voting.setting_values import Network
from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenOptions, GivenServices


@get("/health/live", media_type=MediaType.JSON, opt=PUBLIC)
async def live() -> dict[str, Any]:
    """The process is alive."""
    return {"status": "ok"}


@get("/health/ready", opt=PUBLIC)
async def ready(services: GivenServices) -> Response[dict[str, Any]]:
    """For load balancers: 200 while this process serves, 503 once it is stopping.

    It does not depend on PostgreSQL: a failover would take every process out of the load balancer, although they can
    still serve pages and refuse with Retry-After.
    """
    if services.readiness.draining:
        return Response({"status": "draining"}, status_code=503)
    return Response({"status": "ok"})


@get("/health/deps", opt=PUBLIC)
async def deps(services: GivenServices) -> Response[dict[str, Any]]:
    """For people and alerts: PostgreSQL, Redis and a required standby, each "ok" or "away", and the public logs.

    503 without PostgreSQL or that standby, which ballots need. `log`: "behind" if a ballot has waited for more than a
    minute, "frozen" if any log is, so that its contest takes no ballots, "unknown" without PostgreSQL, else "ok".
    """
    health = await services.readiness.probe()
    answers = health.answers
    words = {name: "ok" if answers[name] else "away" for name in answers}
    takes_ballots = answers["postgres"] and answers.get("standby", True)
    status = "ok" if takes_ballots else "away"
    return Response({"status": status, **words, "log": health.log_state}, status_code=200 if takes_ballots else 503)


@get("/metrics", opt=PUBLIC)
async def metrics(request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions) -> Response[bytes]:
    """Returns Prometheus' text format to VOTING_METRICS_NETWORKS; the counters reveal how many ballots are held.

    Raises Forbidden for other peers, and for requests through a proxy.
    """
    peer = request.scope["client"]
    if _FORWARDED & set(request.headers.keys()) or not peer or not _is_within(peer[0], options.metrics_networks):
        raise Forbidden("metrics are given to the networks of VOTING_METRICS_NETWORKS, without a proxy between")
    health = await services.readiness.probe()
    for name, answers in health.answers.items():
        telemetry.DEPENDENCY_UP.labels(name).set(answers)
    if health.log:
        telemetry.LOG_OLDEST_SECONDS.set(health.log.oldest_seconds)
        telemetry.LOGS_FROZEN.set(health.log.frozen)
    return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4")


_FORWARDED = {"forwarded", "x-forwarded-for", "x-real-ip", "via"}


def _is_within(peer: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks)
