"""Browsers and apps of the public: user agents with what they send and report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product

import polars as pl

SITE = "https://vote.example.cn"
SHARES = {
    "wx_android": 0.29,
    "wx_ios": 0.16,
    "mini_android": 0.10,
    "mini_ios": 0.05,
    "chrome_android": 0.08,
    "vendor_android": 0.09,
    "safari_ios": 0.09,
    "windows": 0.10,
    "mac": 0.025,
    "firefox": 0.015,
    "tool": 0.0,
}
WECHAT = ("wx_android", "wx_ios", "mini_android", "mini_ios")
ANDROID = ("wx_android", "mini_android", "chrome_android", "vendor_android")
PHONES = (*WECHAT, "chrome_android", "vendor_android", "safari_ios")
DESKTOP = ("windows", "mac", "firefox")
BROWSERS = ("chrome_android", "vendor_android", "safari_ios", *DESKTOP)

_MODELS = (
    *("V2162A,13,360x800,3", "V2307A,14,393x873,2.75", "V1986A,12,360x800,3", "PGX110,13,360x800,3"),
    *("PJV110,14,360x804,3", "PEGM00,13,412x915,2.625", "PCLM10,11,360x780,3", "2211133C,14,393x851,2.75"),
    *("23049RAD8C,14,407x904,2.66", "M2012K11AC,13,393x873,2.75", "22041211AC,13,393x873,2.75"),
    *("ALN-AL00,12,360x792,3.375", "NOH-AN00,12,360x772,3.75", "JAD-AL00,12,360x780,3.5", "LIO-AL00,10,360x780,3"),
    *("ANA-AN00,12,360x780,3", "VOG-AL10,10,360x780,3", "ELZ-AN00,13,384x845,3.375", "REA-AN00,14,385x856,2.8"),
    *("SM-S9280,14,384x832,3.75", "RMX3700,14,360x800,3", "PHK110,14,412x915,2.625", "MEIZU 20,13,360x780,3"),
    *("TAS-AN00,12,360x780,3", "JEF-AN20,10,360x800,3", "23013RK75C,14,412x915,3.5"),
)
_WEBVIEWS = ("116.0.5845.114,1160065", "126.0.6478.188,1260117", "130.0.6723.103,1300259", "134.0.6998.136,1340129")
_APPS = ("8.0.61,2861", "8.0.63,2920", "8.0.60,2820", "8.0.57,2780", "8.0.54,2760", "8.0.49,2600", "8.0.40,2420")
_IOS = ("18_6", "18_5", "17_6_1", "18_3_2", "26_0", "16_7_10", "17_4_1", "15_8_3")
_IPHONES = ("390x844,3", "393x852,3", "414x896,2", "430x932,3", "428x926,3", "375x812,3", "402x874,3", "375x667,2")
_CHROMES = (140, 139, 138, 136, 132, 126, 120, 109)
_SCREENS = ("1920x1080,1", "1536x864,1.25", "2560x1440,1", "1366x768,1", "1707x960,1.5", "1440x900,1", "1280x720,1.5")
_MACS = ("1440x900,2", "1512x982,2", "1728x1117,2", "1920x1080,1", "1680x1050,2")
_TONGUES = (("zh-CN", 0.95), ("en-US", 0.03), ("zh-TW", 0.02))
_TOOLS = ("python-requests/2.32.3", "Go-http-client/1.1", "okhttp/4.12.0", "curl/8.5.0")
_HEADLESS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/138.0.0.0 Safari/537.36"
)
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
Row = dict[str, str | float | None]


@cache
def catalogue() -> pl.DataFrame:
    """Every client with its popularity `weight`. The user agent is `head`, an own number, `middle`, a network, `tail`;
    those without an app's number and network have only the head."""
    makers = (_wechat_android, _wechat_ios, _android, _safari, _desktop, _firefox)
    rows = [row | _language(row, tongue, share) for maker in makers for row in maker() for tongue, share in _TONGUES]
    rows += [{"kind": "tool", "weight": 1.0, "channel": "web", "head": each} for each in (*_TOOLS, _HEADLESS)]
    table = pl.DataFrame(rows, infer_schema_length=None)
    # Kinds keep their shares, whatever the number of rows each has.
    share = pl.col("kind").replace_strict(SHARES, return_dtype=pl.Float64)
    return table.with_columns(share=share, weight=pl.col("weight") / pl.col("weight").sum().over("kind"))


def _tail(values: tuple[str, ...] | tuple[int, ...]) -> list[tuple[str, float]]:
    """Values by falling popularity."""
    return [(str(value), 1 / (2 + place)) for place, value in enumerate(values)]


def _language(row: Row, tongue: str, share: float) -> Row:
    local = "zh-CN,zh-Hans" if tongue == "zh-CN" and "iPhone" in str(row["head"]) else f"{tongue},{tongue[:2]}"
    weight = row["weight"]
    assert isinstance(weight, float)
    names = f"{tongue},{tongue[:2]}"
    return {"accept_language": f"{local};q=0.9", "languages": names, "weight": weight * share}


def _device(size: str, platform: str) -> Row:
    screen, dpr = size.split(",")[-2:]
    return {"screen": screen, "dpr": float(dpr), "timezone": "Asia/Shanghai", "platform": platform}


def _hints(brand: str, version: str, platform: str) -> Row:
    """What Chromium alone sends."""
    brands = f'"Chromium";v="{version}", "{brand}";v="{version}", "Not=A?Brand";v="24"'
    mobile = "?1" if platform == "Android" else "?0"
    return {"sec_ch_ua": brands, "sec_ch_ua_platform": f'"{platform}"', "sec_ch_ua_mobile": mobile}


def _wechat_android() -> Iterator[Row]:
    for (model, one), (view, two), (app, three) in product(_tail(_MODELS), _tail(_WEBVIEWS), _tail(_APPS)):
        name, release, _, _ = model.split(",")
        chrome, xweb = view.split(",")
        number, build = app.split(",")
        head = f"Mozilla/5.0 (Linux; Android {release}; {name} Build/TP1A.220624.014; wv) {_KIT} Version/4.0 "
        head += f"Chrome/{chrome} Mobile Safari/537.36 XWEB/{xweb} MMWEBSDK/20250201 MMWEBID/"
        middle = f" MicroMessenger/{number}.{build}(0x2800{build}) WeChat/arm64 Weixin NetType/"
        row = {"head": head, "middle": middle, "weight": one * two * three, **_device(model, "Linux aarch64")}
        yield from _channels(row, "android", " Language/zh_CN ABI/arm64")


def _wechat_ios() -> Iterator[Row]:
    for (size, one), (release, two), (app, three) in product(_tail(_IPHONES), _tail(_IOS), _tail(_APPS)):
        number, build = app.split(",")
        head = f"Mozilla/5.0 (iPhone; CPU iPhone OS {release} like Mac OS X) {_APPLE} Mobile/15E148 "
        head += f"MicroMessenger/{number}(0x1800{build}) NetType/"
        row = {"head": head, "weight": one * two * three, **_device(size, "iPhone")}
        yield from _channels(row, "ios", " Language/zh_CN")


def _channels(row: Row, system: str, tail: str) -> Iterator[Row]:
    yield row | {"kind": f"wx_{system}", "channel": "wechat", "tail": tail}
    yield row | {"kind": f"mini_{system}", "channel": "mini_program", "tail": f"{tail} MiniProgramEnv/{system}"}


def _android() -> Iterator[Row]:
    for (model, one), (version, two) in product(_tail(_MODELS), _tail(_CHROMES)):
        row: Row = {"channel": "web", "weight": one * two, **_device(model, "Linux armv81")}
        head = f"Mozilla/5.0 (Linux; Android 10; K) {_KIT} Chrome/{version}.0.0.0 Mobile Safari/537.36"
        yield row | {"kind": "chrome_android", "head": head} | _hints("Google Chrome", version, "Android")
        name, release, _, _ = model.split(",")
        start = f"Mozilla/5.0 (Linux; U; Android {release}; zh-CN; {name}) {_KIT} Version/4.0 Chrome/{version}.0.0.0"
        for app in ("MQQBrowser/15.4", "UCBrowser/17.3.2.1362", "Quark/7.9.5.781"):
            yield row | {"kind": "vendor_android", "head": f"{start} {app} Mobile Safari/537.36"}


def _safari() -> Iterator[Row]:
    for (size, one), (release, two) in product(_tail(_IPHONES), _tail(_IOS)):
        head = f"Mozilla/5.0 (iPhone; CPU iPhone OS {release} like Mac OS X) {_APPLE} "
        head += f"Version/{release.replace('_', '.')[:4]} Mobile/15E148 Safari/604.1"
        yield {"kind": "safari_ios", "channel": "web", "head": head, "weight": one * two, **_device(size, "iPhone")}
    for size, one in _tail(_MACS):
        for release in ("18.6", "17.6", "18.3"):
            head = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/{release} Safari/605.1.15"
            yield {"kind": "mac", "channel": "web", "head": head, "weight": one / 3, **_device(size, "MacIntel")}


def _desktop() -> Iterator[Row]:
    for (size, one), (version, two), (brand, three) in product(
        _tail(_SCREENS), _tail(_CHROMES), (("Google Chrome", 0.5), ("Microsoft Edge", 0.5))
    ):
        edge = f" Edg/{version}.0.0.0" if brand == "Microsoft Edge" else ""
        head = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KIT} Chrome/{version}.0.0.0 Safari/537.36{edge}"
        row: Row = {"kind": "windows", "channel": "web", "head": head, "weight": one * two * three}
        yield row | _device(size, "Win32") | _hints(brand, version, "Windows")


def _firefox() -> Iterator[Row]:
    for (size, one), (version, two) in product(_tail(_SCREENS), _tail((142, 141, 140, 128, 115))):
        head = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
        yield {"kind": "firefox", "channel": "web", "head": head, "weight": one * two, **_device(size, "Win32")}
