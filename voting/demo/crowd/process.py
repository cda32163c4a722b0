"""Starts the simulated voters as a process of their own, and says which settings their demo needs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import get_args

from voting.demo.crowd.plan import PEOPLE, RING
from voting.domain.identity.channel import Channel
from voting.services.fraud.policy_files import DEFAULT
from voting.services.identity.keyring import Keyring

_POLICY = "demo-policy.toml"


@contextmanager
def running(url: str, contest: str, keyring: Keyring) -> Iterator[None]:
    """Runs the voters, who wait for the service, until the end of the block or of this process, or all have voted."""
    now = datetime.now(UTC)  # noqa: TID251 (these voters are made on this machine)
    tokens = {
        channel: [keyring.issue_credential(contest, channel, now) for _ in range(PEOPLE + RING)]
        for channel in get_args(Channel)
    }
    command = [sys.executable, "-m", "voting.demo.crowd", url, contest]
    # A session of its own: Ctrl-C is for the parent, which ends it.
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdin  # noqa: S101 (for the type checker)
        process.stdin.write(json.dumps(tokens) + "\n")
        process.stdin.flush()
        try:
            yield
        finally:
            process.terminate()


def settings_of(folder: Path) -> dict[str, str]:
    """Returns the settings under which voters on this machine come from many addresses, and rings are found sooner.

    The policy in `folder` is the packaged one, but for its rounds: one a minute.
    """
    rules = (files("voting.fraud") / "policies" / DEFAULT / "rules.toml").read_text("utf-8")
    for old, new in (
        (f'version = "{DEFAULT}"', f'version = "{DEFAULT}-demo"'),
        ("every_minutes = 5", "every_minutes = 1"),
    ):
        if old not in rules:
            raise ValueError(f"the packaged policy has no line {old!r}")
        rules = rules.replace(old, new)
    (folder / _POLICY).write_text(rules, "utf-8")
    return {"VOTING_POLICY": str(folder / _POLICY), "VOTING_TRUSTED_PROXIES": "127.0.0.0/8"}
