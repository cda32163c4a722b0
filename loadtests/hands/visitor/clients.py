"""The browsers of the public: models, versions and what each sends, with tails of popularity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from loadtests.hands.visitor.networks import Bools, Ints

Row = dict[str, Any]
SITE = "https://toupiao.example.cn"
ROWS = 5_000
_SHARES = {
    "wx_android": 0.33,
    "wx_ios": 0.17,
    "mini_android": 0.07,
    "mini_ios": 0.03,
    "web_android": 0.2,
    "web_ios": 0.06,
    "desktop": 0.1,
    "privacy": 0.04,
}
_PHONES = (
    *(("HUAWEI", each, "360x780", 3.0) for each in ("ALN-AL00", "BRA-AL00", "NOH-AN00", "ELS-AN00", "CET-AL00")),
    *(("vivo", each, "393x873", 2.75) for each in ("V2309A", "V2244A", "V2241A", "V2171A", "V2301A", "V2048A")),
    *(("OPPO", each, "360x804", 3.0) for each in ("PHZ110", "PJH110", "PGKM10", "PEGM00", "PHJ110", "PKB110")),
    *(("Xiaomi", each, "393x873", 2.75) for each in ("23127PN0CC", "2211133C", "22041211AC", "24053PY09C")),
    *(("Redmi", each, "393x873", 2.75) for each in ("23078RKD5C", "22095RA98C", "M2012K11AC", "24069RA21C")),
    *(("HONOR", each, "360x800", 3.0) for each in ("ANY-AN00", "PGT-AN10", "MAA-AN10", "ALI-AN00", "REA-AN00")),
    ("Samsung", "SM-S9180", "384x824", 3.75),
    ("OnePlus", "PJZ110", "412x915", 3.5),
    ("realme", "RMX3888", "360x800", 3.0),
)
_BUILDS = {"15": "AP3A.240617.008", "14": "UP1A.231005.007", "13": "TP1A.220624.014", "12": "SP1A.210812.016"}
_BUILDS |= {"10": "QP1A.190711.020", "11": "RP1A.200720.011"}
_CHROMES = (138, 134, 130, 126, 142, 122, 116, 111, 107, 99)
_WECHATS = ("8.0.61", "8.0.58", "8.0.60", "8.0.56", "8.0.54", "8.0.50", "8.0.47", "8.0.42", "8.0.38", "7.0.21")
_IOS = ("18_6_2", "26_0_1", "18_5", "17_6_1", "18_7", "18_3_2", "17_5_1", "16_7_10", "17_4_1", "16_6", "15_8_3", "14_8")
_IPHONES = (("390x844", 3.0), ("393x852", 3.0), ("430x932", 3.0), ("414x896", 2.0), ("375x812", 3.0), ("375x667", 2.0))
_MIUI, _HUAWEI, _OTHER = " XiaoMi/MiuiBrowser/19.3.1", " HuaweiBrowser/15.0.4.312", " MQQBrowser/15.2"
_APPS = {"Xiaomi": _MIUI, "Redmi": _MIUI, "HUAWEI": _HUAWEI, "HONOR": _HUAWEI, "vivo": " VivoBrowser/22.6.0.3"}


def _tail(rng: np.random.Generator, count: int, power: float = 0.9) -> int:
    weights = 1 / np.arange(1, count + 1) ** power
    return int(rng.choice(count, p=weights / weights.sum()))


def _hints(brand: str, version: int, system: str, *, mobile: bool) -> Row:
    listed = f'"Chromium";v="{version}", "{brand}";v="{version}", "Not)A;Brand";v="{8 + version % 3 * 8}"'
    return {"sec_ch_ua": listed, "sec_ch_ua_platform": f'"{system}"', "sec_ch_ua_mobile": "?1" if mobile else "?0"}


def _android(rng: np.random.Generator, kind: str) -> Row:
    brand, model, screen, dpr = _PHONES[_tail(rng, len(_PHONES), 0.6)]
    system = list(_BUILDS)[_tail(rng, len(_BUILDS))]
    chrome = _CHROMES[_tail(rng, len(_CHROMES))]
    phone = {"brand": brand, "screen": screen, "dpr": dpr, "platform": "Linux aarch64"}
    start = f"Mozilla/5.0 (Linux; Android {system}; "
    engine = f"AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/{chrome}.0.{chrome * 49}.{chrome % 7 * 31}"
    if kind == "web_android":
        app = ("", _APPS.get(brand, _OTHER), _OTHER)[_tail(rng, 3)]
        if app:
            return phone | {"head": f"{start}{model} Build/{_BUILDS[system]}) {engine}{app} Mobile Safari/537.36"}
        webkit = "AppleWebKit/537.36 (KHTML, like Gecko)"
        head = f"Mozilla/5.0 (Linux; Android 10; K) {webkit} Chrome/{chrome}.0.0.0 Mobile Safari/537.36"
        return phone | {"head": head} | _hints("Google Chrome", chrome, "Android", mobile=True)
    wechat = _WECHATS[_tail(rng, len(_WECHATS))]
    code = f"{wechat}.{2400 + int(wechat[4:]) * 5}(0x2800{int(wechat[4:]):02x}{chrome % 64:02x})"
    web = f"XWEB/{chrome}0{rng.choice([117, 219, 83])} MMWEBSDK/2025{int(wechat[4:]) % 12 + 1:02d}01"
    head = f"{start}{model} Build/{_BUILDS[system]}; wv) {engine} Mobile Safari/537.36 {web}"
    mid, tail = f" MicroMessenger/{code} WeChat/arm64 Weixin", " Language/zh_CN ABI/arm64"
    return phone | {"head": head, "mid": mid, "tail": tail, "webid": True, "wechat": True}


def _ios(rng: np.random.Generator, kind: str) -> Row:
    system = _IOS[_tail(rng, len(_IOS))]
    screen, dpr = _IPHONES[_tail(rng, len(_IPHONES), 0.6)]
    phone = {"brand": "Apple", "screen": screen, "dpr": dpr, "platform": "iPhone"}
    start = f"Mozilla/5.0 (iPhone; CPU iPhone OS {system} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    if kind == "web_ios":
        return phone | {"head": f"{start} Version/{system.replace('_', '.')[:4]} Mobile/15E148 Safari/604.1"}
    wechat = _WECHATS[_tail(rng, len(_WECHATS))]
    head = f"{start} Mobile/15E148 MicroMessenger/{wechat}(0x1800{int(wechat[4:]):02x}2d)"
    return phone | {"head": head, "tail": " Language/zh_CN", "wechat": True}


def _desktop(rng: np.random.Generator, kind: str) -> Row:
    chrome = _CHROMES[_tail(rng, len(_CHROMES))]
    screens = ("1920x1080", "1536x864", "2560x1440", "1366x768", "1440x900")
    base: Row = {"brand": "PC", "screen": screens[_tail(rng, len(screens))], "dpr": 1.0, "platform": "Win32"}
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
    if kind == "privacy" and rng.random() < 0.6:
        fox = 128 + 3 * _tail(rng, 6)
        return base | {"head": f"{windows}; rv:{fox}.0) Gecko/20100101 Firefox/{fox}.0", "zone": "UTC"}
    engine = f"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{chrome}.0.0.0 Safari/537.36"
    if kind == "privacy":
        return base | {"head": f"{windows}) {engine}"} | _hints("Brave", chrome, "Windows", mobile=False)
    if rng.random() < 0.15:
        mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        apple = {"screen": "1470x956", "dpr": 2.0, "platform": "MacIntel"}
        return base | apple | {"head": f"{mac} Version/{17 + _tail(rng, 2)}.{_tail(rng, 5)} Safari/605.1.15"}
    brand = ("Google Chrome", "Microsoft Edge")[int(rng.random() < 0.45)]
    suffix = f" Edg/{chrome}.0.0.0" if brand == "Microsoft Edge" else ""
    return base | {"head": f"{windows}) {engine}{suffix}"} | _hints(brand, chrome, "Windows", mobile=False)


_MAKERS: dict[str, Callable[[np.random.Generator, str], Row]] = {
    "wx_android": _android,
    "mini_android": _android,
    "web_android": _android,
    "wx_ios": _ios,
    "mini_ios": _ios,
    "web_ios": _ios,
    "desktop": _desktop,
    "privacy": _desktop,
}


def _row(rng: np.random.Generator, kind: str) -> Row:
    made = _MAKERS[kind](rng, kind)
    mini = kind.startswith("mini")
    wechat = "mini_program" if mini else "wechat"
    languages = ("zh-CN,zh", "zh-CN", "zh-CN,zh,en", "zh-CN,en-US,en", "zh-HK,zh", "en-US,en")[_tail(rng, 6, 2)]
    first, *others = languages.split(",")
    accepts = ",".join([first, *(f"{each};q=0.{9 - rank}" for rank, each in enumerate(others))])
    page = "https://servicewechat.com/wx9f2c41d0a87be356/41/page-frame.html" if mini else f"{SITE}/c/2026"
    usual: Row = {"mid": "", "tail": "", "webid": False, "wechat": False, "zone": "Asia/Shanghai", "kind": kind}
    usual |= {"sec_ch_ua": None, "sec_ch_ua_platform": None, "sec_ch_ua_mobile": None}
    usual |= {"languages": languages, "accept_language": accepts, "sec_fetch_site": "same-origin"}
    usual |= {"origin": SITE, "referer": page, "channel": "web"}
    if "15_8" in made["head"] or "14_8" in made["head"]:
        usual["sec_fetch_site"] = None
    made = usual | made
    return (
        made | {"channel": wechat, "tail": f"{made['tail']}{' miniProgram' if mini else ''}"}
        if made["wechat"]
        else made
    )


class Clients:
    """A table of clients, each row as frequent in the public as any other; rows repeat where many people are alike."""

    def __init__(self, rng: np.random.Generator) -> None:
        kinds = rng.choice(list(_SHARES), ROWS, p=list(_SHARES.values()))
        self._rng = rng
        self.table = pl.DataFrame([_row(rng, str(kind)) for kind in kinds], infer_schema_length=None)
        self._brands, self._kinds = self.table["brand"].to_numpy(), self.table["kind"].to_numpy()
        self.fixed: Bools = self._brands == "PC"

    def public(self, size: int) -> Ints:
        """Clients of the public at large."""
        return self._rng.integers(ROWS, size=size)

    def some(self, size: int, *kinds: str, models: int = ROWS, brand: str | None = None) -> Ints:
        """Clients of the given kinds (and brand), at most `models` different ones."""
        fits = np.isin(self._kinds, kinds)
        if brand is not None and (fits & (self._brands == brand)).any():
            fits &= self._brands == brand
        chosen = self._rng.choice(np.flatnonzero(fits), min(models, int(fits.sum())), replace=False)
        picked: Ints = chosen[self._rng.integers(len(chosen), size=size)]
        return picked
