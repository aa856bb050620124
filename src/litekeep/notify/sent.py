"""notices.jsonl beside the journal: what was sent, so that it is not sent again. One line of JSON for each notice.

    {"at": RFC 3339, "channel": name, "source": name, "topic": word, "state": "alarm" | "recovered" | ...}

Lost or damaged lines count as never sent; at 256 KB the file steps back once, which still holds many months.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from litekeep.model import read_moment
from litekeep.notify.message import Notice, State
from litekeep.storage.linefile import append_line, read_lines

NAME = "notices.jsonl"
LOCK_NAME = ".notices-lock"
ROTATE_AT_BYTES = 256 << 10


def remember(folder: Path, notice: Notice) -> None:
    """Add a notice; raises OSError if it cannot be written."""
    facts = {
        "at": notice.at.isoformat(),
        "channel": notice.channel,
        "source": notice.source,
        "topic": notice.topic,
        "state": notice.state.value,
    }
    append_line(
        folder / NAME, json.dumps(facts, separators=(",", ":")).encode("ascii"), rotate_at_bytes=ROTATE_AT_BYTES
    )


def read(folder: Path) -> list[Notice]:
    """All notices that can be read, in the order in which they were made."""
    notices = []
    for line in read_lines(folder / NAME):
        with suppress(ValueError, KeyError, TypeError, RecursionError):
            notices.append(_decode(json.loads(line)))
    return notices


def _decode(facts: dict[str, Any]) -> Notice:
    at = read_moment(facts["at"])
    return Notice(at, str(facts["channel"]), str(facts["source"]), str(facts["topic"]), State(facts["state"]))
