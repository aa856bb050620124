"""What is done with the people: found, written, deleted. Every change leaves a line in the audit log, in the same
transaction. All functions use the connection of the calling thread.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import peewee

from examples.employees.models import Certificate, Change, Employee, MedicalVisit, Training, database
from examples.employees.rules import FIELDS, problems, read_date
from litekeep.clock import SystemClock

CLOCK = SystemClock()
SOON = timedelta(days=60)
YOU = "office"


class NotAllowed(Exception):
    """What was to be written breaks a rule. problems: message by field."""

    def __init__(self, found: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in found.items()))
        self.problems = dict(found)


@dataclass(frozen=True, slots=True)
class Line:
    """One person in the list. papers: "valid", "soon", "expired", or "" without any."""

    id: int
    number: str
    name: str
    role: str
    workspace: str
    contract: str
    status: str
    papers: str


@dataclass(frozen=True, slots=True)
class Paper:
    """Something that a person holds. kind: "certificate", "medical visit" or "training"; state: as in Line."""

    kind: str
    title: str
    completed: date
    expires: date | None
    state: str


def today() -> date:
    """The day where the program runs."""
    return CLOCK.now().date()


def state_of(expires: date | None, now: date) -> str:
    """How a paper stands on a day."""
    if expires is None or expires > now + SOON:
        return "valid"
    return "expired" if expires < now else "soon"


def search(text: str = "", status: str = "") -> list[Line]:
    """The people in whose number, name, role or workspace every word of `text` stands, by name."""
    query = Employee.select().order_by(Employee.last_name, Employee.first_name)
    for word in text.split():
        fields = (Employee.first_name, Employee.last_name, Employee.number, Employee.role, Employee.workspace)
        found = fields[0].contains(word)
        for field in fields[1:]:
            found |= field.contains(word)
        query = query.where(found)
    if status:
        query = query.where(Employee.status == status)
    nearest, now = _nearest_expiry(), today()
    return [
        Line(
            each.id,
            each.number,
            f"{each.last_name}, {each.first_name}",
            each.role,
            each.workspace,
            each.contract,
            each.status,
            state_of(nearest[each.id], now) if each.id in nearest else "",
        )
        for each in query
    ]


def _nearest_expiry() -> dict[int, date]:
    """By person, when the first of the papers expires."""
    nearest: dict[int, date] = {}
    tables: tuple[Any, ...] = (Certificate, MedicalVisit)
    for table in tables:
        # The column keeps its name, so that peewee makes dates of the texts.
        rows = table.select(table.employee_id, peewee.fn.MIN(table.expires).alias("expires")).group_by(table.employee)
        for row in rows:
            nearest[row.employee_id] = min(row.expires, nearest.get(row.employee_id, row.expires))
    return nearest


def get(identifier: int) -> dict[str, str] | None:
    """The fields of one person as texts; None if there is none."""
    found = Employee.get_or_none(Employee.id == identifier)
    return None if found is None else texts(found)


def texts(employee: Any) -> dict[str, str]:
    """The fields of a person as texts, as the form and the log have them."""
    return {name: str(value if (value := getattr(employee, name)) is not None else "") for name in FIELDS}


def papers(identifier: int) -> list[Paper]:
    """What a person holds, the most urgent first."""
    now, found = today(), list[Paper]()
    tables: tuple[tuple[Any, str, str], ...] = (
        (Certificate, "certificate", "kind"),
        (MedicalVisit, "medical visit", "kind"),
        (Training, "training", "title"),
    )
    for table, kind, title in tables:
        for row in table.select().where(table.employee == identifier):
            done = row.visited if table is MedicalVisit else row.completed
            found.append(Paper(kind, getattr(row, title), done, row.expires, state_of(row.expires, now)))
    return sorted(found, key=lambda each: (each.expires or date.max, each.title))


def save(values: Mapping[str, str], identifier: int | None = None, *, actor: str = YOU, at: int | None = None) -> int:
    """Write one person, a new one without `identifier`; returns the id. Raises NotAllowed, and writes nothing.

    at: when it happens, in seconds since 1970; None: now.
    """
    at = _seconds() if at is None else at
    clean = {name: values[name].strip() for name in FIELDS if name in values}
    found = problems(clean)
    if "number" not in found and _taken(clean["number"], identifier):
        found["number"] = "belongs to somebody else"
    if found:
        raise NotAllowed(found)
    with database.atomic():
        employee = Employee() if identifier is None else Employee.get_by_id(identifier)
        before = {} if identifier is None else texts(employee)
        for name, text in clean.items():
            setattr(employee, name, read_date(text) if name == "entry_date" else text)
        employee.changed_at = at
        employee.save()
        after = texts(employee)
        changed = [name for name in FIELDS if before.get(name) != after[name]]
        if changed:
            action = "changed" if before else "added"
            log(employee.number, action, _only(before, changed), _only(after, changed), actor, at)
    return int(employee.id)


def _taken(number: str, identifier: int | None) -> bool:
    other = Employee.get_or_none(Employee.number == number)
    return other is not None and other.id != identifier


def delete(identifiers: Sequence[int]) -> int:
    """Delete people with all their papers; returns how many there were."""
    with database.atomic():
        people = list(Employee.select().where(Employee.id.in_(list(identifiers))))
        for each in people:
            log(each.number, "deleted", texts(each), {}, YOU, _seconds())
            each.delete_instance()
    return len(people)


def delete_all() -> int:
    """Delete everybody; the log gets one line."""
    with database.atomic():
        count = int(Employee.delete().execute())
        log("", "deleted all", {"people": str(count)}, {}, YOU, _seconds())
    return count


def log(number: str, action: str, before: Mapping[str, str], after: Mapping[str, str], actor: str, at: int) -> None:
    """Add a line to the audit log."""
    Change.create(
        at=at,
        actor=actor,
        employee_number=number,
        action=action,
        before=json.dumps(dict(before), ensure_ascii=False),
        after=json.dumps(dict(after), ensure_ascii=False),
    )


def changes(limit: int = 100) -> list[Any]:
    """The newest lines of the audit log, newest first."""
    return list(Change.select().order_by(Change.at.desc(), Change.id.desc()).limit(limit))


def count() -> int:
    """The number of people."""
    return int(Employee.select().count())


def _only(values: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: values[name] for name in names if name in values}


def _seconds() -> int:
    return int(CLOCK.now().timestamp())
