"""Marks: each function returns one SVG element; coordinates are user units, y downwards."""

from __future__ import annotations

WIDTH, HEIGHT = 640, 360


def path(d: str, fill: str, opacity: float = 1) -> str:
    return f'<path d="{d}" fill="{fill}"{_opacity(opacity)}/>'


def line(d: str, colour: str, width: float, opacity: float = 1, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashes}{_opacity(opacity)}/>'


def circle(x: float, y: float, r: float, fill: str, opacity: float = 1) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}"{_opacity(opacity)}/>'


def ring(x: float, y: float, r: float, fill: str, colour: str, width: float) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}" stroke="{colour}" stroke-width="{width:g}"/>'


def rect(x: float, y: float, w: float, h: float, fill: str, r: float = 0, opacity: float = 1) -> str:
    corner = f' rx="{r:g}"' if r else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}"{corner} fill="{fill}"{_opacity(opacity)}/>'


def at(x: float, y: float, scale: float, body: str, mirror: int = 1) -> str:
    return f'<g transform="{move(x, y, scale, mirror)}">{body}</g>'


def move(x: float, y: float, scale: float, mirror: int = 1) -> str:
    """Mirror, scale, then move; what changes nothing is left out."""
    resize = f" scale({scale:.3g})" if mirror == 1 else f" scale({-scale:.3g} {scale:.3g})"
    return f"translate({x:.0f} {y:.0f})" + (resize if mirror * scale != 1 else "")


def _opacity(value: float) -> str:
    return "" if value == 1 else f' opacity="{value:g}"'.replace("0.", ".")
