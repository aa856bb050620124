"""Every text can be read on what is behind it, in light and dark, in our colours and in those of hosts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import customtkinter
import pytest

from litekeep.ui.presenter.models import Day, Tone
from litekeep.ui.widgets.ctk import host_look
from litekeep.ui.widgets.look import OWN, Look, inherit
from litekeep.ui.widgets.shades import READABLE, VISIBLE, Pair, contrast, legible, plain

THEMES = sorted(path.stem for path in (Path(customtkinter.__file__).parent / "assets" / "themes").glob("*.json"))


def texts(look: Look) -> dict[str, tuple[Pair, Pair]]:
    """Text and background, wherever the widgets put one on the other."""
    pairs = {f"{name} on {behind}": (getattr(look, name), getattr(look, behind)) for name, behind in PLAIN}
    for tone in Tone:
        colours = look.tone(tone)
        pairs[f"{tone} on surface"] = (colours.text, look.surface)
        pairs[f"{tone} on its soft"] = (colours.text, colours.soft)
        pairs[f"text on {tone} soft"] = (look.text, colours.soft)
    return pairs


PLAIN = [
    *[("text", behind) for behind in ("bg", "surface", "sunken", "hover", "selection", "border")],
    *[("muted", behind) for behind in ("bg", "surface", "sunken")],
    *[("accent_text", behind) for behind in ("bg", "surface")],
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("bad", "bad_soft"),
]


def graphics(look: Look) -> dict[str, tuple[Pair, Pair]]:
    """What has to be seen to be understood. Thinned days are faint on purpose: they are the ground of the picture."""
    pairs = {f"{tier}": (colour, look.surface) for tier, colour in look.tiers.items()}
    for day in (Day.RESTORABLE, Day.MISSED, Day.FAILED):
        pairs[str(day)] = (look.day(day), look.surface)
    pairs["ring"] = (look.accent_text, look.surface)
    pairs["field"] = (look.control_edge, look.surface)
    return pairs


def too_faint(pairs: dict[str, tuple[Pair, Pair]], least: float) -> list[str]:
    return [
        f"{name} ({mode}): {contrast(ink[at], behind[at]):.2f}"
        for name, (ink, behind) in pairs.items()
        for at, mode in enumerate(("light", "dark"))
        if contrast(ink[at], behind[at]) < least
    ]


def looks() -> dict[str, Look]:
    found = {"own": OWN}
    for name in THEMES:
        path = Path(customtkinter.__file__).parent / "assets" / "themes" / f"{name}.json"
        theme = json.loads(path.read_text("utf-8"))
        places = {
            "bg": theme["CTk"]["fg_color"],
            "surface": theme["CTkFrame"]["fg_color"],
            "border": theme["CTkFrame"]["border_color"],
            "text": theme["CTkLabel"]["text_color"],
            "accent": theme["CTkButton"]["fg_color"],
            "accent_hover": theme["CTkButton"]["hover_color"],
            "on_accent": theme["CTkButton"]["text_color"],
        }
        found[name] = inherit({key: (plain(pair[0]), plain(pair[1])) for key, pair in places.items()})
    return found


@pytest.mark.parametrize("name", ["own", *THEMES])
def test_every_text_can_be_read(name: str) -> None:
    assert not too_faint(texts(looks()[name]), READABLE)


@pytest.mark.parametrize("name", ["own", *THEMES])
def test_every_sign_can_be_seen(name: str) -> None:
    assert not too_faint(graphics(looks()[name]), VISIBLE)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast("#2458D3", "#FFFFFF") == pytest.approx(6.2, abs=0.05)


def test_a_faint_colour_is_made_legible_and_a_good_one_is_left() -> None:
    assert legible("#157A3C", "#FFFFFF") == "#157A3C"
    faint = legible("#A0A0A0", "#FFFFFF")
    assert contrast(faint, "#FFFFFF") >= READABLE
    assert contrast("#A0A0A0", "#FFFFFF") < READABLE


def test_names_of_colours() -> None:
    assert plain("gray14") == "#242424"
    assert plain("#abc") == "#AABBCC"
    with pytest.raises(ValueError, match="not a colour"):
        plain("chartreuse")


def test_the_look_of_the_host_has_its_colours(root: Any) -> None:
    look = host_look(root)
    assert look.bg == ("#EBEBEB", "#242424")
    assert look.surface == ("#DBDBDB", "#2B2B2B")
    assert look.warn_soft == OWN.warn_soft
