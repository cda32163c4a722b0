"""The demo's secret, staff accounts and keys, kept in its data folder so that they last between runs."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from voting.errors import SettingInvalid

_FILE = "demo.json"


@dataclass(frozen=True, slots=True)
class DemoSecrets:
    """`secret` is the service's, in hex; the rest is shown to the user of the demo.

    `accounts`: by name the password and the authenticator's secret.
    """

    secret: str
    organiser_key: str = ""
    judge_key: str = ""
    accounts: Mapping[str, Sequence[str]] = field(default_factory=dict)


def demo_secret(folder: Path) -> bytes:
    """Returns the secret of the demo in this folder; empty if there is none."""
    found = load(folder)
    return found.secret.encode() if found else b""


def load(folder: Path) -> DemoSecrets | None:
    """Returns the secrets stored in this folder, or None. Raises SettingInvalid if they cannot be read.

    With a new secret, every earlier vote and receipt would be taken for a forgery.
    """
    file = folder / _FILE
    try:
        return DemoSecrets(**json.loads(file.read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise SettingInvalid(
            f"{file} cannot be read ({error}); restore it, or begin a new demo with: make demo RESET=1"
        ) from None


def save(folder: Path, content: DemoSecrets) -> None:
    """Writes the secrets in one step, readable by the owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"{_FILE}.new"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(content)), "utf-8")
    os.replace(draft, folder / _FILE)


def make() -> DemoSecrets:
    """Generates a new demo's secret."""
    return DemoSecrets(secrets.token_hex(32))


def forget(folder: Path) -> None:
    """Deletes the secrets stored in this folder."""
    (folder / _FILE).unlink(missing_ok=True)
