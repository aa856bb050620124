"""What `litekeep watch` prints: a line for everything that happens, or the same as a line of JSON."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from litekeep.cli import words
from litekeep.cli.output import Output, json_text
from litekeep.cli.systemd import tell_systemd
from litekeep.journal.sentences import Importance, line_of_event
from litekeep.redaction import redact

if TYPE_CHECKING:
    from litekeep.clock import Clock
    from litekeep.monitor import Fact

Facts = Mapping[str, "Fact"]
WORDS = {"backup": "backup", "drill": "test restore"}
_FROM_THE_LOG = frozenset(
    {"anomaly", "backup_finished", "drill_finished", "prune_held", "repository_created", "warning"}
)
_SIGNS = {Importance.INFO: "", Importance.WARNING: "! ", Importance.ERROR: "✗ "}


class Teller:
    """Prints, from any thread; one line at a time."""

    def __init__(self, output: Output, clock: Clock) -> None:
        self._output = output
        self._clock = clock
        self._guard = threading.Lock()

    def tell(self, source: str, name: str, facts: Facts) -> None:
        """Print the line of an event, if it has one."""
        line = _line(name, facts)
        if line is None:
            return
        importance, text = line
        text, now = words.plain(redact(text)), self._clock.now()
        with self._guard:
            if self._output.json_mode:
                head = {"schema": "litekeep.watch/1", "at": now.isoformat(timespec="seconds"), "event": name}
                click.echo(json_text({**head, "source": source, "text": text, **_plain(facts)}))
            elif importance is not Importance.INFO or not self._output.quiet:
                named = f"{source}: " if source else ""
                self._output.word(f"{now.isoformat(timespec='seconds')} {_SIGNS[importance]}{named}{text}")
        tell_systemd(f"STATUS={source}: {text}" if source else f"STATUS={text}")


def _plain(facts: Facts) -> dict[str, Fact]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in facts.items()}


def _line(name: str, facts: Facts) -> tuple[Importance, str] | None:
    task = WORDS.get(str(facts.get("task")), str(facts.get("task")))
    if name == "slot_started":
        return Importance.INFO, f"{task} begins{_for(facts)}"
    if name == "slot_skipped":
        return Importance.WARNING, _skipped(task, facts)
    if name == "slot_failed":
        return Importance.ERROR, f"{task} failed: {facts.get('message')}; {_afterwards(facts)}"
    if name == "next":
        return Importance.INFO, f"next {task}: {_moment(facts.get('next_at'))}"
    if name == "prune_finished" and not (facts.get("trashed") or facts.get("forgotten")):
        return None
    if name == "backup_finished" and facts.get("satisfied"):
        return Importance.INFO, "backup: it was made before, by another program perhaps"
    if name in _FROM_THE_LOG or name == "prune_finished":
        return line_of_event(name, facts)
    if name in ("watch_started", "settings_read", "watch_stopping", "nothing_scheduled"):
        return Importance.INFO, str(facts.get("message"))
    return (Importance.ERROR, str(facts.get("message"))) if name == "settings_invalid" else None


def _for(facts: Facts) -> str:
    parts = [f"for {_moment(facts['slot'])}"] if facts.get("slot") else []
    if float(facts.get("late_seconds") or 0.0) >= 60:
        parts.append(f"{words.seconds(float(facts['late_seconds'] or 0.0))} late")
    if int(facts.get("attempt") or 1) > 1:
        parts.append(f"attempt {facts['attempt']}")
    return f" ({', '.join(parts)})" if parts else ""


def _skipped(task: str, facts: Facts) -> str:
    if facts.get("reason") == "unreachable":
        return f"{task} waits for the backup folder: {facts.get('message')}"
    return f"{task} for {_moment(facts.get('slot'))} is left out ({facts.get('reason')})"


def _afterwards(facts: Facts) -> str:
    if facts.get("retry_at"):
        return f"tried again at {_moment(facts['retry_at'])}"
    return "given up until it is due again"


def _moment(value: Fact) -> str:
    try:
        return words.local(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)
