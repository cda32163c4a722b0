"""What the log's tests share."""

from __future__ import annotations

import pytest

from tests.conftest import as_owner
from voting.settings import Settings


@pytest.fixture(scope="module", autouse=True)
async def empty_queue(settings: Settings) -> None:
    """Forgets what waits of other tests' contests: a round would append hundreds of logs."""
    async with as_owner(settings) as connection:
        await connection.execute("delete from log_queue")
