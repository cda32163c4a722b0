"""voting sweep: sweeps open contests for groups of fraudulent ballots."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import click

from voting.cli.shared.beside import beside_option, end_with_standard_input, run_until_stopped, use_log
from voting.cli.shared.session import actor, env_file, read_settings, tell, with_engines
from voting.services.fraud.policy_files import load_sweep_policy
from voting.settings import Settings
from voting.wiring import admin
from voting.wiring.starting import reached

# Votes take precedence: a busy machine sweeps later.
NICENESS = 10
# The workers start first, and a service that is stopped at once needs no sweeper.
START_AFTER_SECONDS = 5.0


@click.command(epilog="Example: voting sweep --once")
@click.option("--once", is_flag=True, help="Do the latest round that is due, then end; default: rounds until stopped.")
@beside_option
@env_file
def sweep(once: bool, beside: bool, env_file: Path | None) -> None:
    """Sweep open contests for groups of fraudulent ballots, as the process beside `voting serve` does.

    Only one process of all servers sweeps at a time. The policy sets when rounds take place.
    """
    settings = read_settings(env_file)
    # The findings of a shadow policy are logged at level info.
    use_log(settings)
    if beside:
        end_with_standard_input()
        time.sleep(START_AFTER_SECONDS)
    if not once:
        os.nice(NICENESS)
        # Where memory runs out this process is the one to go: it is started again, and no ballot waits for it.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")
    # Read by polars when it is imported.
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
    with with_engines(settings, own=False, redis=False) as ready:
        asyncio.run(_run(ready, once=once))


async def _run(settings: Settings, *, once: bool) -> None:
    policy = load_sweep_policy(settings.policy)
    shadow = load_sweep_policy(settings.shadow_policy) if settings.shadow_policy else None

    async def opened(stack: AsyncExitStack) -> admin.AdminServices:
        return await stack.enter_async_context(admin.services(settings, actor()))

    async with reached(opened) as office:
        sweeping = office.sweeping(policy, shadow)
        if once:
            changed = await sweeping.round()
            tell(f"{changed.held} ballots held, {changed.released} released")
            return
        # A sweep under way, in a thread, is not waited for: nothing of it is in force.
        await run_until_stopped(sweeping.run())
