"""The model of a policy: the file in use, and every fault with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fraud.rings import write_policy
from voting.errors import FileInvalid
from voting.fraud.model_file import read_model
from voting.services.fraud.policy_files import load_sweep_policy

PASS: dict[str, Any] = {"bias": -9.0, "trees": [1, ["own_fresh", 0, 0, 1]]}
NINE_ENDS: Any = 0
for _ in range(8):
    NINE_ENDS = ["own_fresh", 0, NINE_ENDS, 1]


def model(**first: object) -> bytes:
    members = dict.fromkeys(("quick_second", "first", "second"), PASS)
    return json.dumps({"quick_first": PASS | first, **members}).encode()


def test_the_packaged_model_is_right() -> None:
    assert len(load_sweep_policy().model.second.trees) > 100


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (model(bias=1e400), "is no model"),
        (model(bias=800), "quick_first.bias: 800.0 is out of range; at most 30 either way"),
        (model(bais=1), "quick_first: is no model: Object contains unknown field `bais`"),
        (model(trees=3), "quick_first.trees: is no model: Expected `array`, got `int`"),
        (model(trees=["x"]), "quick_first.trees[0]: is no model: Expected `float | array`, got `str`"),
        (model(trees=[["own_fresh", -2e9, 0, 1]]), "quick_first.trees: holds a number that is too large"),
        (model(trees=[NINE_ENDS]), "quick_first: is no model: tree 1 has 9 ends; 8 are the most"),
        (model(trees=[["nonsense", 0, 0, 1]]), "quick_first: is no model: 'nonsense' is no feature"),
        (
            model(trees=[["fingerprint_unifrm", 0, 0, 1]]),
            "'fingerprint_unifrm' is no feature that this pass computes; the nearest that it computes is 'fingerp",
        ),
        # One of the certification's features: a round computes no neighbours.
        (model(trees=[["company_voter", 0, 0, 1]]), "'company_voter' is no feature that this pass computes"),
        (b"{", "is no model"),
        (b"[" * 100_000, "is no model"),
    ],
)
def test_every_fault_is_named_with_its_place(body: bytes, message: str) -> None:
    with pytest.raises(FileInvalid) as raised:
        read_model(body, "mine.json")
    assert message in str(raised.value)
    assert str(raised.value).startswith("mine.json")


def test_custom_rules_may_name_the_packaged_model_or_their_own(tmp_path: Path) -> None:
    packaged = load_sweep_policy()
    own = write_policy(tmp_path / "own.toml", "own", trees=[["own_fresh", 0.0, 0.0, 1.0]])
    assert load_sweep_policy(own).model.first.trees == (("own_fresh", 0.0, 0.0, 1.0),)
    (tmp_path / "same.toml").write_text(
        own.read_text("utf-8")
        .replace('"own.json"', '"model.json"')
        .replace(load_sweep_policy(own).sweep.model_sha256, packaged.sweep.model_sha256),
        "utf-8",
    )
    assert load_sweep_policy(tmp_path / "same.toml").model == packaged.model


def test_a_model_that_was_changed_or_is_missing_is_refused(tmp_path: Path) -> None:
    own = write_policy(tmp_path / "own.toml", "own")
    (tmp_path / "own.json").write_bytes(model())
    with pytest.raises(FileInvalid, match=r"sweep.model: no model 'own.json' with the SHA-256 that the rules name"):
        load_sweep_policy(own)
    (tmp_path / "own.json").unlink()
    with pytest.raises(FileInvalid, match=r"put the model's file beside the rules"):
        load_sweep_policy(own)
