"""A sample application's database - the employees of a company - and its working days.

The demonstration, the benchmarks and some tests need a database that looks like a real one: people with contracts,
certificates, medical checks and absences, free text in which some words are frequent and most are rare, and a log of
every change. Everything follows from a seed: the same arguments give the same rows on every machine.
Standard library only.

    make(path, megabytes)           a new company, until its file is about that large
    work_day(path, updates, hires)  one day at the office: some people's notes are edited, some are hired

Invariant: whatever is written about an employee is also in the `changes` table, in the same transaction.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Literal

JournalMode = Literal["wal", "delete", "truncate", "persist"]

TABLES = ("departments", "employees", "certificates", "checkups", "absences", "changes")
FIRST_DAY = 1_735_689_600  # 2025-01-01 00:00 UTC: work_day(seed=n) happens n days later
DAY_SECONDS = 86_400

SCHEMA = """
CREATE TABLE departments(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, site TEXT NOT NULL);
CREATE TABLE employees(
  id INTEGER PRIMARY KEY, badge TEXT NOT NULL UNIQUE, given_name TEXT NOT NULL, family_name TEXT NOT NULL,
  department_id INTEGER NOT NULL REFERENCES departments(id), job TEXT NOT NULL, contract TEXT NOT NULL,
  hired_on TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL, salary_cents INTEGER NOT NULL,
  notes TEXT NOT NULL, changed_at INTEGER NOT NULL);
CREATE TABLE certificates(
  id INTEGER PRIMARY KEY, employee_id INTEGER NOT NULL REFERENCES employees(id) ON DELETE CASCADE,
  kind TEXT NOT NULL, issued_on TEXT NOT NULL, expires_on TEXT NOT NULL, scan TEXT NOT NULL);
CREATE TABLE checkups(
  id INTEGER PRIMARY KEY, employee_id INTEGER NOT NULL REFERENCES employees(id) ON DELETE CASCADE,
  held_on TEXT NOT NULL, outcome TEXT NOT NULL, remarks TEXT NOT NULL);
CREATE TABLE absences(
  id INTEGER PRIMARY KEY, employee_id INTEGER NOT NULL REFERENCES employees(id) ON DELETE CASCADE,
  kind TEXT NOT NULL, first_day TEXT NOT NULL, days INTEGER NOT NULL, comment TEXT NOT NULL);
CREATE TABLE changes(
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, author TEXT NOT NULL, employee_id INTEGER NOT NULL,
  field TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL);
CREATE INDEX employees_by_name ON employees(family_name, given_name);
CREATE INDEX certificates_by_expiry ON certificates(expires_on);
CREATE INDEX certificates_by_employee ON certificates(employee_id);
CREATE INDEX checkups_by_employee ON checkups(employee_id);
CREATE INDEX absences_by_employee ON absences(employee_id);
CREATE INDEX changes_by_employee ON changes(employee_id, at);
"""

SITES = ("Nantes", "Lille", "Lyon", "Toulouse")
DEPARTMENTS = ("Reception", "Storage", "Picking", "Packing", "Dispatch", "Returns", "Maintenance", "Office")
JOBS = ("driver", "picker", "packer", "storekeeper", "mechanic", "planner", "team leader", "clerk")
CONTRACTS = ("permanent", "fixed term", "temporary", "apprentice")
CERTIFICATES = ("forklift 1A", "forklift 3", "forklift 5", "first aid", "fire warden", "electrical B1")
ABSENCES = ("holiday", "illness", "training", "parental leave")
OUTCOMES = ("fit", "fit", "fit", "fit with limits", "see again")
AUTHORS = ("m.durand", "s.petit", "import", "k.moreau")
ONSETS = (
    "b",
    "c",
    "d",
    "f",
    "g",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "br",
    "ch",
    "cl",
    "dr",
    "gr",
    "pl",
    "st",
    "tr",
)
VOWELS = ("a", "e", "i", "o", "u", "ai", "au", "ou")
CODAS = ("", "", "", "n", "r", "s", "l", "t")


class Office:
    """Invents people and what happens to them; the same seed invents the same ones, in the same order."""

    def __init__(self, seed: int) -> None:
        language = random.Random(2_025)  # noqa: S311 - all companies speak the same invented language
        self._words = [_word(language) for _ in range(16_000)]
        self._frequencies = list(accumulate(1 / (rank + 8) for rank in range(16_000)))
        self._random = random.Random(seed)  # noqa: S311 - sample data, not secrets

    def sentence(self, shortest: int, longest: int) -> str:
        """Between `shortest` and `longest` invented words; the first of the language come up most."""
        count = self._random.randint(shortest, longest)
        return " ".join(self._random.choices(self._words, cum_weights=self._frequencies, k=count))

    def day(self, first_year: int, last_year: int) -> str:
        """A date, ISO 8601."""
        year, month = self._random.randint(first_year, last_year), self._random.randint(1, 12)
        return f"{year}-{month:02d}-{self._random.randint(1, 28):02d}"

    def hire(self, db: sqlite3.Connection, employee: int, at: int) -> None:
        """Add one person with papers, a medical check, an absence and a line in the log. `at`: seconds since 1970."""
        pick = self._random
        given, family = self.sentence(1, 1).title(), self.sentence(1, 1).title()
        db.execute(
            "INSERT INTO employees VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                employee,
                f"B{employee:06d}",
                given,
                family,
                pick.randint(1, len(SITES) * len(DEPARTMENTS)),
                pick.choice(JOBS),
                pick.choice(CONTRACTS),
                self.day(2004, 2024),
                f"{given}.{family}.{employee}@example.org".lower(),
                f"+33 6 {pick.randrange(10**8):08d}",
                pick.randint(180_000, 420_000),
                self.sentence(5, 50),
                at,
            ),
        )
        self._paperwork(db, employee)
        self.log(db, employee, at, "hired", "", self.sentence(12, 24))

    def edit_notes(self, db: sqlite3.Connection, employee: int, at: int) -> None:
        """Write new notes about a person, and log the old and the new text."""
        (before,) = db.execute("SELECT notes FROM employees WHERE id=?", (employee,)).fetchone()
        after = self.sentence(5, 50)
        db.execute("UPDATE employees SET notes=?, changed_at=? WHERE id=?", (after, at, employee))
        self.log(db, employee, at, "notes", before, after)

    def log(self, db: sqlite3.Connection, employee: int, at: int, field: str, before: str, after: str) -> None:
        """Add a line to the log of changes."""
        db.execute(
            "INSERT INTO changes(at, author, employee_id, field, before, after) VALUES(?,?,?,?,?,?)",
            (at, self._random.choice(AUTHORS), employee, field, before, after),
        )

    def sample(self, population: list[int], count: int) -> list[int]:
        """`count` different members, or all of them where there are fewer."""
        return self._random.sample(population, min(count, len(population)))

    def _paperwork(self, db: sqlite3.Connection, employee: int) -> None:
        pick = self._random
        for number in range(1, pick.randint(1, 3) + 1):
            scan = f"scans/{employee:06d}/{number}.pdf"
            row = (employee, pick.choice(CERTIFICATES), self.day(2020, 2024), self.day(2025, 2029), scan)
            db.execute(
                "INSERT INTO certificates(employee_id, kind, issued_on, expires_on, scan) VALUES(?,?,?,?,?)", row
            )
        db.execute(
            "INSERT INTO checkups(employee_id, held_on, outcome, remarks) VALUES(?,?,?,?)",
            (employee, self.day(2022, 2024), pick.choice(OUTCOMES), self.sentence(8, 16)),
        )
        db.execute(
            "INSERT INTO absences(employee_id, kind, first_day, days, comment) VALUES(?,?,?,?,?)",
            (employee, pick.choice(ABSENCES), self.day(2023, 2025), pick.randint(1, 20), self.sentence(3, 8)),
        )


def make(
    path: Path,
    megabytes: float = 4.0,
    journal_mode: JournalMode = "wal",
    page_size: int = 4096,
    seed: int = 1,
) -> int:
    """Create the database of a new company at `path`, about `megabytes` MiB large.

    Returns the number of employees. Raises FileExistsError: there is already something at `path`.
    """
    if path.exists():
        raise FileExistsError(path)
    office, employee = Office(seed), 0
    target_pages = megabytes * 2**20 / page_size
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA page_size={page_size:d}")
        db.execute("PRAGMA synchronous=OFF")  # nothing to lose yet
        db.executescript(SCHEMA)
        with db:
            sites = [(f"{name} {site}", site) for site in SITES for name in DEPARTMENTS]
            db.executemany("INSERT INTO departments(name, site) VALUES(?,?)", sites)
            while _pages(db) < target_pages:
                for _ in range(20):
                    employee += 1
                    office.hire(db, employee, FIRST_DAY - DAY_SECONDS)
        db.execute(f"PRAGMA journal_mode={journal_mode}")
    return employee


def work_day(path: Path, updates: int = 20, hires: int = 2, seed: int = 1) -> None:
    """Live through one day, in one transaction: edit the notes of `updates` different people, hire `hires`.

    `seed` is also the number of the day. Other programs may have the database open; what they do is waited for.
    """
    office = Office(seed)
    at = FIRST_DAY + seed * DAY_SECONDS
    with opened(path) as db, db:
        db.execute("BEGIN IMMEDIATE")
        people = [identifier for (identifier,) in db.execute("SELECT id FROM employees ORDER BY id")]
        for employee in office.sample(people, updates):
            office.edit_notes(db, employee, at)
        newest = max(people, default=0)
        for employee in range(newest + 1, newest + 1 + hires):
            office.hire(db, employee, at)


def delete_every_second(path: Path) -> int:
    """The mistake that backups are for: half of the employees, and all that belongs to them, are gone.

    Returns how many employees were deleted.
    """
    with opened(path) as db, db:
        return db.execute("DELETE FROM employees WHERE id % 2 = 0").rowcount


def count_rows(path: Path) -> dict[str, int]:
    """The number of rows of each table."""
    with opened(path) as db:
        return {table: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in TABLES}


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection as a careful application opens it; closed at the end, nothing is committed for the caller."""
    with closing(sqlite3.connect(path, timeout=30)) as db:
        db.execute("PRAGMA foreign_keys=ON")
        yield db


def _pages(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA page_count").fetchone()[0])


def _word(language: random.Random) -> str:
    syllables = language.choices((1, 2, 3, 4), weights=(1, 5, 5, 2))[0]
    return "".join(language.choice(ONSETS) + language.choice(VOWELS) + language.choice(CODAS) for _ in range(syllables))
