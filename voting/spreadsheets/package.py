"""The parts of an Office Open XML workbook, transitional or strict, with names in any spelling."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from voting.errors import Fault, FileInvalid, say

# A workbook of 100,000 rows with 20 short cells each unpacks to about 100 MB.
LARGEST_UNPACKED = 300_000_000
_MOST_PARTS = 10_000
_WORKBOOK = "xl/workbook.xml"
# True values of an attribute.
TRUE = ("1", "true", "on")
_SAVE = say("open it in Excel, WPS or LibreOffice, and save it as .xlsx or as CSV UTF-8")
# Other kinds of ZIP archives, by one of their parts.
_OTHERS = {
    "xl/workbook.bin": say("is a binary workbook (.xlsb)"),
    "content.xml": say("is an OpenDocument file (.ods)"),
    "index/document.iwa": say("is a Numbers file"),
    "index.zip": say("is a Numbers file"),
    "word/document.xml": say("is a text document (.docx)"),
    "ppt/presentation.xml": say("is a presentation (.pptx)"),
}

Relations = dict[str, tuple[str, str]]
"""The kind and path of each part that a part refers to, by the id of the reference."""


class Broken(ValueError):
    """The message says what is wrong with a workbook."""


class Package:
    """An open workbook file. Raises FileInvalid for another kind of file, or one that would unpack to too much."""

    def __init__(self, body: bytes, name: str) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(body))
        parts = self._archive.infolist()
        if sum(part.file_size for part in parts) > LARGEST_UNPACKED or len(parts) > _MOST_PARTS:
            mend = say("copy its table into a new workbook")
            raise FileInvalid(name, (Fault(0, "", say("unpacks to too much"), mend),))
        # Some programs write part names with backslashes, or in another case than in references.
        self._parts = {_key(part.filename): part for part in parts}
        if len(self._parts) < len(parts):
            raise Broken(say("has a part twice"))
        if what := next((what for part, what in _OTHERS.items() if part in self._parts), None):
            raise FileInvalid(name, (Fault(0, "", what, _SAVE),))
        if not any(part.endswith("workbook.xml") for part in self._parts):
            what = say("is a ZIP archive, not a workbook")
            raise FileInvalid(name, (Fault(0, "", what, say("unpack it, and give the file inside")),))

    def workbook(self) -> str:
        """Returns the path of the part that lists the sheets."""
        paths = [path for kind, path in self.relations("").values() if kind == "officeDocument"]
        return paths[0] if paths else _WORKBOOK

    def relations(self, path: str) -> Relations:
        """Returns the parts that the part refers to."""
        folder, file = posixpath.split(path)
        found: Relations = {}
        for _, element in self.elements(posixpath.join(folder, "_rels", f"{file}.rels"), "Relationship"):
            target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", ""))).lstrip("/")
            found[element.get("Id", "")] = element.get("Type", "").rpartition("/")[2], target
        return found

    def elements(self, path: str, *tags: str) -> Iterator[tuple[str, ElementTree.Element]]:
        """Yields the elements with one of the tags (without namespace) as they end; none if the part is missing."""
        part = self._parts.get(_key(path))
        if part is None:
            return
        with self._archive.open(part) as file:
            for _, element in ElementTree.iterparse(file):  # noqa: S314 (expat bounds what entities expand to)
                tag = tag_of(element)
                if tag in tags:
                    yield tag, element


def tag_of(element: ElementTree.Element) -> str:
    """Returns the element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def attribute(element: ElementTree.Element, name: str) -> str:
    """Returns an attribute by its name without namespace."""
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def _key(path: str) -> str:
    return path.replace("\\", "/").lstrip("/").lower()
