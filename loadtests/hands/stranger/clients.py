"""What the software of one kind of voter sends and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from loadtests.hands.stranger.dice import Rng, pick
from loadtests.hands.stranger.models import (
    ANDROID,
    BUILDS,
    CHROMES,
    DESKTOPS,
    IOS,
    IPHONES,
    MACS,
    OWN,
    WECHAT_ANDROID,
    WECHAT_IOS,
    WECHAT_WINDOWS,
    XWEB,
)

T = TypeVar("T")
_ENGINE = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_ENGINE}"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_ZH = "zh-CN,zh;q=0.9"
_GREASE = ('"Not)A;Brand";v="8"', '"Not?A_Brand";v="99"', '"Not/A)Brand";v="24"')


@dataclass(frozen=True, slots=True)
class Profile:
    """One fingerprint. The user agent is head, or, of WeChat, head + web id + mid + network + tail."""

    channel: str
    head: str | None
    mid: str = ""
    tail: str = ""
    accept_language: str | None = _ZH
    hints: tuple[str, str, str] | None = None
    fetches: bool = True
    screen: str | None = None
    dpr: float | None = None
    languages: str | None = None
    timezone: str | None = None
    platform: str | None = None


def client(size: tuple[int, int, float], platform: str, languages: str = "zh-CN,zh") -> dict[str, Any]:
    """What the page reports of a machine in China."""
    width, height, ratio = size
    found = {"screen": f"{width}x{height}", "dpr": ratio, "platform": platform}
    return found | {"languages": languages, "timezone": "Asia/Shanghai"}


def some(rng: Rng, items: Sequence[T], steep: float = 0.7) -> T:
    """One of them, the first ones likelier."""
    return items[int(pick(rng, np.arange(1.0, len(items) + 1) ** -steep, 1)[0])]


def brands(rng: Rng, name: str, version: int) -> str:
    """A `sec-ch-ua` header; some makers name nothing but the engine."""
    if name == "Chromium":
        return f'"Chromium";v="{version}", {some(rng, _GREASE)}'
    return f'"{name}";v="{version}", "Chromium";v="{version}", {some(rng, _GREASE)}'


def _android(rng: Rng) -> tuple[str, str, tuple[int, int, float]]:
    """Model, the system part of the user agent, and the screen."""
    model, width, height, ratio, versions = ANDROID[int(rng.integers(len(ANDROID)))]
    version = int(rng.choice(versions))
    build = f"HUAWEI{model}" if version in (10, 12) and "-AL" in model else some(rng, BUILDS[version])
    size = (width, height, ratio)
    if rng.random() < 0.08:  # larger letters
        size = (round(width * 0.88), round(height * 0.88), round(ratio / 0.88, 4))
    return model, f"Linux; Android {version}; {model} Build/{build}", size


def wechat_android(rng: Rng) -> Profile:
    """The page in WeChat on Android; client hints are usually missing there."""
    _, system, size = _android(rng)
    version, code, sdk = some(rng, WECHAT_ANDROID)
    chrome, engine = some(rng, XWEB)
    tongue = "zh_CN" if rng.random() < 0.975 else str(rng.choice(["en", "zh_TW", "zh_HK"]))
    language = {"zh_CN": "zh-CN,zh;q=0.9,en-US;q=0.8,en;q=0.7", "en": "en-US,en;q=0.9"}.get(tongue, "zh-TW,zh;q=0.9")
    hinted = chrome >= 134 and rng.random() < 0.2
    return Profile(
        "wechat",
        f"Mozilla/5.0 ({system}; wv) {_ENGINE} Version/4.0 Chrome/{chrome}.0.0.0 Mobile Safari/537.36 "
        f"XWEB/{engine} MMWEBSDK/{sdk} MMWEBID/",
        f" MicroMessenger/{version}(0x{code}) WeChat/arm64 Weixin NetType/",
        f" Language/{tongue} ABI/arm64",
        language,
        (brands(rng, "Android WebView", chrome), '"Android"', "?1") if hinted else None,
        **client(size, str(rng.choice(["Linux aarch64", "Linux armv81"])), "en-US" if tongue == "en" else "zh-CN,zh"),
    )


def _iphone(rng: Rng) -> tuple[str, tuple[int, int, float]]:
    """The system and the screen; the newest phones never had an old system."""
    system, size = some(rng, IOS), some(rng, IPHONES)
    return (system if system >= "18" or size[0] not in (402, 440) else "18_5"), size


def wechat_ios(rng: Rng) -> Profile:
    """The page in WeChat on an iPhone."""
    system, size = _iphone(rng)
    head = f"Mozilla/5.0 (iPhone; CPU iPhone OS {system} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    tongue, language, reported = "zh_CN", "zh-CN,zh-Hans;q=0.9", "zh-CN"
    if rng.random() < 0.02:
        tongue, language, reported = "en", "en-US,en;q=0.9", "en-US"
    mid = f"Mobile/15E148 MicroMessenger/{some(rng, WECHAT_IOS)} NetType/"
    fetches = int(system[:2]) > 16
    return Profile(
        "wechat", head, mid, f" Language/{tongue}", language, None, fetches, **client(size, "iPhone", reported)
    )


def wechat_desktop(rng: Rng) -> Profile:
    """WeChat's window on a computer."""
    code, chrome, engine = some(rng, WECHAT_WINDOWS)
    head = f"{_WINDOWS} Chrome/{chrome}.0.0.0 Safari/537.36 "
    tail = f" MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x{code}) XWEB/{engine} Flue"
    hints = (brands(rng, "Chromium", chrome), '"Windows"', "?0") if rng.random() < 0.5 else None
    return Profile("wechat", head, "NetType/", tail, _ZH, hints, **client(some(rng, DESKTOPS), "Win32"))


def mini_program(rng: Rng) -> Profile:
    """A request of a WeChat mini program: no page, so neither origin nor fetch metadata."""
    base = wechat_android(rng) if rng.random() < 0.6 else wechat_ios(rng)
    android = "Android" in str(base.head)
    system = "android" if android else "ios"
    size = tuple(int(part) for part in str(base.screen).split("x"))
    return Profile(
        "mini_program",
        base.head,
        base.mid,
        f"{base.tail} MiniProgramEnv/{system}" if android else base.tail,
        base.accept_language if android else "zh-CN,zh-Hans;q=0.9",
        None,
        False,
        **client((size[0], size[1], float(base.dpr or 2)), system, "zh_CN"),
    )


def android_browser(rng: Rng) -> Profile:
    """A phone's own browser, a search app or a video app's page."""
    model, system, size = _android(rng)
    chrome = some(rng, (130, 123, 114, 138, 109, 99))
    head = f"Mozilla/5.0 ({system}) {_ENGINE} Version/4.0 Chrome/{chrome}.0.0.0 Mobile Safari/537.36 "
    own = next((name for start, name in OWN if model.startswith(start)), "MQQBrowser/15.6 COVC/047601")
    apps = (
        *(own, "baiduboxapp/13.80.0.10 (Baidu; P1)", "Quark/7.9.5.771", "UCBrowser/17.6.2.1402", own),
        *("MQQBrowser/15.6 COVC/047601", "aweme.34.2.0 ByteLocale/zh-CN", f"Weibo ({model}__weibo__14.9.2__android)"),
    )
    suffix = some(rng, apps, 0.6)
    reported = client(size, "Linux aarch64")
    if rng.random() < 0.2:  # plain Chrome or Edge hide the model
        chrome = some(rng, CHROMES)
        head = f"Mozilla/5.0 (Linux; Android 10; K) {_ENGINE} Chrome/{chrome}.0.0.0 Mobile Safari/537.36"
        name, suffix = ("Google Chrome", "") if rng.random() < 0.5 else ("Microsoft Edge", f" EdgA/{chrome}.0.0.0")
        return Profile(
            "web", head + suffix, hints=(brands(rng, name, chrome), '"Android"', "?1"), **client(size, "Linux armv81")
        )
    hints = (brands(rng, "Android WebView", chrome), '"Android"', "?1") if rng.random() < 0.45 else None
    return Profile(
        "web",
        head + suffix.replace("P1", f"P1 {system.split()[2][:-1]}"),
        hints=hints,
        fetches=chrome >= 80,
        **reported,
    )


def iphone_browser(rng: Rng) -> Profile:
    """Safari, or an app's page, on an iPhone."""
    system, size = _iphone(rng)
    head = f"Mozilla/5.0 (iPhone; CPU iPhone OS {system} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    # Since version 26 Safari names a frozen system.
    version = some(rng, ("26.1", "26.3", "26.2")) if system == "18_7" else system.replace("_", ".")[:4]
    safari = f"Version/{version} Mobile/15E148 Safari/604.1"
    apps = (
        safari,
        "Mobile/15E148 MQQBrowser/15.6.1",
        "Mobile/15E148 baiduboxapp/15.22.0.10",
        "Mobile/15E148 aweme_342000",
    )
    reported = client(size, "iPhone", "zh-CN")
    return Profile(
        "web", head + some(rng, apps, 1.4), "", "", "zh-CN,zh-Hans;q=0.9", None, int(system[:2]) > 16, **reported
    )


def desktop_browser(rng: Rng) -> Profile:
    """Edge, Chrome, a Chinese Chromium, Firefox or Safari."""
    kind = some(rng, ("Microsoft Edge", "Google Chrome", "360", "Firefox", "Safari", "Lenovo"), 0.9)
    size = some(rng, DESKTOPS)
    if kind == "Safari":
        version = some(rng, ("26.1", "18.5", "17.6"))
        head = f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version} Safari/605.1.15"
        return Profile("web", head, "", "", "zh-CN,zh-Hans;q=0.9", **client(some(rng, MACS), "MacIntel", "zh-CN"))
    if kind == "Firefox":
        fox = some(rng, (146, 140, 144, 115))
        head = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{fox}.0) Gecko/20100101 Firefox/{fox}.0"
        language = "zh-CN,zh;q=0.8,zh-TW;q=0.7,zh-HK;q=0.5,en-US;q=0.3,en;q=0.2"
        return Profile("web", head, "", "", language, **client(size, "Win32", "zh-CN,zh,zh-TW,zh-HK,en-US,en"))
    chrome = some(rng, (132, 108, 122)) if kind in ("360", "Lenovo") else some(rng, CHROMES)
    suffix = {"Microsoft Edge": f" Edg/{chrome}.0.0.0", "Lenovo": " SLBrowser/9.0.6.8151 SLBChan/105"}.get(kind, "")
    name = "Chromium" if kind in ("360", "Lenovo") else kind
    language = _ZH if rng.random() < 0.7 else "zh-CN,zh;q=0.9,en;q=0.8,en-GB;q=0.7,en-US;q=0.6"
    reported = client(size, "Win32", "zh-CN,zh" if language == _ZH else "zh-CN,en,en-GB,en-US")
    head = f"{_WINDOWS} Chrome/{chrome}.0.0.0 Safari/537.36{suffix}"
    return Profile("web", head, "", "", language, (brands(rng, name, chrome), '"Windows"', "?0"), **reported)
