"""Phones, computers and browsers that people have."""

from __future__ import annotations

# Model, width and height of the page, dots per pixel.
PHONES: tuple[tuple[str, int, int, float], ...] = (
    ("2211133C", 393, 873, 2.75),
    ("23013RK75C", 412, 915, 3.5),
    ("22081212C", 393, 873, 2.75),
    ("2312DRA50C", 407, 904, 3.0),
    ("23127PN0CC", 393, 873, 3.0),
    ("M2012K11AC", 393, 873, 2.75),
    ("22041211AC", 393, 873, 2.75),
    ("24069PC21C", 407, 904, 3.0),
    ("V2241A", 360, 800, 3.0),
    ("V2307A", 384, 854, 3.0),
    ("V2171A", 360, 800, 3.0),
    ("V2199A", 360, 804, 3.0),
    ("V2055A", 360, 800, 3.0),
    ("V2314A", 373, 831, 3.4),
    ("PGJM10", 360, 800, 3.0),
    ("PHB110", 412, 919, 3.5),
    ("PEXM00", 360, 800, 3.0),
    ("PJA110", 360, 800, 3.0),
    ("PCLM10", 360, 780, 3.0),
    ("PDCM00", 360, 800, 3.0),
    ("PHM110", 360, 804, 3.0),
    ("RMX3700", 360, 800, 3.0),
    ("RMX3820", 360, 804, 3.0),
    ("ALN-AL00", 424, 919, 3.0),
    ("BRA-AL00", 408, 872, 3.0),
    ("NOH-AN00", 360, 760, 3.0),
    ("LIO-AN00", 392, 802, 3.0),
    ("ELS-AN00", 360, 792, 3.0),
    ("JAD-AL50", 360, 780, 3.0),
    ("DCO-AL00", 360, 780, 3.0),
    ("HLK-AL00", 360, 780, 3.0),
    ("LYA-AL00", 360, 780, 4.0),
    ("VOG-AL00", 360, 780, 3.0),
    ("ANG-AN00", 360, 800, 3.0),
    ("PGT-AN10", 360, 780, 3.5),
    ("FNE-AN00", 360, 795, 3.0),
    ("VNE-AN00", 360, 803, 3.0),
    ("RNA-AN00", 360, 792, 3.0),
    ("CMA-AN00", 360, 800, 2.0),
    ("MAA-AN00", 360, 800, 3.0),
    ("SM-S9180", 384, 824, 3.75),
    ("SM-S9010", 360, 780, 3.0),
    ("SM-G9910", 360, 800, 3.0),
    ("SM-A5560", 412, 892, 2.625),
    ("KB2000", 412, 915, 2.625),
    ("LE2110", 384, 857, 3.75),
    ("NX729J", 360, 804, 3.0),
    ("XT2301-5", 360, 800, 3.0),
    ("meizu 20", 360, 780, 3.0),
    ("MEIZU 18", 360, 800, 4.0),
    ("Redmi K30 Pro", 393, 873, 2.75),
    ("Redmi Note 8", 393, 851, 2.75),
    ("M2007J22C", 393, 851, 2.75),
    ("M2006C3LC", 360, 800, 2.0),
    ("22120RN86C", 360, 820, 2.0),
    ("V1990A", 360, 800, 2.0),
    ("PEHM00", 360, 800, 2.0),
    ("STK-AL00", 360, 780, 3.0),
    ("GLK-AL00", 360, 780, 3.0),
    ("TAS-AL00", 360, 780, 3.0),
)
# Width and height of the page, dots per pixel.
IPHONES: tuple[tuple[int, int, float], ...] = (
    (375, 667, 2.0),
    (414, 736, 3.0),
    (375, 812, 3.0),
    (414, 896, 2.0),
    (414, 896, 3.0),
    (390, 844, 3.0),
    (428, 926, 3.0),
    (393, 852, 3.0),
    (430, 932, 3.0),
    (402, 874, 3.0),
    (440, 956, 3.0),
)
# The same of screens at desks.
DESKS: tuple[tuple[int, int, float], ...] = (
    (1920, 1080, 1.0),
    (1536, 864, 1.25),
    (1366, 768, 1.0),
    (1440, 900, 1.0),
    (2560, 1440, 1.0),
    (1280, 720, 1.5),
    (1600, 900, 1.0),
    (1707, 960, 1.5),
    (1280, 1024, 1.0),
    (1680, 1050, 1.0),
    (3840, 2160, 1.0),
    (2048, 1152, 1.25),
    (1920, 1200, 1.0),
    (1024, 768, 1.0),
)
# The same of Macs.
MACS: tuple[tuple[int, int, float], ...] = (
    (1440, 900, 2.0),
    (1512, 982, 2.0),
    (1728, 1117, 2.0),
    (1470, 956, 2.0),
    (1680, 1050, 2.0),
    (1920, 1080, 1.0),
    (2560, 1440, 2.0),
    (1280, 800, 2.0),
)
# Releases as user agents write them.
IOS: tuple[str, ...] = (
    *("15_8", "16_3_1", "16_6", "16_7_2", "17_1", "17_4_1", "17_5_1", "17_6_1"),
    *("18_0_1", "18_1", "18_2", "18_3_1", "18_4", "18_5", "18_6_2"),
)
# Minor release of WeChat, its build, and how it is coded.
WEIXIN: tuple[tuple[int, int, str], ...] = (
    (43, 2480, "2B"),
    (45, 2521, "2D"),
    (47, 2560, "2F"),
    (48, 2580, "30"),
    (49, 2600, "31"),
    (50, 2701, "32"),
    (51, 2720, "33"),
    (53, 2740, "35"),
    (55, 2780, "37"),
    (57, 2820, "39"),
    (58, 2841, "3A"),
    (60, 2860, "3C"),
    (61, 2880, "3D"),
)
# Chrome's release in WeChat's web view, and the view's own.
XWEB: tuple[tuple[int, int], ...] = (
    (107, 1070199),
    (111, 1110017),
    (116, 1160117),
    (122, 1220133),
    (126, 1260183),
    (130, 1300259),
    (134, 1340137),
)
# Releases of Chrome.
CHROMES: tuple[int, ...] = (109, 116, 118, 120, 122, 124, 126, *range(128, 142))
# Releases in the web views of apps.
VIEW_CHROMES: tuple[int, ...] = (101, 109, 114, 116, 122, 126, 131)
# Releases under the browsers of phones' makers.
VENDOR_CHROMES: tuple[int, ...] = (100, 109, 114, 116, 123)
# Releases of Firefox.
FIREFOXES: tuple[int, ...] = (115, 128, 131, 133, 135, 137, 139, 140, 141, 142)
# Releases of Safari on Macs.
SAFARIS: tuple[str, ...] = ("16.6", "17.1", "17.4", "17.6", "18.0", "18.1", "18.3", "18.5")
# Browsers of phones' makers, and of search engines.
VENDORS: tuple[str, ...] = (
    "XiaoMi/MiuiBrowser/18.7.30",
    "VivoBrowser/22.4.0.1",
    "HeyTapBrowser/40.8.15",
    "HuaweiBrowser/15.0.4.312",
    "Quark/7.2.6.650",
    "UCBrowser/17.0.0.1350",
    "MQQBrowser/15.2",
    "baiduboxapp/13.60.0.10",
)
# Builds of Android.
BUILDS: tuple[str, ...] = ("TKQ1.220905.001", "UKQ1.230804.001", "SP1A.210812.016", "RKQ1.201217.002")
# What a browser accepts, what its scripts see, and how common it is.
LANGUAGES: tuple[tuple[str, str, float], ...] = (
    ("zh-CN,zh;q=0.9", "zh-CN,zh", 0.74),
    ("zh-CN,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-CN,zh,en-US,en", 0.2),
    ("en-US,en;q=0.9,zh-CN;q=0.8,zh;q=0.7", "en-US,en,zh-CN,zh", 0.035),
    ("zh-TW,zh;q=0.9", "zh-TW,zh", 0.025),
)
# User agents of programs that are no browsers.
AGENTS: tuple[str, ...] = (
    "python-requests/2.31.0",
    "curl/8.4.0",
    "Go-http-client/1.1",
    "okhttp/4.12.0",
    "",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
)
# Windows of private browsers, which round their sizes.
ROUNDED: tuple[tuple[int, int], ...] = ((1400, 900), (1200, 800), (1600, 900), (1000, 700), (1400, 700))
