"""Go's own sumdb packages agree with verify.py on logs and proofs; they are left out where Go is not installed."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from tests.verifier import made
from tests.verifier.case import Case
from tests.verifier.conftest import Verify
from tests.verifier.tampering import KINDS


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, check=False)


def test_go_finds_a_log_whole_or_broken_as_verify_py_does(
    go_check: Path, verify: Verify, bent: dict[str, Case]
) -> None:
    seen = set()
    for name, case in bent.items():
        verdict = verify("log", case.log, "--vkey", made.LOG_VKEY)
        is_broken = bool(verdict.codes & {"signature", "leaf", "tile"}) or name in ("bytes_left_over", "a_wrong_length")
        # Go is given the key; which one was in force it does not know.
        is_broken = is_broken and name not in ("a_key_that_was_not_in_force", "an_old_key_alone")
        done = run(go_check, "log", case.log, made.LOG_VKEY)
        assert (done.returncode != 0) == is_broken, (name, done.stderr)
        seen.add(is_broken)
    assert seen == {True, False}
    assert len(bent) == len(KINDS)


def test_go_proves_every_receipt(go_check: Path, tmp_path: Path) -> None:
    world = made.make_world(3)
    note = made.cosign(made.write_log(tmp_path / "log", world.leaves))
    done = run(go_check, "log", tmp_path / "log", made.LOG_VKEY)
    assert (done.returncode, done.stdout.split()[0]) == (0, str(len(world.leaves)))
    proof, leaf = tmp_path / "proof", tmp_path / "leaf"
    for index, statements, place in random.Random(3).sample(world.ballots, 40):
        proof.write_bytes(made.proof_of(tmp_path / "log", index, note))
        leaf.write_bytes(statements[place])
        assert run(go_check, "proof", proof, made.LOG_VKEY, leaf).returncode == 0
    leaf.write_bytes(b"another leaf")
    assert run(go_check, "proof", proof, made.LOG_VKEY, leaf).returncode == 1
