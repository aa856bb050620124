"""Metrics in Prometheus's text format. Pure: facts -> text.

Ages are given as moments too, in seconds since 1970: a page that is written once a day would tell a wrong age the whole
day, while `time() - litekeep_last_good_timestamp_seconds` is right whenever it is asked.
Source: prometheus.io, "Exposition formats", text format 0.0.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from litekeep import __version__
from litekeep.records import dataclass


@dataclass(frozen=True, slots=True)
class SourceMetrics:
    """The facts of one database. verdict and protection (0 protected, 1 at risk, 2 not protected) as in `status`.

    Moments are None if it never happened. last_run_ok: None if no run is known. database_bytes: of the newest snapshot.
    """

    source: str
    verdict: str
    protection: int
    snapshots: int = 0
    newest_at: datetime | None = None
    last_good_at: datetime | None = None
    verified_at: datetime | None = None
    drilled_at: datetime | None = None
    database_bytes: int | None = None
    last_run_at: datetime | None = None
    last_run_ok: bool | None = None


Value = float | int | None
Metric = tuple[str, str, Callable[[SourceMetrics, datetime], Value]]


def _seconds(at: datetime | None) -> Value:
    return None if at is None else at.timestamp()


def _age(at: datetime | None, now: datetime) -> Value:
    return None if at is None else max(0.0, (now - at).total_seconds())


_METRICS: tuple[Metric, ...] = (
    ("protection", "0 protected, 1 at risk, 2 not protected", lambda s, _: s.protection),
    ("snapshots", "Snapshots outside the trash", lambda s, _: s.snapshots),
    ("newest_snapshot_age_seconds", "Age of the newest snapshot", lambda s, now: _age(s.newest_at, now)),
    ("newest_snapshot_timestamp_seconds", "When the newest snapshot was made", lambda s, _: _seconds(s.newest_at)),
    (
        "last_good_timestamp_seconds",
        "When the newest verified state was made or found unchanged",
        lambda s, _: _seconds(s.last_good_at),
    ),
    ("last_verified_timestamp_seconds", "When a snapshot was last read back", lambda s, _: _seconds(s.verified_at)),
    ("last_drill_timestamp_seconds", "When a test restore last passed", lambda s, _: _seconds(s.drilled_at)),
    ("database_bytes", "Size of the database in its newest snapshot", lambda s, _: s.database_bytes),
    ("last_run_timestamp_seconds", "When the last backup run was", lambda s, _: _seconds(s.last_run_at)),
    ("last_run_success", "1 if the last backup run succeeded", lambda s, _: _flag(s.last_run_ok)),
)


def render(sources: Sequence[SourceMetrics], stored_bytes: int | None, exit_code: int, now: datetime) -> str:
    """The page. stored_bytes: what the repository takes; None if it cannot be reached. exit_code: that of `status`."""
    lines = [
        *_metric("info", "The version of Litekeep", [(f'version="{escaped(__version__)}"', 1)]),
        *_metric("written_timestamp_seconds", "When this page was written", [("", now.timestamp())]),
        *_metric("repository_up", "1 if the repository can be reached", [("", int(stored_bytes is not None))]),
        *_metric("repository_bytes", "What the repository takes", [("", stored_bytes)]),
        *_metric("status_code", "Exit code of litekeep status: 0, 20 or 21", [("", exit_code)]),
    ]
    for name, text, value in _METRICS:
        lines += _metric(name, text, [(_label(each), value(each, now)) for each in sources])
    verdicts = [(f'{_label(each)},verdict="{escaped(each.verdict)}"', 1) for each in sources]
    lines += _metric("verdict", "The state in a word", verdicts)
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """A label's value: backslash, quote and line end have a meaning; what is no text becomes an escape."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\\\r")


def _metric(name: str, text: str, samples: Sequence[tuple[str, Value]]) -> Iterator[str]:
    """The lines of one metric; none if nothing is known of it."""
    told = [(labels, value) for labels, value in samples if value is not None]
    if not told:
        return
    yield f"# HELP litekeep_{name} {text}."
    yield f"# TYPE litekeep_{name} gauge"
    for labels, value in told:
        shown = repr(round(value, 3)) if isinstance(value, float) else str(value)
        yield f"litekeep_{name}{{{labels}}} {shown}" if labels else f"litekeep_{name} {shown}"


def _label(source: SourceMetrics) -> str:
    return f'source="{escaped(source.source)}"'


def _flag(value: bool | None) -> Value:  # noqa: FBT001 - a value, not a switch
    return None if value is None else int(value)
