"""What people vote with: phones, computers and the programs on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from loadtests.hands.inspector.clock import Generator, Ints

# Makers' patterns of model numbers; screens with pixel ratios; Android versions of ever older phones.
_MAKERS = ("V2{}A", "PG{}M10", "23{}PN0C", "ALN-AL{}", "ANY-AN{}", "24{}RA2C", "SM-S9{}", "V2{}GA")
_SCREENS = (
    *("360x800 3", "393x873 2.75", "360x804 3", "396x862 3.3", "360x780 3", "407x904 3", "412x915 2.625", "360x792 4"),
    *("384x824 3.75", "392x850 2.8", "360x772 3.4"),
)
_ANDROIDS = ("14,15", "15,14", "13,14", "12,13", "11,12", "10", "10")
# By kind: model, systems, screen and pixel ratio; the first are the most common.
_DEVICES = {
    "android": "|".join(
        f"{maker.format(137 + old * 97 + place)} {system} {_SCREENS[(old * 3 + place * 4) % 11]}"
        for old, system in enumerate(_ANDROIDS)
        for place, maker in enumerate(_MAKERS)
    ),
    "harmony": "Phone 5.0,5.1 396x862 3.25|Phone 5.0,5.1 384x854 3.25|Phone 5.1 408x886 3",
    "ios": "iPhone 18_5,18_6_2,17_6_1 390x844 3|iPhone 18_6_2,18_5,26_0 393x852 3|iPhone 18_6_2,17_5_1,26_0 430x932 3"
    "|iPhone 18_5,16_6 414x896 2|iPhone 18_6_2,26_0 402x874 3|iPhone 17_6_1,18_5 428x926 3|iPhone 16_7,18_3_2 375x812 3"
    "|iPhone 26_0,18_6_2 440x956 3|iPhone 15_8_2,16_1 375x667 2",
    "windows": "PC 10 1920x1080 1|PC 10 1536x864 1.25|PC 10 1366x768 1|PC 10 2560x1440 1",
    "mac": "Mac 10_15_7 1440x900 2|Mac 10_15_7 1512x982 2",
}
_PLATFORMS = {"android": "Linux aarch64", "harmony": "Linux aarch64", "ios": "iPhone", "windows": "Win32"}
_HINTED = {"android": '"Android"', "windows": '"Windows"', "mac": '"macOS"'}
_KIT = " AppleWebKit/537.36 (KHTML, like Gecko) "
_SHORT = {
    "<view>": "Mozilla/5.0 (Linux; Android {os}; {model} Build/{os}.0240617.008; wv)" + _KIT,
    "<open>": "Mozilla/5.0 (Linux; U; Android {os}; zh-cn; {model} Build/{os}.0240617.008)" + _KIT + "Version/4.0 ",
    "<xweb>": "Version/4.0 Chrome/{v[0]} Mobile Safari/537.36 XWEB/{v[1]} MMWEBSDK/{v[2]} MMWEBID/<id> "
    "MicroMessenger/{v[3]} WeChat/arm64 Weixin NetType/<net> Language/zh_CN ABI/arm64",
    "<ios>": "Mozilla/5.0 (iPhone; CPU iPhone OS {os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
    "<messenger>": "Mobile/15E148 MicroMessenger/{v[0]} NetType/<net> Language/zh_CN",
    "<win>": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + _KIT + "Chrome/{v[0]} Safari/537.36",
    "<mac>": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) ",
    "<gecko>": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; ",
    "<mobile>": "Chrome/{v[0]} Mobile Safari/537.36",
    "<harmony>": "Mozilla/5.0 (Phone; OpenHarmony {os})" + _KIT + "Chrome/{v[0]} Safari/537.36 ArkWeb/4.1 Mobile "
    "MicroMessenger/8.0.11.37(0xf380b25) Weixin NetType/<net> Language/zh_CN",
}
_CHROME = "139.0.0.0;138.0.0.0;137.0.0.0;131.0.0.0;125.0.0.0;109.0.0.0"
_XWEB = (
    "134.0.6998.136 1340157 20250503 8.0.61.2880(0x28003D34);130.0.6723.103 1300473 20250201 8.0.58.2841(0x28003A3B);"
    "134.0.6998.136 1340129 20250802 8.0.62.2900(0x28003E3B);126.0.6478.188 1260213 20241202 8.0.55.2780(0x2800373D);"
    "116.0.0.0 1160117 20240404 8.0.49.2600(0x2800313B);107.0.5304.141 1070003 20230405 8.0.37.2380(0x2800255B)"
)
_IOS = "8.0.61(0x18003d2a);8.0.60(0x18003c32);8.0.62(0x18003e26);8.0.56(0x1800382f);8.0.49(0x18003137)"
# Share, channel, kind, brand in client hints, models' first letters: user agent: versions (the first most common).
_SOFTWARE = (
    (0.25, "wechat", "android", "Android WebView", "", "<view><xweb>", _XWEB),
    (0.10, "mini_program", "android", "Android WebView", "", "<view><xweb> MiniProgramEnv/android", _XWEB),
    (0.16, "wechat", "ios", "", "", "<ios><messenger>", _IOS),
    (0.055, "mini_program", "ios", "", "", "<ios><messenger> miniProgram/wx3f2a9c61d07be845", _IOS),
    (0.020, "wechat", "harmony", "", "", "<harmony>", "114.0.0.0;132.0.0.0"),
    (0.015, "wechat", "windows", "", "", "<win> NetType/WIFI MicroMessenger/7.0.20.1781 WindowsWechat", "126.0.0.0"),
    (0.04, "web", "android", "Google Chrome", "", "<view><mobile>", _CHROME),
    (0.04, "web", "android", "HuaweiBrowser", "A", "<view><mobile> HuaweiBrowser/15.0.9.301", "114.0.5735.196;99.0.4"),
    (0.05, "web", "android", "", "2", "<open><mobile> XiaoMi/MiuiBrowser/19.8.120528", "123.0.6312.118;112.0.5615.136"),
    (0.035, "web", "android", "", "V", "<view><mobile> VivoBrowser/25.5.0.3", "87.0.4280.141;87.0.4280.66"),
    (0.03, "web", "android", "", "P", "<open><mobile> HeyTapBrowser/45.10.7.1", "115.0.5790.168;97.0.4692.98"),
    (0.05, "web", "android", "", "", "<open><mobile> MQQBrowser/16.2", "121.0.6167.71;109.0.5414.86;98.0.4758.102"),
    (0.07, "web", "ios", "", "", "<ios>Version/{dotted} Mobile/15E148 Safari/{v[0]}", "604.1"),
    (0.035, "web", "windows", "Google Chrome", "", "<win>", _CHROME),
    (0.027, "web", "windows", "Microsoft Edge", "", "<win> Edg/{v[0]}", _CHROME),
    (0.012, "web", "windows", "", "", "<win>", "86.0.4240.198;78.0.3904.108"),
    (0.01, "web", "mac", "", "", "<mac>Version/{v[0]} Safari/605.1.15", "18.5;17.6"),
    (0.008, "web", "windows", "", "", "<gecko>rv:{v[0]}) Gecko/20100101 Firefox/{v[0]}", "141.0;140.0;128.0"),
)


class Fleet:
    """All pairings of programs, versions and devices (`rows`) with their popularity in this world: shares differ
    between worlds, models and versions have a long tail."""

    def __init__(self, rng: Generator) -> None:
        rows: list[dict[str, str | float | None]] = []
        weight: list[float] = []
        for share, channel, kind, brand, letters, agent, versions in _SOFTWARE:
            for short, text in _SHORT.items():
                agent = agent.replace(short, text)
            devices = [each.split(" ") for each in _DEVICES[kind].split("|") if each.startswith(letters)]
            popular = rng.lognormal(0, 0.5, len(devices)) / (np.arange(len(devices)) + 4)
            popular *= share * rng.lognormal(0, 0.15) / popular.sum()
            for device, much in zip(devices, popular.tolist(), strict=True):
                for later, system in enumerate(device[1].split(",")):
                    for older, version in enumerate(versions.split(";")):
                        rows.append(_row(agent, brand, (channel, kind, device[0], *device[2:]), system, version))
                        weight.append(much * 0.5 ** (later + older))
        self.rows = pl.DataFrame(rows, infer_schema_length=None)
        self._rng, self._weight = rng, np.array(weight)

    def pick(self, n: int, where: pl.Expr | None = None) -> Ints:
        """Draws by popularity among the pairings `where`."""
        kept = np.ones(len(self.rows), bool) if where is None else self.rows.select(where).to_series().to_numpy()
        mass = np.cumsum(self._weight * kept)
        found: Ints = np.searchsorted(mass, self._rng.random(n) * mass[-1], side="right")
        return found


def _row(agent: str, brand: str, device: Sequence[str], system: str, version: str) -> dict[str, str | float | None]:
    channel, kind, model, screen, ratio = device
    words = version.split(" ")
    major = int(words[0].split(".")[0])
    # WeChat's web view sends hints in its later versions only.
    hinted = brand and major >= (130 if "WebView" in brand else 90)
    old = system.startswith(("15_", "16_1")) or major == 78
    return {
        "channel": channel,
        "kind": kind,
        "agent": agent.format(os=system, dotted=system.replace("_", "."), model=model, v=words),
        "sec_ch_ua": f'"Not)A;Brand";v="8", "Chromium";v="{major}", "{brand}";v="{major}"' if hinted else None,
        "sec_ch_ua_platform": _HINTED[kind] if hinted else None,
        "sec_ch_ua_mobile": ("?1" if kind == "android" else "?0") if hinted else None,
        "sec_fetch_site": None if old else "same-origin",
        "screen": screen,
        "dpr": float(ratio),
        "platform": _PLATFORMS.get(kind, "MacIntel"),
    }
