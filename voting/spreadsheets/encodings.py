"""Detects the encoding of a text file: UTF-8, UTF-16 with its mark, or GB18030 if the text is plausible."""

from __future__ import annotations

import codecs
import re

from voting.errors import Fault, FileInvalid, say

_SAMPLE = re.compile(r"[^\x00-\x7f]{2,12}")
_MOST_LOOKED_AT = 20_000
# The chance that none of n common Chinese characters is in the second half of the alphabet is 1 in 2 to the n.
_FEWEST_FOR_HALVES = 16


def decoded(body: bytes, name: str) -> tuple[str, str]:
    """Returns the text and a remark for the organiser on how it was read. Raises FileInvalid.

    Valid UTF-8 is taken as UTF-8: Chinese text in GB18030 is not valid UTF-8 by chance.
    """
    marked = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            continue
        if encoding != "gb18030":
            return text, ""
        sample = "、".join(dict.fromkeys(_SAMPLE.findall(text)[:3])) or re.sub("[\x00-\x7f]", "", text)[:12]
        if not _plausible(text):
            what = say("is in an encoding that is neither UTF-8 nor GB18030: read as GB18030 it has {}", repr(sample))
            raise FileInvalid(name, (Fault(0, "", what, say("save it as .xlsx or CSV UTF-8")),))
        return text, say("is read as GB18030 (GBK): {}; if that is wrong, save it as .xlsx or CSV UTF-8", repr(sample))
    what = say("is neither a workbook nor text in UTF-8, GB18030 or UTF-16")
    raise FileInvalid(name, (Fault(0, "", what, say("save it as .xlsx or CSV UTF-8")),))


def _plausible(text: str) -> bool:
    """Whether the characters are plausible Chinese text, not another encoding's bytes read as GB18030.

    GB 2312 has common characters sorted by sound (first bytes B0 to D7), then rare ones. Western and Cyrillic text,
    Big5 and Shift JIS give many rare ones or those that GBK added; EUC-JP gives kana, EUC-KR the first half only.
    """
    added = rare = kana = common = late = 0
    for character in re.sub("[\x00-\x7f]", "", text)[:_MOST_LOOKED_AT]:
        code = character.encode("gb18030")
        if len(code) == 4:
            # Pairs of a letter and a digit give only these.
            continue
        lead, trail = code
        if not 0xA1 <= lead <= 0xF7 or 0xAA <= lead <= 0xAF or trail < 0xA1:
            added += 1
        elif lead in (0xA4, 0xA5):
            kana += 1
        elif lead >= 0xD8:
            rare += 1
        elif lead >= 0xB0:
            common += 1
            late += lead >= 0xC9
    total = added + rare + kana + common
    if common >= _FEWEST_FOR_HALVES and not late:
        return False
    return added * 4 <= total and kana * 4 <= total and (added + rare) * 2 <= total
