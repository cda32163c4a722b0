"""VOTING_LOG=json: each line is one JSON event, without secrets."""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import SECRET, VOTING, Contests, cast, environment_of, free_port, wait_ready, without_settings
from voting import logs
from voting.settings import Settings


@pytest.fixture
def logged(settings: Settings, tmp_path: Path) -> Iterator[tuple[str, Any, Path]]:
    """Runs a service that logs JSON into a file; yields its address, its process and the file."""
    port, file = free_port(), tmp_path / "log"
    environment = environment_of(settings) | {"VOTING_LOG": "json", "VOTING_SWEEP": "on"}
    with file.open("wb") as output:
        process = subprocess.Popen(
            [*VOTING, "serve", "--port", str(port)],
            env=without_settings() | environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            wait_ready(f"http://127.0.0.1:{port}", process)  # type: ignore[arg-type]
            yield f"http://127.0.0.1:{port}", process, file
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(30)


async def test_each_line_of_the_service_is_one_json_event(logged: tuple[str, Any, Path], contests: Contests) -> None:
    url, process, file = logged
    contest = await contests.make()
    async with httpx.AsyncClient(base_url=url) as http:
        headers = {"X-Forwarded-For": "203.0.113.9", "X-Request-Id": "r-17", "Authorization": f"Bearer {SECRET}"}
        await http.get(f"/api/v1/contests/{contest}/me", headers=headers)
        await cast(http, contest, SECRET, ["A001"])
        await http.post("/api/v1/staff/session", json={"key": f"vsk_{SECRET}"})
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{url}/", headers={"Host": "\x00"})
    # A dying worker, and the end.
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    text = file.read_text("utf-8")
    events = [json.loads(line) for line in text.splitlines()]
    assert all(event.keys() >= {"at", "level", "logger", "message"} for event in events)
    assert [event for event in events if event["message"].startswith("listening on")]
    assert [event["request"] for event in events if "X-Forwarded-For is ignored" in event["message"]] == ["r-17"]
    assert SECRET not in text
    assert "203.0.113" not in text
    assert not [event for event in events if "traceback" in event]


async def test_the_lines_of_a_plain_ballot_name_its_request_and_trace(
    logged: tuple[str, Any, Path], contests: Contests
) -> None:
    """The contest is known, so the ballot takes the short way past the framework."""
    url, process, file = logged
    contest = await contests.make()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Request-Id": "r-18",
        "traceparent": f"00-{trace}-00f067aa0ba902b7-01",
    }
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.get(f"/api/v1/contests/{contest}")).status_code == 200
        (token,) = contests.tokens(contest, 1)
        http.headers.update(headers)
        assert (await cast(http, contest, token, ["A001"])).status_code == 201
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    text = file.read_text("utf-8")
    (event,) = [event for event in map(json.loads, text.splitlines()) if "X-Forwarded-For" in event["message"]]
    assert (event["request"], event["trace"]) == ("r-18", trace)
    assert token not in text


def test_malformed_requests_are_counted_and_not_logged(logged: tuple[str, Any, Path]) -> None:
    url, _, file = logged
    before, address = file.read_text("utf-8"), ("127.0.0.1", int(url.rpartition(":")[2]))
    upgrade = b"GET /health/live HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    for sent, status in [(b"GARBAGE\r\n\r\n", b" 400 "), (upgrade, b" 200 ")] * 3:
        with socket.create_connection(address, 10) as connection:
            connection.sendall(sent)
            assert status in connection.recv(64)
    metrics = httpx.get(f"{url}/metrics").text
    for kind in ("malformed", "upgrade"):
        assert f'voting_not_served_total{{kind="{kind}"}} 3.0' in metrics
    assert file.read_text("utf-8") == before


def test_a_traceback_is_part_of_its_line() -> None:
    logger = logging.getLogger("voting.test")
    try:
        raise ValueError("two\nlines 中文")
    except ValueError as error:
        record = logger.makeRecord("voting", logging.ERROR, __file__, 1, "a %s", ("b\nc",), (ValueError, error, None))
        record.exc_info = (ValueError, error, error.__traceback__)
    line = logs.JsonLines().format(record)
    assert "\n" not in line
    event = json.loads(line)
    assert event["message"] == "a b\nc"
    assert "test_logs.py" in event["traceback"]
    assert event["traceback"].endswith("ValueError: two\nlines 中文")
    assert "request" not in event


def test_an_exception_that_ends_a_process_is_one_line() -> None:
    program = "from voting import logs; logs.use_json(); import warnings; warnings.warn('old'); 1 / 0"
    done = subprocess.run([VOTING[0], "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(event["level"], event["logger"]) for event in events] == [
        ("warning", "py.warnings"),
        ("critical", "voting"),
    ]
    assert "ZeroDivisionError" in events[1]["traceback"]
