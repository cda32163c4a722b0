"""Readiness, requested by many callers at once."""

from __future__ import annotations

import asyncio

from tests.conftest import Contests
from voting.postgres.standby import Standby
from voting.redis.connection import connected
from voting.services.readiness import Health, Readiness
from voting.settings import Settings
from voting.wiring.admin import AdminServices


async def test_callers_at_the_end_of_a_probe_get_its_answer(
    settings: Settings, contests: Contests, office: AdminServices
) -> None:
    """A caller between the probe's end and the first one's waking used to get nothing, and was answered 500."""
    async with connected(settings.redis_url) as redis:
        readiness = Readiness(office.database, Standby(office.database, required=False), redis.view)
        answers: list[Health] = []

        async def ask_often() -> None:
            while len(answers) < 200:
                answers.append(await readiness.probe())
                await asyncio.sleep(0)

        async def ask_late(after: float) -> None:
            await asyncio.sleep(after)
            answers.append(await readiness.probe())

        await asyncio.gather(ask_often(), *(ask_late(number / 10_000) for number in range(300)))
    assert all(answer.answers == {"postgres": True, "redis": True} for answer in answers)
