"""Entries' own videos: by ranges, with captions, and nothing else of the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import Contests, environment_of, refusal, serving
from voting.settings import Settings
from voting.web.api.videos import read_range

BODY = os.urandom(700_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def url(settings: Settings, folder: Path) -> Iterator[str]:
    with serving(environment_of(settings) | {"VOTING_VIDEOS": str(folder)}) as (url, _):
        yield url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-1", (0, 1)),
        ("bytes=5-", (5, 9)),
        ("bytes=5-99", (5, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-99", (0, 9)),
        ("bytes=10-", (10, 9)),
        ("bytes=-0", (10, 9)),
        ("bytes=3-2", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("items=0-1", None),
    ],
)
def test_a_range_is_read_as_the_rfc_says(text: str, expected: tuple[int, int] | None) -> None:
    assert read_range(text, 10) == expected


async def test_a_video_is_sent_by_ranges(url: str, folder: Path, contests: Contests) -> None:
    contest = await contests.make()
    (folder / contest).mkdir()
    (folder / contest / "A001.mp4").write_bytes(BODY)
    (folder / contest / "A001.zh.vtt").write_text("WEBVTT\n", "utf-8")
    (folder / contest / "secret.mp4").write_bytes(b"of no entry")
    async with httpx.AsyncClient(base_url=url) as http:
        page = (await http.get(f"/c/{contest}/entries/A001")).text
        assert f'<source src="/video/{contest}/A001.mp4" type="video/mp4">' in page
        assert f'<track kind="captions" src="/video/{contest}/A001.zh.vtt" srclang="zh"' in page
        assert 'preload="none"' in page
        assert "autoplay" not in page
        assert "<video" not in (await http.get(f"/c/{contest}/entries/A002")).text
        path = f"/video/{contest}/A001.mp4"
        whole = await http.get(path)
        assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, BODY, "bytes")
        assert whole.headers["content-type"] == "video/mp4"
        for wish, part in (("bytes=0-0", BODY[:1]), ("bytes=300000-", BODY[300_000:]), ("bytes=-5", BODY[-5:])):
            answer = await http.get(path, headers={"range": wish, "if-range": whole.headers["etag"]})
            assert (answer.status_code, answer.content) == (206, part)
            assert answer.headers["content-range"].endswith(f"/{len(BODY)}")
        assert (await http.get(path, headers={"range": "bytes=0-1", "if-range": '"old"'})).status_code == 200
        beyond = await http.get(path, headers={"range": f"bytes={len(BODY)}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(BODY)}")
        assert (await http.get(path, headers={"if-none-match": whole.headers["etag"]})).status_code == 304
        assert (await http.get(f"/video/{contest}/A001.zh.vtt")).headers["content-type"].startswith("text/vtt")
        for name in ("secret.mp4", "A001.txt", "A002.mp4", "..%2fA001.mp4", "A001.mp4.bak"):
            assert refusal(await http.get(f"/video/{contest}/{name}")) == (404, "not_found")
