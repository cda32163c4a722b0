"""The ASGI application for the server: `uvicorn --factory voting.asgi:application`."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType

from voting import telemetry
from voting.settings import WECHAT_OPEN, Settings, load
from voting.web.app import create_app
from voting.web.dependencies import Services
from voting.web.guard import Guard
from voting.web.options import WebOptions, site_of
from voting.wiring import serving


def application() -> Guard:
    """Builds the application from the environment's settings. Raises SettingInvalid."""
    _end_with_the_parent()
    telemetry.forget_dead_processes()
    settings = load(os.environ)
    options = WebOptions(
        trusted_proxies=settings.trusted_proxies,
        secure_cookies=settings.public_url.startswith("https://"),
        public_origin="/".join(settings.public_url.split("/")[:3]),
        cors_origins=settings.cors_origins,
        metrics_networks=settings.metrics_networks,
        shield_reads=settings.shield_reads,
        shield_writes=settings.shield_writes,
        wechat_verify_files=settings.wechat_verify_files,
        wechat_everywhere=settings.wechat_open != WECHAT_OPEN,
        site=site_of(settings),
    )
    return create_app(lambda: _stopping_boards(settings), options)


@asynccontextmanager
async def _stopping_boards(settings: Settings) -> AsyncIterator[Services]:
    """Yields the services; at the first signal to stop, ends the live boards and reports not ready.

    The server waits for its streams before it stops, and boards do not end by themselves.
    """
    async with serving.services(settings) as services:

        def stopping() -> None:
            services.live_boards.close()
            services.readiness.draining = True

        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                _before(number, stopping)
        # Existing objects live until the end, so spare the garbage collector from walking them.
        gc.collect()
        gc.freeze()
        # Ballots make no reference cycles: collecting every 700 objects took a thirtieth of the time.
        gc.set_threshold(20_000, 20, 20)
        yield services


def _end_with_the_parent() -> None:
    """Ends a worker as soon as its parent is killed; otherwise it would keep the port and the engines from a restart.

    Answered ballots are durable; for the others, voters send again.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _before(number: int, act: Callable[[], None]) -> None:
    former = signal.getsignal(number)

    def handle(received: int, frame: FrameType | None) -> None:
        act()
        if callable(former):
            former(received, frame)

    signal.signal(number, handle)
