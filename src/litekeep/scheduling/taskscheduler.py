"""A job as a task of the Windows Task Scheduler. Bytes out; nothing is touched.

Source: learn.microsoft.com, "Task Scheduler Schema" (version 1.2). The elements stand in the order that the schema asks
for.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from litekeep.scheduling.job import Job, Times, few_times, times_of

_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip


def task_xml(job: Job, *, system: bool) -> bytes:
    """The file that `schtasks /Create /XML` reads, in UTF-16 as it wants it.

    StartWhenAvailable makes up for a missed run. Battery and idle conditions are taken off: a laptop would never be
    saved.
    """
    root = ET.Element("Task", {"version": "1.2", "xmlns": _NAMESPACE})
    _add(_under(root, "RegistrationInfo"), Description=job.description)
    _triggers(_under(root, "Triggers"), job)
    principal = ET.SubElement(_under(root, "Principals"), "Principal", {"id": "Author"})
    if system:
        _add(principal, UserId="S-1-5-18", RunLevel="LeastPrivilege")
    else:
        _add(principal, LogonType="InteractiveToken", RunLevel="LeastPrivilege")
    _add(
        _under(root, "Settings"),
        MultipleInstancesPolicy="IgnoreNew",
        DisallowStartIfOnBatteries="false",
        StopIfGoingOnBatteries="false",
        StartWhenAvailable="true" if job.rule.catch_up else "false",
        RunOnlyIfNetworkAvailable="false",
        Enabled="true",
        ExecutionTimeLimit="PT0S",
        Priority="8",
    )
    actions = ET.SubElement(root, "Actions", {"Context": "Author"})
    _add(_under(actions, "Exec"), Command=job.command[0], Arguments=arguments_text(job.command[1:]))
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{text}\n'.encode("utf-16")


def arguments_text(arguments: tuple[str, ...]) -> str:
    """One line that programs split into the same arguments again.

    Source: learn.microsoft.com, "Parsing C command-line arguments": backslashes count only before a quote.
    """
    return " ".join(_quoted(argument) for argument in arguments)


def _quoted(argument: str) -> str:
    if argument and not any(letter in argument for letter in ' \t"'):
        return argument
    text, backslashes = "", 0
    for letter in argument:
        if letter == "\\":
            backslashes += 1
            continue
        text += "\\" * (2 * backslashes + 1 if letter == '"' else backslashes) + letter
        backslashes = 0
    return f'"{text}' + "\\" * (2 * backslashes) + '"'


def _triggers(parent: ET.Element, job: Job) -> None:
    times = times_of(job.rule)
    for hour, minute in few_times(job.rule, times):
        if times.days or not times.weekdays:
            _calendar(parent, hour, minute, times, by_weekday=False)
        if times.weekdays:
            _calendar(parent, hour, minute, times, by_weekday=True)


def _calendar(parent: ET.Element, hour: int, minute: int, times: Times, *, by_weekday: bool) -> None:
    trigger = _under(parent, "CalendarTrigger")
    _add(trigger, StartBoundary=f"2026-01-01T{hour:02}:{minute:02}:00", Enabled="true")
    weekdays = [_WEEKDAYS[day] for day in times.weekdays]
    months = [_MONTHS[month - 1] for month in times.months or range(1, 13)]
    if by_weekday and times.months:
        schedule = _under(trigger, "ScheduleByMonthDayOfWeek")
        weeks = _under(schedule, "Weeks")
        for week in ("1", "2", "3", "4", "Last"):
            ET.SubElement(weeks, "Week").text = week
        _marks(schedule, "DaysOfWeek", weekdays)
        _marks(schedule, "Months", months)
    elif by_weekday:
        schedule = _under(trigger, "ScheduleByWeek")
        _add(schedule, WeeksInterval="1")
        _marks(schedule, "DaysOfWeek", weekdays)
    elif times.days or times.months:
        schedule = _under(trigger, "ScheduleByMonth")
        days = _under(schedule, "DaysOfMonth")
        for day in times.days or range(1, 32):
            ET.SubElement(days, "Day").text = str(day)
        _marks(schedule, "Months", months)
    else:
        _add(_under(trigger, "ScheduleByDay"), DaysInterval="1")


def _under(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, name)


def _add(parent: ET.Element, **children: str) -> None:
    for name, text in children.items():
        ET.SubElement(parent, name).text = text


def _marks(parent: ET.Element, name: str, children: list[str]) -> None:
    group = _under(parent, name)
    for child in children:
        ET.SubElement(group, child)
