"""What a browser says of itself, consistent with itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from loadtests.hands.literal import devices

_Value = TypeVar("_Value")

_BLINK, _WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)", "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_WINDOWS, _MAC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_APPLE_ACCEPT, _APPLE_LANGUAGES = "zh-CN,zh-Hans;q=0.9", "zh-CN"
_VIEW_ACCEPT, _VIEW_LANGUAGES = devices.LANGUAGES[1][:2]
# The last one has what is left.
_LANGUAGE_SUMS = np.cumsum([share for *_, share in devices.LANGUAGES[:-1]])


@dataclass(frozen=True, slots=True)
class Profile:
    """One fingerprint. The user agent is `head`, in WeChat with the kind of network and `tail`; what is `bare` tells
    nothing of a page."""

    head: str
    screen: str | None
    dpr: float
    platform: str | None
    tail: str = ""
    wechat: bool = False
    android: bool = False
    desk: bool = False
    bare: bool = False
    brands: str | None = None
    hint: str | None = None
    mobile: str | None = None
    accept: str | None = "zh-CN,zh;q=0.9"
    languages: str = "zh-CN,zh"
    timezone: str = "Asia/Shanghai"
    fetch: str | None = "same-origin"


def brands(version: int, name: str = "Google Chrome") -> str:
    """The header of client hints that names the browser."""
    grease = ('"Not)A;Brand";v="99"', '"Not-A.Brand";v="24"', '"Not/A)Brand";v="8"')[version % 3]
    return f'"Chromium";v="{version}", "{name}";v="{version}", {grease}'


def program(agent: str) -> Profile:
    """What is no browser and says so."""
    return Profile(head=agent, screen=None, dpr=1.0, platform=None, accept=None, fetch=None, bare=True)


class Browsers:
    """Draws genuine browsers, and those that hide what they are."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    def wechat(self) -> Profile:
        """WeChat's web view."""
        minor, build, code = self._any(devices.WEIXIN)
        if self._random.random() < 0.35:
            return self._wechat_ios(minor, code)
        return self._wechat_android(minor, build, code)

    def _wechat_ios(self, minor: int, code: str) -> Profile:
        width, height, dpr = self._any(devices.IPHONES)
        system = self._any(devices.IOS)
        return Profile(
            head=f"Mozilla/5.0 (iPhone; CPU iPhone OS {system} like Mac OS X) {_WEBKIT} Mobile/15E148 "
            f"MicroMessenger/8.0.{minor}(0x1800{code.lower()}2c) NetType/",
            tail=" Language/zh_CN",
            wechat=True,
            screen=f"{width}x{height}",
            dpr=dpr,
            platform="iPhone",
            accept=_APPLE_ACCEPT,
            languages=_APPLE_LANGUAGES,
            fetch=_fetch(system),
        )

    def _wechat_android(self, minor: int, build: int, code: str) -> Profile:
        model, width, height, dpr = self._any(devices.PHONES)
        chrome, xweb = self._any(devices.XWEB)
        return Profile(
            head=f"Mozilla/5.0 (Linux; Android {self._android(model)}; {model} Build/{_build(model)}; wv) {_BLINK} "
            f"Version/4.0 Chrome/{chrome}.0.0.0 Mobile Safari/537.36 XWEB/{xweb} MMWEBSDK/20240301 "
            f"MMWEBID/{int(self._random.integers(1000, 9999))} "
            f"MicroMessenger/8.0.{minor}.{build}(0x2800{code}3D) WeChat/arm64 Weixin NetType/",
            tail=" Language/zh_CN ABI/arm64",
            wechat=True,
            android=True,
            screen=f"{width}x{height}",
            dpr=dpr,
            platform="Linux aarch64",
            accept=_VIEW_ACCEPT,
            languages=_VIEW_LANGUAGES,
        )

    def web(self) -> Profile:
        """Any other browser."""
        pick = self._random.random()
        language = int(np.searchsorted(_LANGUAGE_SUMS, self._random.random()))
        accept, languages, _ = devices.LANGUAGES[language]
        version = self._any(devices.CHROMES)
        if pick < 0.42:
            phone = self._chrome_android(version) if pick < 0.17 else self._vendor()
            return replace(phone, accept=accept, languages=languages)
        if pick < 0.6:
            return self._safari_ios()
        if pick < 0.88:
            return replace(self._windows(version), accept=accept, languages=languages)
        width, height, dpr = self._any(devices.MACS)
        if pick < 0.92:
            return replace(_chrome_mac(version, width, height, dpr), accept=accept, languages=languages)
        return self._safari_mac(width, height, dpr) if pick < 0.96 else self._firefox(*self._any(devices.DESKS))

    def _chrome_android(self, version: int) -> Profile:
        _, width, height, dpr = self._any(devices.PHONES)
        return Profile(
            head=f"Mozilla/5.0 (Linux; Android 10; K) {_BLINK} Chrome/{version}.0.0.0 Mobile Safari/537.36",
            android=True,
            screen=f"{width}x{height}",
            dpr=dpr,
            platform="Linux armv81",
            brands=brands(version),
            hint='"Android"',
            mobile="?1",
        )

    def _vendor(self) -> Profile:
        model, width, height, dpr = self._any(devices.PHONES)
        vendor = self._any(devices.VENDORS)
        return Profile(
            head=f"Mozilla/5.0 (Linux; U; Android {self._android(model)}; zh-cn; {model} Build/{_build(model)}) "
            f"{_BLINK} Version/4.0 Chrome/{self._any(devices.VENDOR_CHROMES)}.0.0.0 Mobile Safari/537.36 {vendor}",
            android=True,
            screen=f"{width}x{height}",
            dpr=dpr,
            platform="Linux aarch64",
        )

    def _safari_ios(self) -> Profile:
        width, height, dpr = self._any(devices.IPHONES)
        system = self._any(devices.IOS)
        return Profile(
            head=f"Mozilla/5.0 (iPhone; CPU iPhone OS {system} like Mac OS X) {_WEBKIT} "
            f"Version/{'.'.join(system.split('_')[:2])} Mobile/15E148 Safari/604.1",
            screen=f"{width}x{height}",
            dpr=dpr,
            platform="iPhone",
            accept=_APPLE_ACCEPT,
            languages=_APPLE_LANGUAGES,
            fetch=_fetch(system),
        )

    def _windows(self, version: int) -> Profile:
        width, height, dpr = self._any(devices.DESKS)
        edge = bool(self._random.random() < 0.4)
        made = _chrome_windows(version, width, height, dpr, "Microsoft Edge" if edge else "Google Chrome")
        return replace(made, head=f"{made.head} Edg/{version}.0.0.0") if edge else made

    def _safari_mac(self, width: int, height: int, dpr: float) -> Profile:
        return Profile(
            head=f"{_MAC} {_WEBKIT} Version/{self._any(devices.SAFARIS)} Safari/605.1.15",
            screen=f"{width}x{height}",
            dpr=dpr,
            platform="MacIntel",
            accept=_APPLE_ACCEPT,
            languages=_APPLE_LANGUAGES,
        )

    def _firefox(self, width: int, height: int, dpr: float) -> Profile:
        version = self._any(devices.FIREFOXES)
        return Profile(
            head=f"{_WINDOWS}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0",
            screen=f"{width}x{height}",
            dpr=dpr,
            platform="Win32",
            accept="zh-CN,zh;q=0.8,zh-TW;q=0.7,zh-HK;q=0.5,en-US;q=0.3,en;q=0.2",
            languages="zh-CN,zh,zh-TW,zh-HK,en-US,en",
        )

    def private(self) -> list[Profile]:
        """Browsers that make their users look alike."""
        alike = [
            replace(self._firefox(width, height, 1.0), timezone="UTC", accept="en-US,en;q=0.5", languages="en-US,en")
            for width, height in devices.ROUNDED
            for _ in range(4)
        ]
        brave = [
            _chrome_windows(version, *desk, "Brave") for version in devices.CHROMES[-9:] for desk in devices.DESKS[:5]
        ]
        return alike + brave

    def app(self, name: str) -> Profile:
        """An Android web view of this app."""
        model, width, height, dpr = self._any(devices.PHONES)
        chrome = self._any(devices.VIEW_CHROMES)
        return Profile(
            head=f"Mozilla/5.0 (Linux; Android {self._android(model)}; {model} Build/{_build(model)}; wv) {_BLINK} "
            f"Version/4.0 Chrome/{chrome}.0.0.0 Mobile Safari/537.36 {name}",
            android=True,
            screen=f"{width}x{height}",
            dpr=dpr,
            platform="Linux aarch64",
            accept=_VIEW_ACCEPT,
            languages=_VIEW_LANGUAGES,
        )

    def _any(self, values: Sequence[_Value]) -> _Value:
        return values[int(self._random.integers(len(values)))]

    def _android(self, model: str) -> int:
        return 10 + (_number(model) % 4) + int(self._random.random() < 0.4)


def _chrome_windows(version: int, width: int, height: int, dpr: float, name: str) -> Profile:
    return Profile(
        head=f"{_WINDOWS}) {_BLINK} Chrome/{version}.0.0.0 Safari/537.36",
        desk=True,
        screen=f"{width}x{height}",
        dpr=dpr,
        platform="Win32",
        brands=brands(version, name),
        hint='"Windows"',
        mobile="?0",
    )


def _chrome_mac(version: int, width: int, height: int, dpr: float) -> Profile:
    return Profile(
        head=f"{_MAC} {_BLINK} Chrome/{version}.0.0.0 Safari/537.36",
        desk=True,
        screen=f"{width}x{height}",
        dpr=dpr,
        platform="MacIntel",
        brands=brands(version),
        hint='"macOS"',
        mobile="?0",
    )


def _fetch(system: str) -> str | None:
    """Safari sends fetch metadata since 16.4."""
    major, minor = system.split("_")[:2]
    return "same-origin" if (int(major), int(minor)) >= (16, 4) else None


def _number(model: str) -> int:
    # Not hash(), which differs from process to process.
    return sum(map(ord, model))


def _build(model: str) -> str:
    return devices.BUILDS[_number(model) % 4]
