"""The crowd against the real service, and its thresholds against services that lie or fail."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT, Contests, Service

pytestmark = pytest.mark.campaign


def locust(host: str, *options: str) -> subprocess.CompletedProcess[str]:
    """locust in a process of its own: it patches the standard library."""
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        "loadtests/scenarios/locustfile.py",
        "--headless",
        "--only-summary",
    ]
    crowd = ["--host", host, "--users", "8", "--spawn-rate", "100", "--think", "0.02", "--run-time", "30s"]
    return subprocess.run([*command, *crowd, *options], cwd=ROOT, capture_output=True, text=True, timeout=60)


async def test_the_crowd_votes_and_passes_its_thresholds(service: Service, contests: Contests, tmp_path: Path) -> None:
    contest = await contests.make(entries=25)
    tokens = tmp_path / "tokens.txt"
    tokens.write_text("\n".join(contests.tokens(contest, 3)))
    done = locust(service.url, "--contest", contest, "--tokens", str(tokens), "--visits", "8")
    assert done.returncode == 0, done.stderr
    told = next(line for line in done.stderr.splitlines() if "ballots were answered 201" in line)
    accepted = int(told.split("loadtests: ")[1].split()[0])
    # A ballot whose answer the end of the run cut off is in the tally too.
    assert 0 < accepted <= sum((await contests.counted(contest)).values()) <= accepted + 8
    assert "/voters" in done.stderr, "nobody registered by a challenge"


def test_a_far_host_is_refused() -> None:
    done = locust("http://vote.example.org")
    assert done.returncode == 1
    assert "is not this machine" in done.stderr


@contextmanager
def pretending(ballot_status: int) -> Iterator[str]:
    """A service that records nothing: it answers every ballot with this status, and nobody ever has any."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self.answer(200, {"entries": [{"code": "A001"}], "pages": 1, "ballots": []})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(
                ballot_status, {"ballot": "b1", "code": "internal"} if ballot_status == 500 else {"ballot": "b1"}
            )

        def answer(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_ballot_that_is_not_found_again_fails_the_run(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.txt"
    tokens.write_text("one two three")
    with pretending(201) as url:
        done = locust(url, "--tokens", str(tokens), "--users", "2", "--visits", "2")
    assert done.returncode == 1
    assert "ballot b1 was answered 201 and is not there" in done.stderr


def test_an_unexpected_error_fails_the_run(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.txt"
    tokens.write_text("one two three")
    with pretending(500) as url:
        done = locust(url, "--tokens", str(tokens), "--users", "2", "--visits", "2")
    assert done.returncode == 1
    assert "500 internal" in done.stderr
