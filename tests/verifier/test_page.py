"""verify.html in a real Chromium, opened from disk: it finds what verify.py finds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.acceptance.test_browser import OUTPUT, QUIET, chromium
from tests.verifier import made
from tests.verifier.conftest import Verify
from tests.verifier.tampering import Case

PATIENCE = 60_000  # milliseconds


@pytest.fixture(scope="module")
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(PATIENCE)
        await page.goto((made.VERIFIER / "verify.html").as_uri())
        yield page
        await browser.close()


async def check(
    page: Page, *paths: Path, trust: str = made.POLICY, key: str = made.RECEIPT_KEY
) -> set[tuple[str, str]]:
    """Chooses a folder or files; returns the findings that the page shows."""
    await page.fill("#trust", trust)
    await page.fill("#receipt-key", key)
    if paths[0].is_dir():
        await page.set_input_files("#folder", paths[0])
    else:
        await page.set_input_files("#files", paths)
    await expect(page.locator("#verdict")).to_have_attribute("data-state", "done", timeout=PATIENCE)
    shown = await page.locator("#findings li[data-code]").evaluate_all(
        "lines => lines.map(line => [line.dataset.code, line.dataset.where])"
    )
    return {(code, where) for code, where in shown}


async def result(page: Page) -> str | None:
    return await page.locator("#verdict").get_attribute("data-result")


async def test_an_untouched_bundle(page: Page, bundle: Path) -> None:
    assert await check(page, bundle) == set()
    assert await result(page) == "ok"
    assert await page.locator("#claims .wrong, #claims .skipped").count() == 0
    await page.screenshot(path=OUTPUT / "verifier.png", full_page=True)


async def test_tampering_is_named_as_verify_py_names_it(
    page: Page, verify: Verify, bent: dict[str, Case], policy: Path
) -> None:
    for name, case in bent.items():
        verdict = verify("bundle", case.folder, "--policy", policy)
        assert await check(page, case.folder) == {
            (finding["code"], finding["where"]) for finding in verdict.findings
        }, name
        assert await result(page) == ("wrong" if verdict.findings else "ok")
