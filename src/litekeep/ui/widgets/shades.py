"""Colours as numbers: contrast as WCAG 2 measures it, mixtures, and shades that can be read."""

from __future__ import annotations

import re
from functools import lru_cache

Pair = tuple[str, str]
"""A colour for light and for dark windows, "#RRGGBB" each."""
GRAY = re.compile(r"gr[ae]y(\d{1,3})")
NAMES = {"white": "#FFFFFF", "black": "#000000"}
KEPT = 1024
"""Results that are remembered: the same few colours are asked for at every drawing."""
READABLE = 4.5
VISIBLE = 3.0


@lru_cache(KEPT)
def plain(colour: str) -> str:
    """A colour as "#RRGGBB": from that form, "#RGB", "gray0" to "gray100", "white" or "black"; else ValueError."""
    if match := GRAY.fullmatch(colour.lower()):
        level = round(min(int(match[1]), 100) * 255 / 100)
        return f"#{level:02X}{level:02X}{level:02X}"
    colour = NAMES.get(colour.lower(), colour)
    if re.fullmatch(r"#[0-9A-Fa-f]{3}", colour):
        colour = "#" + "".join(digit * 2 for digit in colour[1:])
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
        raise ValueError(f"not a colour that is known here: {colour}")
    return colour.upper()


def parts(colour: str) -> tuple[int, int, int]:
    """Red, green, blue, 0..255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(KEPT)
def mix(colour: str, other: str, share: float) -> str:
    """`share` (0..1) of the other colour in the first."""
    levels = (round(a + (b - a) * share) for a, b in zip(parts(colour), parts(other), strict=True))
    return "#" + "".join(f"{level:02X}" for level in levels)


@lru_cache(KEPT)
def contrast(colour: str, background: str) -> float:
    """1.0 (the same) to 21.0 (black on white)."""
    light, dark = sorted((_luminance(colour), _luminance(background)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(level / 255) for level in parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(level: float) -> float:
    return level / 12.92 if level <= 0.03928 else float(((level + 0.055) / 1.055) ** 2.4)


@lru_cache(KEPT)
def legible(colour: str, *backgrounds: str, least: float = READABLE) -> str:
    """The colour, darkened or lightened until it has enough contrast to all backgrounds; black or white at the end."""
    targets = sorted(("#000000", "#FFFFFF"), key=lambda end: -min(contrast(end, behind) for behind in backgrounds))
    for step in range(21):
        shade = mix(colour, targets[0], step / 20)
        if all(contrast(shade, behind) >= least for behind in backgrounds):
            return shade
    return targets[0]


@lru_cache(KEPT)
def legible_pair(pair: Pair, *backgrounds: Pair, least: float = READABLE) -> Pair:
    """`legible` for light and for dark."""
    light = legible(pair[0], *(behind[0] for behind in backgrounds), least=least)
    return light, legible(pair[1], *(behind[1] for behind in backgrounds), least=least)
