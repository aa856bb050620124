"""A job as a property list of launchd (macOS). Bytes out; nothing is touched.

launchd makes up for runs missed while the machine slept, once, but not for those while it was off; a job therefore also
starts when it is loaded, at login or at boot, and does nothing if its slot is satisfied. Source: launchd.plist(5).
"""

from __future__ import annotations

import plistlib
from typing import Any

from litekeep.scheduling.job import Job, few_times, times_of


def plist_bytes(job: Job, log: str) -> bytes:
    """The file. log: where the command's own output goes; launchd throws it away otherwise."""
    facts: dict[str, Any] = {
        "Label": job.name,
        "ProgramArguments": list(job.command),
        "StartCalendarInterval": intervals(job),
        "RunAtLoad": job.rule.catch_up,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "Nice": 10,
        "Umask": 0o077,
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }
    if job.user:
        facts["UserName"] = job.user
    return plistlib.dumps(facts, sort_keys=False)


def intervals(job: Job) -> list[dict[str, int]]:
    """One for each time of the day, and for each day if days are given; what is left out means every one."""
    times = times_of(job.rule)
    if times.minutes and not times.hours:
        clocks = [{"Minute": minute} for minute in times.minutes]
    else:
        clocks = [{"Hour": hour, "Minute": minute} for hour, minute in few_times(job.rule, times)]
    days: list[dict[str, int]] = [{"Day": day} for day in times.days]
    days += [{"Weekday": day} for day in times.weekdays]
    months: list[dict[str, int]] = [{"Month": month} for month in times.months] or [{}]
    return [{**month, **day, **clock} for month in months for day in days or [{}] for clock in clocks]
