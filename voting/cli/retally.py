"""voting retally: the same ballots under another policy."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from voting.cli.session import env_file, find, read_settings, tell, with_admin
from voting.cli.tables import progress
from voting.services.fraud.policy_files import load_sweep_policy
from voting.wiring.admin import AdminServices

if TYPE_CHECKING:
    from voting.services.fraud.policy_comparison import Line


@click.command(epilog="Example: voting retally --contest demo --policy stricter.toml")
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--policy", required=True, type=click.Path(path_type=Path), help="The other policy's file.")
@click.option("--json", "json", is_flag=True, help="Print all entries as JSON.")
@env_file
def retally(contest: str, policy: Path, json: bool, env_file: Path | None) -> None:
    """Show what another fraud policy would change for each entry; nothing is changed.

    Each ballot is screened as if it had been cast under that policy, then swept by it; reviewers' decisions stand under
    any policy.
    """
    other = load_sweep_policy(policy)

    async def work(office: AdminServices) -> tuple[Line, ...]:
        snapshot = await find(office, contest)
        return await office.policy_comparison.compare(snapshot, other, progress("ballots read"))

    lines = with_admin(read_settings(env_file), work)
    if json:
        content = {
            "contest": contest,
            "policy_version": other.version,
            "policy_sha256": other.sha256,
            "entries": [asdict(line) for line in lines],
        }
        click.echo(msgspec.json.format(msgspec.json.encode(content), indent=2))
        return
    for line in lines:
        if line.differs:
            now, then = asdict(line.now), asdict(line.other)
            moves = (f"{name}={now[name]}" + _arrow(now[name], then[name]) for name in now)
            click.echo("\t".join((line.entry, f"raw={line.raw}", *moves)))
    tell(f"{sum(line.differs for line in lines)} of {len(lines)} entries differ under policy {other.version}")


def _arrow(now: int, then: int) -> str:
    return "" if now == then else f" -> {then}"
