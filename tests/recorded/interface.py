"""The HTTP interface as the service describes it: the OpenAPI document."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from typing import Any, cast

import httpx

from tests.conftest import ROOT
from voting.web.app import create_app
from voting.web.dependencies import Services
from voting.web.options import WebOptions

OPENAPI = ROOT / "tests" / "web" / "openapi.json"
PATH = "/api/v1/schema/openapi.json"


def openapi() -> str:
    """What the service says of itself, as the file has it."""
    return written(asyncio.run(_asked()))


def written(document: Any) -> str:
    """With a line for each value, so that a difference can be read."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


async def _asked() -> Any:
    app = create_app(lambda: nullcontext(cast(Services, None)), WebOptions())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), base_url="http://service") as client:
        return (await client.get(PATH)).raise_for_status().json()
