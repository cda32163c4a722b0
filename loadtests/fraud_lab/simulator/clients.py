"""The catalogue of client profiles of one world: browsers, in-app browsers and tools with their headers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loadtests.fraud_lab.simulator.batch import Floats, Ints

KINDS = ("wechat_android", "wechat_ios", "mini_program", "android", "ios", "desktop", "tool", "emulator")
CHINESE = "zh-CN,zh;q=0.9,en-US;q=0.8,en;q=0.7"
_ANDROID_SCREENS = (
    *(("360x800", 3.0), ("393x873", 2.75), ("412x915", 2.625), ("360x780", 3.0), ("384x857", 2.8125)),
    *(("360x792", 3.0), ("393x851", 2.75), ("407x904", 2.65), ("360x804", 4.0), ("412x892", 3.5), ("424x942", 2.55)),
)
_IPHONE_SCREENS = (
    *(("390x844", 3.0), ("393x852", 3.0), ("428x926", 3.0), ("430x932", 3.0), ("375x812", 3.0)),
    *(("414x896", 2.0), ("414x896", 3.0), ("375x667", 2.0), ("402x874", 3.0), ("440x956", 3.0)),
)
_DESKTOP_SCREENS = (
    *(("1920x1080", 1.0), ("1536x864", 1.25), ("1366x768", 1.0), ("2560x1440", 1.0), ("1440x900", 1.0)),
    *(("1280x720", 1.5), ("1600x900", 1.0), ("1707x960", 1.5), ("1680x1050", 1.0)),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One client. The user agent is `head`, then `MMWEBID/<number>` and `middle` where there is a middle, then
    `NetType/<network>` and `tail` where there is a tail. Empty texts are headers that it does not send."""

    kind: str
    head: str
    middle: str = ""
    tail: str = ""
    channel: str = "web"
    language: str = CHINESE
    hints: str = ""
    hint_platform: str = ""
    hint_mobile: str = ""
    fetch: str = "same-origin"
    screen: str = ""
    dpr: float = 1.0
    languages: str = "zh-CN,zh"
    zone: str = "Asia/Shanghai"
    platform: str = ""


class Catalogue:
    """Profiles with the share of each among genuine clients; what only scripts use has none."""

    def __init__(self, random: np.random.Generator, effective: float, wechat: float) -> None:
        self._random = random
        found = _genuine(random, wechat)
        self.profiles = [*found, *_tools(random), *_emulators(random)]
        kinds = np.array([KINDS.index(each.kind) for each in self.profiles])
        self.kind = kinds.astype(np.int64)
        weights = _sharpened(np.array(list(found.values()), dtype=np.float64), effective)
        self.share: Floats = np.concatenate([weights, np.zeros(len(self.profiles) - len(weights))])

    def draw(self, count: int, *kinds: str) -> Ints:
        """Profiles by their share among genuine clients, of these kinds where any is named."""
        rows = np.flatnonzero(np.isin(self.kind, [KINDS.index(kind) for kind in kinds or KINDS]))
        share = self.share[rows]
        if not share.sum():
            return self._random.choice(rows, count).astype(np.int64)
        steps = np.cumsum(share / share.sum())
        chosen: Ints = rows[np.searchsorted(steps, self._random.random(count)).clip(max=len(rows) - 1)]
        return chosen

    def few(self, count: int, *kinds: str) -> Ints:
        """At most `count` different profiles, drawn by their share."""
        return np.unique(self.draw(count, *kinds))

    def is_mobile(self, profile: Ints) -> np.typing.NDArray[np.bool_]:
        """Whether these are phones, by profile."""
        return ~np.isin(self.kind[profile], [KINDS.index("desktop"), KINDS.index("tool")])


def _sharpened(weights: Floats, effective: float) -> Floats:
    """The weights to the power that makes the exponential of their entropy `effective`, as near as can be."""
    low, high = 0.05, 6.0
    logs = np.log(weights / weights.max())
    shares: Floats = weights / weights.sum()
    for _ in range(30):
        power = (low + high) / 2
        shares = np.exp(logs * power)
        shares = shares / shares.sum()
        entropy = -(shares * np.log(shares + 1e-300)).sum()
        low, high = (power, high) if np.exp(entropy) > effective else (low, power)
    return shares


def _zipf(random: np.random.Generator, count: int, skew: float) -> Floats:
    weights = 1.0 / np.arange(1, count + 1) ** skew
    random.shuffle(weights[count // 4 :])
    shares: Floats = weights / weights.sum()
    return shares


class _Draw:
    """Versions and models of one world, each with its share."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.models = _android_models(random, int(random.integers(60, 260)))
        self.model_share = _zipf(random, len(self.models), random.uniform(0.5, 1.1))
        builds = int(random.integers(6, 18))
        versions = sorted(random.choice(np.arange(34, 62), builds, replace=False), reverse=True)
        self.wechat = [
            (f"8.0.{each}", f"0x2800{each:02x}{random.integers(16, 96):02x}", f"{each}{random.integers(10):d}0")
            for each in versions
        ]
        self.xweb = [f"{random.integers(110, 139)}{random.integers(1000, 9999)}" for _ in range(int(builds))]
        self.version_share = _zipf(random, builds, random.uniform(0.8, 1.6))
        self.ios = ["18_5", "17_6_1", "18_3_2", "16_7_10", "18_1", "17_5_1", "15_8_3", "16_6", "17_4", "18_0_1"]
        self.ios_share = _zipf(random, len(self.ios), 1.0)
        self.chrome = [int(each) for each in random.choice(np.arange(109, 139), 10, replace=False)]
        self.chrome_share = _zipf(random, 10, 1.1)
        self.screens = _zipf(random, len(_IPHONE_SCREENS), 0.7)
        self.desktops = _zipf(random, len(_DESKTOP_SCREENS), 0.9)

    def one(self, share: Floats) -> int:
        """A place by its share; `random.choice` takes ten times as long."""
        return min(int(np.searchsorted(np.cumsum(share), self.random.random())), len(share) - 1)

    def version(self) -> int:
        return self.one(self.version_share)


def _android_models(random: np.random.Generator, count: int) -> list[tuple[str, str, int, str, str, float]]:
    """Brand, model code, Android version, build, screen and its density."""
    letters = "ABCDEFGHJKLMNPRSTVW"

    def text(length: int) -> str:
        return "".join(random.choice(list(letters), length))

    made = []
    for _ in range(count):
        brand = str(random.choice(list(_BRANDED), p=[0.2, 0.17, 0.2, 0.2, 0.2, 0.03]))
        number = int(random.integers(10, 99))
        model = {
            "huawei": f"{text(3)}-AL{random.choice(['00', '10', '20', '80'])}",
            "honor": f"{text(3)}-AN{random.choice(['00', '10', '20'])}",
            "oppo": f"P{random.choice(list('ACDEFGHJK'))}{random.choice(list('AGHJKM'))}M{number}",
            "vivo": f"V2{random.integers(0, 5)}{number}A",
            "xiaomi": f"2{random.integers(1, 5)}{number}{random.integers(10, 99)}{text(2)}C",
            "samsung": f"SM-{random.choice(list('AFGS'))}{number}{random.integers(0, 9)}0",
        }[brand]
        android = (
            10
            if brand == "huawei" and random.random() < 0.4
            else int(random.choice([10, 11, 12, 13, 14, 15], p=[0.1, 0.1, 0.2, 0.2, 0.25, 0.15]))
        )
        build = f"{'QRSTUA'[android - 10]}P1A.{random.integers(190101, 240901)}.0{number}"
        screen, density = _ANDROID_SCREENS[int(random.integers(len(_ANDROID_SCREENS)))]
        name = f"HUAWEI{model}" if brand == "huawei" and random.random() < 0.1 else model
        made.append((brand, name, android, build, screen, density))
    return made


def _genuine(random: np.random.Generator, wechat: float) -> dict[Profile, int]:
    """Profiles, with the number of times each was drawn."""
    draw = _Draw(random)
    apple = random.uniform(0.18, 0.4)
    mini = random.uniform(0.02, 0.12)
    desktop = random.uniform(0.08, 0.3)
    found: dict[Profile, int] = {}
    for _ in range(9000):
        in_app, is_apple = random.random() < wechat, random.random() < apple
        if in_app:
            profile = _wechat_ios(draw) if is_apple else _wechat_android(draw)
            if random.random() < mini:
                tail = f"{profile.tail} miniProgram/wx5f0c"
                profile = replace(profile, kind="mini_program", tail=tail, channel="mini_program")
        elif random.random() < desktop:
            profile = _desktop(draw)
        else:
            profile = _safari(draw) if is_apple else _android(draw)
        found[profile] = found.get(profile, 0) + 1
    return found


def _wechat_android(draw: _Draw) -> Profile:
    _, model, android, build, screen, density = draw.models[draw.one(draw.model_share)]
    number = draw.version()
    version, code, sdk = draw.wechat[number]
    # The in-app browser comes with the app.
    xweb = draw.xweb[number]
    head = (
        f"Mozilla/5.0 (Linux; Android {android}; {model} Build/{build}; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Version/4.0 Chrome/{xweb[:3]}.0.0.0 Mobile Safari/537.36 XWEB/{xweb} MMWEBSDK/2024{sdk} "
    )
    middle = f" MicroMessenger/{version}.{sdk}({code}) WeChat/arm64 Weixin "
    return Profile(
        *("wechat_android", head, middle, " Language/zh_CN ABI/arm64"),
        channel="wechat",
        fetch="same-origin" if int(xweb[:3]) >= 116 else "",
        screen=screen,
        dpr=density,
        platform="Linux armv81" if android >= 12 else "Linux aarch64",
    )


def _wechat_ios(draw: _Draw) -> Profile:
    system = draw.ios[draw.one(draw.ios_share)]
    version, code, _ = draw.wechat[draw.version()]
    screen, density = _IPHONE_SCREENS[draw.one(draw.screens)]
    head = f"Mobile/15E148 MicroMessenger/{version}({code.replace('0x2', '0x1')}) "
    return replace(_iphone(system, head, screen, density), kind="wechat_ios", tail=" Language/zh_CN", channel="wechat")


def _iphone(system: str, head: str, screen: str, density: float) -> Profile:
    start = f"Mozilla/5.0 (iPhone; CPU iPhone OS {system} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    fetch = "same-origin" if int(system[:2]) >= 17 else ""
    own = {"language": "zh-CN,zh-Hans;q=0.9", "languages": "zh-CN", "platform": "iPhone"}
    return Profile("ios", start + head, fetch=fetch, screen=screen, dpr=density, **own)


def _safari(draw: _Draw) -> Profile:
    system = draw.ios[draw.one(draw.ios_share)]
    screen, density = _IPHONE_SCREENS[draw.one(draw.screens)]
    tails = ["Mobile/15E148 Safari/604.1", "MQQBrowser/15.1.0 Mobile/15E148 Safari/604.1 QBWebViewUA/2"]
    tail = str(draw.random.choice(tails, p=[0.85, 0.15]))
    return _iphone(system, f"Version/{system.split('_')[0]}.{system.split('_')[1]} {tail}", screen, density)


_BRANDED = {
    "huawei": "HuaweiBrowser/15.0.8.301 Mobile Safari/537.36",
    "honor": "HonorBrowser/9.1.0.305 Mobile Safari/537.36",
    "oppo": "Mobile Safari/537.36 HeyTapBrowser/45.10.7.1",
    "vivo": "VivoBrowser/22.5.0.1 Mobile Safari/537.36",
    "xiaomi": "Mobile Safari/537.36 XiaoMi/MiuiBrowser/18.9.100320",
    "samsung": "SamsungBrowser/25.0 Mobile Safari/537.36",
}


def _android(draw: _Draw) -> Profile:
    brand, model, android, build, screen, density = draw.models[draw.one(draw.model_share)]
    chrome = draw.chrome[draw.one(draw.chrome_share)]
    start = f"Mozilla/5.0 (Linux; Android {android}; {model} Build/{build}) AppleWebKit/537.36 (KHTML, like Gecko) "
    phone = Profile("android", "", screen=screen, dpr=density, platform="Linux armv81")
    which = draw.random.random()
    if which < 0.55:
        return replace(phone, head=f"{start}Chrome/{chrome}.0.0.0 {_BRANDED[brand]}")
    if which < 0.75:
        head = f"{start}Version/4.0 Chrome/109.0.5414.86 MQQBrowser/15.2 Mobile Safari/537.36 COVC/047602"
        return replace(phone, head=head, fetch="")
    start = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    head = f"{start}Chrome/{chrome}.0.0.0 Mobile Safari/537.36"
    hints = _hints(chrome, "Google Chrome")
    return replace(phone, head=head, hints=hints, hint_platform='"Android"', hint_mobile="?1")


def _hints(chrome: int, brand: str) -> str:
    return f'"Chromium";v="{chrome}", "{brand}";v="{chrome}", "Not_A Brand";v="24"'


def _desktop(draw: _Draw) -> Profile:
    screen, density = _DESKTOP_SCREENS[draw.one(draw.desktops)]
    chrome = draw.chrome[draw.one(draw.chrome_share)]
    which = draw.random.random()
    if which < 0.07:
        head = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{chrome}.0) Gecko/20100101 Firefox/{chrome}.0"
        language = "zh-CN,zh;q=0.8,zh-TW;q=0.7,en;q=0.2"
        return Profile("desktop", head, language=language, screen=screen, dpr=density, platform="Win32")
    mac = which < 0.17
    system = "Macintosh; Intel Mac OS X 10_15_7" if mac else "Windows NT 10.0; Win64; x64"
    platform = ("MacIntel", '"macOS"') if mac else ("Win32", '"Windows"')
    brand, mark = ("Microsoft Edge", f" Edg/{chrome}.0.0.0") if which < 0.5 else ("Google Chrome", "")
    head = f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{chrome}.0.0.0 Safari/537.36{mark}"
    return Profile(
        *("desktop", head),
        hints=_hints(chrome, brand),
        hint_platform=platform[1],
        hint_mobile="?0",
        screen=screen,
        dpr=density,
        platform=platform[0],
    )


_APACHE = "Apache-HttpClient/4.5.14 (Java/17.0.9)"


def _tools(random: np.random.Generator) -> list[Profile]:
    """Tools that do not imitate a browser, or hardly."""
    chrome = int(random.integers(109, 139))
    start = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    headless = f"{start}HeadlessChrome/{chrome}.0.0.0 Safari/537.36"
    hinted = Profile(
        "tool", headless, hints=_hints(chrome, "HeadlessChrome"), hint_platform='"Linux"', hint_mobile="?0"
    )
    names = ("python-requests/2.32.3", "Go-http-client/2.0", "okhttp/4.12.0", "curl/8.5.0", _APACHE)
    return [
        *(Profile("tool", name, language="", fetch="") for name in names),
        replace(hinted, screen="800x600", platform="Linux x86_64"),
    ]


def _emulators(random: np.random.Generator) -> list[Profile]:
    draw = _Draw(random)
    screens = [("720x1280", 1.0), ("450x800", 2.0), ("480x854", 1.5), ("540x960", 2.0), ("360x640", 2.0)]
    made = []
    for _ in range(40):
        screen, density = screens[int(random.integers(len(screens)))]
        platform = str(random.choice(["Linux armv81", "Linux i686", "Linux x86_64"]))
        made.append(replace(_wechat_android(draw), kind="emulator", screen=screen, dpr=density, platform=platform))
    return made
