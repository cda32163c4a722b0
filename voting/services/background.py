"""Background work, repeated until the process ends, even if a round fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from voting.errors import TryAgain


async def repeat(step: Callable[[], Awaitable[object]], pause: float) -> None:
    """Repeats `step`, with `pause` seconds between rounds, until cancelled; a failed round does not end the work.

    It checks for cancellation itself: Python 3.11's wait_for, which the driver uses, swallows a cancellation that
    arrives together with its result, and the worker would never stop.
    """
    task = asyncio.current_task()
    while True:
        try:
            await step()
        except TryAgain as error:
            logging.getLogger("voting").warning("%s: %s", step.__name__, error)
        except Exception:
            logging.getLogger("voting").exception("%s failed and will be repeated", step.__name__)
        if task and task.cancelling():
            return
        await asyncio.sleep(pause)
