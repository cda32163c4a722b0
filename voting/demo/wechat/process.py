"""Starts the stand-in as a process of its own, and says how a service signs in with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from voting.demo.wechat.world import KEYWORDS, MINI_PROGRAM_APP, PAGE_APP, TEMPLATE


@contextmanager
def running() -> Iterator[str]:
    """Runs the stand-in until the end of the block, or until this process is killed; yields its address."""
    command = [sys.executable, "-m", "voting.demo.wechat", "--port", "0", "--with-parent"]
    # A session of its own: Ctrl-C is for the parent, which ends it.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout  # noqa: S101 (for the type checker)
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def settings_of(standin: str, public_url: str) -> dict[str, str]:
    """Returns the settings of a service at `public_url` that signs its voters in with the stand-in at an address."""
    return {
        "VOTING_PUBLIC_URL": public_url,
        "VOTING_WECHAT_APPID": PAGE_APP.id,
        "VOTING_WECHAT_SECRET": PAGE_APP.secret,
        "VOTING_MINI_PROGRAM_APPID": MINI_PROGRAM_APP.id,
        "VOTING_MINI_PROGRAM_SECRET": MINI_PROGRAM_APP.secret,
        "VOTING_MINI_PROGRAM_MESSAGE": ",".join((TEMPLATE, *KEYWORDS)),
        "VOTING_WECHAT_API": standin,
        "VOTING_WECHAT_OPEN": standin,
    }
