"""While the folder is owned, restarts an engine that died, on the same port, never in a tight loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from voting.engines.engine import Engine, Owner
from voting.errors import EnginesUnavailable

LOOK_EVERY = 0.1
LONGEST_PAUSE = 5.0
CALM = 10.0


class Supervisor:
    """Runs one thread for each engine, so that one that does not start delays no other."""

    def __init__(self, engines: Sequence[Engine], owner: Owner) -> None:
        self._owner = owner
        self._threads = [
            threading.Thread(target=self._watch, args=(engine,), name=f"watch {engine.title}", daemon=True)
            for engine in engines
        ]

    def start(self) -> None:
        """Start watching."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop watching; nothing is started afterwards."""
        self._owner.stopping.set()
        for thread in self._threads:
            thread.join()

    def _watch(self, engine: Engine) -> None:
        pause = 0.0
        while not self._owner.stopping.wait(LOOK_EVERY):
            try:
                if engine.alive():
                    engine.trim_log()
                    continue
                if time.monotonic() - engine.started_at > CALM:
                    pause = 0.0
                self._owner.notice(f"{engine.title} has ended unexpectedly; it is started again.")
                if self._owner.stopping.wait(pause):
                    return
                pause = min(max(2 * pause, 0.5), LONGEST_PAUSE)
                engine.restart()
                self._owner.notice(f"{engine.title} is back.")
            except (EnginesUnavailable, OSError) as error:
                self._owner.notice(str(error))
