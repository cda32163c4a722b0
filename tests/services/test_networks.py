"""Whose network an address is in: files as their makers write them, and what becomes of faults in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from voting.errors import FileInvalid
from voting.fraud.attempt import Attempt
from voting.fraud.facts import Facts
from voting.services.networks import load_networks

CLOUD, HOME = 37963, 4134
Written = Callable[[Mapping[str, Mapping[str, Any]]], Path]


def attempt(**more: Any) -> Attempt:
    return Attempt("e1", datetime(2026, 3, 2, tzinfo=UTC), "v1", "A001", **more)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a MaxMind DB with these networks."""

    def write(networks: Mapping[str, Mapping[str, Any]]) -> Path:
        writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-ASN")
        for network, record in networks.items():
            writer.insert_network(IPSet([network]), dict(record))
        file = tmp_path / "networks.mmdb"
        writer.to_db_file(str(file))
        return file

    return write


def of_maxmind(number: int) -> Mapping[str, Any]:
    return {"autonomous_system_number": number, "autonomous_system_organization": "Somebody"}


def found(file: Path | None, **more: Any) -> tuple[int | None, bool | None]:
    completed = load_networks(file).completed(attempt(**more))
    return completed.asn, completed.hosting


def test_the_network_of_an_address_is_looked_up(written: Written) -> None:
    file = written({"203.0.113.0/24": of_maxmind(CLOUD), "198.51.100.0/24": of_maxmind(HOME)})
    assert found(file, ip="203.0.113.9") == (CLOUD, True)
    assert found(file, ip="198.51.100.9") == (HOME, False)


def test_ipv6_and_mapped_addresses_are_found(written: Written) -> None:
    file = written({"2001:db8::/32": of_maxmind(CLOUD), "203.0.113.0/24": of_maxmind(HOME)})
    assert found(file, ip="2001:db8::7") == (CLOUD, True)
    assert found(file, ip="::ffff:203.0.113.9") == (HOME, False)


def test_numbers_as_ipinfo_writes_them(written: Written) -> None:
    assert found(written({"203.0.113.0/24": {"asn": f"AS{CLOUD}"}}), ip="203.0.113.9") == (CLOUD, True)


@pytest.mark.parametrize("ip", [None, "192.0.2.1", "no address", "2001:db8::1"])
def test_what_no_file_knows_stays_unknown(written: Written, ip: str | None) -> None:
    assert found(written({"203.0.113.0/24": of_maxmind(CLOUD)}), ip=ip) == (None, None)
    assert found(None, ip=ip) == (None, None)


def test_what_is_recorded_stays(written: Written) -> None:
    file = written({"203.0.113.0/24": of_maxmind(CLOUD)})
    assert found(file, ip="203.0.113.9", asn=HOME) == (HOME, False)
    assert found(file, ip="203.0.113.9", asn=CLOUD, hosting=False) == (CLOUD, False)
    assert found(file, ip="203.0.113.9", facts=Facts(address="hashed")) == (None, None)


def test_a_recorded_network_is_known_for_hosting_without_a_database() -> None:
    assert found(None, asn=CLOUD) == (CLOUD, True)
    assert found(None, asn=HOME) == (HOME, False)


def test_a_list_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "hosting.txt"
    file.write_text(f"# ours\n\nAS{HOME}  # a carrier's cloud\n64500\n", "utf-8")
    networks = load_networks(hosting=file)
    assert [networks.completed(attempt(asn=asn)).hosting for asn in (HOME, 64500, CLOUD)] == [True, True, False]
    assert networks.sha256 != load_networks().sha256


def test_every_fault_of_a_list_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "hosting.txt"
    file.write_text("16509\nAmazon\n203.0.113.0/24\n", "utf-8")
    with pytest.raises(FileInvalid, match="line 2: 'Amazon' is no AS number") as caught:
        load_networks(hosting=file)
    assert [fault.line for fault in caught.value.faults] == [2, 3]


def test_a_database_of_something_else_is_refused(written: Written, tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="names no autonomous systems"):
        load_networks(written({"203.0.113.0/24": {"country": "CN"}}))
    (tmp_path / "text.mmdb").write_text("no database", "utf-8")
    for name in ("text.mmdb", "none.mmdb"):
        with pytest.raises(FileInvalid, match=r"cannot be read .* give a MaxMind DB file"):
            load_networks(tmp_path / name)
    with pytest.raises(FileInvalid, match="one AS number a line"):
        load_networks(hosting=tmp_path / "none.txt")
