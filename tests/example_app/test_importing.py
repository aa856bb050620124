"""People from CSV files: good lines, bad lines, and an import that fails half-way."""

from __future__ import annotations

import shutil
from pathlib import Path

import peewee
import pytest
from examples.employees import office, sample
from examples.employees.importing import NotReadable, carry_out, look_at

from litekeep.errors import NotProtected
from litekeep.model import Reason

from .conftest import PEOPLE, Company, execute

HEAD = "number,first_name,last_name,role,entry_date,email"
ADA = "N1,Ada,Lovelace,driver,2026-03-31,ada@example.org"
GRACE = "N2,Grace,Hopper,manager,,"


def test_looking_writes_nothing_and_tells_every_mistake_with_its_line(company: Company) -> None:
    bad = ["N3,,Nobody,,,", "N4,Bob,Babbage,pilot,31 March,bob", "N1,Ada,Again,,,"]
    plan = look_at(company.write(HEAD, ADA, "", *bad, GRACE))
    assert [wish.number for wish in plan.wishes] == [2, 7]
    assert [(each.number, sorted(each.problems)) for each in plan.mistakes] == [
        (4, ["first_name"]),
        (5, ["email", "entry_date", "role"]),
        (6, ["number"]),
    ]
    assert office.count() == PEOPLE


def test_an_import_adds_changes_and_leaves_a_backup_of_the_state_before(company: Company) -> None:
    known = office.search()[0]
    last, first = known.name.split(", ")
    plan = look_at(company.write(HEAD, ADA, f"{known.number},{first},{last},,,new@example.org"))
    assert [wish.changed for wish in plan.changed] == [("email",)]
    result = carry_out(plan, company.manager)
    assert (result.added, result.changed) == (1, 1)
    assert office.count() == PEOPLE + 1
    values = office.get(known.id) or {}
    assert (values["email"], values["role"]) == ("new@example.org", known.role)
    (point,) = company.manager.list_backups()
    assert result.point == point
    assert (point.reason, point.label) == (Reason.PRE_OPERATION, "before import")
    assert dict(point.tables or ())["employees"] == PEOPLE
    again = look_at(company.path.with_name("people.csv"))
    assert (again.wishes, again.same) == ([], 2)


def test_an_import_that_fails_changes_nothing_and_names_line_and_restore_point(company: Company) -> None:
    plan = look_at(company.write(HEAD, ADA, GRACE))
    execute(
        "CREATE TRIGGER full BEFORE INSERT ON employees WHEN NEW.number = 'N2' "
        "BEGIN SELECT RAISE(ABORT, 'no room'); END"
    )
    before = company.names()
    with pytest.raises(peewee.IntegrityError, match="no room") as caught:
        carry_out(plan, company.manager)
    assert company.names() == before
    (point,) = company.manager.list_backups()
    assert "line 3" in caught.value.__notes__
    assert any(point.short_id in note for note in caught.value.__notes__)
    assert getattr(caught.value, "restore_point", None) == point


def test_without_a_backup_the_import_does_not_begin(company: Company) -> None:
    company.manager.create_backup()
    shutil.rmtree(company.manager.repository)
    plan = look_at(company.write(HEAD, ADA))
    with pytest.raises(NotProtected):
        carry_out(plan, company.manager)
    assert office.count() == PEOPLE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_files_of_french_spreadsheets_are_understood(company: Company, encoding: str) -> None:
    text = "Matricule;Prénom;Nom;Poste;Contrat;Date entrée\nN1;Zoé;Hébert;Cariste;CDI;31/03/2026\n"
    file = company.path.with_name("french.csv")
    file.write_bytes(text.encode(encoding))
    (wish,) = look_at(file).new
    assert wish.name == "Hébert, Zoé"
    assert (wish.values["role"], wish.values["contract"]) == ("driver", "permanent")


@pytest.mark.parametrize("content", [b"", b"name;age\nAda;36\n", b"number,first_name\0\n"])
def test_what_is_no_list_of_people_is_refused_as_a_whole(company: Company, content: bytes) -> None:
    file = company.path.with_name("other.csv")
    file.write_bytes(content)
    with pytest.raises(NotReadable):
        look_at(file)


def test_the_sample_file_has_twelve_people_and_two_mistakes(company: Company, tmp_path: Path) -> None:
    sample.write_csv(tmp_path / sample.CSV_NAME)
    plan = look_at(tmp_path / sample.CSV_NAME)
    assert (len(plan.new), len(plan.changed), len(plan.mistakes)) == (12, 0, 2)
