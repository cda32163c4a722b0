"""verify.html in a real Chromium, opened from disk: it finds what verify.py finds."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.acceptance.test_browser import OUTPUT
from tests.verifier import made
from tests.verifier.case import Case
from tests.verifier.conftest import PATIENCE, Verify
from tests.verifier.test_tampering import mutated
from tests.verifier.test_verify import holds, signatures


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


def named(found: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Names files beside the bundle without their folders."""
    beside = ("kept", "receipt.txt", "ballot.tlog-proof")
    return {(code, where.rpartition("/")[2] if where.endswith(beside) else where) for code, where in found}


async def result(page: Page) -> str | None:
    return await page.locator("#verdict").get_attribute("data-result")


async def test_an_untouched_bundle(page: Page, bundle: Path) -> None:
    (bundle / ".DS_Store").touch()
    assert await check(page, bundle) == set()
    (bundle / ".DS_Store").unlink()
    assert await result(page) == "ok"
    assert await page.locator("#claims .wrong, #claims .skipped").count() == 0
    await page.screenshot(path=OUTPUT / "verifier.png", full_page=True)


async def test_tampering_is_named_as_verify_py_names_it(
    page: Page, verify: Verify, bent: dict[str, Case], policy: Path
) -> None:
    for name, case in bent.items():
        verdict = verify(*case.arguments(policy))
        found = {(finding["code"], finding["where"]) for finding in verdict.findings}
        assert named(await check(page, *case.chosen())) == named(found), name
        assert await result(page) == ("wrong" if verdict.findings else "ok")


@pytest.mark.parametrize("count", [15, pytest.param(400, marks=pytest.mark.campaign)])
async def test_it_finds_what_verify_py_finds_in_any_change(
    page: Page, verify: Verify, policy: Path, tmp_path: Path, count: int
) -> None:
    given, dice = tmp_path / "given", random.Random(count)
    folder, openings = given / "bundle", given / "openings"
    made.write_bundle(folder, world := made.make_world(ballots=30))
    made.write_openings(openings, [*world.decisions, *world.opened])
    opened: list[object] = ["openings", openings, "--bundle", folder]
    for _ in range(count):
        checked, arguments = dice.choice(
            [(folder, ["bundle", folder]), (folder / "log", ["log", folder / "log"]), (given, opened)]
        )
        inside = sorted(path for path in checked.rglob("*") if path.is_file())
        path = openings if checked == given else dice.choice(inside)
        before = path.read_bytes()
        path.write_bytes(mutated(before, dice))
        verdict = verify(*arguments, "--policy", policy)
        found = {(finding["code"], finding["where"]) for finding in verdict.findings}
        assert await check(page, checked) == found, (path, path.read_bytes())
        path.write_bytes(before)


async def test_a_receipt_and_its_proof(page: Page, tmp_path: Path) -> None:
    world = made.make_world()
    index, statements, place = world.ballots[-1]
    receipt, proof = tmp_path / "receipt.txt", tmp_path / "ballot.tlog-proof"
    receipt.write_text(made.receipt(statements, place))
    note = made.cosign(made.write_log(tmp_path / "log", world.leaves))
    proof.write_bytes(made.proof_of(tmp_path / "log", index, note))
    assert await check(page, receipt) == set()
    assert await check(page, receipt, proof) == set()
    await expect(page.locator("#facts")).to_contain_text(f"Entry {index} of a log of {len(world.leaves)}.")
    assert await check(page, receipt, key=made.RECEIPT_KEY[::-1]) == {("receipt", "receipt.txt")}
    assert await check(page, receipt, proof, trust=made.vkey_of(made.ORIGIN, made.STRANGER)) == {
        ("signature", "ballot.tlog-proof")
    }
    (tmp_path / "long.txt").write_text("-- receipts --\n" * 5000)
    assert await check(page, receipt, tmp_path / "long.txt") == {("receipt", "long.txt")}
    proof.write_bytes(proof.read_bytes().replace(f"index {index}".encode(), b"index 7"))
    assert await check(page, receipt, proof) == {("inclusion", "ballot.tlog-proof")}


async def test_a_folder_is_dropped_with_a_receipt_and_an_earlier_checkpoint(page: Page, tmp_path: Path) -> None:
    """Two histories of one size, and a promise that the second of them breaks."""
    world = made.make_world()
    index, statements, place = world.ballots[-1]
    kept, receipt, folder = tmp_path / "kept.txt", tmp_path / "receipt.txt", tmp_path / "log"
    kept.write_bytes(made.write_log(tmp_path / "earlier", world.leaves))
    receipt.write_text(made.receipt(statements, place))
    world.leaves[index] = made.leaf("incident/v1", "2026-11-22T20:00:00Z", "what lost")
    made.write_log(folder, world.leaves)
    await page.fill("#trust", made.LOG_VKEY)
    await page.fill("#receipt-key", made.RECEIPT_KEY)
    await page.locator("#drop").scroll_into_view_if_needed()
    target = await page.locator("#drop").bounding_box()
    assert target
    session = await page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder), str(kept), str(receipt)], "dragOperationsMask": 1}
    place_of_drop = {"x": target["x"] + 20, "y": target["y"] + 20, "data": data}
    for type in ("dragEnter", "dragOver", "drop"):
        await session.send("Input.dispatchDragEvent", {"type": type, **place_of_drop})
    await expect(page.locator("#findings li[data-code=promise]")).to_have_attribute("data-where", "receipt.txt")
    await expect(page.locator("#findings li[data-code=equivocation]")).to_have_attribute("data-where", "kept.txt")
    await expect(page.locator("#claims .skipped")).to_contain_text("without a policy no witness is known")


async def test_what_cannot_be_checked_says_why(page: Page, bundle: Path, tmp_path: Path) -> None:
    assert await check(page, bundle, trust="") == set()
    assert await result(page) == "unchecked"
    await expect(page.locator("#verdict")).to_contain_text("The log's key or the policy is needed first.")
    (tmp_path / "receipt.txt").write_text("a.b.c")
    assert await check(page, tmp_path / "receipt.txt", key="") == set()
    await expect(page.locator("#verdict")).to_contain_text("The key of receipts is needed")


async def test_its_ed25519_is_that_of_cryptography(page: Page) -> None:
    cases = signatures(8)
    told = await page.evaluate(
        "cases => Promise.all(cases.map(parts => ed25519Verify(...parts.map(part => Uint8Array.from(part)))))",
        [[list(part) for part in case] for case in cases],
    )
    assert told == [holds(*case) for case in cases]


async def test_it_loads_nothing_and_may_not_connect(page: Page) -> None:
    """The page is one file; its own policy forbids every request."""
    text = (made.VERIFIER / "verify.html").read_text("utf-8")
    assert "src=" not in text.replace("script-src", "")
    assert "http" not in text.replace("http-equiv", "")
    refused = await page.evaluate("fetch('data:text/plain,x').then(() => false, () => true)")
    assert refused
