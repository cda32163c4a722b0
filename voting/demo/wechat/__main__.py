"""Runs the stand-in: `python -m voting.demo.wechat --port 8100`."""

from __future__ import annotations

import os
import socket
import sys
import threading

import click
import uvicorn

from voting.demo.wechat.app import create_app


@click.command()
@click.option("--port", required=True, type=click.IntRange(0, 65535), help="Port of 127.0.0.1; 0: any that is free.")
@click.option("--with-parent", is_flag=True, help="End when standard input ends, as it does with the parent.")
def main(port: int, with_parent: bool) -> None:
    """Run the stand-in for WeChat's servers; its address is printed when it listens."""
    if with_parent:
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
    with socket.create_server(("127.0.0.1", port)) as listener:
        click.echo(f"http://127.0.0.1:{listener.getsockname()[1]}")
        uvicorn.Server(uvicorn.Config(create_app(), log_level="warning", access_log=False)).run([listener])


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os._exit(0)


main()
