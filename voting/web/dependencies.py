"""What handlers are given besides the request's own parameters. Ours, so not validated at each call."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from voting.services import Services
from voting.web.client import ClientReader
from voting.web.options import WebOptions

# A page's number from 1, or nothing: the contract writes `?page=`.
PAGE = r"^([1-9]\d{0,5})?$"

GivenServices = NamedDependency[SkipValidation[Services]]
GivenOptions = NamedDependency[SkipValidation[WebOptions]]
GivenClients = NamedDependency[SkipValidation[ClientReader]]
