"""An account's own page: roles, sessions, password."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get

from voting.errors import CredentialInvalid, CredentialMissing, Forbidden
from voting.services.staff.passwords import LEAST_CHARACTERS, MOST_CHARACTERS
from voting.web.auth import OWN_ACCOUNT, own_account
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.pages.staff.reader import SignInNeeded
from voting.web.rendering import html, moment, page


@get("/staff/account", media_type=MediaType.HTML, opt=READS | OWN_ACCOUNT)
async def show_account(request: Request[Any, Any, Any], services: GivenServices) -> Response[str]:
    """Returns the account's page."""
    try:
        name, _ = await own_account(request, services)
    except (CredentialMissing, CredentialInvalid, Forbidden):
        raise SignInNeeded from None
    values: dict[str, Any] = {
        "account": await services.staff_accounts.find(name),
        "sessions": await services.staff_accounts.sessions(name),
        "least": LEAST_CHARACTERS,
        "most": MOST_CHARACTERS,
    }
    return html(request, page(request, "staff.html", **values, moment=moment))
