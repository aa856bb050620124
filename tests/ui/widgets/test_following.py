"""A window that was switched to dark, or to another scale, looks like one that was made so."""

from __future__ import annotations

from typing import Any

import pytest

from litekeep.ui.presenter.models import Glyph, Tone
from litekeep.ui.widgets.icons import GLYPHS, MARKS, SIGNS, mark_name, sign
from litekeep.ui.widgets.look import OWN
from ui import desk, gallery

SAME = 0.001
"""Share of pixels that may differ: rows of text may be rounded to another pixel."""


def shown(root: Any, part: int, mode: str, scale: float, then: tuple[str, float] | None = None) -> Any:
    import customtkinter

    customtkinter.set_appearance_mode(mode)
    customtkinter.set_widget_scaling(scale)
    top = customtkinter.CTkToplevel(root)
    top.geometry("1500x1100+8+32")
    desk.wait_until(top, lambda: top.winfo_viewable() and top.winfo_width() == 1500)
    gallery.build(top, OWN, part)
    top.focus_force()
    picture = desk.picture(top)
    if then is not None:
        customtkinter.set_appearance_mode(then[0])
        customtkinter.set_widget_scaling(then[1])
        picture = desk.picture(top)
    top.destroy()
    return picture


@pytest.mark.parametrize("part", [1, 2])
@pytest.mark.parametrize(("mode", "scale"), [("dark", 1.0), ("light", 1.5), ("dark", 1.25)])
def test_switched_is_as_made(root: Any, raised: list[str], part: int, mode: str, scale: float) -> None:
    switched = shown(root, part, "light", 1.0, then=(mode, scale))
    made = shown(root, part, mode, scale)
    share, _ = desk.differences(switched, made)
    assert share < SAME


def test_each_mark_has_a_shape_of_its_own() -> None:
    """In one colour, and as small as in the table."""
    masks = [sign(SIGNS[name], 16, "#000000").getchannel("A") for name in MARKS]
    for at, mask in enumerate(masks):
        for other in masks[at + 1 :]:
            apart = sum(abs(a - b) for a, b in zip(mask.tobytes(), other.tobytes(), strict=True)) / 255
            assert apart > 20, "pixels of 256"


def test_every_glyph_is_there_and_inside_of_its_square(root: Any) -> None:
    assert set(GLYPHS) == set(Glyph)
    for draw in (*GLYPHS.values(), *SIGNS.values()):
        box = sign(draw, 56, "#157A3C").getchannel("A").getbbox()
        assert box is not None
        assert min(box[:2]) >= 1
        assert max(box[2:]) <= 55


def test_a_mark_without_a_picture_is_that_of_its_tone() -> None:
    assert mark_name("pin", Tone.OK) == "pin"
    assert mark_name("●", Tone.WARN) == "warn"
    assert {str(tone) for tone in Tone} <= set(MARKS)
