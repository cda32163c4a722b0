"""Engines for one or more runs, on a disk of their own where that is possible."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from loadtests.faults import disk
from loadtests.faults.bugs import UNPLANT, Bug
from loadtests.faults.campaign import Outcome, Run, execute, play
from loadtests.faults.disk import Disk
from loadtests.faults.environment import service_behind_proxies
from loadtests.faults.evidence import Fault
from loadtests.service import running_engines, temporary_folder
from voting.engines import Addresses

Tell = Callable[[str], None]
HUNT_TOKENS = 1500


@dataclass(frozen=True)
class Session:
    """Running engines; without a disk there are no faults of a disk."""

    folder: Path
    addresses: Addresses
    disk: Disk | None
    tell: Tell

    def play(self, run: Run, bug: str = "") -> Outcome:
        """One run of a service on these engines, with `bug` planted in its processes."""
        try:
            return uvloop.run(self._play(run, bug))
        except asyncio.CancelledError:
            raise SystemExit("interrupted") from None

    def hunt(self, bug: Bug) -> Outcome:
        """A short run with a planted bug."""
        run = Run(1, bug.seconds, bug.faults, bug.settle, tokens=HUNT_TOKENS, sql=bug.sql)
        try:
            return self.play(run, bug.name if bug.patch else "")
        finally:
            asyncio.run(execute(self.addresses.owner_url, UNPLANT))

    async def _play(self, run: Run, bug: str) -> Outcome:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        # An interrupted run must not leave processes and a mounted disk behind.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, task.cancel)
        async with service_behind_proxies(self.folder, self.addresses, self.disk, bug) as environment:
            return await play(environment, run, self._report)

    def _report(self, fault: Fault) -> None:
        back = "it did not recover" if fault.recovered is None else f"recovered in {fault.recovered:.1f} s"
        self.tell(f"  {fault.kind:22} {fault.ended - fault.begun:5.1f} s, {back} {fault.note}".rstrip())


@contextmanager
def session(keep: Path | None, tell: Tell, *, with_disk: bool = True) -> Iterator[Session]:
    """Engines in a temporary folder, or in `keep`."""
    with ExitStack() as stack:
        folder = keep.resolve() if keep else stack.enter_context(temporary_folder())
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        made = None
        if with_disk:
            made, why = stack.enter_context(disk.mounted(folder / "disk.ext4", folder / "postgres"))
            if why:
                tell(f"  skipped: disk_full and power_cut ({why})")
        notices = stack.enter_context((folder / "engines.log").open("a"))
        engines = running_engines(folder, lambda text: print(text, file=notices, flush=True))
        yield Session(folder, stack.enter_context(engines), made, tell)
