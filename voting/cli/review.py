"""voting review: groups of ballots, and decisions about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, cast

import click
import msgspec

from voting.cli.shared.acting import Signed, as_person
from voting.cli.shared.session import env_file, find, not_blank, read_settings, tell, with_admin
from voting.domain.identity.roles import DECIDING
from voting.domain.identity.tier import NAMES as TIER_NAMES
from voting.domain.language import Language
from voting.postgres.fraud.groups import Action
from voting.postgres.fraud.suspect_cells import StoredCell
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud import cell_view, growth
from voting.services.fraud.cells import CellWish, SuspectCell
from voting.services.fraud.group_view import alone, as_json, effect_in_words, file_as_json, together
from voting.services.fraud.growth import Growth, GrowthAction
from voting.services.fraud.review import File, ReviewAction, Reviewed
from voting.wiring.admin import AdminServices

Decorated = Callable[..., Any]

_contest = click.option("--contest", required=True, help="The contest's id.")
_language = click.option(
    "--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of the evidence."
)
_json = click.option("--json", "json", is_flag=True, help="Print JSON.")


@click.group(epilog="Example: voting review list --contest demo")
def review() -> None:
    """Review groups of ballots that the sweeps found."""


@review.command(name="list", epilog="Example: voting review list --contest demo --language en")
@_contest
@_language
@_json
@env_file
def show_all(contest: str, language: str, json: bool, env_file: Path | None) -> None:
    """List the groups, largest effect on the ranking first: id, state, ballots, reasons, effect.

    Then growth that the last sweep for certification could not tie to single ballots: id, state, the estimated number
    of picks or a day far above those before, and the effect if the most were void. Nothing is subtracted for it; open
    growth waits for `voting review explain`.

    Then the cells of ballots whose voters, asked by chance, confirm too seldom: id, state, what the sample says. About
    an open one two persons decide, with `voting review ask` or `voting review accept`.
    """

    async def work(
        office: AdminServices,
    ) -> tuple[ContestSnapshot, tuple[Reviewed, ...], tuple[Growth, ...], tuple[SuspectCell, ...], int]:
        snapshot, reviews = await find(office, contest), office.reviews
        return (
            snapshot,
            await reviews.all(snapshot),
            await office.growths.all(snapshot),
            await office.cells.all(snapshot),
            await reviews.ungrouped(snapshot),
        )

    snapshot, found, estimates, cells, ungrouped = with_admin(read_settings(env_file), work)
    if json:
        groups = [as_json(each, snapshot.contest.zone) for each in found]
        excesses = [growth.as_json(each) for each in estimates]
        suspected = [cell_view.as_json(each, snapshot.contest.zone) for each in cells]
        _print({"groups": groups, "excesses": excesses, "cells": suspected, "ungrouped": ungrouped})
        return
    for each in found:
        click.echo(_line(each, cast(Language, language)))
    for estimate in estimates:
        ground = f"\t{estimate.decision.reason}" if estimate.decision else ""
        words = growth.in_words(estimate, cast(Language, language))
        click.echo(f"growth\t{estimate.id}\t{estimate.state}\t{words}{ground}")
    for cell in cells:
        state = (
            f"{cell.stored.state}, {cell.stored.proposal.action} proposed"
            if cell.stored.proposal
            else cell.stored.state
        )
        click.echo(f"cell\t{cell.stored.cell.id}\t{state}\t{cell_view.in_words(cell, cast(Language, language))}")
    open_ = [each.group.id for each in found if each.group.state == "open"]
    tell(f"{len(found)} groups; {len(open_)} are open")
    if ungrouped:
        tell(
            f"{ungrouped} ballots more were held when they were cast; once the window has closed,"
            f" voting certify --contest {contest} --propose puts them into groups"
        )
    if open_:
        tell(f"look at the first: voting review show --contest {contest} {open_[0]}")


@review.command(epilog="Example: voting review show --contest demo 3f9c1a2b7d4e")
@click.argument("group")
@_contest
@_language
@_json
@env_file
def show(group: str, contest: str, language: str, json: bool, env_file: Path | None) -> None:
    """Show a group: evidence, clients, effect, some of its ballots, and the decisions about it."""

    async def work(office: AdminServices) -> tuple[ContestSnapshot, File]:
        snapshot = await find(office, contest)
        return snapshot, await office.reviews.show(snapshot, group)

    snapshot, found = with_admin(read_settings(env_file), work)
    if json:
        _print(file_as_json(found, snapshot.contest.zone))
        return
    for line in _file(found, cast(Language, language), snapshot.contest.zone):
        click.echo(line)


def _decisions(function: Decorated) -> Decorated:
    """Adds the argument and options that the deciding commands share."""
    options = (
        click.argument("group"),
        _contest,
        click.option("--reason", required=True, callback=not_blank, help="The reason, for the audit log."),
        click.option("--version", type=int, help="The group's version that you saw; refused if it has changed."),
        as_person,
        env_file,
    )
    for option in reversed(options):
        function = option(function)
    return function


@review.command(epilog="Example: voting review release --contest demo 3f9c1a2b7d4e --reason 'a school class'")
@_decisions
def release(**given: Any) -> None:
    """Count the ballots of a group; no sweep holds them again."""
    _decide("release", **given)


@review.command(epilog="Example: voting review void --contest demo 3f9c1a2b7d4e --reason 'one script'")
@_decisions
def void(**given: Any) -> None:
    """Void the ballots of a group. Entries are never voided: framing a rival does it no harm."""
    _decide("void", **given)


@review.command(epilog="Example: voting review undo --contest demo 3f9c1a2b7d4e --reason 'wrong group'")
@_decisions
def undo(**given: Any) -> None:
    """Take back a decision or proposal about a group: its ballots are held again."""
    _decide("undo", **given)


def _decide(
    action: Action,
    *,
    group: str,
    contest: str,
    reason: str,
    version: int | None,
    signed: Signed,
    env_file: Path | None,
) -> None:
    async def work(office: AdminServices) -> tuple[str, Reviewed]:
        snapshot = await find(office, contest)
        person = await signed.person(office, contest, DECIDING)
        wish = ReviewAction(action, reason, version)
        return await office.reviews.rule(snapshot, group, person, wish)

    outcome, after = with_admin(read_settings(env_file), work)
    click.echo(f"{group}\t{outcome}\t{after.group.state}\tversion {after.group.version}")
    if outcome == "proposed":
        again = f"voting review {action} --contest {contest} {group} --reason ... --key-file ..."
        tell(f"{after.group.ballots} ballots wait for a second person: {again}")


def _cell_decisions(function: Decorated) -> Decorated:
    """Adds the argument and options that the commands on cells share."""
    options = (
        click.argument("cell"),
        _contest,
        click.option("--reason", required=True, callback=not_blank, help="The reason, for the audit log."),
        as_person,
        env_file,
    )
    for option in reversed(options):
        function = option(function)
    return function


@review.command(epilog="Example: voting review ask --contest demo 5b0c9e --hours 72 --reason '9 of 214 confirmed'")
@click.option("--hours", type=click.IntRange(1, 720), required=True, help="The time that each voter has to confirm.")
@_cell_decisions
def ask(hours: int, **given: Any) -> None:
    """Ask all voters of a cell to confirm; two persons decide it.

    The voters see it on the contest's page and under "my data". People do not all answer, so afterwards as many
    unconfirmed ballots stay as people elsewhere leave: those most like confirmed ones. The rest is void, as a group
    that `voting review release` counts again. The sweeper does both within minutes, after the close
    `voting certify --propose`; certification waits for it.
    """
    _decide_cell(CellWish("ask", given.pop("reason"), hours), **given)


@review.command(epilog="Example: voting review accept --contest demo 5b0c9e --reason 'a choir without phones, visited'")
@_cell_decisions
def accept(**given: Any) -> None:
    """Accept a cell as it is, with the written ground of --reason; two persons decide it."""
    _decide_cell(CellWish("accept", given.pop("reason")), **given)


@review.command(epilog="Example: voting review recall --contest demo 5b0c9e --reason 'wrong cell'")
@_cell_decisions
def recall(**given: Any) -> None:
    """Take back a decision or proposal about a cell; ballots void by it stay so until their group is undone."""
    _decide_cell(CellWish("undo", given.pop("reason")), **given)


@review.command(epilog="Example: voting review confirm --contest demo K3QF7ZPA --reason 'known at the school'")
@click.argument("code")
@_contest
@click.option("--reason", required=True, callback=not_blank, help="How the voter is known, for the audit log.")
@as_person
@env_file
def confirm(code: str, contest: str, reason: str, signed: Signed, env_file: Path | None) -> None:
    """Confirm the voter with CODE, who has no phone or other channel, or comes too late, and told you the code.

    A ballot that the voter denied by mistake counts again.
    The code is on the voter's page. If the voter's ballot became void for want of it, the next sweep or the
    certification counts it again, unless the decision about its cell was recalled: then release its group.
    """

    async def work(office: AdminServices) -> None:
        snapshot = await find(office, contest)
        person = await signed.person(office, contest, DECIDING)
        await office.disowning.by_host(snapshot, code, reason, person)

    with_admin(read_settings(env_file), work)
    tell("the voter is confirmed")


@review.command(epilog="Example: voting review explain A017-night --contest demo --reason 'shift workers of the plant'")
@click.argument("growth", nargs=-1, required=True)
@_contest
@click.option("--reason", required=True, callback=not_blank, help="What explains it, for the audit log.")
@click.option("--undo", is_flag=True, help="Take the ground or the proposal back.")
@as_person
@env_file
def explain(
    growth: tuple[str, ...], contest: str, reason: str, undo: bool, signed: Signed, env_file: Path | None
) -> None:
    """Accept growth, such as after a report in the media, with the written ground of --reason.

    Without it the contest cannot be certified. Once a staff account may decide about the contest it takes two: one
    proposes it with this command, another one gives the same.
    """
    action: GrowthAction = "undo" if undo else "accept"

    async def work(office: AdminServices) -> tuple[tuple[str, str], ...]:
        snapshot = await find(office, contest)
        person = await signed.person(office, contest, DECIDING)
        return await office.growths.decide(snapshot, growth, person, action, reason)

    outcomes = with_admin(read_settings(env_file), work)
    for id, outcome in outcomes:
        click.echo(f"{id}\t{outcome}")
    if any(outcome == "proposed" for _, outcome in outcomes):
        tell("it waits for a second person, who gives the same command with another key")


def _decide_cell(wish: CellWish, *, cell: str, contest: str, signed: Signed, env_file: Path | None) -> None:
    async def work(office: AdminServices) -> tuple[str, StoredCell]:
        snapshot = await find(office, contest)
        person = await signed.person(office, contest, DECIDING)
        return await office.cells.decide(snapshot, cell, person, wish)

    outcome, after = with_admin(read_settings(env_file), work)
    click.echo(f"{cell}\t{outcome}\t{after.state}\tversion {after.version}")
    if outcome == "proposed":
        tell("it waits for a second person, who gives the same command with another key")


def _line(each: Reviewed, language: Language) -> str:
    group = each.group
    state = f"{group.state}, {group.proposal.action} proposed" if group.proposal else group.state
    effect = effect_in_words(each, language)
    return f"{group.id}\t{state}\t{group.ballots}\t{'+'.join(group.reasons)}\t{effect}"


def _file(found: File, language: Language, zone: tzinfo) -> list[str]:
    each = found.reviewed
    group = each.group
    picks = ", ".join(f"{entry} {count}" for entry, count in sorted(group.entries.items(), key=lambda item: -item[1]))
    return [
        _line(each, language),
        f"version {group.version}\t{group.stage}\tpolicy {group.policy_version}"
        + ("\ttwo persons" if each.needs_two else ""),
        f"voters\t{each.voters.voters}\t{each.voters.established} of them have counted ballots beside this group",
        f"picks\t{picks}",
        *(f"evidence\t{evidence.code}\t{alone(evidence, language)}" for evidence in each.evidence),
        f"together\t{together(each, language)}",
        *(f"clients\t{' '.join(kind[:4]).strip() or 'unknown'}\t{kind.ballots}" for kind in found.clients),
        *(f"tier\t{TIER_NAMES[language][tier]}\t{ballots}" for tier, ballots in found.tiers.items()),
        *(f"place\t{shift.entry}\t{shift.counted} -> {shift.void}" for shift in each.effect.shifts),
        *(
            f"ballot\t{ballot.id}\t{_local(ballot.recorded_at, zone)}\t{ballot.state}\t{'+'.join(ballot.reasons)}"
            f"\t{' '.join(ballot.picks)}"
            for ballot in found.sample
        ),
        *(
            f"ruling\t{_local(ruling.at, zone)}\t{ruling.step} {ruling.action}\t{ruling.actor}\t{ruling.reason}"
            for ruling in found.rulings
        ),
    ]


def _local(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _print(content: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(content), indent=2))
