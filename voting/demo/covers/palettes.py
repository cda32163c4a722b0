"""Per category, four lights of the day: day, dawn, dusk, night."""

from __future__ import annotations

from voting.demo.covers.colours import Palette

TECHNOLOGY = (  # 推广科技成果
    Palette("#8fd3e0", "#eaf7e4", "#fff3c4", "#a9d5cf", "#3f9b7c", "#74bf73", "#4fa763", "#17817a", "#ffb84d"),
    Palette("#b5dde6", "#fdeacf", "#ffd07a", "#b9d9cc", "#4c9a83", "#93c87d", "#68ad66", "#1d7f8c", "#f58f5b"),
    Palette("#5fa8b8", "#ffe0b0", "#ff9d6b", "#8fbdb8", "#2f7f74", "#5fa66d", "#428b5c", "#12605f", "#ffc857"),
    Palette("#123c4f", "#4b9794", "#f7efc9", "#35747f", "#174f5f", "#2a7a67", "#1e6355", "#2aa79b", "#ffd166", True),
)
BREAKTHROUGH = (  # 突破产业瓶颈
    Palette("#9cc4e4", "#fdf0d8", "#ffe2a0", "#b8c9d9", "#5f7f9d", "#cdb781", "#b19863", "#34597d", "#f08a3c"),
    Palette("#c9d3ea", "#ffe3c7", "#ffb26b", "#c3bfd2", "#7a7599", "#d8b688", "#bd9567", "#4a4e79", "#f2784b"),
    Palette("#4c6a92", "#ffc98f", "#ff8552", "#8f8ca8", "#47567c", "#ad8f69", "#8f7352", "#2b3f63", "#ffb347"),
    Palette("#16233f", "#5b74a1", "#f4ead0", "#3f537c", "#253861", "#565f76", "#434c60", "#7f9bc4", "#ffb454", True),
)
PARTNERSHIP = (  # 先进帮扶模式
    Palette("#a8c8f5", "#f3ecfb", "#fff0c9", "#b9c3ea", "#6c7fc4", "#8fc6aa", "#6dac92", "#4c5fb0", "#ff9f7a"),
    Palette("#c8c4f0", "#ffe4e1", "#ffc49b", "#c6bde4", "#8577bd", "#a7caa3", "#83b189", "#5b4d9c", "#f77f8a"),
    Palette("#5f62ad", "#f9c5c0", "#ff9a85", "#9a8fc6", "#4c4a92", "#639e8e", "#4d8479", "#37357a", "#ffd07a"),
    Palette("#1c1f4f", "#6a70ba", "#f6f0d6", "#4a4f98", "#2d3170", "#346c77", "#295660", "#8d94e6", "#ffcf6e", True),
)
EVERYDAY = (  # 工作生活日常
    Palette("#aadcec", "#fff1dc", "#ffe19a", "#c7dcc0", "#88ad6e", "#dccb7d", "#c6b162", "#b5533c", "#f4a53a"),
    Palette("#f6c9b8", "#fff0d2", "#ff9f68", "#eabfae", "#b98372", "#dcbc79", "#c39f5e", "#a2493f", "#ffcf5c"),
    Palette("#9a6a94", "#ffc18c", "#ff7f5c", "#b98296", "#6f4f74", "#a87e60", "#8a654e", "#7d3247", "#ffd36b"),
    Palette("#2a2547", "#86668a", "#fbeecb", "#5b4b75", "#3a3159", "#60534b", "#4c423d", "#c5645a", "#ffd36b", True),
)
HARVEST = (  # 为乡村“带货”
    Palette("#9fdbe6", "#fff6d6", "#ffe28a", "#cfe0a4", "#86b65a", "#f0cb60", "#dbae46", "#d9483b", "#ff9a2e"),
    Palette("#ffd9a8", "#fff4d8", "#ff9a52", "#f0cf9c", "#c99a58", "#e7c15d", "#cda144", "#c93f36", "#ff8b3d"),
    Palette("#d9776a", "#ffd79a", "#fff0b8", "#d98e77", "#94534f", "#cd9049", "#ae743c", "#8f2a36", "#ffbf47"),
    Palette("#3a2140", "#b06466", "#fff0c7", "#72435a", "#4b2c47", "#84593f", "#694532", "#e2584a", "#ffc14d", True),
)
