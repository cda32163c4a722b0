"""Loads fraud policies: the packaged one or a file, with or without its model."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from voting.errors import Fault, FileInvalid
from voting.fraud.policy import Policy, SweepPolicy, read_policy
from voting.text_file import read_text_file

DEFAULT = "2026.2"
_PACKAGED = files("voting.fraud") / "policies" / DEFAULT


def load_policy(file: Path | None = None) -> Policy:
    """Returns the policy of a rules file, or the packaged one. Raises FileInvalid with every fault and its line."""
    if file is None:
        return read_policy((_PACKAGED / "rules.toml").read_bytes().decode(), f"{DEFAULT}/rules.toml")
    # Keep line ends, so that the hash is that of the file's bytes without a byte order mark.
    return read_policy(read_text_file(file), str(file))


def load_sweep_policy(file: Path | None = None) -> SweepPolicy:
    """Returns the policy with its model: the file that the rules name, next to them, or else the packaged one.

    Raises FileInvalid, also for a model whose SHA-256 differs from the one in the rules.
    """
    # It imports polars, which web workers and most commands do not need.
    from voting.fraud.model_file import read_model

    policy = load_policy(file)
    source: Traversable = _PACKAGED / policy.sweep.model
    if file is not None and (file.parent / policy.sweep.model).is_file():
        source = file.parent / policy.sweep.model
    try:
        body = source.read_bytes()
    except OSError:
        body = b""
    if hashlib.sha256(body).hexdigest() != policy.sweep.model_sha256:
        what = f"no model {policy.sweep.model!r} with the SHA-256 that the rules name"
        fix = "put the model's file beside the rules, and write its SHA-256 as sweep.model_sha256"
        raise FileInvalid(str(file or DEFAULT), (Fault(0, "sweep.model", what, fix),))
    known = {item.name: getattr(policy, item.name) for item in fields(policy)}
    return SweepPolicy(**known, model=read_model(body, policy.sweep.model))
