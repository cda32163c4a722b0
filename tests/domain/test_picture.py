"""Pictures without the metadata of cameras and programs; written and read again by Pillow."""

from __future__ import annotations

import io
import random
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from voting.domain.roster.picture import Damaged, read_picture

PHOTOGRAPH = (Path(__file__).parent / "pictures" / "gps.jpg").read_bytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>39,54.26N</exif:GPSLatitude></x:xmpmeta>'
# Data that a cleaned picture must not contain.
SECRETS = (b"GPS", b"39,54", b"Phone", b"SECRET", b"xmpmeta", b"XML:com.adobe", b"Photoshop")


def drawing(mode: str = "RGB") -> Image.Image:
    picture = Image.effect_noise((96, 64), 60).convert(mode)
    picture.paste(picture.resize((48, 32)), (8, 4))
    return picture


def exif(orientation: int) -> bytes:
    """Metadata with orientation, camera, comment and a position."""
    tags = Image.Exif()
    tags[0x0112], tags[0x010F], tags[0x9286] = orientation, "SECRET Phone", b"SECRET"
    tags[0x8825] = {1: "N", 2: (39.0, 54.0, 26.0), 3: "E", 4: (116.0, 23.0, 29.0)}
    return tags.tobytes()


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (2 + len(content)).to_bytes(2) + content


def with_segments(body: bytes) -> bytes:
    """Adds the data that Photoshop, phones and their galleries put after a JPEG's JFIF segment and its end."""
    head = 4 + int.from_bytes(body[4:6]) if body[2:4] == b"\xff\xe0" else 2
    thumbnail = segment(0xE0, b"JFXX\0\x10SECRET thumbnail")
    iptc = segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04SECRET by-line")
    more = segment(0xE2, b"FPXR\0SECRET") + segment(0xE5, b"SECRET") + segment(0xFE, b"SECRET comment")
    return body[:head] + thumbnail + iptc + more + body[head:] + b"SECRET ftypmp42 a motion picture"


def with_png_text(**options: Any) -> bytes:
    text = PngInfo()
    text.add_text("Comment", "SECRET")
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    text.add_text("Author", "SECRET" * 99, zip=True)
    return saved(drawing("RGBA"), "PNG", pnginfo=text, exif=exif(6), dpi=(300, 300), **options) + b"SECRET"


def animation(kind: str) -> bytes:
    frames = [drawing(), ImageOps.mirror(drawing())]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=80, exif=exif(3), lossless=True)


MEMBERS: dict[str, Callable[[], bytes]] = {
    "the case": lambda: PHOTOGRAPH,
    "jpeg": lambda: with_segments(saved(drawing(), "JPEG", exif=exif(6), xmp=XMP, comment=b"SECRET")),
    "progressive jpeg": lambda: with_segments(saved(drawing(), "JPEG", exif=exif(8), progressive=True)),
    "jpeg with restarts": lambda: with_segments(saved(drawing(), "JPEG", exif=exif(1), restart_marker_blocks=2)),
    "cmyk jpeg": lambda: with_segments(saved(drawing("CMYK"), "JPEG", exif=exif(5))),
    "grey jpeg without jfif": lambda: b"\xff\xd8" + with_segments(saved(drawing("L"), "JPEG", exif=exif(2)))[20:],
    "png": with_png_text,
    "png of a palette": lambda: saved(drawing("RGB").quantize(16), "PNG", exif=exif(7), transparency=3),
    "apng": lambda: animation("PNG"),
    "webp": lambda: saved(drawing(), "WEBP", exif=exif(6), xmp=XMP) + b"SECRET",
    "lossless webp with alpha": lambda: saved(drawing("RGBA"), "WEBP", exif=exif(4), xmp=XMP, lossless=True),
    "animated webp": lambda: animation("WEBP"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_picture_keeps_its_pixels_and_orientation_and_nothing_else(name: str) -> None:
    body = MEMBERS[name]()
    picture = read_picture(body)
    assert picture
    before, after = Image.open(io.BytesIO(body)), Image.open(io.BytesIO(picture.body))
    assert getattr(before, "n_frames", 1) == getattr(after, "n_frames", 1)
    for frame in range(getattr(before, "n_frames", 1)):
        before.seek(frame)
        after.seek(frame)
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()
    turned = before.getexif().get(0x0112, 1)
    assert dict(after.getexif()) == ({0x0112: turned} if turned > 1 else {})
    assert not after.getexif().get_ifd(0x8825)
    assert not [secret for secret in SECRETS if secret in picture.body]
    assert before.info.get("icc_profile") == after.info.get("icc_profile")
    again = read_picture(picture.body)
    assert again == picture, "a cleaned picture stays as it is"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation_in_both_byte_orders(order: str, orientation: int) -> None:
    little = {"<": "little", ">": "big"}[order]

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, "little" if little == "little" else "big")

    entry = number(0x0112, 2) + number(3, 2) + number(1, 4) + number(orientation, 2) + b"\0\0"
    tiff = {"<": b"II*\0", ">": b"MM\0*"}[order] + number(8, 4) + number(1, 2) + entry + number(0, 4)
    body = saved(drawing(), "JPEG")
    picture = read_picture(body[:2] + segment(0xE1, b"Exif\0\0" + tiff) + body[2:])
    assert picture
    kept = Image.open(io.BytesIO(picture.body)).getexif().get(0x0112)
    assert kept == (orientation if 2 <= orientation <= 8 else None)


@pytest.mark.parametrize("name", ["jpeg", "progressive jpeg", "png", "webp", "animated webp"])
def test_a_broken_picture_is_reported_or_shown_and_never_fails_otherwise(name: str) -> None:
    body = MEMBERS[name]()
    dice = random.Random(name)
    for cut in [*range(0, len(body), 37), 3, 4, 12, 13, 20]:
        broken = bytearray(body)
        broken[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        for each in (body[:cut], bytes(broken)):
            with suppress(Damaged):
                read_picture(each)


@given(
    st.binary(max_size=200), st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b"<svg>"])
)
def test_no_bytes_fail_otherwise(rest: bytes, head: bytes) -> None:
    with suppress(Damaged):
        read_picture(head + rest)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">%s<rect width="9" height="9"/></svg>'


@pytest.mark.parametrize(
    ("body", "cleaned"),
    [
        (SVG % b"", SVG % b""),
        (
            b"\xef\xbb\xbf<?xml version='1.0'?><!-- SECRET -->\n" + SVG % b"",
            b"\xef\xbb\xbf<?xml version='1.0'?>\n" + SVG % b"",
        ),
        (SVG % b"<metadata id='a>b'><rdf>SECRET</rdf></metadata>", SVG % b""),
        (SVG % b"<metadata a='x'/><svg:metadata xmlns:svg='a'>SECRET</svg:metadata>", SVG % b""),
        (SVG % b"<g inkscape:export-filename='C:\\SECRET>x' id='a'/>", SVG % b"<g id='a'/>"),
        (
            b"<!DOCTYPE svg [ <!-- SECRET --> <!ENTITY ns 'http://www.w3.org/2000/svg'> ]><svg xmlns='&ns;'>&ns;</svg>",
            b"<!DOCTYPE svg [  <!ENTITY ns 'http://www.w3.org/2000/svg'> ]><svg xmlns='&ns;'>&ns;</svg>",
        ),
        (SVG % b"<style><![CDATA[ <!-- a{} --> ]]></style>", SVG % b"<style><![CDATA[ <!-- a{} --> ]]></style>"),
    ],
)
def test_a_drawing_keeps_its_markup_without_comments_and_metadata(body: bytes, cleaned: bytes) -> None:
    picture = read_picture(body)
    assert picture
    assert (picture.media_type, picture.suffix, picture.body) == ("image/svg+xml", "svg", cleaned)


def test_a_photograph_inside_a_drawing_is_cleaned_too() -> None:
    def image(photograph: bytes, breaks: bytes = b"") -> bytes:
        data = breaks.join(b64encode(photograph)[place : place + 76] for place in range(0, len(photograph) * 2, 76))
        return SVG % (b'<image href="data:image/jpeg;base64,' + data + b'"/>')

    cleaned = read_picture(PHOTOGRAPH)
    assert cleaned
    for breaks in (b"", b"\n", b"&#10;"):
        picture = read_picture(image(PHOTOGRAPH, breaks))
        assert picture
        assert picture.body == image(cleaned.body)
    with pytest.raises(Damaged, match="it holds a picture that cannot be read"):
        read_picture(image(b"no picture"))


@pytest.mark.parametrize("body", [b"", b"text", b"<html/>", b"<!---->" * 40_000, b"GIF89a", b"<?xml?>", b"<svgx/>"])
def test_other_files_are_no_pictures(body: bytes) -> None:
    assert read_picture(body) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<svg><g></svg>", "mismatched tag in line 1"),
        (b"<svg>\n&nbsp;</svg>", "undefined entity in line 2"),
        (b"\xff\xd8\xff\xe0", "it ends too early"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "it ends too early"),
        (b"RIFF\xff\0\0\0WEBPVP8 ", "it ends too early"),
    ],
)
def test_a_damaged_picture_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(Damaged, match=why):
        read_picture(body)


@pytest.mark.parametrize(
    "body",
    [
        b"<!---->" * 40_000 + b"<svg",
        b"<!---->" * 26 + b"x",
        b"<!DOCTYPE a>" * 20_000,
        b"\n" * 300_000,
        b"<?xml version='1.0'?>" + b"<?a?> <!-- -->" * 20_000,
        b"<svg>" + b"<metadata>" * 25_000,
        b"<svg a='" + b"data:image/png;base64," * 10_000,
        b"<svg>" + b" inkscape:a=" * 20_000 + b"</svg>",
        b"<!DOCTYPE svg [<!ENTITY a 'xxxxxxxx'>"
        + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 50) for n in range(8))
        + b"]><svg>&i;</svg>",
        b"\xff\xd8\xff" + b"\xff" * 300_000,
        b"\xff\xd8\xff" + b"\xff\x00" * 150_000,
    ],
)
def test_a_hostile_picture_takes_no_time(body: bytes) -> None:
    begun = time.process_time()
    with suppress(Damaged):
        read_picture(body)
    assert time.process_time() - begun < 2
