"""What handlers are given besides the request's own parameters. Ours, so not validated at each call."""

from __future__ import annotations

from typing import Annotated

from litestar.params import Dependency

from voting.services import Services
from voting.web.client import ClientReader
from voting.web.options import WebOptions

GivenServices = Annotated[Services, Dependency(skip_validation=True)]
GivenOptions = Annotated[WebOptions, Dependency(skip_validation=True)]
GivenClients = Annotated[ClientReader, Dependency(skip_validation=True)]
