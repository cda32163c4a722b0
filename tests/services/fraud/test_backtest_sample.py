"""Answers of voters who were asked to confirm, in a backtest."""

from __future__ import annotations

from tests.services.fraud.test_backtest import Replay, event, replay

__all__ = ["replay"]


def test_answers_of_voters_who_were_asked_name_a_cell(replay: Replay) -> None:
    events = []
    for number in range(240):
        at = f"2026-03-02T{6 + number // 30:02}:{number % 30 * 2:02}:00.000+08:00"
        confirmed = number % 5 > 0 and number % 3 > 0
        asked = {"asked": True, "confirmed": confirmed, "share": 0.5}
        events.append(event(number, at, entry=f"A{number % 5}", verification=asked))
    found = replay(events).summary["verification"]
    assert (found["asked"], found["confirmed"]) == (240, 128)
    assert {cell["entry"] for cell in found["cells"]} == {"A0"}
    (named,) = (cell for cell in found["cells"] if cell["named"])
    assert (named["asked"], named["confirmed"], named["picks"], named["named"]) == (48, 0, 96, True)
    assert "verification" not in replay([event(1, verification=None)]).summary
