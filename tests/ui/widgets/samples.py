"""Values as the presenter makes them, for the tests of the widgets and the gallery. The same on every run."""

from __future__ import annotations

from datetime import date, timedelta

from litekeep.ui.presenter.models import (
    Action,
    Bar,
    Bars,
    Button,
    Card,
    Column,
    Coverage,
    Day,
    DayCell,
    Glyph,
    Hero,
    HistoryRow,
    Progress,
    RetentionPreview,
    Tick,
    Tile,
    Tone,
)
from litekeep.ui.widgets.chartcard import ChartWords
from litekeep.ui.widgets.notice import NoticeWords
from litekeep.ui.widgets.tree import TableColumn

TODAY = date(2026, 9, 24)
BUTTONS = (
    Button(Action.BACK_UP, "Back up now", primary=True),
    Button(Action.RESTORE, "Restore…"),
    Button(Action.VERIFY, "Verify"),
)
PROTECTED = Hero(
    "healthy",
    Tone.OK,
    Glyph.SHIELD_CHECK,
    "Protected",
    "Last backup today at 02:00  ·  Next in 6 h 14 min  ·  Restore test passed yesterday",
    BUTTONS,
)
AT_RISK = Hero(
    "overdue",
    Tone.WARN,
    Glyph.CLOCK,
    "À risque : aucune sauvegarde depuis 3 jours",
    "Le serveur sftp://nas.local ne répond plus depuis lundi 02:00. Les copies locales sont intactes.",
    (
        Button(Action.BACK_UP, "Sauvegarder maintenant", primary=True),
        Button(Action.RESTORE, "Restaurer…"),
        Button(Action.VERIFY, "Vérifier"),
    ),
)
DAMAGED = Hero(
    "damaged",
    Tone.BAD,
    Glyph.SHIELD_CROSS,
    "A backup is damaged",
    "1 of 63 backups cannot be restored. The others are intact.",
    (Button(Action.SEE_PROBLEM, "See it", primary=True), Button(Action.RESTORE, "Restore…")),
)
NEVER = Hero(
    "never",
    Tone.CALM,
    Glyph.SHIELD_PLAIN,
    "Not protected yet",
    "The first backup takes about 2 s.",
    (
        Button(Action.BACK_UP, "Back up now", primary=True),
        Button(Action.RESTORE, "Restore…", enabled=False),
        Button(Action.VERIFY, "Verify", enabled=False),
    ),
)
RUNNING = Hero(
    "running",
    Tone.BUSY,
    Glyph.ARROWS,
    "Backing up…",
    "",
    (Button(Action.CANCEL, "Cancel"), Button(Action.RESTORE, "Restore…", enabled=False)),
    Progress(0.3, "Copying changed pages  ·  14.2 of 48.3 MB  ·  about 3 s"),
)
FAILED = Card(
    Tone.BAD,
    "Disk full on D:\\backups: 12 MB free, 48 MB needed.",
    "Nothing was changed in your data.",
    "Free space or choose another folder.",
    "disk_full (exit 14)\nTraceback (most recent call last):\n  File …/repository/write.py, line 88\nOSError: 28",
    (Button(Action.BACK_UP, "Try again", primary=True), Button(Action.OPEN_FOLDER, "Open folder")),
)
DELETED = Card(Tone.CALM, "2 backups are in the trash.", buttons=(Button(Action.UNDO, "Undo"),), lasts_seconds=10)
RESTORED = Card(
    Tone.OK,
    "Restored 23 Sep 02:00.",
    "Yesterday's data are back: 4 tables, 100,719 rows, all proven.",
    buttons=(Button(Action.UNDO, "Undo"),),
)
NOTICE_WORDS = NoticeWords("Details", "Hide details", "Copy", "Copied", "Close")
CHART_WORDS = ChartWords("Show as table", "Show as chart", "Day")
TILES = (
    Tile("kept", "Backups kept", "63", "+1 today"),
    Tile("space", "Space used", "41.8 MB", "3.0 GB of history"),
    Tile("newest", "Newest", "Today, 02:00", "7 h 46 min ago"),
    Tile("oldest", "Oldest", "Dec 18, 2025", "9 months of history"),
    Tile("offsite", "Off-site copy", "Not set up", "Backups are only on this computer", Tone.WARN),
)


def coverage(weeks: int = 40) -> Coverage:
    """Days up to TODAY, with all four meanings."""
    monday = TODAY - timedelta(days=TODAY.weekday() + 7 * (weeks - 1))
    columns: list[tuple[DayCell | None, ...]] = []
    months: list[tuple[int, str]] = []
    for column in range(weeks):
        week: list[DayCell | None] = []
        for row in range(7):
            day = monday + timedelta(days=7 * column + row)
            week.append(None if day > TODAY else DayCell(day, _kind(day, column), _text(day, column), day == TODAY))
        columns.append(tuple(week))
        first = monday + timedelta(days=7 * column)
        if first.day <= 7:
            months.append((column, f"{first:%b}"))
    legend = (
        (Day.RESTORABLE, "restorable"),
        (Day.THINNED, "ran, since thinned"),
        (Day.MISSED, "missed"),
        (Day.FAILED, "failed"),
    )
    names = ("Mon", "", "Wed", "", "Fri", "", "")
    sentence = "34 of the last 35 days have a backup that can be restored."
    return Coverage("Coverage", f"{weeks} weeks", tuple(columns), tuple(months), names, legend, sentence)


def _kind(day: date, column: int) -> Day:
    ago = (TODAY - day).days
    if column < 2:
        return Day.NONE
    if ago in (51, 52):
        return Day.MISSED
    if ago in (30, 102):
        return Day.FAILED
    if ago < 30 or (ago < 90 and day.weekday() == 6) or day.day == 1:
        return Day.RESTORABLE
    return Day.THINNED


def _text(day: date, column: int) -> str:
    return f"{day:%a %d %b %Y}: {_kind(day, column)}"


def bars() -> Bars:
    """Twelve months, growing."""
    names = ("Oct", "Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep")
    sizes = (6, 9, 12, 15, 18, 20, 23, 26, 29, 33, 37, 41.8)
    made = tuple(Bar(name, size * 1e6, f"{name}: {size} MB") for name, size in zip(names, sizes, strict=True))
    return Bars("Space used, last 12 months", made, "From 6 MB to 41.8 MB in 12 months.")


def preview() -> RetentionPreview:
    """45 ticks in four tiers."""
    ticks = [Tick(1 - (index + 1) / 60, "daily", f"{index} days ago, kept as daily") for index in range(30)]
    ticks += [Tick(0.45 - index * 0.03, "weekly", f"{index + 5} weeks ago, kept as weekly") for index in range(8)]
    ticks += [Tick(0.2 - index * 0.035, "monthly", f"{index + 4} months ago, kept as monthly") for index in range(5)]
    ticks += [Tick(0.0, "yearly", "1 year ago, kept as yearly"), Tick(0.62, "other", "pinned")]
    marks = ((0.0, "1 yr"), (0.2, "3 mo"), (0.45, "1 mo"), (0.7, "1 wk"), (1.0, "today"))
    return RetentionPreview(
        tuple(ticks),
        marks,
        "Keeps 45 backups, reaching back 9 months",
        "Removes 18 at the next clean-up · frees about 6.1 MB",
        "Pinned and manual backups are never removed.",
        18,
    )


COLUMNS = (
    TableColumn(Column.DATE, "Date"),
    TableColumn(Column.REASON, "Reason", stretch=True, least=110),
    TableColumn(Column.SIZE, "Size", right=True),
    TableColumn(Column.ADDED, "Added", right=True),
    TableColumn(Column.KEPT, "Kept as"),
    TableColumn(Column.STATUS, "Status", stretch=True, least=90),
)


def history(count: int = 60) -> tuple[HistoryRow, ...]:
    """The newest first; each has a key of its own."""
    return tuple(_row(at) for at in range(count))


def _row(at: int) -> HistoryRow:
    day = TODAY - timedelta(days=at)
    reason = ("Scheduled", "Before import", "Manual · “before payroll”", "Before migration 0042")[at % 7 % 4]
    tone, mark, status = Tone.OK, "ok", "Verified"
    if at % 11 == 5:
        tone, mark, status = Tone.WARN, "warn", "Not verified yet"
    if at % 13 == 9:
        tone, mark, status = Tone.BAD, "bad", "Failed: disk full"
    if at % 9 == 4:
        mark = "pin"
    kept = "Pinned" if mark == "pin" else "Daily"
    size, added = f"{48.3 - at * 0.1:.1f} MB", f"{194.5 + at * 7 % 500:.1f} KB"
    if tone is Tone.BAD:
        size = added = kept = "—"
    cells = (f"{day:%b %d, %Y}  02:00", reason, size, added, kept, status)
    return HistoryRow(f"row{at}", f"id{at}", tone, mark, cells, cells)
