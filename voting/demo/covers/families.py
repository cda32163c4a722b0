"""Which palettes and motifs a category chooses from."""

from __future__ import annotations

from collections.abc import Callable

from voting.demo.covers import palettes
from voting.demo.covers.colours import Palette
from voting.demo.covers.motifs import breakthrough, everyday, harvest, partnership, technology

Motif = Callable[[Palette], str]
Family = tuple[tuple[Palette, ...], tuple[Motif, ...]]

FAMILIES: dict[str, Family] = {
    "推广科技成果": (palettes.TECHNOLOGY, technology.MOTIFS),
    "突破产业瓶颈": (palettes.BREAKTHROUGH, breakthrough.MOTIFS),
    "先进帮扶模式": (palettes.PARTNERSHIP, partnership.MOTIFS),
    "工作生活日常": (palettes.EVERYDAY, everyday.MOTIFS),
    "为乡村“带货”": (palettes.HARVEST, harvest.MOTIFS),
}
FALLBACK = FAMILIES["推广科技成果"]
