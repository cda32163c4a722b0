"""voting witness: cosign the public logs of others."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click
import uvicorn

from voting.cli.shared.session import tell
from voting.domain.verifier_key import LOG_KEY, VerifierKey, read_key
from voting.server.witness import WitnessApp
from voting.services.transparency import log_key
from voting.services.transparency.witnessing import Witnessing
from voting.sqlite.witness import SeenLogs


class _LogKey(click.ParamType[VerifierKey]):
    name = "vkey"

    def convert(
        self, value: str | VerifierKey, param: click.Parameter | None, ctx: click.Context | None
    ) -> VerifierKey:
        if isinstance(value, VerifierKey):
            return value
        try:
            found = read_key(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if found.type != LOG_KEY:
            self.fail("it is the key of a witness, not of a log", param, ctx)
        return found


_name = click.option("--name", required=True, help="The witness' name, such as notary.example.org/witness.")
_file = click.option("--key", required=True, type=click.Path(path_type=Path), help="The file of its key.")


@click.group(epilog="Example: voting witness key --name notary.example.org/w1 --key witness.key")
def witness() -> None:
    """Cosign the public logs of contests, so that they cannot be rewritten unseen.

    A witness is run by somebody else than the organiser, on a machine of its own. It needs no database.
    """


@witness.command(epilog="Example: voting witness key --name notary.example.org/w1 --key witness.key")
@_name
@_file
def key(name: str, key: Path) -> None:
    """Print the witness' public key, for [[witness]] in contest files; makes the file of the key if it is missing."""
    if not key.exists():
        log_key.make_key(key)
    click.echo(str(log_key.read_key(key).witness(name).key))


@witness.command(epilog="Example: voting witness serve --name notary.example.org/w1 --key witness.key --log VKEY")
@_name
@_file
@click.option(
    "--log",
    "logs",
    required=True,
    multiple=True,
    type=_LogKey(),
    help="The vkey of a log; may be repeated, also for a log that changes its key.",
)
@click.option(
    "--store",
    default="witness.sqlite",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The file of what the witness has seen; it must not be lost.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8081, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
def serve(name: str, key: Path, logs: tuple[VerifierKey, ...], store: Path, host: str, port: int) -> None:
    """Serve as a witness (C2SP tlog-witness): POST /add-checkpoint, GET /SHA256-OF-ORIGIN/checkpoint.

    Put a proxy with TLS in front.
    """
    with closing(SeenLogs(store)) as seen:
        tell(f"witnessing {', '.join(each.name for each in logs)} on http://{host}:{port}")
        witnessing = Witnessing(seen, log_key.read_key(key).witness(name), logs)
        uvicorn.run(WitnessApp(witnessing), host=host, port=port, log_level="warning")
