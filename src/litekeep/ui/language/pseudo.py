"""The pseudo language: every text accented, in brackets and 30 % longer, with its placeholders intact. Pure."""

from __future__ import annotations

import re

_ACCENTED = str.maketrans(
    "AEIOUYCDGHJKLNRSTWZaeiouycdghjklnrstwz",
    "ÀÉÎÖÛÝÇÐĜĤĴĶĹÑŔŜŢŴŽàéîöûýçðĝĥĵķĺñŕšţŵž",
)
_PLACEHOLDER = re.compile(r"(\{[^{}]*\})")
_LONGER = 0.3


def pseudo(text: str) -> str:
    """ "Save {n} files" -> "⟦Ŝàvé {n} fîĺéš~~~⟧"; an empty text stays empty."""
    if not text:
        return ""
    parts = _PLACEHOLDER.split(text)
    shown = sum(len(part) for part in parts[::2])
    accented = "".join(part if at % 2 else part.translate(_ACCENTED) for at, part in enumerate(parts))
    return f"⟦{accented}{'~' * max(1, round(shown * _LONGER))}⟧"
