"""Looks up the network of an address, and whether it is known for hosting, in files that are read once."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import maxminddb
from msgspec.structs import replace

from voting.errors import Fault, FileInvalid
from voting.fraud.facts.attempt import Sighting
from voting.settings import Settings

Seen = TypeVar("Seen", bound=Sighting)
_LINE = re.compile(r"(?:AS)?(\d{1,10})\s*(?:#.*)?", re.IGNORECASE)
_LIST = "give an existing UTF-8 file, one AS number a line"
# Nearly every record of a file of networks has a number.
_LOOKED_AT = 100


class Networks:
    """Looks up the network of an address."""

    def __init__(
        self, database: maxminddb.Reader | None, hosting: frozenset[int], sha256: Mapping[str, str | None]
    ) -> None:
        """`hosting`: the numbers of networks known for hosting; `sha256`: hashes of the two files, in hex."""
        self._database = database
        self._hosting = hosting
        self.sha256 = sha256

    def completed(self, sighting: Seen) -> Seen:
        """Returns the sighting with `asn` and `hosting`."""
        if sighting.asn is not None and sighting.hosting is not None:
            return sighting
        asn = self._asn_of(sighting.ip) if sighting.asn is None else sighting.asn
        if asn is None:
            return sighting
        hosting = asn in self._hosting if sighting.hosting is None else sighting.hosting
        return replace(sighting, asn=asn, hosting=hosting)

    def _asn_of(self, ip: str | None) -> int | None:
        if self._database is None or ip is None:
            return None
        try:
            address = ip_address(ip.partition("%")[0])
            return _number(self._database.get(getattr(address, "ipv4_mapped", None) or address))
        except (ValueError, maxminddb.InvalidDatabaseError):
            # Addresses that are missing, of a family that the file lacks, or with a broken record must not lose a
            # ballot.
            return None


def networks_of(settings: Settings) -> Networks:
    """Loads the files that the settings name. Raises FileInvalid."""
    return load_networks(*(Path(name) if name else None for name in (settings.networks, settings.hosting)))


def load_networks(database: Path | None = None, hosting: Path | None = None) -> Networks:
    """Loads a MaxMind DB of autonomous systems and a list of hosting networks.

    Without `database`, addresses are not looked up; without `hosting`, the packaged list is used. Raises FileInvalid
    with every fault and its line.
    """
    reader, digest = _opened(database) if database else (None, None)
    if hosting is None:
        name, listed = "hosting.txt", (files("voting.fraud") / "hosting.txt").read_bytes()
    else:
        name = str(hosting)
        try:
            listed = hosting.read_bytes()
        except OSError as error:
            raise _unreadable(name, error, _LIST) from None
    hashes = {"networks": digest, "hosting": hashlib.sha256(listed).hexdigest()}
    return Networks(reader, _listed(listed, name), hashes)


def _opened(path: Path) -> tuple[maxminddb.Reader, str]:
    """Returns a reader of a copy, and the file's hash.

    The reader maps its file, so replacing the original must not affect it.
    """
    mend = "give a MaxMind DB file (.mmdb) of autonomous systems, such as GeoLite2-ASN, DB-IP ASN Lite or IPinfo Lite"
    try:
        whole = path.read_bytes()
        with tempfile.NamedTemporaryFile(prefix="voting-networks-") as copy:
            copy.write(whole)
            copy.flush()
            reader = maxminddb.open_database(copy.name)
        records = list(islice(reader, _LOOKED_AT))
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        raise _unreadable(str(path), error, mend) from None
    if all(_number(record) is None for _, record in records):
        raise FileInvalid(str(path), (Fault(0, "", "names no autonomous systems", mend),))
    return reader, hashlib.sha256(whole).hexdigest()


def _number(record: Any) -> int | None:
    """Returns a record's network number, as written by MaxMind and DB-IP, or by IPinfo ("AS4134")."""
    if not isinstance(record, dict):
        return None
    number = record.get("autonomous_system_number", record.get("asn"))
    if isinstance(number, str) and number[2:].isdecimal():
        return int(number[2:])
    return number if isinstance(number, int) else None


def _listed(listed: bytes, name: str) -> frozenset[int]:
    numbers, faults = set(), []
    try:
        text = listed.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(name, error, _LIST) from None
    for line, entry in enumerate(map(str.strip, text.splitlines()), 1):
        if not entry or entry.startswith("#"):
            continue
        if match := _LINE.fullmatch(entry):
            numbers.add(int(match[1]))
        else:
            faults.append(Fault(line, "", f"{entry[:40]!r} is no AS number", "write it as 16509 or AS16509  # whose"))
    if faults:
        raise FileInvalid(name, tuple(faults))
    return frozenset(numbers)


def _unreadable(name: str, error: Exception, mend: str) -> FileInvalid:
    return FileInvalid(name, (Fault(0, "", f"cannot be read ({error})", mend),))
