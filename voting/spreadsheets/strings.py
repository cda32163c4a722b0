"""The texts of a workbook with their fonts: shared strings, and strings inside a cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from voting.spreadsheets.package import TRUE, Package, tag_of

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclass(frozen=True, slots=True)
class String:
    """A text, the part of it that is struck through, and whether any of it is superscript or subscript."""

    text: str
    struck: str = ""
    raised: bool = False


def read_strings(package: Package, path: str | None) -> list[String]:
    """Returns the shared strings, which cells refer to by index."""
    strings = []
    for _, element in package.elements(path, "si") if path else ():
        strings.append(read_string(element))
        element.clear()
    return strings


def rich_text(element: Element) -> str:
    """Returns the text of a string with its runs, without phonetic guides (rPh)."""
    texts = []
    for child in element:
        tag = tag_of(child)
        if tag == "t":
            texts.append(child.text or "")
        elif tag == "r":
            texts += [part.text or "" for part in child if tag_of(part) == "t"]
    return unescaped("".join(texts))


def read_string(element: Element) -> String:
    """Returns the element's text with the font facts of its runs."""
    struck, raised = "", False
    for run in element:
        font = next((part for part in run if tag_of(part) == "rPr"), None)
        if font is not None and strikes(font):
            struck += "".join(part.text or "" for part in run if tag_of(part) == "t")
        raised = raised or any(tag_of(part) == "vertAlign" and part.get("val") != "baseline" for part in font or ())
    return String(rich_text(element), unescaped(struck).strip(), raised)


def strikes(font: Element) -> bool:
    """Whether the font is struck through."""
    return any(tag_of(part) == "strike" and part.get("val", "1") in TRUE for part in font)


def unescaped(text: str) -> str:
    """Decodes escapes of characters that XML cannot contain: _x000D_ is a carriage return, _x005F_ an underscore."""
    if "_x" not in text:
        return text
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return _PAIR.sub(lambda match: match[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
