"""Runs the stand-in: `python -m voting.demo.wechat --port 8100`."""

from __future__ import annotations

import click
import uvicorn

from voting.demo.wechat.app import create_app


@click.command()
@click.option("--port", required=True, type=click.IntRange(1, 65535), help="Port of 127.0.0.1 to listen on.")
def main(port: int) -> None:
    """Run the stand-in for WeChat's servers."""
    uvicorn.run(create_app(), host="127.0.0.1", port=port, log_level="warning", access_log=False)


main()
