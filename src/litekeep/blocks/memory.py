"""Keeping the memory of frames from being given back and asked for again a thousand times.

A frame is a piece of memory of a megabyte that lives for milliseconds. The C library of Linux at first gives each back
to the system when it is freed, and every page of the next one is cleared and mapped anew: of a restore of 1 GiB, that
was 270,000 page faults and a third of the processor's time. When it sees a larger piece freed, it keeps pieces of up to
that size from then on, and twice as much in all (mallopt(3), M_MMAP_THRESHOLD, "dynamic").
"""

from __future__ import annotations

_KEPT_BYTES = 4 << 20


def keep_freed_memory() -> None:
    """Call once at the start of a process that moves frames. The piece is never written to, so it costs nothing."""
    bytes(_KEPT_BYTES)
