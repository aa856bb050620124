"""A person edits somebody, deletes all by mistake, brings yesterday back, and takes that back again."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from litekeep.clock import SystemClock
from litekeep.ui.language import language
from ui import desk
from ui.conftest import SEEN
from ui.walk.person import Person

EDITED = "+33 1 99 00 99 00"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "company" / "employees.db"


@pytest.fixture
def person(display: str, database: Path, tmp_path: Path) -> Iterator[Person]:
    if shutil.which("xdotool") is None:
        (pytest.fail if desk.required() else pytest.skip)("no xdotool")
    for old in SEEN.glob("walk-*.png"):
        old.unlink()
    made = Person(
        ["--sample", "--database", str(database), "--language", "en"], SEEN, tmp_path / "what the program said"
    )
    yield made
    made.leave()


def ask(database: Path, query: str, *values: object) -> list[Any]:
    """The rows that the file holds, read beside the program."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        return db.execute(query, values).fetchall()


def count(database: Path) -> int:
    ((number,),) = ask(database, "SELECT count(*) FROM employees")
    return int(number)


def numbers(database: Path) -> set[str]:
    return {number for (number,) in ask(database, "SELECT number FROM employees")}


def phones(database: Path) -> set[str]:
    return {phone for (phone,) in ask(database, "SELECT phone FROM employees")}


@pytest.mark.slow
def test_everybody_is_deleted_by_mistake_and_yesterday_brings_them_back(person: Person, database: Path) -> None:
    people = comes_up(person, database)
    edits_somebody(person, database)
    deletes_all(person, database, len(people))
    restores_yesterday(person, database)
    assert numbers(database) == people
    assert EDITED not in phones(database)
    ((newest,),) = ask(database, "SELECT max(at) FROM audit_log")
    assert newest < SystemClock().now().timestamp() - 6 * 3600, "nothing of today is left"
    sees_people(person, len(people))
    undoes(person, database)
    leaves(person)


def comes_up(person: Person, database: Path) -> set[str]:
    person.wait(person.rows, "the list of people", 90)
    people = numbers(database)
    assert person.sees(f"{len(people)} people")
    person.shoot("people")
    return people


def edits_somebody(person: Person, database: Path) -> None:
    """With a double click, a new number in the field of the telephone, and the button."""
    person.click_at(person.rows()[3], times=2)
    person.wait(lambda: person.find("Phone"), "the form")
    title = person.find("Phone")
    assert title is not None
    entries = [each for each in person.look() if each.kind == "Entry" and each.area[1] > title.area[1]]
    person.click_at(min(entries, key=lambda each: each.area[1]))
    person.press("ctrl+a")
    person.type(EDITED)
    person.wait(lambda: person.find(EDITED), "what was typed")
    person.shoot("edited")
    person.click("Save")
    person.wait(lambda: EDITED in phones(database), "the new number in the file")
    person.wait(lambda: person.sees("Saved:"), "the line that says so")


def deletes_all(person: Person, database: Path, total: int) -> None:
    person.click("Delete all…")
    person.wait(lambda: person.find("Cancel"), "the question")
    person.shoot("question")
    assert count(database) == total
    person.click(f"Delete {total} people")
    person.wait(lambda: count(database) == 0, "an empty table in the file")
    person.wait(lambda: person.sees("Nobody here yet"), "an empty list")
    person.wait(lambda: person.sees(f"{total} people were deleted."), "the line that says so")
    person.shoot("deleted")
    assert not person.rows()


def restores_yesterday(person: Person, database: Path) -> None:
    """From the table of all backups; what it would change is shown before."""
    person.click("Backups")
    person.click("Backups", "segment")
    yesterday = language("en").date((SystemClock().now() - timedelta(days=1)).date())
    person.wait(lambda: any(yesterday in row.text for row in person.rows()), f"the backup of {yesterday}")
    person.shoot("backups")
    row = next(each for each in person.rows() if yesterday in each.text)
    person.click_at(row)
    person.wait(lambda: any(each.chosen and yesterday in each.text for each in person.rows()), "the chosen row")
    person.shoot("chosen")
    person.click("Restore…")
    person.wait(lambda: person.sees("rows of employees will come back"), "the numbers")
    person.shoot("panel")
    assert count(database) == 0
    person.click("Restore")
    person.wait(lambda: count(database) > 0, "the people in the file")
    person.wait(lambda: person.find("Undo the restore"), "the card that says so")
    person.shoot("restored")


def sees_people(person: Person, total: int) -> None:
    person.click("Employees")
    person.wait(lambda: person.sees(f"{total} people"), "the people")
    person.wait(lambda: len(person.rows()) > 10, "their rows")
    person.shoot("people-again")


def undoes(person: Person, database: Path) -> None:
    """The card is still there when one comes back to the page."""
    person.click("Backups")
    person.click("Undo the restore")
    person.wait(lambda: count(database) == 0, "the file as it was before the restore")
    person.wait(lambda: not person.find("Undo the restore"), "another card")
    person.shoot("undone")
    ((newest,),) = ask(database, "SELECT action FROM audit_log ORDER BY at DESC, id DESC LIMIT 1")
    assert newest == "deleted all"
    person.click("Employees")
    person.wait(lambda: person.sees("Nobody here yet"), "an empty list")
    assert not person.rows()
    person.shoot("empty-again")


def leaves(person: Person) -> None:
    """By the key of the window manager; nothing went wrong that nobody saw."""
    person.press("alt+F4")
    assert person.process.wait(20) == 0
    assert not re.search("Traceback|Error", person.errors()), person.errors()
