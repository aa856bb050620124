"""How finely the file system here tells times."""

from __future__ import annotations

import time
from pathlib import Path

TICK_SECONDS = 0.011
"""More than one tick of a kernel's coarse clock."""


def coarse_times(folder: Path) -> bool:
    """True where two changes soon after each other may get the same time (Linux before 6.13)."""
    path, times = folder / "tick", set()
    for _ in range(20):
        path.write_bytes(b"x")
        times.add(path.stat().st_ctime_ns)
    path.unlink()
    return len(times) < 20


def let_file_times_tick() -> None:
    """What shall count as later gets a later time."""
    time.sleep(TICK_SECONDS)
