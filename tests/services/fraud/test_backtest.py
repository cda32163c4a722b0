"""The backtest's contract: input, refusals, and the four files that it writes."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from voting.domain.contest.contest_file import read_contest
from voting.errors import FileInvalid, SettingInvalid
from voting.networks.lookup import load_networks
from voting.services.fraud.backtest.run import Input, backtest
from voting.services.fraud.policy_files import load_sweep_policy

FILES = ["decisions.jsonl", "history.jsonl", "report.html", "summary.json"]
DECISION = ["id", "decision", "reasons", "stage", "decided_at"]
OPENS, CLOSES = "2026-03-01T08:00:00+08:00", "2026-03-05T08:05:00+08:00"
RULES = f"""
id = "replayed"
title = "回测"
host = "主办方"
[window]
opens_at = {OPENS}
closes_at = {CLOSES}
[[category]]
id = "one"
name = "类别一"
"""
A_DAY = """
[[quota]]
picks = 1
per = "contest"
period = "day"
"""
AN_HOUR_AN_ENTRY = """
[[quota]]
picks = 1
per = "entry"
period = "sliding"
minutes = 60
"""

Event = dict[str, Any]


def event(number: int, at: str = "2026-03-02T12:00:00.000+08:00", **more: Any) -> Event:
    """Returns a line with the required fields only."""
    return {"id": f"e{number}", "at": at, "voter": f"v{number}", "entry": "A001", **more}


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Run:
    """The output of one replay."""

    def __init__(self, out: Path, summary: Mapping[str, Any]) -> None:
        self.out, self.told = out, summary
        self.decisions, self.history = lines(out / "decisions.jsonl"), lines(out / "history.jsonl")
        self.summary = json.loads((out / "summary.json").read_text("utf-8"))

    def outcomes(self) -> list[tuple[str, list[str]]]:
        return [(line["decision"], line["reasons"]) for line in self.decisions]


Replay = Callable[..., Run]


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """Replays events, or the raw bytes of a file."""

    def run(events: Sequence[Event] | bytes, quotas: str = A_DAY) -> Run:
        path, out = tmp_path / "events.jsonl", tmp_path / "out"
        text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events if isinstance(each, dict))
        path.write_bytes(events if isinstance(events, bytes) else text.encode())
        contest = read_contest(RULES + quotas, "contest.toml")
        return Run(
            out, backtest(contest, Input(path), load_sweep_policy(), load_networks(), out, lambda part, done: None)
        )

    return run


FULL: Event = {
    "channel": "wechat",
    "device": "d1",
    "device_issued_at": "2026-03-01T12:00:00.000+08:00",
    "opened_at": "2026-03-02T11:59:40.000+08:00",
    "ip": "61.135.10.1",
    "asn": 4808,
    "hosting": False,
    "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) MicroMessenger/8.0.49 NetType/4G Language/zh_CN",
    "headers": {
        "accept-language": "zh-CN",
        "sec-ch-ua": '"Chromium";v="130"',
        "sec-ch-ua-platform": '"iOS"',
        "sec-ch-ua-mobile": "?1",
        "sec-fetch-site": "same-origin",
        "origin": "https://vote.example",
        "referer": "https://vote.example/a",
    },
    "client": {"screen": "412x915", "dpr": 2.625, "languages": ["zh-CN"], "timezone": "Asia/Shanghai", "platform": "x"},
    "challenge": {"passed": True, "ms": 1240},
}


def test_every_other_field_may_be_null_or_absent(replay: Replay) -> None:
    null = [FULL | {name: None} for name in FULL]
    absent = [{key: value for key, value in FULL.items() if key != name} for name in FULL]
    found = replay([event(number, **more) for number, more in enumerate([FULL, *null, *absent])])
    assert [line["id"] for line in found.decisions] == [f"e{number}" for number in range(1 + 2 * len(FULL))]


def test_unknown_values_have_no_effect(replay: Replay) -> None:
    found = replay([event(number) for number in range(300)])
    assert found.outcomes() == [("count", [])] * 300
    assert found.history == []


def test_parts_of_headers_client_and_challenge_may_be_missing_too(replay: Replay) -> None:
    found = replay(
        [
            event(1, headers={}, client={}, challenge={}),
            event(2, headers={"origin": None, "accept-language": 5}, client={"dpr": 2, "languages": "zh-CN"}),
            event(3, client={"languages": None, "screen": "odd"}, challenge={"passed": False, "ms": None}),
            event(4, ip="no address", user_agent="", added_later=[1, 2]),
            event(5, ip="2001:db8::1", user_agent="x" * 9000),
        ]
    )
    assert len(found.decisions) == 5


@pytest.mark.parametrize("name", ["id", "at", "voter", "entry"])
@pytest.mark.parametrize("change", [lambda line, name: line.pop(name), lambda line, name: line.update({name: None})])
def test_four_fields_must_be_there(
    replay: Replay, tmp_path: Path, name: str, change: Callable[[Event, str], object]
) -> None:
    second = event(2)
    change(second, name)
    with pytest.raises(FileInvalid, match=rf"^events.jsonl: line 2.*{name}"):
        replay([event(1), second])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"id": "\xff"}', "line 2"),
        (b'{"id": 7, "at": "2026-03-02T12:00:00+08:00", "voter": "v", "entry": "A"}', r"Expected `str`.*\$\.id"),
        (b'{"id": "b", "at": "2026-03-02T12:00:00", "voter": "v", "entry": "A"}', "at: has no offset"),
        (
            b'{"id": "b", "at": "9999-12-31T23:59:59-08:00", "voter": "v", "entry": "A"}',
            "at: lies outside the calendar",
        ),
        (
            b'{"id":"b", "at":"2026-03-02T12:00:00Z", "voter":"", "entry":"", "opened_at":"0001-01-01T00:00:00+08:00"}',
            "opened_at: lies outside the calendar",
        ),
        (b'{"id": "b", "at": "yesterday", "voter": "v", "entry": "A"}', r"\$\.at"),
        (
            b'{"id": "b", "at": "2026-03-02T12:00:00Z", "voter": "v", "entry":"", "opened_at": "2026-03-02T11:00:00"}',
            "opened_at: has no offset",
        ),
        (
            b'{"id": "b", "at": "2026-03-02T12:00:00Z", "voter": "v", "entry": "A", "device_issued_at": "2026-03-02"}',
            r"device_issued_at",
        ),
        (b'{"id": "b", "at": "2026-03-02T12:00:00Z", "voter": "v", "entry": "A", "channel": "fax"}', r"\$\.channel"),
        (b'{"id": "b", "at": "2026-03-02T12:00:00Z", "voter": "v", "entry": "A", "asn": "x"}', r"\$\.asn"),
        (b'{"id": "b", "at": "2026-03-02T12:00:00Z", "voter": "v", "entry": "A", "asn": 99999999999}', r"\$\.asn"),
        (b'{"id": "e1", "at": "2026-03-02T12:00:00Z", "voter": "v", "entry": "A"}', "id: 'e1' stands twice"),
        (b'{"id": "b", "at": "2026-03-02T11:59:59.999+08:00", "voter": "v", "entry": "A"}', "at: is before"),
    ],
)
def test_a_malformed_line_stops_the_run_with_its_number_and_fault(
    replay: Replay, tmp_path: Path, line: bytes, what: str
) -> None:
    with pytest.raises(FileInvalid, match=what) as raised:
        replay(json.dumps(event(1)).encode() + b"\n" + line + b"\n")
    assert [fault.line for fault in raised.value.faults] == [2]
    assert not (tmp_path / "out").exists()


def test_the_first_moment_of_the_calendar_is_reported(replay: Replay) -> None:
    with pytest.raises(FileInvalid, match="line 1, at: lies outside the calendar"):
        replay([event(1, "0001-01-01T00:00:00+08:00")])
    found = replay([event(1, "0001-01-01T00:00:00Z"), event(2, "9999-12-31T23:59:59.999Z")])
    assert found.outcomes() == [("refuse", ["window_not_open"]), ("refuse", ["window_closed"])]


def test_a_run_that_fails_leaves_the_former_results_alone(replay: Replay, tmp_path: Path) -> None:
    before = replay([event(1)])
    with pytest.raises(FileInvalid):
        replay(b"{}\n")
    assert lines(tmp_path / "out" / "decisions.jsonl") == before.decisions
    assert sorted(path.name for path in before.out.iterdir()) == FILES


def test_an_unwritable_folder_is_reported_before_reading(tmp_path: Path) -> None:
    contest, none = read_contest(RULES + A_DAY, "contest.toml"), Input(tmp_path / "none.jsonl")
    with pytest.raises(SettingInvalid, match=r"^/proc/none/out cannot be written .*; give another folder with --out"):
        backtest(contest, none, load_sweep_policy(), load_networks(), Path("/proc/none/out"), lambda part, done: None)


def test_a_truncated_gzip_is_reported_and_writes_nothing(replay: Replay, tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(event(1)).encode() + b"\n")
    for broken in (packed[:-4], packed[:20], packed[:12] + b"\x00\xff\x00\xff" + packed[16:]):
        with pytest.raises(FileInvalid, match=r"events.jsonl: .*cannot be read"):
            replay(broken)
    assert not (tmp_path / "out").exists()


def test_plain_and_gzipped_chinese_give_the_same(replay: Replay) -> None:
    text = json.dumps(event(1, entry="作品一", voter="选民"), ensure_ascii=False).encode() + b"\n"
    plain = replay(text)
    assert plain.summary["entries"][0]["entry"] == "作品一"
    assert "作品一" in (plain.out / "report.html").read_text("utf-8")
    assert "作品一".encode() in (plain.out / "summary.json").read_bytes()
    first = (plain.out / "decisions.jsonl").read_bytes()
    zipped = gzip.compress(text)
    packed = replay(zipped)
    assert (packed.out / "decisions.jsonl").read_bytes() == first
    assert packed.summary["events_sha256"] == hashlib.sha256(zipped).hexdigest()


def test_a_gzip_of_several_members_is_read_and_hashed_whole(replay: Replay) -> None:
    each = [json.dumps(event(number)).encode() + b"\n" for number in range(2)]
    packed = b"".join(map(gzip.compress, each)) + bytes(512)
    found = replay(packed)
    assert [line["id"] for line in found.decisions] == ["e0", "e1"]
    assert found.summary["events_sha256"] == hashlib.sha256(packed).hexdigest()


def test_the_last_line_needs_no_end_and_a_byte_order_mark_is_reported(replay: Replay) -> None:
    text = json.dumps(event(1)).encode()
    assert len(replay(text).decisions) == 1
    with pytest.raises(FileInvalid, match="line 1"):
        replay(b"\xef\xbb\xbf" + text)


@pytest.mark.parametrize("text", [b"", b"\n", gzip.compress(b"", mtime=0)])
def test_an_empty_input_is_a_contest_without_a_ballot(replay: Replay, text: bytes) -> None:
    found = replay(text)
    assert found.decisions == found.history == []
    assert found.summary["attempts"] == 0
    assert found.summary["entries"] == []
    assert found.summary["decisions"] == {"count": 0, "hold": 0, "refuse": 0}
    assert found.summary["stages"] == {"certification": 0, "nearline": 0, "online": 0}
    assert sorted(path.name for path in found.out.iterdir()) == FILES


def test_a_ballot_held_when_cast_has_a_group_with_its_evidence(replay: Replay) -> None:
    script: Event = {
        "user_agent": "python-requests/2.32",
        "hosting": True,
        "opened_at": "2026-03-02T11:59:59.900+08:00",
    }
    found = replay([event(1), event(2, **script), event(3, entry="A002")])
    assert [line["decision"] for line in found.decisions] == ["count", "hold", "count"]
    assert found.decisions[1]["stage"] == "online"
    (group,) = found.summary["groups"]
    assert (group["id"], group["ballots"], group["entries"]) == ("cast-A001", 1, {"A001": 1})
    told = {each["code"]: each for each in group["evidence"]}
    assert set(told) >= {*found.decisions[1]["reasons"]}
    assert told["N1"]["count"] == 1
    assert group["evidence"][0]["profile"]["reading_low"] == 0.1
    assert "cast-A001" in (found.out / "report.html").read_text("utf-8")


def test_outside_the_window_is_refused_with_the_reason(replay: Replay) -> None:
    times = ["2026-03-01T07:59:59.999+08:00", OPENS, "2026-03-05T08:04:59.999+08:00", CLOSES]
    found = replay([event(number, at) for number, at in enumerate(times)])
    assert found.outcomes() == [
        ("refuse", ["window_not_open"]),
        ("count", []),
        ("count", []),
        ("refuse", ["window_closed"]),
    ]
    assert {line["stage"] for line in found.decisions} == {"online"}
    assert [moment(line["decided_at"]) for line in found.decisions] == [moment(at) for at in times]
    assert [line["id"] for line in found.history] == ["e0", "e3"]
    # A refused attempt is no ballot, so it does not count for its entry.
    assert [(each["entry"], each["raw"]) for each in found.summary["entries"]] == [("A001", 2)]


def test_a_days_quota_is_the_contests_day(replay: Replay) -> None:
    times = [
        "2026-03-02T00:00:00.000+08:00",
        "2026-03-02T23:59:59.999+08:00",
        "2026-03-02T16:00:00.000+00:00",
        "2026-03-03T12:00:00.000Z",
    ]
    found = replay([event(number, at, voter="v") for number, at in enumerate(times)])
    assert found.outcomes() == [
        ("count", []),
        ("refuse", ["quota_exhausted"]),
        ("count", []),
        ("refuse", ["quota_exhausted"]),
    ]


def test_a_sliding_quota_is_per_entry_and_refused_attempts_take_nothing(replay: Replay) -> None:
    cast = [
        ("12:00:00.000", "A"),
        ("12:00:01.000", "B"),
        ("12:59:59.999", "A"),
        ("13:00:00.000", "A"),
        ("13:30:00.000", "A"),
    ]
    found = replay(
        [event(n, f"2026-03-02T{at}+08:00", voter="v", entry=entry) for n, (at, entry) in enumerate(cast)],
        AN_HOUR_AN_ENTRY,
    )
    assert [decision for decision, _ in found.outcomes()] == ["count", "count", "refuse", "count", "refuse"]


def test_all_quotas_hold_and_entries_come_from_the_events(replay: Replay) -> None:
    at = "2026-03-02T12:00:00.000+08:00"
    found = replay(
        [event(n, at, voter="v", entry=e) for n, e in enumerate("AAB")], A_DAY.replace("1", "2") + AN_HOUR_AN_ENTRY
    )
    assert [decision for decision, _ in found.outcomes()] == ["count", "refuse", "count"]
    assert [(each["entry"], each["raw"], each["rank_raw"]) for each in found.summary["entries"]] == [
        ("A", 1, 1),
        ("B", 1, 1),
    ]


TWO = """
[[category]]
id = "two"
name = "类别二"
"""
A_CATEGORY = """
[[quota]]
picks = 1
per = "category"
"""
BALLOTS = """
[ballot]
most = 3
[[quota]]
ballots = 1
period = "sliding"
minutes = 60
"""


def test_a_quota_per_category_is_of_the_entrys_category(replay: Replay) -> None:
    picks = [("A", "one"), ("B", "two"), ("C", "two")]
    found = replay([event(n, voter="v", entry=e, category=c) for n, (e, c) in enumerate(picks)], TWO + A_CATEGORY)
    assert [decision for decision, _ in found.outcomes()] == ["count", "count", "refuse"]
    assert found.summary["quotas_not_applied"] == []
    assert "Quota not applied" not in (found.out / "report.html").read_text("utf-8")


def test_a_quota_per_category_skips_unknown_categories_and_reports_them(replay: Replay) -> None:
    events = [
        event(n, voter="v", entry=e, category=c) for n, (e, c) in enumerate([("A", None), ("B", None), ("C", "?")])
    ]
    found = replay(events, TWO + A_CATEGORY)
    assert [decision for decision, _ in found.outcomes()] == ["count"] * 3
    rule = "A voter has at most 1 pick in each category during the whole vote."
    assert found.summary["quotas_not_applied"] == [{"quota": rule, "picks": 3}]
    report = (found.out / "report.html").read_text("utf-8")
    assert f"Quota not applied:</b> {rule}" in report
    assert "每位投票人整个投票期内每个类别最多 1 票。数据未说明 3 票的作品属于哪个类别" in report


def test_the_only_category_is_the_default(replay: Replay) -> None:
    found = replay([event(n, voter="v", entry=e) for n, e in enumerate("AB")], A_CATEGORY)
    assert [decision for decision, _ in found.outcomes()] == ["count", "refuse"]
    assert found.summary["quotas_not_applied"] == []


def test_the_picks_of_a_ballot_take_one_slot_of_a_quota_of_ballots(replay: Replay) -> None:
    def ballot(name: str, at: str, voter: str = "v") -> list[Event]:
        at = f"2026-03-02T{at}:00.000+08:00"
        return [event(0, at, voter=voter, entry=e, ballot=name) | {"id": f"{name}{e}"} for e in "ABC"]

    cast = [*ballot("x", "12:00"), *ballot("z", "12:00", "w"), *ballot("y", "12:59"), *ballot("u", "13:00")]
    found = replay(cast, BALLOTS)
    assert [decision for decision, _ in found.outcomes()] == ["count"] * 6 + ["refuse"] * 3 + ["count"] * 3


@pytest.mark.parametrize("quota", [A_DAY, AN_HOUR_AN_ENTRY.replace('"entry"', '"contest"')])
def test_a_ballot_is_recorded_whole_or_not_at_all(replay: Replay, quota: str) -> None:
    three = [event(n, voter="v", entry=e, ballot="x") for n, e in enumerate("ABC")]
    found = replay(
        [*three, *[event(n, voter="v", entry=e, ballot="y") for n, e in enumerate("AB", 3)]], quota.replace("1", "2")
    )
    assert found.outcomes() == [("refuse", ["quota_exhausted"])] * 3 + [("count", [])] * 2


@pytest.mark.parametrize(
    ("third", "what"),
    [
        ({"voter": "w"}, "'x' is of another voter or moment"),
        ({"at": "2026-03-02T12:00:00.001+08:00"}, "'x' is of another voter or moment"),
        ({"voter": "w", "ballot": None}, "'x' stands apart"),
    ],
)
def test_the_lines_of_a_ballot_stand_together_and_are_of_one_voter(replay: Replay, third: Event, what: str) -> None:
    lines = [event(n, voter="v", ballot="x") for n in (1, 2)]
    lines += [event(3, voter="v", ballot="x") | third, event(4, voter="v", ballot="x")]
    with pytest.raises(FileInvalid, match=f"line {3 if third.get('ballot', 'x') else 4}, ballot: {what}"):
        replay(lines)


def test_a_round_after_the_windows_end_is_not_after_the_certification(replay: Replay) -> None:
    """The window ends between two multiples of the rounds' minutes: time still goes only forward."""
    start = moment("2026-03-05T07:20:00+08:00")
    agent = "python-requests/2.32"
    events = [
        event(
            n,
            (start + timedelta(seconds=n)).isoformat(),
            user_agent=agent,
            device=f"d{n}",
            ip=f"45.77.1.{n % 9}",
            hosting=True,
        )
        for n in range(2600)
    ]
    found = replay(events)
    settled = [moment(line["decided_at"]) for line in found.history]
    assert settled == sorted(settled)
    last = {line["id"]: line for line in found.history if "response" not in line}
    assert last
    # Reasons are those of the latest pass.
    for line in found.decisions:
        if line["id"] in last:
            assert last[line["id"]] | {"reasons": line["reasons"]} == line
