"""A zone from the name that settings and the clock use."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from litekeep.clock import Clock
from litekeep.errors import UsageError

_LONGEST_NAME = 100
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")


class LocalZone(tzinfo):
    """The zone of this machine as the C library knows it, for machines that do not tell its name (Windows).

    A plain offset in its place would not know when the clocks change, and 02:00 would come twice on that night.
    """

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """The offset at that time of the wall; `fold` is honoured."""
        return None if moment is None else moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:  # noqa: ARG002 - tzinfo's signature
        """Not known."""
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        """As the C library abbreviates it."""
        return None if moment is None else moment.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, moment: datetime) -> datetime:
        """From UTC, with `fold` where a time of the wall comes twice."""
        return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


def zone_named(name: str) -> tzinfo:
    """The zone of an IANA name ("Europe/Paris") or of an offset ("+02:00"); raises UsageError.

    Windows has no table of zones; the package tzdata, which is installed there, has one.
    """
    if name == "UTC":
        return UTC
    if offset := _OFFSET.fullmatch(name):
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        if span < timedelta(days=1):
            return timezone(span if offset[1] == "+" else -span)
    try:
        if len(name) > _LONGEST_NAME:
            raise ValueError("no zone has so long a name")
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # not found is a KeyError, a folder of zones an OSError
        hint = 'Write a name such as "Europe/Paris", or an offset such as "+02:00".'
        raise UsageError(f"not a time zone: {name!r}", hint=hint) from error


def machine_zone(clock: Clock) -> tzinfo:
    """The zone the machine is in now; ask again each time, because people travel."""
    name = clock.zone()
    if not _OFFSET.fullmatch(name):
        try:
            return zone_named(name)
        except UsageError:
            pass  # such as TZ=CET-1CEST, or a machine without tables
    return LocalZone()
