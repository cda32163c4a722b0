"""Contests and their present state."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from litestar import get
from litestar.params import FromPath

from voting.domain.contest.explain import explain
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.privacy import notice_version
from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.rendering import notice_of


@get("/api/v1/contests", opt=READS | PUBLIC)
async def list_contests(services: GivenServices) -> dict[str, Any]:
    """Returns every contest: id, title and window."""
    snapshots = await services.contest_cache.all()
    return {
        "contests": [
            {"id": snapshot.contest.id, "title": snapshot.contest.title, "window": _window(snapshot)}
            for snapshot in snapshots
        ]
    }


@get("/api/v1/contests/{contest:str}", opt=READS | PUBLIC)
async def show_contest(contest: FromPath[str], services: GivenServices) -> dict[str, Any]:
    """Returns title, host, rules in words, window, quota, categories, and how results are shown."""
    snapshot = await services.contest_cache.get(contest)
    rules = snapshot.contest
    display: dict[str, Any] = {"policy": rules.display.policy}
    if rules.display.policy == "delayed":
        display["minutes"] = rules.display.minutes
    elif rules.display.policy == "daily":
        display["at"] = f"{rules.display.at:%H:%M}"
    return {
        "id": rules.id,
        "title": rules.title,
        "title_en": rules.title_en,
        "host": rules.host,
        "host_en": rules.host_en,
        "rules": {"zh": explain(rules, "zh"), "en": explain(rules, "en")},
        "time_zone": rules.time_zone,
        "window": _window(snapshot),
        "ballot": asdict(rules.ballot),
        "quota": [asdict(quota) for quota in rules.quotas],
        "categories": [asdict(category) for category in rules.categories],
        "entries": len(snapshot.entries),
        "document_sha256": hashlib.sha256(snapshot.document.encode()).hexdigest(),
        "display": display,
        "challenge": asdict(rules.challenge),
        "channels": rules.voters.channels,
        "privacy": {
            "version": notice_version(rules),
            "notice": {"zh": notice_of(rules, "zh"), "en": notice_of(rules, "en")},
        },
        "ticket": services.keyring.issue_ticket(rules.id, snapshot.now()),
        "receipt_key": services.keyring.public_key,
    }


def _window(snapshot: ContestSnapshot) -> dict[str, Any]:
    zone = snapshot.contest.zone
    return {
        "opens_at": snapshot.contest.opens_at.astimezone(zone),
        "closes_at": snapshot.contest.closes_at.astimezone(zone),
        "phase": snapshot.phase(),
        "server_time": snapshot.now().astimezone(zone),
    }
