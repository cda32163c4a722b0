"""Recognises pictures that people hand in and removes the metadata that cameras and programs wrote into them.

A photograph contains where and when it was taken, by whom and with what (Exif, XMP, IPTC, comments, thumbnails, text
after its end). Only the parts needed to show it are kept, byte for byte, and the orientation in a new tag.
"""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple
from xml.parsers import expat

from voting.errors import say

_PNG = b"\x89PNG\r\n\x1a\n"
# The optional chunks that change what is seen (PNG, third edition, section 11.3).
_PNG_SEEN = frozenset(b"tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD hIST pHYs sPLT acTL fcTL fdAT".split())
_WEBP_SEEN = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04
_JFIF, _ICC, _ADOBE, _EXIF = b"JFIF\0", b"ICC_PROFILE\0", b"Adobe", b"Exif\0\0"
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Inside a scan, 0xFF is followed by zero or a restart number; bytes between segments are skipped.
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_ORIENTATION = 0x0112
# A file of the permitted size without entities has fewer.
_MOST_SVG_EVENTS = 500_000
_EDITOR_ATTRIBUTES = re.compile(rb"""\s(?:inkscape|sodipodi):[\w.-]+\s*=\s*(?:"[^"]*"|'[^']*')""")
_EMBEDDED = re.compile(rb"(data:image/(?:jpe?g|png|webp);base64,)((?:[A-Za-z0-9+/=\s]|&#(?:1[03]|x[ADad]);)+)")
_LINE_BREAKS = re.compile(rb"\s|&#\w+;")


class Picture(NamedTuple):
    """A picture without metadata."""

    media_type: str
    suffix: str
    body: bytes


class Damaged(Exception):
    """The file begins as a picture but is not a valid one; the message says why."""


def read_picture(body: bytes) -> Picture | None:
    """Returns the picture, or None if it is none, by its first bytes and not its name. Raises Damaged."""
    try:
        if body.startswith(_PNG):
            return Picture("image/png", "png", _clean_png(body))
        if body.startswith(b"\xff\xd8\xff"):
            return Picture("image/jpeg", "jpg", _clean_jpeg(body))
        if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
            return Picture("image/webp", "webp", _clean_webp(body))
    except (IndexError, struct.error):
        raise Damaged(say("it ends too early")) from None
    cleaned = _clean_svg(body)
    return Picture("image/svg+xml", "svg", cleaned) if cleaned is not None else None


def _clean_jpeg(body: bytes) -> bytes:
    kept: list[bytes] = []
    orientation, place, in_scan = 0, 2, False
    while found := _MARKER.search(body, place):
        if in_scan:
            kept.append(body[place : found.start()])
        marker, begin = found[1][0], found.end()
        if marker == _END_OF_IMAGE:
            break
        place = begin + struct.unpack_from(">H", body, begin)[0]
        if place > len(body):
            raise Damaged(say("it ends too early"))
        content = body[begin + 2 : place]
        if marker == 0xE1 and content.startswith(_EXIF):
            orientation = orientation or _orientation(content[len(_EXIF) :])
        elif _is_seen(marker, content):
            # Keep a JFIF segment without its thumbnail.
            kept.append(_segment(marker, content[:12] + b"\0\0" if marker == 0xE0 else content))
        in_scan = marker == _START_OF_SCAN
    else:
        if not in_scan:
            raise Damaged(say("it ends too early"))
        kept.append(body[place:])
    exif = [_segment(0xE1, _EXIF + _minimal_exif(orientation))] if orientation else []
    # A JFIF segment must come first.
    head = 1 if kept[:1] and kept[0].startswith(b"\xff\xe0") else 0
    return b"".join([b"\xff\xd8", *kept[:head], *exif, *kept[head:], b"\xff\xd9"])


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(content)) + content


def _is_seen(marker: int, content: bytes) -> bool:
    """Whether a segment changes what is seen: of APP0 to APP15 (0xE0 to 0xEF) and comments, three kinds do."""
    if marker == 0xE0:
        return content.startswith(_JFIF)
    if marker == 0xE2:
        return content.startswith(_ICC)
    if marker == 0xEE:
        return content.startswith(_ADOBE)
    return not 0xE0 <= marker <= 0xEF and marker != 0xFE


def _clean_png(body: bytes) -> bytes:
    kept, orientation, place = [_PNG], 0, len(_PNG)
    while True:
        length, kind = struct.unpack_from(">I4s", body, place)
        chunk = body[place : place + 12 + length]
        place += len(chunk)
        if len(chunk) < 12 + length:
            raise Damaged(say("it ends too early"))
        if kind == b"eXIf":
            orientation = orientation or _orientation(chunk[8:-4])
        elif kind[:1].isupper() or kind in _PNG_SEEN:
            kept.append(chunk)
        if kind == b"IEND":
            break
    if orientation:
        content = b"eXIf" + _minimal_exif(orientation)
        # After the first chunk, which is the picture's size.
        kept.insert(2, struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content)))
    return b"".join(kept)


def _clean_webp(body: bytes) -> bytes:
    orientation, kept = 0, []
    for kind, content in _riff_chunks(body, 12, 8 + struct.unpack_from("<I", body, 4)[0]):
        if kind == b"EXIF":
            orientation = orientation or _orientation(content.removeprefix(_EXIF))
        elif kind == b"ANMF":
            frame = b"".join(_riff_chunk(*chunk) for chunk in _riff_chunks(content, 16) if chunk[0] in _WEBP_SEEN)
            kept.append((kind, content[:16] + frame))
        elif kind in _WEBP_SEEN:
            kept.append((kind, content))
    if orientation:
        kept.append((b"EXIF", _minimal_exif(orientation)))
    if kept and kept[0][0] == b"VP8X":
        flags = kept[0][1][0] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if orientation else 0)
        kept[0] = (b"VP8X", bytes([flags]) + kept[0][1][1:])
    return _riff_chunk(b"RIFF", b"WEBP" + b"".join(_riff_chunk(*chunk) for chunk in kept))


def _riff_chunks(body: bytes, place: int, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    end = len(body) if end is None else end
    if end > len(body):
        raise Damaged(say("it ends too early"))
    while place + 8 <= end:
        kind, length = struct.unpack_from("<4sI", body, place)
        content = body[place + 8 : place + 8 + length]
        if len(content) < length:
            raise Damaged(say("it ends too early"))
        yield kind, content
        place += 8 + length + length % 2


def _riff_chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _orientation(tiff: bytes) -> int:
    """Returns how a viewer turns the picture, 2 to 8; 0 if upright or unset (Exif 2.32, section 4.6.2)."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    try:
        (place,) = struct.unpack_from(f"{order}I", tiff, 4) if order else (0,)
        (count,) = struct.unpack_from(f"{order}H", tiff, place) if order else (0,)
        for number in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, place + 2 + 12 * number)
            if tag == _ORIENTATION:
                return value if 2 <= value <= 8 else 0
    except struct.error:
        pass
    return 0


def _minimal_exif(orientation: int) -> bytes:
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


def _clean_svg(body: bytes) -> bytes | None:
    """Returns the SVG without comments, `metadata` and drawing programs' own data; None if it is no SVG.

    The markup stays as written: the parser only finds where each part begins.
    """
    svg = _SvgParts()
    try:
        svg.parse(body)
    except expat.ExpatError as error:
        if not svg.is_svg:
            return None
        raise Damaged(say("{} in line {}", expat.ErrorString(error.code), error.lineno)) from None
    if not svg.is_svg:
        return None
    parts = pairwise([*svg.parts, (len(body), True)])
    kept = b"".join(body[begin:end] for (begin, is_kept), (end, _) in parts if is_kept)
    return _EMBEDDED.sub(_clean_embedded, _EDITOR_ATTRIBUTES.sub(b"", kept))


class _SvgParts:
    """The parts of an SVG file: the first byte of each, and whether it is kept."""

    def __init__(self) -> None:
        self.is_svg = False
        self.parts: list[tuple[int, bool]] = [(0, True)]
        self._inside = self._events = 0
        self._root = True

    def parse(self, body: bytes) -> None:
        """Raises ExpatError."""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CommentHandler = lambda _: self._part(False)
        self._parser.CharacterDataHandler = self._parser.DefaultHandlerExpand = lambda _: self._part(True)
        self._parser.Parse(body, True)

    def _start(self, name: str, _attributes: object) -> None:
        local = name.rpartition(":")[2]
        if self._root:
            self._root, self.is_svg = False, local == "svg"
        self._inside += local == "metadata" or self._inside > 0
        self._part(True)

    def _end(self, _name: str) -> None:
        self._part(True)
        self._inside -= self._inside > 0

    def _part(self, is_kept: bool) -> None:
        self._events += 1
        if self._events > _MOST_SVG_EVENTS:
            raise Damaged(say("its entities expand to too much"))
        is_kept = is_kept and not self._inside
        if self.parts[-1][1] != is_kept:
            self.parts.append((self._parser.CurrentByteIndex, is_kept))


def _clean_embedded(found: re.Match[bytes]) -> bytes:
    try:
        picture = read_picture(b64decode(_LINE_BREAKS.sub(b"", found[2])))
    except ValueError:
        picture = None
    if picture is None:
        raise Damaged(say("it holds a picture that cannot be read"))
    return found[1] + b64encode(picture.body)
