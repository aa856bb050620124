"""The only source of time: everything else takes a Clock, so that tests can live through years in a second."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Protocol

from litekeep.records import dataclass


@dataclass(frozen=True, slots=True)
class BootTime:
    """A clock that never runs backwards while the machine is up.

    boot_id: names this start of the machine; empty where the system does not tell.
    seconds: since that start, counted also while asleep where the system offers it.
    """

    boot_id: str
    seconds: float


class Clock(Protocol):
    """Tells and passes time."""

    def now(self) -> datetime:
        """The wall clock: aware, with the local offset of this moment."""

    def zone(self) -> str:
        """The local zone as an IANA name ("Europe/Paris") where the system tells, else the offset ("+02:00")."""

    def boot(self) -> BootTime:
        """Time since the machine started."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never backwards; for durations and deadlines."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The wall clock with the local offset."""
        return datetime.now().astimezone()

    def zone(self) -> str:
        """From TZ, then /etc/localtime, then the plain offset."""
        named = _zone_name()
        return named or self.now().isoformat()[-6:]

    def boot(self) -> BootTime:
        """Linux: CLOCK_BOOTTIME and the kernel's boot id; elsewhere the monotonic clock without an id."""
        if sys.platform == "linux":
            try:
                boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
            except OSError:
                boot_id = ""
            return BootTime(boot_id, time.clock_gettime(time.CLOCK_BOOTTIME))
        return BootTime("", time.monotonic())

    def monotonic(self) -> float:
        """Python's monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)


def _zone_name() -> str:
    name = os.environ.get("TZ", "").removeprefix(":")
    if "/" in name and not name.startswith("/"):
        return name
    if sys.platform != "win32" and not name:
        try:
            target = os.path.realpath("/etc/localtime")
        except OSError:
            return ""
        _, found, zone = target.partition("/zoneinfo/")
        return zone if found else ""
    return ""
