"""What went missing from the data all at once, as `Snapshot.anomaly` tells it, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from litekeep.model import Snapshot
from litekeep.ui.language.words import Language

_GONE = re.compile(r"the table (.+) with ([0-9]+) rows has gone")
_EMPTIED = re.compile(r"all ([0-9]+) rows of (.+) have gone")
_SHRUNK = re.compile(r"(.+) went from ([0-9]+) to ([0-9]+) rows")


def suspicious(snapshots: Sequence[Snapshot]) -> Snapshot | None:
    """The newest backup from right before an unusual loss, if nobody has looked at it yet."""
    return next((each for each in reversed(snapshots) if each.anomaly), None)


def losses_text(anomaly: str, say: Language) -> tuple[str, ...]:
    """A clause for each table, without full stop; one that is not understood stays as it is."""
    return tuple(_loss(text.strip(), say) for text in anomaly.split("; ") if text.strip())


def _loss(text: str, say: Language) -> str:
    if found := _GONE.fullmatch(text):
        rows = say.plural("{n} row", "{n} rows", int(found[2]))
        return say("the table {table} with {rows} has gone", table=found[1], rows=rows)
    if found := _EMPTIED.fullmatch(text):
        return say.plural(
            "the only row of {table} has gone", "all {n} rows of {table} have gone", int(found[1]), table=found[2]
        )
    if found := _SHRUNK.fullmatch(text):
        before, after = say.number(int(found[2])), say.number(int(found[3]))
        return say("the table {table} went from {before} to {after} rows", table=found[1], before=before, after=after)
    return text
