"""A job as a service and a timer of systemd. Text out; nothing is touched.

Source: systemd.service(5) "Command lines", systemd.unit(5) "Specifiers", systemd.time(7) "Calendar events".
"""

from __future__ import annotations

from litekeep.errors import UsageError
from litekeep.scheduling.job import Job, Times, times_of

_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "%": "%%"}
# A user's own service manager cannot set up name spaces everywhere; these need none.
_HARDENING = (
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "UMask=0077",
)
_SYSTEM_HARDENING = (
    "ProtectSystem=strict",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces=yes",
)


def service_text(job: Job, *, system: bool) -> str:
    """The .service file: one run that ends.

    The colon before the program keeps `$` of arguments from being replaced by variables. Exit code 3, done with
    warnings, is no failure of the unit. Writable is only what a run writes: the repository, and the folder of the
    database, where SQLite keeps its own files.
    """
    lines = ["[Unit]", f"Description={_plain(job.description)}"]
    if system and job.mounts:
        lines += ["# Not before the drive is there.", f"RequiresMountsFor={_words(job.mounts)}"]
    lines += ["", "[Service]", "Type=oneshot", f"ExecStart=:{_words(job.command)}", "SuccessExitStatus=3"]
    lines += [f"User={_plain(job.user)}"] if system and job.user else []
    lines += ["Nice=10", "IOSchedulingClass=best-effort", "IOSchedulingPriority=7", *_HARDENING]
    if system:
        lines += _SYSTEM_HARDENING
        lines += [f"ReadWritePaths={_words(tuple(f'-{folder}' for folder in job.folders))}"] if job.folders else []
    return "\n".join(lines) + "\n"


def timer_text(job: Job) -> str:
    """The .timer file. Persistent: a run missed while the machine was off is made up for, once."""
    zone = f" {_plain(job.zone)}" if job.zone else ""
    calendars = [f"OnCalendar={text}{zone}" for text in on_calendar(times_of(job.rule))]
    delay = "0" if _often(times_of(job.rule)) else "10min"  # many machines with one storage should not start together
    lines = ["[Unit]", f"Description={_plain(job.description)}", "", "[Timer]", *calendars]
    persistent = "true" if job.rule.catch_up else "false"
    lines += [f"Persistent={persistent}", f"RandomizedDelaySec={delay}", "AccuracySec=1min"]
    return "\n".join([*lines, "", "[Install]", "WantedBy=timers.target"]) + "\n"


def on_calendar(times: Times) -> list[str]:
    """The calendar events: two where a day of the month or a day of the week is enough."""
    months, clock = _list(times.months), f"{_list(times.hours)}:{_list(times.minutes)}:00"
    found = []
    if times.days or not times.weekdays:
        found.append(f"*-{months}-{_list(times.days)} {clock}")
    if times.weekdays:
        found.append(f"{','.join(_WEEKDAYS[day] for day in times.weekdays)} *-{months}-* {clock}")
    return found


def _often(times: Times) -> bool:
    return len(times.of_day) > 1


def _list(numbers: tuple[int, ...]) -> str:
    return ",".join(f"{number:02}" for number in numbers) or "*"


def _words(words: tuple[str, ...]) -> str:
    return " ".join(f'"{_plain(word, _ESCAPES)}"' for word in words)


def _plain(text: str, escapes: dict[str, str] | None = None) -> str:
    """Text of one line, with its percent signs doubled."""
    if any(ord(letter) < 32 or letter == "\x7f" for letter in text):
        raise UsageError(f"systemd takes no control characters in a path: {text!r}")
    return "".join((escapes or {"%": "%%"}).get(letter, letter) for letter in text)
