"""What may be written about a person; the form and the import ask the same questions.

Messages are English texts that `words` translates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime

STATUSES = ("active", "inactive")
WORKSPACES = ("quay", "zone A", "zone B", "cold store", "office")
ROLES = ("driver", "picker", "storekeeper", "team leader", "planner", "manager")
CONTRACTS = ("permanent", "fixed term", "temporary", "apprentice")
FIELDS = (
    "number",
    "first_name",
    "last_name",
    "status",
    "workspace",
    "role",
    "contract",
    "entry_date",
    "phone",
    "email",
    "comment",
)
NEEDED = ("number", "first_name", "last_name")
CHOICES = {"status": STATUSES, "workspace": WORKSPACES, "role": ROLES, "contract": CONTRACTS}

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PHONE = re.compile(r"\+?[0-9 ().-]{6,20}")


def problems(values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field; empty if nothing is. Fields that are not given are not looked at, but for the needed."""
    found: dict[str, str] = {}
    for field in NEEDED:
        if not values.get(field, "").strip():
            found[field] = "needed"
    for field, allowed in CHOICES.items():
        if values.get(field) and values[field] not in allowed:
            found[field] = "not one of the choices"
    if values.get("entry_date") and read_date(values["entry_date"]) is None:
        found["entry_date"] = "not a date"
    if values.get("email") and not _EMAIL.fullmatch(values["email"]):
        found["email"] = "not an e-mail address"
    if values.get("phone") and not _PHONE.fullmatch(values["phone"]):
        found["phone"] = "not a phone number"
    return found


def read_date(text: str) -> date | None:
    """2026-03-31 or 31/03/2026; None if it is neither."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None
