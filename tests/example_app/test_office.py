"""What the example stores, and what it refuses."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import date

import pytest
from examples.employees import models, office, sample
from examples.employees.rules import problems, read_date

from .conftest import PEOPLE, Company, execute

ADA = {"number": "E9001", "first_name": "Ada", "last_name": "Lovelace", "status": "active"}


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are of POSIX")
def test_nobody_else_can_read_the_medical_data(company: Company) -> None:
    assert [name for name in os.listdir(company.path.parent) if name.endswith("-wal")]
    for name in ("employees.db", "employees.db-wal"):
        assert stat.S_IMODE(company.path.with_name(name).stat().st_mode) == 0o600


def test_the_sample_is_the_same_every_time_and_names_are_not_repeated(company: Company) -> None:
    first = company.names()
    assert len(set(first)) == PEOPLE
    office.delete_all()
    sample.fill(office.today(), people=PEOPLE)
    assert company.names() == first


def test_a_person_is_added_changed_and_logged(company: Company) -> None:
    identifier = office.save({**ADA, "entry_date": "31/03/2026"})
    values = office.get(identifier)
    assert values is not None
    assert values["entry_date"] == "2026-03-31"
    office.save({**values, "role": "driver"}, identifier)
    changed, added = office.changes(2)
    assert (changed.action, added.action) == ("changed", "added")
    assert json.loads(changed.after) == {"role": "driver"}
    assert json.loads(changed.before) == {"role": ""}


def test_saving_without_a_change_leaves_no_line_in_the_log(company: Company) -> None:
    identifier = office.save(ADA)
    before = len(office.changes())
    office.save(office.get(identifier) or {}, identifier)
    assert len(office.changes()) == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first_name": " "}, "first_name"),
        ({"number": ""}, "number"),
        ({"email": "ada"}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"entry_date": "2026-02-30"}, "entry_date"),
        ({"status": "asleep"}, "status"),
    ],
)
def test_what_breaks_a_rule_is_not_written(company: Company, wrong: dict[str, str], field: str) -> None:
    with pytest.raises(office.NotAllowed) as refused:
        office.save({**ADA, **wrong})
    assert list(refused.value.problems) == [field]
    assert office.count() == PEOPLE


def test_a_number_belongs_to_one_person(company: Company) -> None:
    identifier = office.save(ADA)
    with pytest.raises(office.NotAllowed, match="belongs to somebody else"):
        office.save({**ADA, "first_name": "Another"})
    office.save({**ADA, "first_name": "Augusta"}, identifier)
    assert (office.get(identifier) or {})["first_name"] == "Augusta"


def test_every_word_of_a_search_must_stand_somewhere(company: Company) -> None:
    office.save({**ADA, "role": "driver", "workspace": "quay"})
    assert [each.number for each in office.search("love driver")] == ["E9001"]
    assert office.search("love picker") == []
    assert [each.number for each in office.search("E9001", "inactive")] == []


def test_papers_go_with_their_person(company: Company) -> None:
    line = next(each for each in office.search() if each.papers)
    assert office.papers(line.id)
    assert office.delete([line.id]) == 1
    assert office.papers(line.id) == []
    assert execute("PRAGMA foreign_key_check") == []
    assert office.changes(1)[0].action == "deleted"


def test_the_list_tells_the_most_urgent_paper(company: Company) -> None:
    identifier = office.save(ADA)
    today = office.today()
    for expires in (date(2099, 1, 1), today, today.replace(year=today.year - 1, day=1)):
        models.Certificate.create(employee=identifier, kind="R489-3", completed=date(2020, 1, 1), expires=expires)
        (line,) = office.search("E9001")
        assert line.papers == office.state_of(expires, today)
    assert [each.state for each in office.papers(identifier)] == ["expired", "soon", "valid"]


def test_days_are_read_in_both_orders() -> None:
    assert read_date("2026-03-31") == read_date(" 31/03/2026 ") == date(2026, 3, 31)
    assert read_date("31 March") is None
    assert problems({**ADA, "entry_date": ""}) == {}
