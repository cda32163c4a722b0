"""Who reads a page of the staff; whoever has no role for it sees the form to sign in in its place."""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar import Request, Response

from voting.domain.identity.roles import Staff
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden
from voting.services.contests.contest_cache import ContestSnapshot
from voting.web.auth import permit
from voting.web.dependencies import Services
from voting.web.i18n.words import WORDS
from voting.web.rendering import about, html, language_of, page


class SignInNeeded(Exception):
    """Nobody with a role for the page has signed in. `problem` is shown above the form's button."""

    def __init__(self, problem: str = "") -> None:
        super().__init__(problem)
        self.problem = problem


class Opened(NamedTuple):
    """A page of one contest whose reader may see it. `values`: what each such page shows."""

    snapshot: ContestSnapshot
    person: Staff
    values: dict[str, Any]


async def reader(request: Request[Any, Any, Any], services: Services, contest: str | None) -> Staff:
    """Returns who reads the page; `contest` None: a page about all contests. Raises SignInNeeded."""
    try:
        return await permit(request, services, contest)
    except Forbidden:
        raise SignInNeeded(WORDS[language_of(request)].error_forbidden) from None
    except (CredentialMissing, CredentialInvalid):
        raise SignInNeeded from None


async def opened(request: Request[Any, Any, Any], services: Services, contest: str) -> Opened:
    """Returns the contest's page for its reader. Raises ContestUnknown or SignInNeeded."""
    snapshot = await services.contest_cache.get(contest)
    person = await reader(request, services, contest)
    return Opened(snapshot, person, {**about(snapshot.contest, language_of(request)), "person": person})


def show_sign_in(request: Request[Any, Any, Any], error: SignInNeeded) -> Response[str]:
    """Returns the form to sign in."""
    return html(request, page(request, "staff_sign_in.html", problem=error.problem))
