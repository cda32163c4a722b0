"""Covers that organisers upload: pictures by their entries' codes, one or a zip, with the faults of each file."""

from __future__ import annotations

import asyncio
import io
import zipfile
from contextlib import suppress

import httpx
import pytest

from tests.conftest import Contests, as_owner, eventually, refusal
from voting.errors import FileInvalid
from voting.services.contests.covers import COVER_BYTES, read_cover, read_upload
from voting.settings import Settings
from voting.wiring.admin import AdminServices

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="16" height="9"><rect width="16" height="%d"/></svg>'
CODES = ("A001", "A002", "A003")


def packed(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Returns a zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def test_each_file_of_a_zip_is_taken_or_has_its_fault() -> None:
    files = {
        "封面/a001.SVG": SVG % 1,
        "A002.svg": b"<svg",
        "A002 (1).svg": SVG % 2,
        "A003.png": bytes(COVER_BYTES * 40),
        "A001.png": SVG % 3,
        "__MACOSX/._A002.svg": b"x",
        ".DS_Store": b"x",
    }
    uploaded = read_upload("covers.zip", packed(files), CODES)
    assert list(uploaded.pictures) == ["A001"]
    assert uploaded.pictures["A001"][1].body == SVG % 1
    assert [(fault.place, fault.what.split(" ", 3)[:3]) for fault in uploaded.faults] == [
        ("A002.svg", ["is", "not", "a"]),
        ("A002 (1).svg", ["names", "no", "entry"]),
        ("A003.png", ["has", "more", "than"]),
        ("A001.png", ["is", "a", "second"]),
    ]
    body = bytearray(packed({"A001.svg": SVG % 1}))
    body[40:60] = bytes(20)
    for broken in (bytes(body), packed({"A001.svg": SVG % 1})[:50]):
        with pytest.raises(FileInvalid, match="cannot be unpacked"):
            read_upload("covers.zip", broken, CODES)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(compression: int) -> None:
    picture = {"A001.svg": SVG % 1}
    with pytest.raises(FileInvalid, match="cannot be unpacked"):
        read_upload("covers.zip", packed(picture, compression), CODES)
    large = {f"{number}.png": bytes(COVER_BYTES * 40) for number in range(9)}
    with pytest.raises(FileInvalid, match="unpacks to too much"):
        read_upload("covers.zip", packed(large), CODES)


def test_a_damaged_zip_has_a_fault_wherever_it_is_damaged() -> None:
    body = packed({"A001.svg": SVG % 1, "封面.svg": SVG % 2})
    for place in range(4, len(body)):
        damaged = body[:place] + bytes([body[place] ^ 0xFF]) + body[place + 1 :]
        with suppress(FileInvalid):
            read_upload("covers.zip", damaged, CODES)


async def test_an_organiser_gives_entries_covers_which_voters_then_see(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest = await contests.make()
    headers = {
        "Authorization": f"Bearer {await contests.staff_key('organiser', contest)}",
        "Content-Type": "application/octet-stream",
    }
    path = f"/api/v1/staff/contests/{contest}/covers"

    async def send(name: str, body: bytes, amend: str = "true") -> httpx.Response:
        return await http.post(path, headers=headers, params={"name": name, "amend": amend}, content=body)

    assert refusal(await send("A001.svg", SVG % 1, "false")) == (409, "roster_sealed"), "voting has begun"
    assert (await send("A001.svg", SVG % 1)).json() == {"changed": ["A001"], "unchanged": 0, "faults": []}
    both = packed({"A001.svg": SVG % 1, "A002.svg": SVG % 2, "Z999.svg": SVG % 3})
    answer = (await send("covers.zip", both)).json()
    assert (answer["changed"], answer["unchanged"], [each["file"] for each in answer["faults"]]) == (
        ["A002"],
        1,
        ["Z999.svg"],
    )
    assert answer["faults"][0]["what"] == "文件名不是作品编号"

    async def is_shown() -> bool:
        return f"/media/{contest}/" in (await http.get(f"/c/{contest}/entries/A002")).text

    await eventually(is_shown)
    page = (await http.get(f"/c/{contest}/entries/A002")).text
    address = page.partition(f'src="/media/{contest}/')[2].partition('"')[0]
    assert (await http.get(f"/media/{contest}/{address}")).content == SVG % 2
    shown = await http.get(f"/control/{contest}/roster", headers={"Authorization": headers["Authorization"]})
    assert "还没有封面的作品（10 件）：A003" in shown.text


async def test_ballots_do_not_wait_while_pictures_are_stored(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest, cover = await contests.make(), read_cover("A001.svg", SVG % 1)
    async with as_owner(settings) as owner:
        transaction = owner.transaction()
        await transaction.start()
        insert = "insert into covers (contest, name, media_type, body) values ($1, $2, 'image/svg+xml', '')"
        await owner.execute(insert, contest, cover[0])
        storing = asyncio.create_task(office.contest_admin.import_covers(contest, {"A001": cover}, amend=True))

        async def is_waiting() -> bool:
            waiting = "select exists (select from pg_locks where not granted and pg_backend_pid() = any"
            return bool(await owner.fetchval(f"{waiting} (pg_blocking_pids(pid)))"))

        await eventually(is_waiting)
        assert await owner.fetch("select number from gates where contest = $1 for update nowait", contest)
        await transaction.rollback()
        assert await storing == ("A001",)
