"""A running service that looks up networks of addresses: they are evidence, but not enough alone."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from tests.acceptance.test_stopping import workers_of
from tests.conftest import Contests, Service, environment_of, eventually, serving
from tests.screening.test_screening import BROWSER, QUICK, SCRIPT, rows, send, ticket
from voting.networks.lookup import load_networks
from voting.services.audit import record_policies
from voting.services.fraud.policy_files import load_policy
from voting.settings import Settings
from voting.wiring.admin import AdminServices


@pytest.fixture(scope="module")
def service(patient: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Runs a service for which this machine's own address is a hosting network's."""
    folder = tmp_path_factory.mktemp("networks")
    writer = MMDBWriter(ip_version=4, database_type="Test-ASN")
    writer.insert_network(IPSet(["127.0.0.0/8"]), {"autonomous_system_number": 64500})
    writer.to_db_file(str(folder / "networks.mmdb"))
    (folder / "hosting.txt").write_text("AS64500\n", "utf-8")
    lists = {"VOTING_NETWORKS": str(folder / "networks.mmdb"), "VOTING_HOSTING": str(folder / "hosting.txt")}
    assert patient.policy
    policy = Path(shutil.copy(patient.policy, folder / "policy.toml"))
    more = {"VOTING_POLICY": str(policy), "VOTING_TRUSTED_PROXIES": ""} | lists
    settings = replace(patient, policy=policy, networks=lists["VOTING_NETWORKS"], hosting=lists["VOTING_HOSTING"])
    with serving(environment_of(patient) | more, "--workers", "1") as (url, process):
        yield Service(url, settings, process)


async def noted(service: Service) -> list[Any]:
    """Returns the policies and lists recorded in the audit log."""
    connection = await asyncpg.connect(service.settings.database_url)
    lines = await connection.fetch("select details from audit_log where action = 'service.begin' order by id")
    await connection.close()
    return [json.loads(line["details"]) for line in lines]


async def test_the_policies_in_force_are_in_the_audit_log(service: Service) -> None:
    details = (await noted(service))[-1]
    policy = load_policy(service.settings.policy)
    assert details["policy"] == {"version": policy.version, "sha256": policy.sha256}
    assert details["shadow"] is None
    lists = (Path(service.settings.networks), Path(service.settings.hosting))
    assert details["networks"] == load_networks(*lists).sha256


async def test_a_rented_address_is_one_reason_and_never_the_only_one(
    http: httpx.AsyncClient, contests: Contests, service: Service
) -> None:
    contest = await contests.make()
    one, other = contests.tokens(contest, 2)
    assert (await send(http, contest, one, SCRIPT, ticket=ticket(contest, QUICK))).status_code == 201
    assert (await send(http, contest, other, BROWSER, ticket=ticket(contest, 20))).status_code == 201
    assert await rows(service.settings, contest) == [("hold", ["C1", "N1", "T1"]), ("count", [])]


async def test_workers_that_begin_anew_note_a_policy_that_has_changed_and_once(service: Service) -> None:
    """SIGHUP: each worker stops once another serves in its place, with the files as they are then."""
    file, former = service.settings.policy, (await noted(service))[-1]
    assert file
    file.write_text(file.read_text("utf-8") + "\n# another hash\n", "utf-8")
    policy = load_policy(file)
    for _ in range(2):
        before = set(workers_of(service.process.pid))
        os.kill(service.process.pid, signal.SIGHUP)

        async def replaced(before: set[int] = before) -> bool:
            return not before & set(workers_of(service.process.pid))

        await eventually(replaced, 60)
        lines = [each for each in await noted(service) if each["policy"]["sha256"] == policy.sha256]
        assert lines == [former | {"policy": {"version": policy.version, "sha256": policy.sha256}}]


async def test_workers_that_begin_together_note_it_once(service: Service, office: AdminServices) -> None:
    policy = replace(load_policy(), sha256="f" * 64)
    lists = load_networks(Path(service.settings.networks), Path(service.settings.hosting))
    await asyncio.gather(*(record_policies(office.database, policy, None, lists, if_changed=True) for _ in range(2)))
    assert [each["policy"]["sha256"] for each in await noted(service)].count(policy.sha256) == 1
