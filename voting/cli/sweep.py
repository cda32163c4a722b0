"""voting sweep: the near-line sweeps for rings."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from contextlib import suppress
from multiprocessing.context import SpawnProcess
from pathlib import Path

import click

from voting import wiring
from voting.cli.session import actor, env_file, read_settings, tell, with_engines
from voting.engines.processes import end_with_the_parent
from voting.errors import SettingInvalid
from voting.services.policies import load_policy
from voting.settings import Settings, load

# Votes go first: a machine that is busy with them sweeps later.
NICENESS = 10
# The workers start first, and a service that is stopped at once needs no sweeper.
START_AFTER_SECONDS = 5.0
RESTART_SECONDS = 10.0
STOP_SECONDS = 2.0


@click.command(epilog="Example: voting sweep --once")
@click.option("--once", is_flag=True, help="One round, now; otherwise rounds until it is stopped.")
@env_file
def sweep(once: bool, env_file: Path | None) -> None:
    """Sweeps the open contests for rings, as the process beside `voting serve` does; only one does at a time."""
    settings = read_settings(env_file)
    if not once and not settings.sweep_minutes:
        raise SettingInvalid("VOTING_SWEEP_MINUTES is 0: there are no rounds; use --once, or set the minutes")
    with with_engines(settings, own=False, redis=False) as ready:
        asyncio.run(_run(ready, once=once))


async def _run(settings: Settings, *, once: bool) -> None:
    # It brings polars, which no other command should wait for.
    from voting.services.sweeping import Sweeping

    policy = load_policy(Path(settings.policy) if settings.policy else None)
    async with wiring.office(settings, actor()) as office:
        sweeping = Sweeping(office.database, policy, settings.sweep_minutes)
        if once:
            changed = await sweeping.round()
            tell(f"{changed.held} ballots held, {changed.released} released")
            return
        task = asyncio.create_task(sweeping.run())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, _stop, task)
        with suppress(asyncio.CancelledError):
            await task


def _stop(task: asyncio.Task[None]) -> None:
    """Gives the lease back; a sweep under way, in a thread, is not waited for: nothing of it is in force yet."""
    task.cancel()
    asyncio.get_running_loop().call_later(STOP_SECONDS, os._exit, 0)


def beside_the_workers() -> None:
    """What the process beside the workers runs; its settings are in the environment."""
    end_with_the_parent()
    time.sleep(START_AFTER_SECONDS)
    os.nice(NICENESS)
    # Read by polars when it is imported.
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
    asyncio.run(_run(load(os.environ), once=False))


class Sweeper:
    """The process beside the workers, started anew when it dies."""

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None
        self._started = float("-inf")

    def keep_alive(self) -> None:
        """Starts it where it does not run, and not again and again within seconds."""
        if self._process and self._process.is_alive():
            return
        now = time.monotonic()
        if now - self._started < RESTART_SECONDS:
            return
        self._started = now
        self._process = multiprocessing.get_context("spawn").Process(target=beside_the_workers, name="sweeper")
        self._process.start()

    def stop(self) -> None:
        """Ends it."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.join(2 * STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
