"""A service whose policy tolerates slow machines: here, up to nine seconds count as quick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conftest import Service, environment_of, serving
from tests.fraud.test_policy import TEXT
from voting.settings import Settings


@pytest.fixture(scope="session")
def patient(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Returns the settings with that policy."""
    file = tmp_path_factory.mktemp("policy") / "patient.toml"
    file.write_text(TEXT.replace("below = 150\n", "below = 9000\n").replace("below = 500\n", "below = 9001\n"), "utf-8")
    return replace(settings, policy=file)


@pytest.fixture(scope="package")
def service(patient: Settings) -> Iterator[Service]:
    """Runs the service with two workers, under that policy."""
    with serving(environment_of(patient) | {"VOTING_POLICY": str(patient.policy)}, "--workers", "2") as (url, process):
        yield Service(url, patient, process)
