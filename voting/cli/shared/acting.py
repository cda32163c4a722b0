"""Who a command acts for: an account, a key, or whoever is at this machine."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click

from voting.domain.identity.roles import Role, Staff
from voting.errors import Forbidden
from voting.services.second_person import Person, person_of
from voting.text_file import read_text_file
from voting.wiring.admin import AdminServices


class _Answers(NamedTuple):
    name: str
    password: str
    code: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What a command was given to say who acts."""

    answers: _Answers | None
    key_file: Path | None

    async def person(self, office: AdminServices, contest: str, roles: Collection[Role]) -> Person:
        """Returns the person. Raises CredentialInvalid, or Forbidden without one of the roles for the contest."""
        staff: Staff
        if self.key_file:
            staff = (await office.staff_sessions.by_key(read_text_file(self.key_file).strip())).staff
        elif self.answers:
            staff = (await office.staff_sign_in.check(*self.answers, address="", device=None)).staff
        else:
            return Person(office.actor)
        if not staff.may(roles, contest) or "write" not in staff.scopes:
            raise Forbidden(f"this takes the role {' or '.join(sorted(roles))} for this contest")
        return person_of(staff)


def as_person(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --as and --key-file; the command gets them as `signed`."""

    @click.option("--as", "answers", metavar="NAME", callback=_ask, help="Your account; asks for password and code.")
    @click.option(
        "--key-file",
        type=click.Path(path_type=Path),
        help="File with your staff key; default: this machine's account, if one person may decide.",
    )
    @wraps(command)
    def call(answers: _Answers | None, key_file: Path | None, **given: Any) -> Any:
        return command(signed=Signed(answers, key_file), **given)

    return call


def _ask(_context: click.Context, _parameter: click.Parameter, name: str | None) -> _Answers | None:
    if name is None:
        return None
    password = click.prompt("password", hide_input=True, err=True)
    code = click.prompt("code", default="", show_default=False, err=True)
    return _Answers(name, password, code)
