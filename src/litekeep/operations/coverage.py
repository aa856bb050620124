"""Which part of the stored bytes is to be read again today, so that all of them are within 30 days. Pure.

The packs are dealt into 30 shares by their names, which are random; so a share is the same on every machine, at every
time, and about as large as any other. A share is due a month after it was last read. A few are read at a time, the one
read longest ago first: after a month away, the backlog takes some days and not one long run.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

SHARES = 30
READ_WITHIN = timedelta(days=30)
_EARLY = timedelta(hours=30)
"""A share is due a little before its month is over, since there is one run a day."""
AT_ONCE = 3


def share_of(pack_key: str) -> int:
    """The share that a pack belongs to; its generation does not matter."""
    return int(pack_key.rpartition("/")[2][8:16], 16) % SHARES


def shares_due(read_at: Mapping[int, datetime], now: datetime) -> list[int]:
    """The shares to read now, the one read longest ago first; at most AT_ONCE.

    read_at: when each share was last read without damage; those that never were are missing.
    """
    never = [share for share in range(SHARES) if share not in read_at]
    old = [
        share for share, at in read_at.items() if share in range(SHARES) and not now - READ_WITHIN + _EARLY < at <= now
    ]
    return (never + sorted(old, key=lambda share: (read_at[share], share)))[:AT_ONCE]
