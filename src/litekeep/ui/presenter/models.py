"""What the widgets show: texts in the reader's language, numbers and meanings, never colours, pixels or Tk.

The presenter makes these from ViewFacts; the widgets draw them as they are and decide nothing.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from litekeep.records import dataclass


class Tone(StrEnum):
    """What something means for the person. The look (ui/widgets/look.py) has a colour for each; texts say it too."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    BUSY = "busy"
    CALM = "calm"
    """Neither good nor bad: not begun, paused, unknown."""


class Glyph(StrEnum):
    """The large sign of the hero, drawn by ui/widgets/icons.py."""

    SHIELD_CHECK = "shield_check"
    SHIELD_PLAIN = "shield_plain"
    SHIELD_QUESTION = "shield_question"
    SHIELD_CROSS = "shield_cross"
    CLOCK = "clock"
    ARROWS = "arrows"
    FOLDER = "folder"
    PAUSE = "pause"


class Action(StrEnum):
    """What a button does; the bridge and the pages carry it out."""

    BACK_UP = "back_up"
    RESTORE = "restore"
    VERIFY = "verify"
    """Every backup."""
    TEST_RESTORE = "test_restore"
    CANCEL = "cancel"
    SEE_PROBLEM = "see_problem"
    """Open the Backups page with the filter on problems."""
    LOCATE = "locate"
    """Look for the backup folder again, or choose where it is now."""
    RESUME = "resume"
    UNDO = "undo"
    CLOSE = "close"
    OPEN_FOLDER = "open_folder"
    DETAILS = "details"
    RECOVERY_KEY = "recovery_key"
    """Save the recovery sheet, and confirm its key."""
    FROM_COPY = "from_copy"
    """Look at what a copy has: restore one of them, or get all back."""
    REVIEW_REMOVAL = "review_removal"
    """Look at what the clean-up waits for, and confirm it."""
    SYNC = "sync"
    """Send to all copies what they lack."""
    ADD_COPY = "add_copy"
    """The form for another copy."""


@dataclass(frozen=True, slots=True)
class Button:
    """text: the verb. enabled False: shown, and cannot be used now."""

    action: Action
    text: str
    enabled: bool = True
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """fraction 0..1, None while the end is unknown. text: phase, amount and remaining time in words."""

    fraction: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Hero:
    """The verdict. state: the stable word of the state (tests and screenshots go by it).

    progress: while something is going on; sub then begins with its text, so only one of them is to be shown.
    """

    state: str
    tone: Tone
    glyph: Glyph
    headline: str
    sub: str
    buttons: tuple[Button, ...]
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A result or an error, below the hero until it is closed: what happened, what is safe, what to do.

    details: for people who help; shown on demand, can be copied. lasts_seconds: 0 stays until closed.
    """

    tone: Tone
    what: str
    safe: str = ""
    hint: str = ""
    details: str = ""
    buttons: tuple[Button, ...] = ()
    lasts_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the five. title, the value in large, and a line below it."""

    key: str
    title: str
    value: str
    sub: str
    tone: Tone = Tone.CALM


class Day(StrEnum):
    """What a day was. Drawn with a different shape each, not only a colour."""

    NONE = "none"
    """Before the first backup, not planned, or not yet."""
    RESTORABLE = "restorable"
    THINNED = "thinned"
    """A backup ran, and was removed by the rules since; or nothing had changed."""
    MISSED = "missed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DayCell:
    """day: in the reader's zone. text: the sentence for the pointer and for the table. today: has the frame."""

    day: date
    kind: Day
    text: str
    today: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """weeks: columns from the oldest to the newest, each of seven cells from Monday; None: not shown.

    months: (column, name) to be written above. weekdays: the names of rows 0..6, some empty. legend: in this order.
    sentence: the same in words.
    """

    title: str
    sub: str
    weeks: tuple[tuple[DayCell | None, ...], ...]
    months: tuple[tuple[int, str], ...]
    weekdays: tuple[str, ...]
    legend: tuple[tuple[Day, str], ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. value: bytes. label: below it ("Jan"); text: for the pointer and the table."""

    label: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Size over months. sentence: the same in words. newest is drawn stronger."""

    title: str
    bars: tuple[Bar, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the last events. when: in words; at: exact, for the pointer."""

    tone: Tone
    when: str
    at: str
    text: str


class Column(StrEnum):
    """Of the history table, in this order."""

    DATE = "date"
    REASON = "reason"
    SIZE = "size"
    ADDED = "added"
    KEPT = "kept"
    STATUS = "status"


class Filter(StrEnum):
    """Which backups the table shows."""

    ALL = "all"
    PINNED = "pinned"
    PROBLEMS = "problems"
    TRASH = "trash"


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A backup, or a run that made none (snapshot_id empty). cells: texts by Column order; keys: sort keys, same order.

    key: unique and stable. tone and mark: the sign before the row; the status cell says the same in words. pinned,
    in_trash: what the filters go by.
    """

    key: str
    snapshot_id: str
    tone: Tone
    mark: str
    cells: tuple[str, ...]
    keys: tuple[float | str, ...]
    pinned: bool = False
    in_trash: bool = False


@dataclass(frozen=True, slots=True)
class DetailLine:
    """name, value; tone for values that are good or bad."""

    name: str
    value: str
    tone: Tone = Tone.CALM


@dataclass(frozen=True, slots=True)
class TableCount:
    """Rows of a table in one backup."""

    name: str
    rows: str


@dataclass(frozen=True, slots=True)
class Detail:
    """The pane beside the table. whys: each reason why it is kept, or will go, a sentence each."""

    title: str
    lines: tuple[DetailLine, ...]
    whys_title: str
    whys: tuple[str, ...]
    tables_title: str
    tables: tuple[TableCount, ...]
    tables_note: str
    in_trash: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One table in the restore panel. change: "+3", "-2", "=", "new", "goes"; tone WARN where rows would go."""

    name: str
    now: str
    after: str
    change: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class RestoreModel:
    """The restore panel. differences None: still being counted; note: why the present data cannot be counted."""

    title: str
    sub: str
    differences: tuple[Difference, ...] | None
    note: str
    summary: str
    replace_text: str
    replace_sub: str
    save_text: str
    save_sub: str
    go_replace: str
    go_save: str
    needs_acceptance: str = ""
    """The backup's content has problems: what, and that restoring it must be agreed to. Empty: nothing."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A kept backup on the time axis. position 0 (oldest) .. 1 (now), logarithmic.

    tier: daily, weekly, monthly, other.
    """

    position: float
    tier: str
    text: str


@dataclass(frozen=True, slots=True)
class RetentionPreview:
    """What a policy would keep and remove. marks: (position, text) under the axis. warn: lowering asks first."""

    ticks: tuple[Tick, ...]
    marks: tuple[tuple[float, str], ...]
    headline: str
    sub: str
    note: str
    removes: int
    question: str = ""
    """Asked before a policy is saved that removes more than the present one; with the numbers. Empty: not asked."""
    waits: tuple[str, ...] = ()
    """Why the clean-up would ask a person first: brakes and holds, a sentence each."""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """What the doctor says: what, why, fix. detail: the case at hand, in English; shown below or on demand."""

    tone: Tone
    what: str
    why: str
    fix: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Light:
    """One of the three numbers of the 3-2-1 rule. tone OK: it holds."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class Meter:
    """The 3-2-1 rule: places, devices, off-site; then all of it in a sentence, and what would help."""

    title: str
    lights: tuple[Light, ...]
    sentence: str
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class CopyLine:
    """One copy in the settings. state: what there is to know first; facts: the rest, in one line.

    progress: while something goes on with it. can_send, can_test: whether it can be asked for now.
    """

    name: str
    place: str
    tone: Tone
    state: str
    facts: str
    warnings: tuple[str, ...] = ()
    progress: Progress | None = None
    can_send: bool = True
    can_test: bool = True
    can_cancel: bool = False
