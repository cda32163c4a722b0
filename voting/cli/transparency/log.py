"""voting log: the public log of each contest."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voting import outgoing
from voting.cli.shared.acting import Signed, as_person
from voting.cli.shared.beside import beside_option, end_with_standard_input, run_until_stopped, use_log
from voting.cli.shared.session import actor, env_file, find, read_settings, tell, with_admin, with_engines
from voting.errors import SettingInvalid
from voting.settings import Settings
from voting.text_file import read_text_file
from voting.wiring import admin
from voting.wiring.admin import AdminServices
from voting.wiring.starting import reached

if TYPE_CHECKING:
    from voting.services.transparency.bundles.openings import Exported
    from voting.services.transparency.log_check import LogStatus
    from voting.services.transparency.recovery import Recovered


@click.group(epilog="Example: voting log status --contest demo")
def log() -> None:
    """Append to, inspect and export the public log of each contest (C2SP tlog-tiles)."""


@log.command(epilog="Example: voting log key /etc/voting/log.key")
@click.argument("file", type=click.Path(path_type=Path))
def key(file: Path) -> None:
    """Write a new key to FILE, readable by you alone, for VOTING_LOG_KEY of the host that appends to the logs.

    Keep a copy where VOTING_SECRET's is not: a log can be continued with its own key only.
    """
    from voting.services.transparency.log_key import make_key

    make_key(file)
    tell(f"{file} has a new key; set VOTING_LOG_KEY={file} on the host that appends to the logs, and on no other")


@log.command("rotate-key", epilog="Example: voting log rotate-key /etc/voting/log.key")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--end", is_flag=True, help="End the change: only the newest key signs from now on.")
@env_file
def rotate_key(file: Path, end: bool, env_file: Path | None) -> None:
    """Put a new key into FILE beside the old one; both sign from the next start of `voting log run` on.

    Each log then announces its new key in a leaf, signed with both. Name the new key in public (the log's page has it)
    and give it to the witnesses (`voting witness serve --log OLD --log NEW`). A day later, when they and the voters'
    pages know it, run this with --end, and start `voting log run` again. Old checkpoints stay checkable.

    Copy FILE to every host that may append before any of them starts again. --end is refused while a log has not
    announced the new key, such as a frozen one: it could not be continued without the old one.
    """
    from voting.services.transparency.log_key import change_key, drop_old_keys

    if not end:
        change_key(file)
        tell(f"{file} has a new key; start `voting log run` again, then see the logs' pages for their new keys")
        return
    unannounced = with_admin(read_settings(env_file), lambda office: _unannounced(office, file))
    if unannounced:
        raise SettingInvalid(
            f"the newest key of {file} is not announced in the logs of {', '.join(unannounced)}, which need the older"
            f" one: start `voting log run` again, recover logs that are frozen, then repeat this"
        )
    if drop_old_keys(file):
        tell(f"{file} has its newest key only; start `voting log run` again")
    else:
        tell(f"{file} has one key only, and no change to end")


async def _unannounced(office: AdminServices, file: Path) -> list[str]:
    from voting.services.transparency.log_check import select_unannounced
    from voting.services.transparency.log_key import read_key

    return await select_unannounced(office.database, read_key(file))


@log.command(epilog="Example: voting log run")
@click.option("--once", is_flag=True, help="Append what waits now, then end; default: a round a second until stopped.")
@beside_option
@env_file
def run(once: bool, beside: bool, env_file: Path | None) -> None:
    """Append ballots to the logs, sign checkpoints and have them cosigned, as the process beside `voting serve` does.

    With VOTING_STAMP_URL each day's checkpoint and each certificate are time-stamped. Only one process of all servers
    appends at a time.
    """
    settings = read_settings(env_file)
    settings = replace(settings, log_key=settings.log_key_file)
    use_log(settings)
    if beside:
        end_with_standard_input()
    with with_engines(settings, own=False, redis=False) as ready:
        asyncio.run(_run(ready, once=once))


async def _run(settings: Settings, *, once: bool) -> None:
    async def opened(stack: AsyncExitStack) -> AdminServices:
        return await stack.enter_async_context(admin.services(settings, actor()))

    async with (
        reached(opened) as office,
        outgoing.client(allow_private=settings.private_providers) as http,
    ):
        sequencer, cosigning, stamping = office.sequencer(), office.cosigning(http), office.stamping(http)
        if once:
            if not await sequencer.once():
                tell("another process appends to the logs now, so this one did nothing")
            await cosigning.round()
            await cosigning.settle()
            if stamping:
                await stamping.round()
            return

        async def work() -> None:
            await asyncio.gather(sequencer.run(), cosigning.run(), *([stamping.run()] if stamping else []))

        await run_until_stopped(work())


@log.command(epilog="Example: voting log status --contest demo")
@click.option("--contest", required=True, help="The contest's id.")
@env_file
def status(contest: str, env_file: Path | None) -> None:
    """Print the newest checkpoint, and whether every ballot is in the log; exit code 1 if the log does not grow."""
    found = with_admin(read_settings(env_file), lambda office: _status(office, contest))
    click.echo(found.stored.checkpoint, nl=False)
    tell(
        f"signed {found.seconds:.0f} s ago; {found.logged} of {found.ballots} ballots in it, rows wait: {found.queued}"
    )
    if found.wrong:
        tell("\n".join(found.wrong))
        raise click.exceptions.Exit(1)


async def _status(office: AdminServices, contest: str) -> LogStatus:
    from voting.services.transparency.log_check import log_status

    return await log_status(office.database, await find(office, contest))


@log.command(epilog="Example: voting log check --contest demo")
@click.option("--contest", required=True, help="The contest's id.")
@env_file
def check(contest: str, env_file: Path | None) -> None:
    """Hash every entry of the log again and compare tiles, checkpoint and recorded ballots; exit code 1 if one differs.

    Prints a line for each finding. It finds changes of the stored log and ballots past the service; that the whole log
    was replaced only witnesses, or proofs that voters keep, can show.
    """

    async def work(office: AdminServices) -> tuple[int, list[str]]:
        from voting.services.transparency.log_check import check_log

        return await check_log(office.database, await find(office, contest))

    leaves, findings = with_admin(read_settings(env_file), work)
    for line in findings:
        click.echo(line)
    if findings:
        tell("somebody changed the log or the ballots past the service: find out who, and restore them from a backup")
        raise click.exceptions.Exit(1)
    tell(f"{leaves} leaves are what the checkpoint states, and every recorded ballot has its own")


@log.command(epilog="Example: voting log recover --contest demo log/")
@click.option("--contest", required=True, help="The contest's id.")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@env_file
def recover(contest: str, directory: Path, env_file: Path | None) -> None:
    """Continue a frozen log from DIRECTORY, a published copy of it, after the database lost a part of it.

    A log is frozen, and ballots are refused, when the database was restored from a backup that is older than what was
    published. The copy is what `voting log export` or a mirror wrote; VOTING_LOG_KEY must be set. Its entries are
    appended again, and a leaf says how many ballots the database lost. Prints a line for each: the number in the log,
    the ballot and its time; a receipt names the ballot, so their voters can be told to vote again.

    The log stays frozen if a longer one was published than the copy has: VOTING_DATA/anchors has its last checkpoint.
    Only where nobody has a longer copy move that file away; voters' proofs of what is missing then contradict the log.
    """
    settings = read_settings(env_file)

    async def work(office: AdminServices) -> Recovered:
        from voting.services.transparency.log_key import read_key
        from voting.services.transparency.recovery import recover

        if settings.log_key_file is None:
            raise SettingInvalid("VOTING_LOG_KEY is not set; set it to the file of the log's key")
        return await recover(office.database, read_key(settings.log_key_file), await find(office, contest), directory)

    done = with_admin(settings, work)
    for ballot in done.lost:
        click.echo("\t".join(map(str, ballot)))
    tell(f"{done.entries} entries are appended again; {len(done.lost)} ballots among them are gone; voting goes on")
    if done.without_bundle:
        tell(
            f"the log has the certificate of certification {done.without_bundle}, but its bundle is lost; again:"
            f" voting certify --contest {contest} --reopen REASON, then: voting certify --contest {contest}"
        )


@log.command(epilog="Example: voting log export --contest demo log/")
@click.option("--contest", required=True, help="The contest's id.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@env_file
def export(contest: str, directory: Path, env_file: Path | None) -> None:
    """Write the log as static files into DIRECTORY: what the service publishes under /log/, for a CDN or a USB stick.

    Files that are there already and do not change are kept, so that a second export writes what is new.
    """

    async def work(office: AdminServices) -> int:
        from voting.services.transparency.log_export import export_log

        return await export_log(office.database, await find(office, contest), office.keyring.public_key, directory)

    leaves = with_admin(read_settings(env_file), work)
    tell(f"{directory} has the log of {leaves} leaves")


@log.command(name="bundle", epilog="Example: voting log bundle --contest demo bundle/")
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--number", type=click.IntRange(1), help="The certification's number; default: the newest.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@env_file
def write_bundle(contest: str, number: int | None, directory: Path, env_file: Path | None) -> None:
    """Write the certified bundle into DIRECTORY, which must be new: all that a stranger needs to check the result.

    It has the log up to the certificate, rules, roster and figures, the programs that check them, and a page of
    instructions; nothing in it shows whom a ballot was for. Its files are the same whoever writes them; only
    signatures and time stamps are added to later. Check it without the service:

    python3 DIRECTORY/verify.py bundle DIRECTORY --policy POLICY

    with the policy from somewhere else, such as a newspaper.
    """

    async def work(office: AdminServices) -> int:
        from voting.services.transparency.bundles.export import export_bundle

        return await export_bundle(office.database, await find(office, contest), directory, number)

    written = with_admin(read_settings(env_file), work)
    tell(f"{directory} has the bundle of certification {written}")


@log.command(epilog="Example: voting log openings --contest demo --as li openings.jsonl")
@click.option("--contest", required=True, help="The contest's id.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@as_person
@env_file
def openings(contest: str, file: Path, signed: Signed, env_file: Path | None) -> None:
    """Write the confidential openings of the newest bundle into FILE, for an auditor: --as or --key-file.

    They show the picks of every ballot by its receipt's id, so that the auditor can count all of them again; they have
    no voter and nothing that was observed. The audit log names the auditor. Hand FILE over on a medium of its own:

    python3 verify.py openings FILE --bundle DIRECTORY --policy POLICY
    """
    if not (signed.answers or signed.key_file):
        raise click.UsageError("name the auditor: --as NAME or --key-file FILE")

    async def work(office: AdminServices) -> Exported:
        from voting.services.transparency.bundles.openings import export_openings

        person = await signed.person(office, contest, {"auditor"})
        return await export_openings(office.database, person.actor, await find(office, contest), file)

    done = with_admin(read_settings(env_file), work)
    tell(f"{file} has the openings of {done.ballots} ballots; its SHA-256 is {done.sha256}")


_name = click.option("--name", required=True, help="Your key's name, such as li.example.org/signer.")
_key = click.option("--key", required=True, type=click.Path(path_type=Path), help="The file of your key.")


@log.command(epilog="Example: voting log signer --name li.example.org/signer --key li.key")
@_name
@_key
def signer(name: str, key: Path) -> None:
    """Print your public key, for [[signer]] in contest files; makes the file of the key if it is missing.

    Two persons sign a certified result, each on a machine of one's own. The first leaf of the contest's log names their
    keys, so they must be in the contest's file when the contest is made.
    """
    from voting.services.transparency.log_key import make_key, read_key

    _check_name(name)
    if not key.exists():
        make_key(key)
    click.echo(str(read_key(key).person(name).key))


@log.command(epilog="Example: voting log sign --name li.example.org/signer --key li.key bundle/ > li.signed")
@_name
@_key
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
def sign(name: str, key: Path, directory: Path) -> None:
    """Sign the certificate of the bundle in DIRECTORY; needs neither the service nor a network.

    Check the bundle first: python3 verify.py bundle DIRECTORY --policy POLICY. Prints the signed certificate, for
    `voting log accept`.
    """
    from voting.services.transparency.bundles import signing
    from voting.services.transparency.log_key import read_key

    _check_name(name)
    click.echo(signing.sign(read_key(key).person(name), directory), nl=False)


@log.command(epilog="Example: voting log accept --contest demo li.signed zhou.signed")
@click.option("--contest", required=True, help="The contest's id.")
@click.argument("file", nargs=-1, required=True, type=click.Path(path_type=Path))
@env_file
def accept(contest: str, file: tuple[Path, ...], env_file: Path | None) -> None:
    """Take each FILE, the newest certificate as a person signed it, into the bundle and onto the result's page."""

    async def work(office: AdminServices) -> list[str]:
        from voting.services.transparency.bundles import signing

        snapshot = await find(office, contest)
        return [
            name
            for each in file
            for name in await signing.accept(office.database, office.actor, snapshot, read_text_file(each))
        ]

    names = with_admin(read_settings(env_file), work)
    tell(f"the certificate is signed by {', '.join(names)}")


def _check_name(name: str) -> None:
    if not name or "+" in name or any(each.isspace() for each in name):
        raise click.BadParameter("must not be empty, nor have blanks or plus signs", param_hint="--name")
