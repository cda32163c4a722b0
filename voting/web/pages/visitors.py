"""Who reads a page of the staff: a person with a role that the page declares, or somebody who sees the sign-in form."""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar import Request

from voting.domain.identity.roles import Staff
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden
from voting.web.auth import permit
from voting.web.dependencies import Services
from voting.web.i18n.words import WORDS
from voting.web.rendering import language_of


class Visitor(NamedTuple):
    """The reader of a page. `person` None: the page shows the form to sign in, and `problem` above its button."""

    person: Staff | None
    problem: str = ""


async def visitor(request: Request[Any, Any, Any], services: Services, contest: str) -> Visitor:
    """Returns who reads the page, if it is one of the roles that the route declares, for this contest."""
    try:
        return Visitor(await permit(request, services, contest))
    except Forbidden:
        return Visitor(None, WORDS[language_of(request)].error_forbidden)
    except (CredentialMissing, CredentialInvalid):
        return Visitor(None)
