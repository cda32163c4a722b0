"""Fraud policies: the one that comes with the program, or a file; and one that is only tried."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from voting.fraud.policy import Policy, read_policy
from voting.text_file import read_text_file

DEFAULT = "2026.2"


def load_policy(file: Path | None = None) -> Policy:
    """The policy in a file, or the packaged one. Raises FileInvalid with every fault and its line."""
    if file is None:
        name = f"{DEFAULT}.toml"
        return read_policy((files("voting.fraud") / "policies" / name).read_bytes().decode(), name)
    # Line ends stay, and the hash is that of the file's bytes, but for a byte order mark.
    return read_policy(read_text_file(file), str(file))


def load_shadow(file: str) -> Policy | None:
    """The policy that judges beside the one in force and decides nothing; none without a file. Raises FileInvalid."""
    return load_policy(Path(file)) if file else None
