"""Commands that run beside `voting serve`, or by themselves, until they are stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import click

from voting import logs
from voting.server.companion import STOP_SECONDS
from voting.settings import Settings

beside_option = click.option("--beside", is_flag=True, help="Used by `voting serve`: end when standard input ends.")


def use_log(settings: Settings) -> None:
    """Logs from level info on, in the form that the settings name."""
    if settings.log == "json":
        logs.use_json()
    else:
        logging.basicConfig(format="%(message)s")
        logging.getLogger("voting").setLevel(logging.INFO)


def end_with_standard_input() -> None:
    """Ends the process with the service that started it: when that is killed, this one must not outlive it."""

    def watch() -> None:
        # The service holds the other end.
        while os.read(sys.stdin.fileno(), 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


async def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` until SIGTERM or SIGINT cancels it; what has not ended two seconds later is left."""
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)

    def stop() -> None:
        task.cancel()
        loop.call_later(STOP_SECONDS, os._exit, 0)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await task
