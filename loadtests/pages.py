"""The voter's pages as a phone meets them: Lighthouse's scores, and the processor time of a page view.

    python -m loadtests.pages [--entries 120 --entries 3000] [--runs 3] [--views-only]

Lighthouse is fetched by npx when it is asked for. It simulates a slow phone on slow 4G; the server is not behind nginx,
so nothing is compressed.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import click

from loadtests.bench.processor_time import measured, microseconds
from loadtests.http import HOST, Link, request
from loadtests.report import RESULTS, save, table
from loadtests.service import Service, inherited, running_engines, temporary_folder, variables
from voting.demo import demo_contest
from voting.demo.covers import draw
from voting.domain.contest.contest_file import read_contest
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import read_csv
from voting.settings import load
from voting.wiring import admin

LIGHTHOUSE = "lighthouse@13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices")
BROWSERS = ("chromium", "google-chrome", "chromium-browser")
VIEWS = 300
PAGES = {"list": "", "entry": "/entries/{code}", "privacy": "/privacy", "my ballots": "/ballots"}


@click.command()
@click.option("--entries", "sizes", multiple=True, type=int, default=(120, 3000), show_default=True)
@click.option("--runs", default=3, show_default=True, help="Runs of Lighthouse for each page; the median counts.")
@click.option("--slowdown", default=4, show_default=True, help="How much slower the phone is than this machine.")
@click.option("--views-only", is_flag=True, help="Measure only the processor time of page views.")
def main(sizes: tuple[int, ...], runs: int, slowdown: int, views_only: bool) -> None:
    """Prints the scores and costs of the voter's pages, and writes them to results/pages.json."""
    figures: dict[str, Any] = {}
    with _serving(sizes) as (service, codes):
        views = [(str(size), *_views(service.port, f"c{size}", codes[size])) for size in sizes]
        figures["views_us"] = {
            size: {"cold": cold, "cached": cached, "304": kept} for size, cold, cached, kept in views
        }
        costs_of = ("entries", "cold view, µs", "cached view, µs", "304, µs")
        click.echo(table(costs_of, [(size, *(f"{cost:.0f}" for cost in costs)) for size, *costs in views]))
        if not views_only:
            rows = list(_audited(service.port, codes, runs, slowdown))
            figures["lighthouse"] = rows
            click.echo(table([*rows[0]], [[str(cell) for cell in row.values()] for row in rows]))
    save(RESULTS / "pages.json", figures)


@contextmanager
def _serving(sizes: Iterable[int]) -> Iterator[tuple[Service, Mapping[int, list[str]]]]:
    """Serves contests like the demo's, with its covers; yields their entries' codes."""
    with temporary_folder() as folder, running_engines(folder) as addresses:
        own = variables(folder, addresses)

        async def create() -> dict[int, list[str]]:
            async with admin.services(load(own), "loadtests") as office:
                return {size: await _contest(office, size) for size in sizes}

        codes = asyncio.run(create())
        with Service(own, log=folder / "log") as service:
            yield service, codes


async def _contest(office: admin.AdminServices, size: int) -> list[str]:
    text = demo_contest.document().replace('id = "demo"', f'id = "c{size}"', 1)
    contest = read_contest(text)
    roster = (Path(demo_contest.__file__).parent / "roster.csv").read_text("utf-8")
    written = read_roster(read_csv(roster, "roster.csv"), contest, "roster.csv")
    names = {category.id: category.name for category in contest.categories}
    covers = {entry.cover: draw(entry.code, names[entry.category]).encode() for entry in written}
    entries = [replace(written[number % len(written)], code=f"A{number:04d}") for number in range(1, size + 1)]
    await office.contest_admin.create(contest, text, open_now=True)
    await office.contest_admin.import_roster(contest.id, entries, covers)
    return [entry.code for entry in entries]


def _views(port: int, contest: str, codes: list[str]) -> tuple[float, float, float]:
    """Returns a worker's microseconds for a page that it must render, for one that it has, and for a 304."""
    sorts = ("code", "title", "picks")
    # The pages of a list, then of searches: each address is another page.
    fresh = [f"/c/{contest}?sort={sort}&page={page}" for sort in sorts for page in range(2, 1 + len(codes) // 20)]
    fresh += [f"/c/{contest}?q=A&sort={sort}&page={page}" for sort in sorts for page in range(1, 1 + len(codes) // 20)]
    fresh += [f"/c/{contest}?q={digit}&sort={sort}" for digit in range(100) for sort in sorts]

    async def ask(paths: Iterable[str], headers: Mapping[str, str]) -> float:
        count = 0
        with Link(port) as link, measured() as seconds:
            for path in paths:
                answer = await link.ask(request("GET", path, headers))
                assert answer.status in (200, 304), (path, answer.status)
                count += 1
        return microseconds(seconds, count)["workers"]

    async def measure() -> tuple[float, float, float]:
        path = f"/c/{contest}"
        await ask([path] * VIEWS, {})
        cold = await ask(islice(fresh, VIEWS), {})
        cached = await ask([path] * VIEWS * 4, {})
        with Link(port) as link:
            tag = (await link.ask(request("GET", path))).headers["etag"]
        # A page has another tag each minute, when its countdown changes: a few of these are answered in full.
        kept = await ask([path] * VIEWS * 4, {"If-None-Match": tag})
        return cold, cached, kept

    return asyncio.run(measure())


def _audited(port: int, codes: Mapping[int, list[str]], runs: int, slowdown: int) -> Iterator[dict[str, object]]:
    for size, own in codes.items():
        for name, path in PAGES.items():
            address = f"http://{HOST}:{port}/c/c{size}{path.format(code=own[0])}"
            yield {"page": name, "entries": size} | _median([_lighthouse(address, slowdown) for _ in range(runs)])


def _lighthouse(address: str, slowdown: int) -> dict[str, Any]:
    """Returns Lighthouse's report. Raises RuntimeError."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise RuntimeError(f"there is no browser; install one of: {', '.join(BROWSERS)}")
    done = subprocess.run(
        ["npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}",
         f"--throttling.cpuSlowdownMultiplier={slowdown}",
         "--chrome-flags=--headless=new --no-sandbox --disable-quic"],
        env=inherited() | {"CHROME_PATH": browser}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"lighthouse failed: {done.stderr[-1000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _median(reports: list[dict[str, Any]]) -> dict[str, object]:
    def of(value: Callable[[dict[str, Any]], float]) -> float:
        return statistics.median(map(value, reports))

    categories = [report["categories"] for report in reports]
    scores = {
        name: round(statistics.median(each[name]["score"] or 0 for each in categories) * 100) for name in CATEGORIES
    }
    failed = {
        audit["id"]
        for report in reports
        for name in ("accessibility", "best-practices")
        for audit in report["categories"][name]["auditRefs"]
        if audit["weight"] and report["audits"][audit["id"]]["score"] == 0
    }
    return {
        **scores,
        "LCP, s": round(of(lambda report: report["audits"]["largest-contentful-paint"]["numericValue"]) / 1000, 2),
        "blocked, ms": round(of(lambda report: report["audits"]["total-blocking-time"]["numericValue"])),
        "index": round(of(lambda report: report["environment"]["benchmarkIndex"])),
        "page, kB": round(of(lambda report: _bytes(report)) / 1000),
        "script, kB": round(of(lambda report: _bytes(report, "Script")) / 1000),
        "failed": " ".join(sorted(failed)) or "none",
    }


def _bytes(report: dict[str, Any], kind: str = "") -> int:
    items: list[dict[str, Any]] = report["audits"]["network-requests"]["details"]["items"]
    return sum(item["transferSize"] for item in items if not kind or item.get("resourceType") == kind)


if __name__ == "__main__":
    main()
