"""voting demo: a real vote on this machine."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

import click

from voting import engines
from voting.cli.serve import listening, run_workers, with_log_key
from voting.cli.shared.session import actor, tell, with_engines
from voting.demo import demo_contest, secrets
from voting.demo.crowd import process as crowd
from voting.demo.demo_contest import CONTEST
from voting.demo.secrets import DemoSecrets
from voting.demo.wechat import process as wechat
from voting.errors import SettingInvalid
from voting.services.identity.keyring import Keyring
from voting.services.staff.passwords import present_code
from voting.setting_values import EMBEDDED
from voting.settings import Settings, load
from voting.wiring import admin

HOST = "127.0.0.1"
PORTS_TRIED = 20


@click.command(epilog="Example: voting demo --port 8010 --reset")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--reset", is_flag=True, help="Delete all data of the earlier demo first.")
@click.option(
    "--workers", default=os.cpu_count() or 1, show_default=True, type=click.IntRange(1, 256), help="Worker processes."
)
@click.option(
    "--codes", is_flag=True, help="Print the accounts of the demo with the codes that are valid now, and end."
)
@click.option("--still", is_flag=True, help="Let no simulated voters vote.")
def demo(port: int, reset: bool, workers: int, codes: bool, still: bool) -> None:
    """Run the demo contest: 120 entries, open for ten days from its first start.

    Simulated people vote for about twenty minutes, and soon after the start a ring does, which the live board shows
    among the groups under review within two minutes: propose as organiser to void it, and confirm as owner.
    """
    settings = load(os.environ)
    if codes:
        kept = secrets.load(settings.data)
        if kept is None:
            raise SettingInvalid(f"there is no demo in {settings.data}; run `make demo` first")
        click.echo(_accounts(kept))
        return
    if reset:
        if settings.database_url != EMBEDDED:
            raise SettingInvalid(
                "--reset starts the embedded servers anew; unset DATABASE_URL, or empty that database yourself"
            )
        engines.reset(settings.data)
        secrets.forget(settings.data)

    async def prepare(ready: Settings) -> DemoSecrets:
        await admin.migrate(ready, lambda _: None)
        async with admin.services(ready, actor()) as office:
            await office.check_secret()
            return await demo_contest.prepare(office, ready.data)

    with with_engines(settings, own=True, redis=True) as ready:
        # The engines have made the folder that holds its file.
        ready = replace(ready, log_key=with_log_key(settings).log_key)
        if not ready.secret:
            # The demo has a secret of its own, created at its first start.
            own = secrets.load(ready.data) or secrets.make()
            secrets.save(ready.data, own)
            ready = replace(ready, secret=own.secret.encode())
        tell("preparing the demo contest; the first time, its 120 entries get their covers")
        kept = asyncio.run(prepare(ready))
        with _free_port(port) as listener, ExitStack() as stack:
            address = f"http://{HOST}:{listener.getsockname()[1]}"
            if not ready.wechat_appid:
                # The workers are new processes, which read the environment only.
                os.environ |= wechat.settings_of(stack.enter_context(wechat.running()), address) | os.environ
            os.environ.setdefault("VOTING_CONTACT", "010-0000 0000（演示）")
            if not still:
                os.environ |= crowd.settings_of(ready.data) | os.environ
                stack.enter_context(crowd.running(address, CONTEST, Keyring(ready.secret)))
            tell(f"starting the service; {address} opens in a moment")
            threading.Thread(target=_announce, args=(address, kept), daemon=True).start()
            run_workers(ready, listener, workers)
    tell("stopped; `make demo` goes on with the same votes")


@contextmanager
def _free_port(port: int) -> Iterator[socket.socket]:
    """Listens on the first free port from `port` on; reports if that is another one."""
    for number in range(port, min(port + PORTS_TRIED, 65536)):
        try:
            with listening(HOST, number) as listener:
                if number != port:
                    tell(f"port {port} is busy; listening on {number} instead")
                yield listener
                return
        except SettingInvalid:
            continue
    raise SettingInvalid(f"ports {port} to {port + PORTS_TRIED - 1} are busy; give another: make demo PORT=...")


def _announce(address: str, kept: DemoSecrets) -> None:
    """Prints addresses, accounts and keys once the service answers."""
    while True:
        with suppress(OSError), urllib.request.urlopen(f"{address}/health/ready", timeout=2) as answer:
            if answer.status == 200:
                break
        time.sleep(0.05)
    tell(
        f"""
  投票页面 vote       {address}/c/{CONTEST}
  微信登录 WeChat     on that page: 用微信登录, with a stand-in for WeChat and made-up people
  工作人员 staff      {address}/staff  or  {address}/board/{CONTEST}
{_accounts(kept)}
     a code is valid for half a minute; the next ones: .venv/bin/voting demo --codes
     organiser key  {kept.organiser_key}
     a ring of simulated voters shows on the board in two minutes: propose to void it as organiser, confirm as owner
  结果 results        curl -H 'Authorization: Bearer {kept.judge_key}' {address}/api/v1/contests/{CONTEST}/results
     judge key      {kept.judge_key}
  more voters       .venv/bin/voting credentials issue --contest {CONTEST} --count 3
  Ctrl-C stops; the votes are kept for the next `make demo`, or thrown away by `make demo RESET=1`.
"""
    )


def _accounts(kept: DemoSecrets) -> str:
    """Returns a line for each account, with the code that its authenticator shows now."""
    return "\n".join(
        f"     {name:<13}  password {password}  code {present_code(secret)} (authenticator {secret})"
        for name, (password, secret) in kept.accounts.items()
    )
