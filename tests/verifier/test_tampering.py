"""Each kind of tampering is named by its finding, and by no other; what nobody touched raises none."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.verifier import made
from tests.verifier.conftest import Verify
from tests.verifier.tampering import KINDS, Case


@pytest.mark.parametrize("name", KINDS)
def test_tampering_is_named(verify: Verify, bent: dict[str, Case], policy: Path, tmp_path: Path, name: str) -> None:
    case, kind = bent[name], KINDS[name]
    arguments: list[object] = ["bundle", case.folder, "--policy", policy]
    if case.kept:
        (tmp_path / "kept").write_bytes(case.kept)
        arguments += ["--checkpoint", tmp_path / "kept"]
    verdict = verify(*arguments)
    assert kind.codes <= verdict.codes <= kind.codes | kind.also, verdict.findings
    assert verdict.status == 1
    assert "does not hold" in verdict.words


def test_an_untouched_bundle_has_no_finding(verify: Verify, bundle: Path, policy: Path) -> None:
    verdict = verify("bundle", bundle, "--policy", policy)
    assert (verdict.status, verdict.findings) == (0, [])
    assert "NOT CHECKED" not in verdict.words


def test_100_untouched_logs_have_no_finding(verify: Verify, policy: Path, tmp_path: Path) -> None:
    """Of every size around the edges of tiles, with receipts and earlier checkpoints."""
    dice = random.Random(1)
    for seed in range(100):
        world = made.make_world(seed, ballots=dice.choice([0, 1, 2, 237, 238, 239, 240, 241, 493, 494, 495, 496]))
        folder = tmp_path / str(seed)
        (tmp_path / "kept").write_bytes(made.write_log(tmp_path / f"{seed}-kept", world.leaves[: dice.randint(1, 20)]))
        note = made.cosign(made.write_log(folder, world.leaves))
        (folder / "checkpoint").write_bytes(note)
        verdict = verify("log", folder, "--policy", policy, "--checkpoint", tmp_path / "kept")
        assert (verdict.status, verdict.findings) == (0, []), (seed, len(world.leaves))
