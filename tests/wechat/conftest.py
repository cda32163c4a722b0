"""Fixtures with the stand-in for WeChat, and a service that signs in with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.conftest import Service, environment_of, free_port, serving
from tests.wechat.standin import Standin, standin
from voting.demo.wechat.process import settings_of
from voting.settings import Settings


@pytest.fixture(scope="package")
def running_standin() -> Iterator[Standin]:
    """One stand-in for all tests."""
    with standin() as running:
        yield running


@pytest.fixture
def wechat_standin(running_standin: Standin) -> Standin:
    """The stand-in, as new."""
    running_standin.reset()
    return running_standin


@pytest.fixture(scope="package")
def wechat_service(settings: Settings, running_standin: Standin) -> Iterator[Service]:
    """A service with two workers."""
    port = free_port()
    wechat = settings_of(running_standin.url, f"http://127.0.0.1:{port}")
    wechat["VOTING_WECHAT_VERIFY_FILES"] = "MP_verify_AbCdEf0123456789.txt"
    environment = environment_of(settings) | wechat
    with serving(environment, "--workers", "2", port=port) as (url, process):
        yield Service(url, settings, process)


@pytest.fixture
async def http(wechat_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser, at first without cookies."""
    async with httpx.AsyncClient(base_url=wechat_service.url, timeout=30) as client:
        yield client
