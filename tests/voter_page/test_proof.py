"""The voter's page checks the proof that a ballot is in the public log, keeps it, and offers it."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

from playwright.async_api import Browser, Page, Route, expect

from tests.acceptance.test_browser import FIVE_A_DAY, PHONE, browser
from tests.conftest import Contests, Service, eventually
from tests.services.transparency.test_log import SEED, sequenced
from tests.voter_page.browsers import MODULE, node
from voting.domain.ballots import merkle
from voting.domain.transparency import note, tree
from voting.domain.transparency.tree import Edge
from voting.services.identity.privacy import DEFAULT_NOTICE
from voting.services.transparency.log_key import LogKey
from voting.wiring.admin import AdminServices

__all__ = ["browser"]
ORIGIN = "vote.example.org/log/x"
CHECK = """
import { readFileSync } from "node:fs";
const { checkProof } = await import(process.argv[1]);
const verify = async (key, signature, message) => {
  const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
};
for (const [vkey, receipt, proof] of JSON.parse(readFileSync(0))) {
  console.log(await checkProof(vkey, receipt, proof, verify).then((proven) => proven.index, (wrong) => wrong.code));
}
"""
WITHOUT_ED25519 = """
const importKey = SubtleCrypto.prototype.importKey;
SubtleCrypto.prototype.importKey = function (form, data, algorithm, ...more) {
  if (algorithm.name === "Ed25519") return Promise.reject(new DOMException("", "NotSupportedError"));
  return importKey.call(this, form, data, algorithm, ...more);
};
"""
CHECKED = "✓ 已在公开日志中，编号 {}，本设备已核验。"
WAIT_MILLISECONDS = 11_000
REMEMBER = "([name, text]) => localStorage.setItem(name, text)"


def test_a_bent_proof_is_found_and_a_right_one_is_right(tmp_path: Path) -> None:
    cases, expected = [], []
    signer, other = (LogKey(seed * 32).signer(ORIGIN) for seed in (b"a", b"b"))
    for size in range(1, 21):
        leaves = [f"leaf {number}\n".encode() for number in range(size)]
        edge = Edge()
        edge.append([merkle.leaf_hash(leaf) for leaf in leaves])
        tiles = {tree.TileId(0, 0): b"".join(edge.levels[0])}
        for index, leaf in enumerate(leaves):
            hashes = [tree.root(part, tiles) for part in tree.inclusion(index, size)]
            signed, key = signer.sign(size, edge.root()), str(signer.key)
            receipt = base64.urlsafe_b64encode(leaf).decode().rstrip("=") + "..x"
            right = note.proof_text(index, hashes, signed)
            cases += [
                (key, receipt, right),
                (key, receipt, note.proof_text(index, [*hashes, bytes(32)], signed)),
                (key, receipt, note.proof_text(index, hashes, signer.sign(size, bytes(32)))),
                (key, "bGVhZiB4Cg..x", right),
                (str(other.key), receipt, right),
                (key, receipt, note.proof_text(index, hashes, other.sign(size, edge.root()))),
                (key, receipt, note.proof_text(size, hashes, signed)),
                (key, receipt, right.replace("proof@v1", "proof@v2")),
            ]
            expected += [str(index), *["elsewhere"] * 3, *["unsigned"] * 2, *["unreadable"] * 2]
            if hashes:
                cases += [
                    (key, receipt, note.proof_text(index, hashes[1:], signed)),
                    (key, receipt, note.proof_text(index, [bytes(32), *hashes[1:]], signed)),
                    (key, receipt, note.proof_text(index ^ 1 if index ^ 1 < size else 0, hashes, signed)),
                ]
                expected += ["elsewhere"] * 3
    script = [node(), "--input-type=module", "-e", CHECK, MODULE.as_uri()]
    done = subprocess.run(script, input=json.dumps(cases), capture_output=True, text=True, check=True)
    assert done.stdout.split() == expected


async def test_a_device_checks_its_ballots_proof_and_keeps_it(
    browser: Browser, service: Service, contests: Contests, office: AdminServices
) -> None:
    contest, contexts = await contests.make(FIVE_A_DAY), []
    for number, script in enumerate(("", WITHOUT_ED25519)):
        context = await browser.new_context(viewport=PHONE, locale="zh-CN", base_url=service.url)
        contexts.append(context)
        await context.add_cookies([{"name": "consent", "value": DEFAULT_NOTICE, "url": service.url}])
        await context.add_init_script(script)
        page = await context.new_page()
        await page.clock.install()
        await page.goto(f"/c/{contest}")
        await vote(page, "A001")
        await sequenced(office)
        # After the acts that made the contest and its roster, and what the log begins with.
        shown = page.locator("#receipt .proof")
        await page.clock.run_for(WAIT_MILLISECONDS)
        await expect(shown).to_contain_text(CHECKED.format(3 + 2 * number))
        await vote(page, "A002")
        await sequenced(office)
        await page.clock.run_for(WAIT_MILLISECONDS)
        await expect(shown).to_contain_text(CHECKED.format(4 + 2 * number))
        await page.locator("#said a").click()
        async with page.expect_download() as saving:
            await shown.locator("a").click()
        assert note.read_proof((await (await saving.value).path()).read_text()).leaf_index == 4 + 2 * number

        await page.route("**/proof/**", abort)
        await page.goto(f"/c/{contest}/ballots")
        own = page.locator(".proof [role=status]")
        both = [CHECKED.format(index + 2 * number) for index in (4, 3)]
        await expect(own).to_have_text(both)
        # A log changes its key: what was kept before is checked with the key of then.
        stranger = str(LogKey(b"b" * 32).signer(f"vote.example.org/log/{contest}").key)
        await page.evaluate(REMEMBER, [f"{contest}:log_key", stranger])
        await page.reload()
        await expect(own).to_have_text(both)
        await page.unroute("**/proof/**")

        await page.evaluate("localStorage.clear()")
        await page.route("**/proof/**", twist)
        await page.reload()
        await expect(own).to_contain_text(["公开日志与回执不符"] * 2)
        await page.unroute("**/proof/**")
        await page.evaluate(REMEMBER, [f"{contest}:log_key", stranger])
        await page.reload()
        await expect(own).to_contain_text(["公钥与本设备首次见到的不同"] * 2)

    await learns_a_new_key(page, contest, office)
    for context in contexts:
        await context.close()


async def learns_a_new_key(page: Page, contest: str, office: AdminServices) -> None:
    """Both keys sign a log that changes its key, so the browser learns the new one from the old."""
    old, new = (str(LogKey(seed).signer(f"vote.example.org/log/{contest}").key) for seed in (SEED, b"n" * 32))
    await sequenced(office, b"n" * 32, SEED)

    async def is_signed_by_both() -> bool:
        return (await (await page.request.get(f"/log/{contest}/checkpoint")).text()).count("\u2014") == 2

    await eventually(is_signed_by_both)
    await page.evaluate(f"(pair) => {{ localStorage.clear(); ({REMEMBER})(pair) }}", [f"{contest}:log_key", old])
    # The proof of one ballot is away, which delays no other.
    newest = await page.locator(".proof").first.get_attribute("data-proof")
    await page.route(f"**{newest}", abort)
    await page.reload()
    await expect(page.locator(".proof [role=status]").nth(1)).to_have_text(CHECKED.format(5))
    assert await page.evaluate("(name) => localStorage.getItem(name)", f"{contest}:log_key") == new


async def vote(page: Page, code: str) -> None:
    """Votes, and waits until the ballot is recorded."""
    await page.locator(f"[data-entry={code}] button.vote").click()
    await expect(page.locator("#said.good")).to_be_visible()
    await expect(page.locator(f"[data-entry={code}] button.vote")).to_have_text("今天已投")


async def abort(route: Route) -> None:
    await route.abort()


async def twist(route: Route) -> None:
    """Answers the proof of another leaf."""
    proof = note.read_proof(await (await route.fetch()).text())
    await route.fulfill(body=note.proof_text(proof.leaf_index - 1, proof.hashes, proof.note))
