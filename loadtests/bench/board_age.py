"""How old the data of many live boards is while ballots come as fast as the machine takes them, and how smooth a long
ranking scrolls: `python -m loadtests.bench.board_age --entries 3000`.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import threading
import time
from datetime import datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import click
import httpx
from playwright.async_api import async_playwright

from loadtests.bench.load_generator import Volley, send
from loadtests.bench.requests import lean
from loadtests.service import ID, Service, prepared
from voting.settings import load
from voting.wiring import admin

BALLOTS_PER_SECOND = 6000
CONNECTIONS = 64
# The boards' first states arrive while they are opened.
OPENING_SECONDS = 5
SCROLL_SECONDS = 4
_FRAMES = """
seconds => new Promise(done => {
  const place = document.querySelector("#ranking"), times = [], begun = performance.now();
  const step = now => {
    times.push(now);
    place.scrollTop += 60;
    if (now - begun < seconds * 1000) requestAnimationFrame(step); else done(times);
  };
  requestAnimationFrame(step);
})
"""


@click.command()
@click.option("--streams", default=200, show_default=True, help="Live boards.")
@click.option("--seconds", default=20, show_default=True, help="How long they are watched.")
@click.option("--entries", default=120, show_default=True, help="Entries of the contest.")
@click.option("--workers", default=2, show_default=True, help="Worker processes.")
@click.option("--chromium", type=click.Path(path_type=Path), help="The browser; default: playwright's own.")
def main(streams: int, seconds: int, entries: int, workers: int, chromium: Path | None) -> None:
    """Print the ages that the boards showed, the ballots accepted, and the frames of a scrolled ranking."""
    voters = BALLOTS_PER_SECOND * (seconds + OPENING_SECONDS) // 5
    with prepared(entries, voters) as place, Service(place.environment, workers) as service:
        ballots = list(islice(lean(place.tokens, place.entries), 5 * voters))
        volleys: list[Volley] = []

        def offer() -> None:
            volleys.append(send(service.port, ballots, CONNECTIONS, seconds + OPENING_SECONDS))

        sender = threading.Thread(target=offer)
        key = asyncio.run(_key(place.environment))
        sender.start()
        ages = asyncio.run(_watch(service.port, key, streams, seconds))
        sender.join()
        frames = asyncio.run(_scroll(service.port, key, chromium))
    cuts = statistics.quantiles(ages, n=100)
    click.echo(
        f"{streams} boards, {entries} entries: p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, at most {max(ages):.2f} s"
    )
    click.echo(f"ballots accepted a second: {volleys[0].rate:.0f}, refused or lost: {volleys[0].failed}")
    gaps = sorted(after - before for before, after in pairwise(frames))
    click.echo(
        f"scrolling: {len(frames) / SCROLL_SECONDS:.0f} frames a second, p99 {gaps[int(0.99 * len(gaps))]:.1f} ms apart"
    )


async def _key(environment: dict[str, str]) -> str:
    async with admin.services(load(environment), "loadtests") as office:
        return await office.staff_keys.create("boards", "organiser", ID)


async def _watch(port: int, key: str, streams: int, seconds: int) -> list[float]:
    """Returns the greatest age that each board reached before each event that made it younger."""
    ages: list[float] = []
    until = time.time() + OPENING_SECONDS + seconds
    limits = httpx.Limits(max_connections=streams)

    async def follow(http: httpx.AsyncClient) -> None:
        headers, last = {"Authorization": f"Bearer {key}"}, 0.0
        async with http.stream("GET", f"/api/v1/contests/{ID}/live", headers=headers) as answer:
            is_age = False
            async for line in answer.aiter_lines():
                if is_age and line.startswith("data: "):
                    data: dict[str, Any] = json.loads(line[6:])
                    as_of = datetime.fromisoformat(data["now"]).timestamp() - data["seconds"]
                    if last and time.time() > until - seconds:
                        ages.append(time.time() - last)
                    last = as_of
                is_age = line == "event: age"
                if time.time() > until:
                    return

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, limits=limits) as http:
        await asyncio.gather(*(follow(http) for _ in range(streams)))
    return ages


async def _scroll(port: int, key: str, chromium: Path | None) -> list[float]:
    """Returns the moments of the frames, in milliseconds, while the ranking is scrolled."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(base_url=f"http://127.0.0.1:{port}", viewport={"width": 1440, "height": 900})
        await page.request.post(
            "/api/v1/staff/session", data={"key": key}, headers={"Origin": f"http://127.0.0.1:{port}"}
        )
        await page.goto(f"/board/{ID}")
        await page.wait_for_selector("#rows tr")
        frames: list[float] = await page.evaluate(_FRAMES, SCROLL_SECONDS)
        await browser.close()
    return frames


if __name__ == "__main__":
    main()
