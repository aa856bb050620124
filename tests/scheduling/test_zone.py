"""Zones by name, by offset, and of machines that do not tell theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from litekeep.errors import UsageError
from litekeep.scheduling.zone import LocalZone, machine_zone, zone_named
from litekeep.testing import ManualClock


def test_names_and_offsets() -> None:
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert summer.astimezone(zone_named("Europe/Paris")).utcoffset() == timedelta(hours=2)
    assert summer.astimezone(zone_named("-03:30")).utcoffset() == -timedelta(hours=3, minutes=30)
    assert zone_named("UTC") is UTC


@pytest.mark.parametrize(
    "name", ["", "Europe/Pariss", "../etc/passwd", "/etc/localtime", "+99:00", "Europe", "CET-1CEST,M3", "a/" * 2000]
)
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(UsageError, match="not a time zone"):
        zone_named(name)


def test_the_machine_is_asked_each_time() -> None:
    assert str(machine_zone(ManualClock(zone="Asia/Tokyo"))) == "Asia/Tokyo"

    class Nameless(ManualClock):
        def zone(self) -> str:
            return "+01:00"

    assert isinstance(machine_zone(Nameless()), LocalZone)  # an offset would not know of summer time


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no zone from the environment")
def test_the_zone_of_the_c_library_knows_when_clocks_change() -> None:
    """In a process of its own, whose zone has no name: once in the overlap, at the end of the gap."""
    script = """
from datetime import UTC, datetime, timedelta
from litekeep.clock import SystemClock
from litekeep.scheduling.rule import parse_rule, slot_after
from litekeep.scheduling.zone import machine_zone
zone = machine_zone(SystemClock())
moment = datetime(2026, 3, 27, 12, tzinfo=UTC)
for start in (datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)):
    for _ in range(2):
        start = slot_after(parse_rule("02:00"), start, zone)
        print(start.isoformat())
print(type(zone).__name__)
"""
    env = {**os.environ, "TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "2026-03-28T02:00:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-10-25T02:00:00+02:00",
        "2026-10-26T02:00:00+01:00",
        "LocalZone",
    ]
