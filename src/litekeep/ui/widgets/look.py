"""Colours, sizes and fonts of the window. Pure: what the host's theme says comes in as colours (ctk.host_look)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Final

from litekeep.records import dataclass
from litekeep.ui.presenter.models import Day, Tone
from litekeep.ui.widgets.shades import VISIBLE, Pair, legible_pair, mix

GAP_SMALL: Final = 4
GAP: Final = 8
CARD_GAP: Final = 12
PAGE: Final = 16
GAP_LARGE: Final = 24
CARD_X: Final = 14
CARD_Y: Final = 10
CARD_RADIUS: Final = 10
CONTROL_RADIUS: Final = 8
BORDER: Final = 1
RING: Final = 2
HERO_BUTTON: Final = 38
FORM_BUTTON: Final = 34
BAR_BUTTON: Final = 28
ROW: Final = 30
HEAT_CELL: Final = 13
HEAT_GAP: Final = 3
SIDE: Final = 336
PROGRESS: Final = 8
ICON: Final = 56
LEAST: Final = 2
"""The size to ask for when it does not matter: with 1, Tk's grid may not lay out again what grew in it."""

FONTS: Final[Mapping[str, tuple[int, bool]]] = {
    "hero": (24, True),
    "page": (20, True),
    "tile": (18, True),
    "card": (14, True),
    "strong": (13, True),
    "body": (13, False),
    "caption": (12, False),
    "chart": (11, False),
}
"""Size in pixels at scale 1, and whether it is bold."""


@dataclass(frozen=True, slots=True)
class ToneColours:
    """text: on the surface and on `soft`. soft: a background that says it. edge: the border around that."""

    text: Pair
    soft: Pair
    edge: Pair


@dataclass(frozen=True, slots=True)
class Look:
    """All colours, each (light, dark). family: of the fonts, empty: that of the theme. motion: things may move."""

    bg: Pair = ("#F3F5F8", "#14171B")
    surface: Pair = ("#FFFFFF", "#1C2026")
    sunken: Pair = ("#F0F3F6", "#252A31")
    border: Pair = ("#DCE1E8", "#2F353D")
    text: Pair = ("#12161C", "#E8ECF1")
    muted: Pair = ("#5A6572", "#9AA5B1")
    accent: Pair = ("#2458D3", "#5B93FF")
    accent_hover: Pair = ("#1B47B0", "#7DA9FF")
    on_accent: Pair = ("#FFFFFF", "#0B1220")
    selection: Pair = ("#DCE7FD", "#24375C")
    ok: Pair = ("#157A3C", "#45D483")
    warn: Pair = ("#9A5B00", "#F5B83D")
    bad: Pair = ("#B3261E", "#FF8A80")
    ok_soft: Pair = ("#E0F5E8", "#143223")
    warn_soft: Pair = ("#FDF0D3", "#382A10")
    bad_soft: Pair = ("#FCE4E2", "#3D1B19")
    heat_none: Pair = ("#E9EDF1", "#272D34")
    heat_thinned: Pair = ("#BFE6CD", "#1E4530")
    heat_restorable: Pair = ("#2E9E5B", "#2F9E60")
    tiers: Mapping[str, Pair] = field(
        default_factory=lambda: {
            "daily": ("#2E9E5B", "#3CC67A"),
            "weekly": ("#2458D3", "#5B93FF"),
            "monthly": ("#7A4DD8", "#A98BFF"),
            "yearly": ("#0E7490", "#38BDD8"),
        }
    )
    family: str = ""
    motion: bool = True

    @property
    def hover(self) -> Pair:
        """Behind a quiet control under the pointer."""
        return _blend(self.sunken, self.text, 0.07)

    @property
    def disabled(self) -> Pair:
        """Text of what cannot be used now: fainter than muted, still there."""
        return _blend(self.muted, self.sunken, 0.42)

    @property
    def control_edge(self) -> Pair:
        """Around what can be filled in; visible without its text."""
        return legible_pair(_blend(self.border, self.text, 0.2), self.surface, least=VISIBLE)

    def tone(self, tone: Tone) -> ToneColours:
        """The colours that say it."""
        if tone in (Tone.BUSY, Tone.CALM):
            text = self.accent_text if tone is Tone.BUSY else self.muted
            return ToneColours(text, self.surface, self.border)
        text, soft = {
            Tone.OK: (self.ok, self.ok_soft),
            Tone.WARN: (self.warn, self.warn_soft),
            Tone.BAD: (self.bad, self.bad_soft),
        }[tone]
        strength = 0.14 if tone is Tone.OK else 0.85
        return ToneColours(text, soft, _blend(soft, text, strength))

    @property
    def accent_text(self) -> Pair:
        """The accent as a text or a sign on the surface."""
        return legible_pair(self.accent, self.surface, self.bg, self.sunken, self.selection)

    def day(self, day: Day) -> Pair:
        """The colour of a day of the coverage."""
        return {
            Day.NONE: self.heat_none,
            Day.RESTORABLE: self.heat_restorable,
            Day.THINNED: self.heat_thinned,
            Day.MISSED: self.warn,
            Day.FAILED: self.bad,
        }[day]

    def tier(self, tier: str) -> Pair:
        """The colour of a tier of the retention; muted for one without a name of its own."""
        return self.tiers.get(tier, self.muted)


OWN: Final = Look()


def _blend(pair: Pair, other: Pair, share: float) -> Pair:
    return mix(pair[0], other[0], share), mix(pair[1], other[1], share)


def inherit(neutrals: Mapping[str, Pair]) -> Look:
    """A look whose neutral colours and accent are those of a host; what means something keeps its hue.

    neutrals: bg, surface, border, text, accent, accent_hover, on_accent. Texts that would be hard to read on the
    host's colours are darkened or lightened until they are not.
    """
    bg, surface, text = neutrals["bg"], neutrals["surface"], neutrals["text"]
    sunken = _blend(surface, text, 0.06)
    accent = legible_pair(neutrals["accent"], neutrals["on_accent"])
    selection = _blend(surface, accent, 0.18)
    text = legible_pair(text, bg, surface, sunken, selection)
    behind = (bg, surface, sunken)
    restorable = legible_pair(OWN.heat_restorable, surface, least=VISIBLE)
    return replace(
        OWN,
        bg=bg,
        surface=surface,
        sunken=sunken,
        border=neutrals["border"],
        text=text,
        muted=legible_pair(_blend(text, surface, 0.45), *behind, selection),
        accent=accent,
        accent_hover=legible_pair(neutrals["accent_hover"], neutrals["on_accent"]),
        on_accent=neutrals["on_accent"],
        selection=selection,
        heat_none=_blend(surface, text, 0.09),
        heat_restorable=restorable,
        heat_thinned=_blend(surface, restorable, 0.3),
        tiers={name: legible_pair(pair, surface, least=VISIBLE) for name, pair in OWN.tiers.items()},
        ok=legible_pair(OWN.ok, *behind, OWN.ok_soft),
        warn=legible_pair(OWN.warn, *behind, OWN.warn_soft),
        bad=legible_pair(OWN.bad, *behind, OWN.bad_soft),
    )
