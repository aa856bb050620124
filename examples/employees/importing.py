"""People from a CSV file: first looked at line by line, then written in one transaction behind a verified backup.

Who is there already (the same number) is changed where the file says something, everybody else is added. Lines with
mistakes are listed and left out. Separators , ; and tab, dates 2026-03-31 and 31/03/2026, and French headings all work,
because that is how such files come out of spreadsheets.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from examples.employees import office
from examples.employees.models import Employee, database
from examples.employees.rules import FIELDS, problems, read_date
from litekeep import BackupManager
from litekeep.model import Snapshot

HEADINGS = {
    "numero": "number", "matricule": "number", "prenom": "first_name", "nom": "last_name", "statut": "status",
    "zone": "workspace", "poste": "role", "contrat": "contract", "date_entree": "entry_date", "telephone": "phone",
    "courriel": "email", "commentaire": "comment",
}  # fmt: skip
VALUES = {
    "actif": "active", "inactif": "inactive", "quai": "quay", "zone a": "zone A", "zone b": "zone B",
    "chambre froide": "cold store", "bureau": "office", "cariste": "driver", "préparateur": "picker",
    "magasinier": "storekeeper", "chef d'équipe": "team leader", "planificateur": "planner", "responsable": "manager",
    "cdi": "permanent", "cdd": "fixed term", "intérim": "temporary", "apprenti": "apprentice",
}  # fmt: skip


class NotReadable(Exception):
    """The file as a whole cannot be used; the text is English for `words`."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that is left out. number: in the file, from 1; problems: message by field."""

    number: int
    name: str
    problems: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """A line that would be written. identifier: of the person who is changed, None for a new one."""

    number: int
    values: Mapping[str, str]
    identifier: int | None = None
    changed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Last and first name."""
        return f"{self.values['last_name']}, {self.values['first_name']}"


@dataclass(slots=True)
class Plan:
    """What an import would do. same: how many lines say nothing new."""

    new: list[Wish] = field(default_factory=list)
    changed: list[Wish] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    same: int = 0

    @property
    def wishes(self) -> list[Wish]:
        """What is written, in the order of the file."""
        return sorted(self.new + self.changed, key=lambda each: each.number)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. point: the backup of the state before; None where the settings want none."""

    added: int
    changed: int
    point: Snapshot | None


def look_at(path: Path) -> Plan:
    """Read a file and compare it with the database; writes nothing. Raises NotReadable, OSError."""
    plan, seen = Plan(), set[str]()
    for number, values in _lines(path):
        found = problems(values)
        if "number" not in found and values["number"] in seen:
            found["number"] = "stands twice in the file"
        seen.add(values.get("number", ""))
        if found:
            name = ", ".join(filter(None, (values.get("last_name"), values.get("first_name"))))
            plan.mistakes.append(Mistake(number, name, found))
            continue
        _compare(plan, number, values)
    return plan


def carry_out(plan: Plan, manager: BackupManager) -> Imported:
    """Write all or nothing, behind a backup that was read back first.

    Raises NotProtected, and begins nothing, if there is no backup; what an unlucky line raises has a note that names
    the line, and another one, with `restore_point`, that names the backup of the state before.
    """
    with manager.protect("import") as guard, database.atomic():
        for wish in plan.wishes:
            try:
                office.save(wish.values, wish.identifier, actor="import")
            except Exception as error:
                error.add_note(f"line {wish.number}")
                raise
        return Imported(len(plan.new), len(plan.changed), guard.restore_point)


def _compare(plan: Plan, number: int, values: dict[str, str]) -> None:
    known = Employee.get_or_none(Employee.number == values["number"])
    if known is None:
        plan.new.append(Wish(number, values))
        return
    present = office.texts(known)
    told = {name: text for name, text in values.items() if text}
    if told.get("entry_date"):
        told["entry_date"] = str(read_date(told["entry_date"]))
    changed = tuple(name for name, text in told.items() if present[name] != text)
    if changed:
        plan.changed.append(Wish(number, {**present, **told}, known.id, changed))
    else:
        plan.same += 1


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, values by field) for every line that is not empty."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    lines = text.splitlines()
    if not lines or "\0" in text:
        raise NotReadable("This file is empty." if not lines else "This is not a text file.")
    separator = max(",;\t", key=lines[0].count)
    reader = csv.reader(lines, delimiter=separator)
    fields = [_field(heading) for heading in next(reader)]
    if not {"number", "first_name", "last_name"} <= set(fields):
        raise NotReadable("The first line must have the headings number, first_name and last_name.")
    for row in reader:
        if any(cell.strip() for cell in row):
            values = {name: cell.strip() for name, cell in zip(fields, row, strict=False) if name}
            yield reader.line_num, {name: _value(name, text) for name, text in values.items()}


def _field(heading: str) -> str:
    plain = heading.strip().lower().translate(str.maketrans("éèê -", "eee__"))
    return plain if plain in FIELDS else HEADINGS.get(plain, "")


def _value(name: str, text: str) -> str:
    chosen = name in ("status", "workspace", "role", "contract")
    return VALUES.get(text.lower(), text) if chosen else text
