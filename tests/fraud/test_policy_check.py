"""The sweep part of a policy's file: every fault with its line, before anything is swept."""

from __future__ import annotations

import pytest

from tests.fraud.rings import policy_text
from voting.errors import FileInvalid
from voting.fraud.policy import read_policy
from voting.fraud.policy_check import sweep_rules
from voting.services.fraud.policy_files import load_policy

TEXT = policy_text("mine", trees='[1, ["own_fresh", 0, 0, 1]]')
NINE_ENDS = "0"
for _ in range(8):
    NINE_ENDS = f'["own_fresh", 0, {NINE_ENDS}, 1]'


def test_the_packaged_policy_is_right() -> None:
    rules = sweep_rules(load_policy())
    assert rules.every_minutes == load_policy().sweep["every_minutes"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("growth = 0.2", 'growth = "x"', "sweep.growth: 'x' does not fit; write `float`"),
        ("growth = 0.2", "growth = 1.5", "sweep.growth: 1.5 does not fit; write `float` <= 1.0"),
        ("past_hours = 24", "past_hours = 0", "sweep.past_hours: 0 does not fit; write `int` >= 1"),
        ("past_days = 4", "past_days = -1", "sweep.past_days: -1 does not fit; write `int` >= 0"),
        ("hours = 8", "hours = 0", "sweep.hours: 0 does not fit; write `int` >= 1"),
        ("hours = 8", f"hours = 1{'0' * 400}", "sweep.hours: 1000"),
        ("every_minutes = 5", "every_minutes = nan", "sweep.every_minutes: nan does not fit; write a number"),
        ("every_minutes = 5", "every_minutes = 0", "sweep.every_minutes: 0 does not fit; write `float` >= 0.05"),
        ("every_minutes = 5", "every_minutes = -5", "sweep.every_minutes: -5 does not fit; write `float` >= 0.05"),
        ("every_minutes = 5", "every_minute = 5", "sweep.every_minute: is not a known key; did you mean `every_minu"),
        ("wait_minutes = 50", "wait_minutes = -1", "sweep.wait_minutes: -1 does not fit; write `float` >= 0.0"),
        ("[sweep.nearline]", "[sweep.nearlin]", "sweep.nearlin: is not a known key; did you mean `nearline`?"),
        ("past_days = 4", "foo = 7", "sweep.foo: is not a known key; known here: quick_first"),
        ("least_group = 5", "foo = 7", "sweep.nearline.foo: is not a known key"),
        ("least_group = 5", "least_group = 0", "sweep.nearline.least_group: 0 does not fit; write `int` >= 1"),
        (
            "least_probability = 0.15",
            "least_probability = 15",
            "sweep.nearline.least_probability: 15 does not fit; write `float` <= 1.0",
        ),
        (
            "least_probability = 0.2",
            "least_probability = -1",
            "sweep.certification.least_probability: -1 does not fit; write `float` >= 0.0",
        ),
        ("bias = -9.0", "bias = inf", "sweep.quick_first.bias: inf does not fit; write a number"),
        ("bias = -9.0", "bias = 800", "sweep.quick_first.bias: 800 does not fit; write log-odds from -30 to 30"),
        ("bias = -9.0", "bais = -9.0", "sweep.quick_first.bais: is not a known key; did you mean `bias`?"),
        ("trees = [1,", "trees = 3 # [1,", "sweep.quick_first.trees: 3 does not fit; write `array`"),
        ("trees = [1,", 'trees = ["x",', "sweep.quick_first.trees[1]: 'x' does not fit; write `float | array`"),
        ("0, 0, 1]", "-inf, 0, 1]", "sweep.quick_first.trees[2][2]: -inf does not fit; write a number"),
        ("trees = [1,", f"trees = [{NINE_ENDS},", "sweep.quick_first.trees: tree 1 has 9 ends; 8 are the most"),
        ("own_fresh", "nonsense", "sweep.quick_first.trees: 'nonsense' is no feature that this look sees; the nearest"),
        (
            "own_fresh",
            "fingerprnt_uniform",
            "'fingerprnt_uniform' is no feature that this look sees; the nearest that it sees is 'fingerprint_uniform'",
        ),
        ("own_fresh", "fingerprint_blahblah", "'fingerprint_blahblah' is no feature that this look sees"),
        # One of the certification's: a round sees nobody's company.
        ("own_fresh", "company_voter", "'company_voter' is no feature that this look sees"),
    ],
)
def test_every_fault_is_named_with_its_file_and_line(old: str, new: str, message: str) -> None:
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    line = text[: text.index(new)].count("\n") + 1
    with pytest.raises(FileInvalid) as raised:
        sweep_rules(read_policy(text, "mine.toml"))
    assert message in str(raised.value)
    assert f"mine.toml: line {line}, " in str(raised.value)
