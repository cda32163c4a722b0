"""Each kind of tampering is named by its finding, and by no other; what nobody touched raises none."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tests.verifier import made
from tests.verifier.case import Case
from tests.verifier.conftest import Verify
from tests.verifier.tampering import KINDS, NOT_MADE, NUMBERS


@pytest.mark.parametrize("name", KINDS)
def test_tampering_is_named(verify: Verify, bent: dict[str, Case], policy: Path, name: str) -> None:
    case, kind = bent[name], KINDS[name]
    verdict = verify(*case.arguments(policy))
    assert kind.codes <= verdict.codes <= kind.codes | kind.also, verdict.findings
    assert verdict.status == 1
    assert "does not hold" in verdict.words


def test_every_kind_of_the_design_is_made_or_said_not_to_be() -> None:
    assert {kind.number for kind in KINDS.values()} - {37} | NOT_MADE.keys() == NUMBERS


def test_an_untouched_bundle_has_no_finding(verify: Verify, bundle: Path, policy: Path, tmp_path: Path) -> None:
    """Nor have its openings and receipts."""
    case = Case(bundle, made.make_world(), random.Random(1))
    made.write_openings(tmp_path / "openings", [*case.world.decisions, *case.world.opened])
    opened = verify("openings", tmp_path / "openings", "--bundle", bundle, "--policy", policy)
    assert (opened.findings, "NOT CHECKED" in opened.words) == ([], False)
    (tmp_path / "receipt").write_text(made.receipt(*case.world.ballots[7][1:]))
    held = ("--receipt", tmp_path / "receipt", "--receipt-key", made.RECEIPT_KEY)
    for left in (bundle / ".DS_Store", bundle / "log" / "Thumbs.db"):
        left.touch()
    verdict = verify("bundle", bundle, "--policy", policy, *held)
    assert f"is entry {case.world.ballots[7][0]} of the log" in verdict.words
    for left in (bundle / ".DS_Store", bundle / "log" / "Thumbs.db"):
        left.unlink()
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


def test_a_log_of_three_levels(verify: Verify, policy: Path, tmp_path: Path) -> None:
    """Full tiles of level 1 come with 65,536 leaves: bits flipped in entries and tiles of each level are told apart."""
    world = made.make_world(ballots=65_800, days=1)
    folder = tmp_path / "log"
    (folder / "checkpoint").write_bytes(made.cosign(made.write_log(folder, world.leaves)))
    assert verify("log", folder, "--policy", policy).findings == []
    dice = random.Random(7)
    for path, code in {
        "tile/entries/101": "leaf",
        "tile/0/101": "tile",
        "tile/1/000": "tile",
        "tile/1/001.p/1": "tile",
        "tile/2/000.p/1": "tile",
    }.items():
        before = (folder / path).read_bytes()
        place = dice.randrange(32) if code == "tile" else 30
        (folder / path).write_bytes(before[:place] + bytes([before[place] ^ 1]) + before[place + 1 :])
        verdict = verify("log", folder, "--policy", policy)
        (folder / path).write_bytes(before)
        assert verdict.codes == {code}, (path, verdict.findings)
        where = "leaf 25856" if path.endswith("101") else path
        assert [finding["where"] for finding in verdict.findings] == [where]


def test_ids_are_compared_in_bounded_memory(program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted runs on disk are merged: an id is found twice wherever the two stand."""
    monkeypatch.setattr(program, "RUN", 16)
    dice = random.Random(4)
    ids = [dice.randbytes(16) for _ in range(1000)]
    ids[900] = ids[3]
    ids[17] = ids[18]
    known = program.Ids()
    for index, id in enumerate(ids):
        known.add(id, index)
    assert sorted(known.twice(), key=lambda twice: twice[1]) == [(ids[3].hex(), 3, 900), (ids[18].hex(), 17, 18)]


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Returns the bytes with a bit flipped, a part cut, doubled or replaced, or the end cut off."""
    start = dice.randrange(len(data))
    end = min(len(data), start + dice.randrange(1, 40))
    awkward = [b"-1", b"1e9", b"\n\n", b"{}", b"null", b"\xff", b"9" * 20, b'"', b"\0", b" "]
    flipped = bytes([data[start] ^ 1 << dice.randrange(8)])
    middle = dice.choice([flipped + data[start + 1 : end], b"", data[start:end] * 2, dice.choice(awkward)])
    return data[:start] + middle + dice.choice([data[end:], data[end:], b""])


@pytest.mark.parametrize("count", [60, pytest.param(3000, marks=pytest.mark.campaign)])
def test_no_change_of_a_file_goes_unseen_or_breaks_the_verifier(
    verify: Verify, policy: Path, tmp_path: Path, count: int
) -> None:
    """Of the log alone, too, where no list of hashes helps."""
    folder, dice = tmp_path / "bundle", random.Random(count)
    made.write_bundle(folder, made.make_world(ballots=30))
    for checked, arguments in ((folder, ("--policy", policy)), (folder / "log", ("--vkey", made.LOG_VKEY))):
        files = sorted(path for path in checked.rglob("*") if path.is_file())
        for _ in range(count):
            path = dice.choice(files)
            before = path.read_bytes()
            path.write_bytes(mutated(before, dice))
            if path.read_bytes() != before:
                command = "log" if checked.name == "log" else "bundle"
                assert verify(command, checked, *arguments).status == 1, (path, path.read_bytes())
            path.write_bytes(before)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(25))
def test_tampering_is_named_in_every_contest(verify: Verify, policy: Path, tmp_path: Path, seed: int) -> None:
    """25 contests, each bent in every kind, and eight bundles that nobody touched: `make tamper`."""
    dice = random.Random(seed)
    world = {"seed": seed, "ballots": dice.choice([260, 300, 517, 700]), "days": dice.randint(2, 4)}
    made.write_bundle(tmp_path / "untouched", made.make_world(**world))
    for name, kind in KINDS.items():
        folder = tmp_path / name / "bundle"
        shutil.copytree(tmp_path / "untouched", folder)
        case = Case(folder, made.make_world(**world), random.Random(f"{seed} {name}"))
        kind.bend(case)
        codes = verify(*case.arguments(policy)).codes
        assert kind.codes <= codes <= kind.codes | kind.also, name
        shutil.rmtree(folder)
    for copy in range(8):
        folder, openings = tmp_path / f"copy-{copy}", tmp_path / "openings"
        made.write_bundle(folder, world_of := made.make_world(seed * 100 + copy, ballots=dice.randrange(20, 600)))
        made.write_openings(openings, [*world_of.decisions, *world_of.opened])
        assert verify("openings", openings, "--bundle", folder, "--policy", policy).findings == []
