"""Facts of real files written by a real encoder. One picture in ten seconds keeps encoding fast."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from voting.domain.roster.media import MediaFacts, Unread
from voting.errors import FileInvalid
from voting.media import reader
from voting.media.reader import read_media

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-f", "webm")


def ffmpeg(*arguments: str) -> None:
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y"]
    subprocess.run([*program, *arguments], check=True, timeout=60)


def video(file: Path, *options: str, size: str = "1920x1080", seconds: int = 300) -> Path:
    ffmpeg("-f", "lavfi", "-i", f"color=gray:s={size}:r=1/10:d={seconds}", *(options or H264), str(file))
    return file


def read(file: Path) -> MediaFacts | Unread:
    return read_media(file.parent, [file.name])[file.name]


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return video(tmp_path_factory.mktemp("right") / "right.mp4")


@pytest.mark.parametrize(
    ("name", "options", "container"),
    [
        ("a.mp4", (), "mp4"),
        ("a.m4v", (), "mp4"),
        ("a.mov", (), "mov"),
        ("a.mkv", (), "mkv"),
        ("a.3gp", (), "3gp"),
        ("a.avi", ("-c:v", "mpeg4"), "avi"),
        ("renamed.mp4", VP8, "webm"),
    ],
)
def test_the_facts_of_a_file_whatever_its_name_says(
    tmp_path: Path, name: str, options: tuple[str, ...], container: str
) -> None:
    file = video(tmp_path / name, *options, size="640x360", seconds=60)
    assert read(file) == MediaFacts(container, file.stat().st_size, 640, 360, 60_000)


def test_a_transport_streams_length_is_that_of_its_pictures(tmp_path: Path) -> None:
    facts = read(video(tmp_path / "a.m2ts", *H264, "-r", "5", size="320x240", seconds=60))
    assert isinstance(facts, MediaFacts)
    assert facts.container == "m2ts"
    assert abs((facts.milliseconds or 0) - 60_000) <= 1000


def test_a_phones_upright_video_is_upright(right: Path, tmp_path: Path) -> None:
    sizes = {"90": (1080, 1920), "180": (1920, 1080), "-90": (1080, 1920)}
    for turn in sizes:
        ffmpeg("-display_rotation", turn, "-i", str(right), "-c", "copy", str(tmp_path / turn) + ".mp4")
    found = read_media(tmp_path, [f"{turn}.mp4" for turn in sizes])
    assert [(each.width, each.height) for each in found.values() if isinstance(each, MediaFacts)] == [*sizes.values()]


def test_pixels_that_are_not_square_count_as_they_are_shown(tmp_path: Path) -> None:
    facts = read(video(tmp_path / "wide.mp4", *H264, "-vf", "setsar=4/3", size="1440x1080", seconds=30))
    assert isinstance(facts, MediaFacts)
    assert (facts.width, facts.height) == (1920, 1080)


def test_a_live_recording_has_no_known_length(tmp_path: Path) -> None:
    file = video(tmp_path / "live.webm", *VP8, "-live", "1", size="320x240", seconds=30)
    assert read(file) == MediaFacts("webm", file.stat().st_size, 320, 240, None)


def test_the_reading_process_has_limits(right: Path) -> None:
    limits: dict[str, str] = {}

    def look(_files: int) -> None:
        (process,) = multiprocessing.active_children()
        for line in Path(f"/proc/{process.pid}/limits").read_text().splitlines()[1:]:
            limits[line[:25].strip()] = line[26:].split()[0]

    read_media(right.parent, [right.name], look)
    assert limits["Max address space"] == str(reader.MOST_MEMORY)
    assert 20 <= int(limits["Max cpu time"]) <= 30
    assert limits["Max file size"] == limits["Max core file size"] == "0"


PIPED = {
    "recorded.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libvorbis", "-f", "webm"),
    "live.webm": (*VP8, "-live", "1", "-c:a", "libvorbis"),
    "live.mkv": (*H264, "-c:a", "aac", "-f", "matroska", "-live", "1"),
    "piped.mkv": (*H264, "-c:a", "aac", "-f", "matroska"),
    "fragmented.mp4": (*H264, "-c:a", "aac", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov"),
    "cmaf.mp4": (*H264, "-c:a", "aac", "-f", "mp4", "-movflags", "cmaf+frag_keyframe+empty_moov"),
}


def piped(name: str) -> bytes:
    """Returns the output of an encoder that cannot seek back to fill in lengths."""
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error"]
    sources = ["-f", "lavfi", "-i", "testsrc=s=320x240:r=5:d=6", "-f", "lavfi", "-i", "sine=d=6"]
    return subprocess.run([*program, *sources, *PIPED[name], "pipe:1"], check=True, capture_output=True).stdout


@pytest.mark.parametrize("name", PIPED)
def test_a_file_without_a_known_size_is_whole_or_cut(tmp_path: Path, name: str) -> None:
    body = piped(name)
    file = tmp_path / name
    file.write_bytes(body)
    facts = read(file)
    assert isinstance(facts, MediaFacts), facts
    assert (facts.container, facts.width) == (name[-4:].strip("."), 320)
    for kept in (len(body) - 1, len(body) - 100, len(body) * 2 // 3):
        file.write_bytes(body[:kept])
        assert read(file) == Unread(f"{name!r} is cut off", "copy it again completely")


def test_a_browsers_recording_with_clusters_of_unknown_size(tmp_path: Path) -> None:
    """Like Chromium's MediaRecorder, once with a length and once without."""
    body = piped("recorded.webm")
    place = body.index(b"\x1f\x43\xb6\x75") + 4
    width = 9 - body[place].bit_length()
    open_ended = body[:place] + b"\x01" + b"\xff" * 7 + body[place + width :]
    file = tmp_path / "a.webm"
    file.write_bytes(open_ended)
    assert isinstance(read(file), MediaFacts)
    file.write_bytes(open_ended[:-3])
    assert isinstance(read(file), Unread)
    file.write_bytes(open_ended + b"\0" * 20)
    assert isinstance(read(file), Unread), "what follows is no part of it"


def test_a_file_of_six_gigabytes_is_not_read_through(right: Path, tmp_path: Path) -> None:
    """A hole in the middle stands for the pictures; the directory comes after them."""
    body, more = right.read_bytes(), 6_000_000_000
    start = body.index(b"mdat") - 4
    end = start + int.from_bytes(body[start : start + 4])
    file = tmp_path / "large.mp4"
    with file.open("wb") as large:
        large.write(body[:start] + b"\0\0\0\1mdat" + (more + 16).to_bytes(8) + body[start + 8 : end])
        large.seek(start + 16 + more)
        large.write(body[end:])
    facts = read(file)
    assert isinstance(facts, MediaFacts)
    assert (facts.size, facts.milliseconds) == (file.stat().st_size, 300_000)


def test_files_that_are_no_videos_are_named(right: Path, tmp_path: Path) -> None:
    body = right.read_bytes()
    (tmp_path / "text.mp4").write_text("这不是视频\n" * 100, "utf-8")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "noise.mp4").write_bytes(os.urandom(100_000))
    (tmp_path / "cut.mp4").write_bytes(body[: len(body) // 2])
    video(tmp_path / "whole.webm", *VP8, size="320x240", seconds=60)
    (tmp_path / "cut.webm").write_bytes((tmp_path / "whole.webm").read_bytes()[:-100])
    ffmpeg("-f", "lavfi", "-i", "sine=d=3", str(tmp_path / "sound.mp4"))
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64", "-frames:v", "1", str(tmp_path / "picture.png"))
    says = {
        "text.mp4": "is no video",
        "empty.mp4": "is empty",
        "noise.mp4": "is no video",
        "cut.mp4": "is cut off",
        "cut.webm": "is cut off",
        "sound.mp4": "is no video",
        "picture.png": "is no video",
    }
    for name, found in read_media(tmp_path, list(says)).items():
        assert isinstance(found, Unread), name
        assert found.what == f"{name!r} {says[name]}"
        assert found.mend


@pytest.mark.parametrize(
    ("name", "what", "mend"),
    [
        ("../right.mp4", "is no plain name of a file", "such as A017.mp4"),
        ("/etc/passwd", "is no plain name of a file", "such as A017.mp4"),
        ("..", "is no plain name of a file", "such as A017.mp4"),
        ("a\\b.mp4", "is no plain name of a file", "such as A017.mp4"),
        ("a\0.mp4", "is no plain name of a file", "such as A017.mp4"),
        ("http://127.0.0.1/a.mp4", "is no plain name of a file", "such as A017.mp4"),
        (".", "is no plain name of a file", "such as A017.mp4"),
        ("none.mp4", "there is no file 'none.mp4'", "put it into"),
        ("RIGHT.MP4", "there is no file 'RIGHT.MP4'", "did you mean 'right.mp4'? put it into"),
        ("x" * 300, "File name too long", "can be read"),
        ("folder", "there is no file 'folder'", "put it into"),
    ],
)
def test_a_name_that_leads_to_no_file(right: Path, name: str, what: str, mend: str) -> None:
    (right.parent / "folder").mkdir(exist_ok=True)
    found = read_media(right.parent, [name])[name]
    assert isinstance(found, Unread)
    assert what in found.what
    assert mend in found.mend


def test_a_file_that_breaks_the_reading_is_only_that_file(right: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(_files: int) -> None:
        for process in multiprocessing.active_children():
            process.kill()
            process.join()

    for name in ("a.mp4", "b.mp4"):
        (right.parent / name).write_bytes(right.read_bytes())
    found = read_media(right.parent, ["a.mp4", "b.mp4", "right.mp4"], end)
    assert [isinstance(each, MediaFacts) for each in found.values()] == [True] * 3
    monkeypatch.setattr(reader, "LONGEST_READING", 0)
    late = read(right)
    assert isinstance(late, Unread)
    assert late.what == "'right.mp4' cannot be read to its end"
    assert not multiprocessing.active_children()


def test_a_missing_folder_is_refused(right: Path) -> None:
    with pytest.raises(FileInvalid, match="no such file or directory; give the folder of the media files"):
        read_media(right.parent / "none", [])
    with pytest.raises(FileInvalid, match="not a directory; give the folder of the media files"):
        read_media(right, [])
