"""The engines under one or more runs, and the disk below them where there can be one."""

from __future__ import annotations

import asyncio
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop

from loadtests.faults import disk
from loadtests.faults.arena import settings, standing_arena
from loadtests.faults.bugs import UNPLANT, Bug
from loadtests.faults.campaign import Outcome, Run, execute, play
from loadtests.faults.disk import Disk
from loadtests.faults.evidence import Fault
from voting import engines
from voting.wiring import admin

Tell = Callable[[str], None]
HUNT_TOKENS = 1500


@dataclass(frozen=True)
class Stage:
    """Engines that run. `disk` None: `why` tells why there are no faults of a disk."""

    folder: Path
    addresses: engines.Addresses
    disk: Disk | None
    why: str
    tell: Tell

    def play(self, run: Run, bug: str = "") -> Outcome:
        """One run of a service on these engines; `bug`: planted in its processes."""
        try:
            return uvloop.run(self._play(run, bug))
        except asyncio.CancelledError:
            raise SystemExit("ended before its time") from None

    def hunt(self, bug: Bug, seed: int = 1) -> Outcome:
        """A run with a bug planted, as short as the bug allows."""
        run = Run(seed, bug.seconds, bug.faults, bug.settle, tokens=HUNT_TOKENS, sql=bug.sql)
        try:
            return self.play(run, bug.name if bug.patch else "")
        finally:
            asyncio.run(execute(self.addresses.owner_url, UNPLANT))

    async def _play(self, run: Run, bug: str) -> Outcome:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        # Whoever ends it must not leave a service, a fleet, engines and a disk behind.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, task.cancel)
        async with standing_arena(self.folder, self.addresses, self.disk, bug) as arena:
            return await play(arena, run, self._told)

    def _told(self, fault: Fault) -> None:
        back = "it did not recover" if fault.recovered is None else f"recovered in {fault.recovered:.1f} s"
        self.tell(f"  {fault.kind:22} {fault.ended - fault.begun:5.1f} s, {back} {fault.note}".rstrip())


@contextmanager
def stage(keep: Path | None, tell: Tell, *, with_disk: bool = True) -> Iterator[Stage]:
    """Engines in a folder that is thrown away, or kept where one is given."""
    with ExitStack() as stack:
        name = keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="voting-faults-"))
        folder = Path(name).resolve()
        # The engines work as another user where root starts them.
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        made, why = None, "not asked for"
        if with_disk:
            made, why = stack.enter_context(disk.mounted(folder / "disk.ext4", folder / "postgres"))
            if why:
                tell(f"  skipped: disk_full and power_cut, for {why}")
        notices = stack.enter_context((folder / "engines.log").open("a"))
        addresses = stack.enter_context(
            engines.running(folder, own=True, notice=lambda text: print(text, file=notices, flush=True))
        )
        owned = replace(
            settings(folder, addresses.database_url, addresses.redis_url), database_owner_url=addresses.owner_url
        )
        asyncio.run(admin.migrate(owned, lambda _: None))
        yield Stage(folder, addresses, made, why, tell)
