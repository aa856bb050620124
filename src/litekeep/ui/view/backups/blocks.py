"""What the pane tells, as blocks to be laid out: of one backup or run, and of several backups. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from litekeep.model import Snapshot
from litekeep.records import dataclass
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Detail, DetailLine, TableCount, Tone


@dataclass(frozen=True, slots=True)
class Heading:
    """Of what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence. muted: a remark; else it has a sign of a list before it."""

    text: str
    muted: bool = False


Block = DetailLine | Heading | Paragraph | TableCount
Parts = tuple[tuple[Block, ...], tuple[Block, ...]]
"""The facts, and the rest: below each other, or side by side."""


@dataclass(frozen=True, slots=True)
class PaneModel:
    """What it shows. key: what it is about. button: the verb of the main button, empty for none; copy: of the link.

    hint: in place of everything, when nothing is selected.
    """

    key: str
    title: str = ""
    tone: Tone = Tone.CALM
    parts: Parts = ((), ())
    button: str = ""
    enabled: bool = True
    primary: bool = True
    copy: str = ""
    hint: str = ""


def blocks_of(detail: Detail) -> Parts:
    """Of one row."""
    rest: list[Block] = []
    if detail.whys:
        rest += [Heading(detail.whys_title), *(Paragraph(why) for why in detail.whys)]
    if detail.tables_title:
        rest.append(Heading(detail.tables_title))
    if detail.tables_note:
        rest.append(Paragraph(detail.tables_note, muted=True))
    return detail.lines, (*rest, *detail.tables)


def text_of(detail: Detail) -> str:
    """The same as a text, for the clipboard."""
    lines = [detail.title, "", *(f"{line.name}: {line.value}" for line in detail.lines)]
    return "\n".join(lines)


def summary_title(count: int, say: Language) -> str:
    """Above several rows."""
    return say.plural("{n} selected", "{n} selected", count)


def summary_of(chosen: Sequence[Snapshot], runs: int, facts: ViewFacts, say: Language) -> Parts:
    """Of several. runs: how many selected rows are no backups."""
    lines: list[Block] = [DetailLine(say("Backups"), say.number(len(chosen)))]
    if runs:
        lines.append(DetailLine(say("Runs without a backup"), say.number(runs)))
    if chosen:
        newest = max(chosen, key=lambda each: each.created_at)
        oldest = min(chosen, key=lambda each: each.created_at)
        good, pinned = sum(each.sound for each in chosen), sum(each.pinned for each in chosen)
        share = say("{n} of {all}", n=say.number(good), all=say.number(len(chosen)))
        lines += [
            DetailLine(say("Newest"), say.moment(newest.created_at, facts.now)),
            DetailLine(say("Oldest"), say.moment(oldest.created_at, facts.now)),
            DetailLine(say("Verified and good"), share, Tone.OK if good == len(chosen) else Tone.WARN),
            DetailLine(say.begun(say("pinned")), say.number(pinned)),
            DetailLine(say("Added"), say.size(sum(each.new_bytes for each in chosen))),
        ]
    note = say("Verify, pin and delete work on all of them. To restore, select one backup.")
    in_trash = bool(chosen) and all(each.trashed_at is not None for each in chosen)
    if in_trash:
        note = say("All of them can be brought back at once.")
    return tuple(lines), (Paragraph(note, muted=True),) if chosen else ()
