"""Looking up networks of addresses, with files as their publishers write them, and with faults in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from voting.errors import FileInvalid
from voting.fraud.facts.attempt import Sighting
from voting.networks.lookup import load_networks

CLOUD, HOME = 37963, 4134
Written = Callable[..., Path]


def attempt(**more: Any) -> Sighting:
    return Sighting(at=datetime(2026, 3, 2, tzinfo=UTC), **more)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a MaxMind DB with these networks."""

    def write(networks: Mapping[str, Mapping[str, Any]], ip_version: int = 6) -> Path:
        writer = MMDBWriter(ip_version=ip_version, ipv4_compatible=ip_version == 6, database_type="Test-ASN")
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


def test_ipv6_is_found(written: Written) -> None:
    file = written({"2001:db8::/32": of_maxmind(CLOUD)})
    assert found(file, ip="2001:db8::7") == (CLOUD, True)
    assert found(file, ip="2001:db8::7%eth9") == (CLOUD, True)


@pytest.mark.parametrize(
    "ip", ["::ffff:203.0.113.9", "::FFFF:203.0.113.9", "::ffff:cb00:7109", "0:0:0:0:0:ffff:203.0.113.9"]
)
def test_an_ipv4_address_in_an_ipv6_one_is_found(written: Written, ip: str) -> None:
    assert found(written({"203.0.113.0/24": of_maxmind(HOME)}), ip=ip) == (HOME, False)


def test_a_file_of_ipv4_knows_no_ipv6(written: Written) -> None:
    file = written({"203.0.113.0/24": of_maxmind(CLOUD)}, 4)
    assert found(file, ip="203.0.113.9") == (CLOUD, True)
    assert found(file, ip="2001:db8::7") == (None, None)


def test_a_file_that_is_replaced_changes_nothing_until_it_is_read_again(written: Written) -> None:
    file = written({"203.0.113.0/24": of_maxmind(CLOUD)})
    networks = load_networks(file)
    file.write_bytes(b"")
    assert networks.completed(attempt(ip="203.0.113.9")).asn == CLOUD


def test_a_broken_record_counts_as_missing(written: Written) -> None:
    # More records than are checked when the file is read.
    file = written({f"203.0.{place}.0/24": of_maxmind(64_500 + place) for place in range(200)})
    networks, whole = load_networks(file), file.read_bytes()
    end = whole.index(b"\xab\xcd\xefMaxMind.com")
    file.write_bytes(whole[: end - 9] + b"\xff" * 9 + whole[end:])
    spoiled = load_networks(file)
    known = [[of.completed(attempt(ip=f"203.0.{place}.9")).asn for place in range(200)] for of in (networks, spoiled)]
    assert known[0] == [64_500 + place for place in range(200)]
    assert known[1] == [*known[0][:-1], None]


def test_numbers_as_ipinfo_writes_them(written: Written) -> None:
    assert found(written({"203.0.113.0/24": {"asn": f"AS{CLOUD}"}}), ip="203.0.113.9") == (CLOUD, True)


@pytest.mark.parametrize("ip", [None, "192.0.2.1", "no address", "2001:db8::1"])
def test_unlisted_addresses_stay_unknown(written: Written, ip: str | None) -> None:
    assert found(written({"203.0.113.0/24": of_maxmind(CLOUD)}), ip=ip) == (None, None)
    assert found(None, ip=ip) == (None, None)


def test_recorded_networks_stay_and_unknown_ones_are_looked_up(written: Written) -> None:
    file = written({"203.0.113.0/24": of_maxmind(CLOUD)})
    assert found(file, ip="203.0.113.9", asn=HOME) == (HOME, False)
    assert found(file, ip="203.0.113.9", hosting=False) == (CLOUD, False)
    assert found(None, asn=CLOUD) == (CLOUD, True)
    assert found(None, asn=CLOUD, hosting=False) == (CLOUD, False)
    assert found(None, asn=HOME, hosting=True) == (HOME, True)


def test_a_custom_list_replaces_the_packaged_one(written: Written, tmp_path: Path) -> None:
    database = written({f"203.0.{place}.0/24": of_maxmind(asn) for place, asn in enumerate((HOME, 64500, CLOUD))})
    file = tmp_path / "hosting.txt"
    # Saved by an editor on Windows.
    file.write_text(f"# ours\n\nAS{HOME}  # a carrier's cloud\n64500\n", "utf-8-sig")
    networks = load_networks(database, file)
    assert [networks.completed(attempt(ip=f"203.0.{place}.9")).hosting for place in range(3)] == [True, True, False]


def test_both_files_are_named_by_their_hashes(written: Written, tmp_path: Path) -> None:
    database = written({"203.0.113.0/24": of_maxmind(CLOUD)})
    file = tmp_path / "hosting.txt"
    file.write_text("64500\n", "utf-8")
    assert load_networks(database, file).sha256 == {
        "networks": hashlib.sha256(database.read_bytes()).hexdigest(),
        "hosting": hashlib.sha256(b"64500\n").hexdigest(),
    }
    file.write_bytes(b"\xef\xbb\xbf64500\r\n")
    assert load_networks(None, file).sha256["hosting"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert load_networks().sha256["networks"] is None


def test_every_fault_of_a_list_is_reported_with_its_line(tmp_path: Path) -> None:
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
