"""What is stored: people, their papers, and a log of every change.

`database` is opened with `open_database`; each thread has its own connection (peewee keeps it). The file holds medical
data, so nobody else may read it: it is made with 0600, and SQLite gives its helper files the same mode.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import peewee

database = peewee.SqliteDatabase(None)


class Record(peewee.Model):
    """The base of all tables."""

    id: Any  # peewee makes it

    class Meta:
        database = database


class Employee(Record):
    """One person. number: unique, given by the company. changed_at: seconds since 1970."""

    number = peewee.CharField(unique=True)
    first_name = peewee.CharField()
    last_name = peewee.CharField()
    status = peewee.CharField(default="active")
    workspace = peewee.CharField(default="")
    role = peewee.CharField(default="")
    contract = peewee.CharField(default="")
    entry_date = peewee.DateField(null=True)
    phone = peewee.CharField(default="")
    email = peewee.CharField(default="")
    comment = peewee.TextField(default="")
    changed_at = peewee.IntegerField(default=0)

    class Meta:
        table_name = "employees"
        indexes = ((("last_name", "first_name"), False),)


class Certificate(Record):
    """A licence to drive industrial trucks (in France: CACES)."""

    employee = peewee.ForeignKeyField(Employee, backref="certificates", on_delete="CASCADE")
    kind = peewee.CharField()
    completed = peewee.DateField()
    expires = peewee.DateField()

    class Meta:
        table_name = "caces"
        indexes = ((("employee", "expires"), False),)


class MedicalVisit(Record):
    """A visit to the occupational physician."""

    employee = peewee.ForeignKeyField(Employee, backref="visits", on_delete="CASCADE")
    kind = peewee.CharField()
    visited = peewee.DateField()
    expires = peewee.DateField()
    result = peewee.CharField()
    comment = peewee.TextField(default="")

    class Meta:
        table_name = "medical_visits"
        indexes = ((("employee", "expires"), False),)


class Training(Record):
    """A course that a person took."""

    employee = peewee.ForeignKeyField(Employee, backref="trainings", on_delete="CASCADE")
    title = peewee.CharField()
    completed = peewee.DateField()
    expires = peewee.DateField(null=True)

    class Meta:
        table_name = "trainings"


class Change(Record):
    """A line of the audit log; it stays when the person is gone. at: seconds since 1970."""

    at = peewee.IntegerField(index=True)
    actor = peewee.CharField()
    employee_number = peewee.CharField(index=True)
    action = peewee.CharField()
    before = peewee.TextField(default="")
    after = peewee.TextField(default="")

    class Meta:
        table_name = "audit_log"


TABLES = (Employee, Certificate, MedicalVisit, Training, Change)


def open_database(path: Path) -> None:
    """Point `database` at a file, which is made if it is not there, connect this thread, and make missing tables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        pass
    database.init(str(path), pragmas={"journal_mode": "wal", "foreign_keys": 1}, timeout=5)
    database.connect(reuse_if_open=True)
    database.create_tables(TABLES, safe=True)
