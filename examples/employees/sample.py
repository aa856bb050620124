"""About 250 invented people with English and French names, the same for the same seed, and a CSV file to import."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

from examples.employees.models import Certificate, Employee, MedicalVisit, Training, database
from examples.employees.rules import CONTRACTS, FIELDS, ROLES, WORKSPACES

PEOPLE = 250
CSV_NAME = "new-people.csv"
_FIRST_NAMES = """
Adam Agnès Alice Amélie Anna Antoine Arthur Aurélie Benjamin Camille Carl Catherine Charlotte Chloé Claire
Daniel David Édouard Élise Emily Emma Étienne Florence François George Grace Hannah Harriet Hélène Henry Hugo
Inès Isabelle Jack James Jeanne Jérôme Julie Karim Kate Laura Léa Louis Lucy Manon Margaux Mathilde Maxime Mia
Nadia Nicolas Oliver Oscar Paul Rachel Raphaël Rose Samuel Sarah Simon Sophie Théo Thomas Victor William Yasmine
Zoé
"""
_LAST_NAMES = """
Allen André Baker Barbier Bell Bernard Blanc Bonnet Bouvier Brown Carter Chevalier Clarke Colin Cooper Dubois
Dupuis Durand Edwards Evans Fabre Faure Fontaine Foster Garnier Gauthier Girard Green Guérin Hall Harris Hughes
Jackson Lambert Lefèvre Legrand Lemaire Lewis Marchand Martin Mercier Moore Moreau Morris Noël Parker Perrin
Petit Phillips Picard Renaud Rivière Robin Rousseau Roy Scott Simpson Taylor Turner Vasseur Vidal Walker Ward
White Wood Young
"""
FIRST_NAMES = _FIRST_NAMES.split()
LAST_NAMES = _LAST_NAMES.split()
COMMENTS = (
    "",
    "",
    "Prefers the early shift.",
    "First-aider of the team.",
    "Works from Tuesday to Saturday.",
    "Speaks English, French and Spanish.",
    "Locker 12 is to be repaired.",
    "Trains the newcomers on the quay.",
    "Back from parental leave in spring.",
)
COURSES = (
    "Lifting and carrying",
    "Fire drill",
    "First aid",
    "Data protection",
    "Working at height",
    "Cold store safety",
)
TRUCKS = ("R489-1A", "R489-1B", "R489-3", "R489-5")


def fill(today: date, seed: int = 1, people: int = PEOPLE) -> None:
    """Write the people into the open, empty database. today: what expires, expires around that day."""
    chance = random.Random(seed)  # noqa: S311 - invented people, not secrets
    # In two steps: what a later version adds to people's papers must not change who they are.
    names = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    chosen = chance.sample(names, people)
    with database.atomic():
        for index, (first, last) in enumerate(chosen, 1):
            employee = Employee.create(**_person(chance, index, first, last, today))
            _papers(chance, employee, today)


def _person(chance: random.Random, index: int, first: str, last: str, today: date) -> dict[str, object]:
    role = chance.choices(ROLES, weights=(6, 8, 5, 2, 2, 1))[0]
    return {
        "number": f"E{index:04d}",
        "first_name": first,
        "last_name": last,
        "status": chance.choices(("active", "inactive"), weights=(12, 1))[0],
        "workspace": "office" if role in ("planner", "manager") else chance.choice(WORKSPACES[:4]),
        "role": role,
        "contract": chance.choices(CONTRACTS, weights=(8, 3, 3, 1))[0],
        "entry_date": today - timedelta(days=chance.randint(20, 7_000)),
        "phone": f"06{chance.randrange(10**8):08d}",
        "email": f"{plain(first)}.{plain(last)}@example.org",
        "comment": chance.choice(COMMENTS),
        "changed_at": 0,
    }


def _papers(chance: random.Random, employee: Employee, today: date) -> None:
    for kind in chance.sample(TRUCKS, chance.randint(1, 2) if employee.role == "driver" else chance.randint(0, 1)):
        expires = _expiry(chance, today)
        Certificate.create(employee=employee, kind=kind, completed=expires - timedelta(days=5 * 365), expires=expires)
    expires = _expiry(chance, today)
    result = chance.choices(("fit", "fit with limits", "see again"), weights=(12, 2, 1))[0]
    visited = expires - timedelta(days=2 * 365)
    MedicalVisit.create(employee=employee, kind="periodic", visited=visited, expires=expires, result=result)
    for title in chance.sample(COURSES, chance.randint(0, 2)):
        completed = today - timedelta(days=chance.randint(30, 900))
        Training.create(employee=employee, title=title, completed=completed)


def _expiry(chance: random.Random, today: date) -> date:
    """Mostly far away, sometimes within two months, rarely past."""
    first, last = chance.choices(((61, 700), (1, 59), (-40, -1)), weights=(30, 3, 1))[0]
    return today + timedelta(days=chance.randint(first, last))


def write_csv(path: Path) -> None:
    """New people as they come from a temporary agency: twelve good lines and two mistakes."""
    chance = random.Random(2)  # noqa: S311 - invented people, not secrets
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, delimiter=";")
        writer.writeheader()
        for index in range(12):
            first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
            row = _person(chance, 900 + index, first, last, date(2026, 3, 1))
            del row["changed_at"]
            writer.writerow({**row, "contract": "temporary", "status": "active", "comment": "From the agency."})
        writer.writerow({"number": "E0002", "first_name": "", "last_name": "Nobody"})
        writer.writerow(
            {
                "number": "E0950",
                "first_name": "Lucie",
                "last_name": "Durand",
                "entry_date": "31 March",
                "email": "lucie",
            }
        )


def plain(name: str) -> str:
    """A name as it stands in an e-mail address."""
    return name.lower().translate(str.maketrans("éèêëàâçïîôöùûü", "eeeeaaciioouuu"))
