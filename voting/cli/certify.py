"""voting certify: the frozen result of a closed contest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import click
import msgspec

from voting.cli.shared.acting import Signed, as_person
from voting.cli.shared.session import env_file, find, not_blank, read_settings, tell, with_admin
from voting.cli.shared.tables import progress
from voting.domain.identity.roles import ORGANISING
from voting.domain.results.scoring import Tally
from voting.domain.roster.sheet import Tick
from voting.postgres.fraud.decisions import Changed
from voting.postgres.results.certifications import Certification
from voting.services.fraud.growth import Growth, in_words, waiting_in_words
from voting.services.fraud.policy_files import load_sweep_policy
from voting.wiring.admin import AdminServices


@click.command(epilog="Example: voting certify --contest demo --propose")
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--policy", type=click.Path(path_type=Path), help="Policy file; default: that of the settings.")
@click.option("--propose", is_flag=True, help="Sweep only: hold what is found, for `voting review`.")
@click.option(
    "--reopen",
    metavar="REASON",
    callback=not_blank,
    help="Permit changes to a certified contest again; its result is kept.",
)
@click.option(
    "--public-only", is_flag=True, help="Certify the public vote even if final scores or awards cannot be computed."
)
@click.option(
    "--without-witnesses",
    is_flag=True,
    help="Certify though too few witnesses have cosigned the log; the result says so.",
)
@as_person
@click.option("--json", "json", is_flag=True, help="Print JSON.")
@env_file
def certify(  # noqa: PLR0913 (an argument for each option)
    contest: str,
    policy: Path | None,
    propose: bool,
    reopen: str | None,
    public_only: bool,
    without_witnesses: bool,
    signed: Signed,
    json: bool,
    env_file: Path | None,
) -> None:
    """Sweep all ballots of a closed contest once more and freeze the result.

    Ballots that the sweep finds become void unless a reviewer released them; ballots that were only held are counted.
    To review the groups first, use --propose, then `voting review`. Certification is refused while a group waits for
    two persons, if growth has no written ground (see `voting review explain`), if a ballot differs from its receipt,
    batch or decisions, if final scores or awards cannot be computed, or if the contest has witnesses and too few have
    cosigned its log since the vote closed. Marks, figures, roster, rules and decisions cannot change until --reopen.
    Under the same policy the command returns the standing result.

    Once a staff account may decide about the contest, certifying and reopening take two accounts: one proposes it with
    this command, another one does it with the same.
    """
    if propose + public_only + (reopen is not None) > 1:
        raise click.UsageError("--propose, --public-only and --reopen do not go together")
    settings = read_settings(env_file)

    async def reopened(office: AdminServices, reason: str) -> int:
        person = await signed.person(office, contest, ORGANISING)
        return await office.certifier.reopen(await find(office, contest), reason, person)

    async def proposed(office: AdminServices) -> tuple[Changed, Sequence[Growth]]:
        snapshot, rules = await find(office, contest), load_sweep_policy(policy or office.settings.policy)
        changed = await office.certifier.propose(snapshot, rules, _progress())
        return changed, await office.growths.all(snapshot)

    async def certified(office: AdminServices) -> tuple[Certification, str, Sequence[Growth]]:
        snapshot, rules = await find(office, contest), load_sweep_policy(policy or office.settings.policy)
        person = await signed.person(office, contest, ORGANISING)
        accepted = {"public_only": public_only, "without_witnesses": without_witnesses}
        made = await office.certifier.certify(snapshot, rules, _progress(), **accepted, person=person)
        return made, await _name_of(office, made.actor), await office.growths.all(snapshot)

    if reopen is not None:
        number = with_admin(settings, lambda office: reopened(office, reopen))
        tell(f"certification {number} no longer stands; review, then certify again")
        return
    if propose:
        changed, found = with_admin(settings, proposed)
        tell(
            f"{changed.held} ballots more are held, {changed.released} are counted again;"
            f" look at the groups: voting review list --contest {contest}"
        )
    else:
        made, by, found = with_admin(settings, certified)
        _show(made, by, contest, as_json=json)
    _warn(found, contest)


def _warn(found: Sequence[Growth], contest: str) -> None:
    """Says what estimates cuts or awards may depend on: they subtract nothing, and people answer for them."""
    for each in found:
        if each.state != "noted":
            by = "Explained" if each.state == "accepted" else "Proposed explanation"
            tell(f"{in_words(each, 'en')} {f'{by}: {each.decision.reason}' if each.decision else ''}".rstrip())
    if waiting := waiting_in_words(found, contest):
        tell(f"none is subtracted; before certification: {waiting}")


def _progress() -> Callable[[str], Tick]:
    def begin(what: str) -> Tick:
        tell(what)
        return progress(what)

    return begin


async def _name_of(office: AdminServices, actor: str) -> str:
    """Returns the account behind an actor; the actor itself where there is none."""
    accounts = {f"key:{key.id}": key.account for key in await office.staff_keys.all()}
    return accounts.get(actor) or actor.removeprefix("account:")


def _show(made: Certification, by: str, contest: str, *, as_json: bool) -> None:
    if as_json:
        from voting.services.fraud import certify

        content = certify.as_json(made, contest)
        click.echo(msgspec.json.format(msgspec.json.encode(content), indent=2))
        return
    for entry, tally in sorted(made.tallies.items()):
        void = tally.raw - tally.held - tally.counted
        click.echo(
            f"{entry}\traw={tally.raw}\theld={tally.held}\tvoid={void}\tcounted={tally.counted}\t{_tiers(tally)}".rstrip()
        )
    certified_at = made.certified_at.isoformat(timespec="seconds")
    tell(f"certified: number {made.number}, {certified_at}, policy {made.policy_version}")
    if made.proposed_by:
        tell(f"two persons certified it: {by}, as {made.proposed_by} had proposed")
    else:
        tell("one person certified it: when it was certified, no staff account could decide about this contest")
    if made.public_only:
        tell("it is of the public vote alone: final scores and awards were not asked for")
    if made.without_witnesses:
        tell("it is certified without witnesses: nobody outside has seen that the log was only appended to")
    for name, digest in asdict(made.bound).items():
        tell(f"{name.removesuffix('_sha256')} SHA-256 {digest}")


def _tiers(tally: Tally) -> str:
    """Returns the counted picks by tier."""
    return " ".join(f"{tier}={count}" for tier, count in tally.by_tier.items() if count)
