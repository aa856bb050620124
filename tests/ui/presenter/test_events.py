"""The last events: a line for each kind of run and end, newest first, without what nobody needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from litekeep.journal.history import Outcome
from litekeep.ui.language import language
from litekeep.ui.presenter.events import last_events
from litekeep.ui.presenter.models import Tone
from ui.presenter.made import EN, FR, at, facts, run

SIZES = {"size_bytes": 48_300_000, "new_bytes": 194_500}


def row(verb: str, outcome: Outcome = Outcome.OK, code: str = "", **given: Any) -> Any:
    """A row of this morning."""
    return replace(run("2026-09-24", outcome, code), verb=verb, **given)


@pytest.mark.parametrize(
    ("given", "tone", "english", "french"),
    [
        (
            row("backup", facts=SIZES),
            Tone.OK,
            "Backup made: 48.3 MB, 194.5 kB new",
            "Sauvegarde faite : 48,3 Mo, dont 194,5 ko de nouveau",
        ),
        (row("backup"), Tone.OK, "Backup made", "Sauvegarde faite"),
        (
            row("backup", Outcome.WARNINGS, facts=SIZES),
            Tone.WARN,
            "Backup made: 48.3 MB, 194.5 kB new; the database itself has problems",
            "Sauvegarde faite : 48,3 Mo, dont 194,5 ko de nouveau ; la base de données elle-même a des problèmes",
        ),
        (
            row("backup", Outcome.SKIPPED, facts={"snapshot": "aa"}),
            Tone.OK,
            "Nothing had changed, no new backup needed",
            "Rien n’avait changé, aucune nouvelle sauvegarde nécessaire",
        ),
        (
            row("backup", Outcome.SKIPPED, "paused"),
            Tone.CALM,
            "Planned backup left out: paused",
            "Sauvegarde planifiée omise : en pause",
        ),
        (row("backup", Outcome.SKIPPED, "missed"), Tone.WARN, "Planned backup missed", "Sauvegarde planifiée manquée"),
        (row("backup", Outcome.SKIPPED, "new"), Tone.WARN, "Planned backup left out", "Sauvegarde planifiée omise"),
        (
            row("backup", Outcome.OVERDUE, "overdue"),
            Tone.WARN,
            "No backup was made in time",
            "Aucune sauvegarde à temps",
        ),
        (
            row("backup", Outcome.FAILED, "no_space"),
            Tone.BAD,
            "Backup failed: disk full",
            "Échec de la sauvegarde : disque plein",
        ),
        (row("backup", Outcome.CANCELLED, "cancelled"), Tone.CALM, "Backup stopped", "Sauvegarde arrêtée"),
        (row("drill"), Tone.OK, "Restore test passed", "Test de restauration réussi"),
        (
            row("drill", Outcome.FAILED, "verification"),
            Tone.BAD,
            "Restore test failed: what was stored could not be read back",
            "Échec du test de restauration : ce qui a été stocké n’a pas pu être relu",
        ),
        (row("verify"), Tone.OK, "Backup verified", "Sauvegarde vérifiée"),
        (row("restore"), Tone.OK, "Backup restored", "Sauvegarde restaurée"),
        (row("undo"), Tone.OK, "Restore undone", "Restauration annulée"),
        (
            row("prune", facts={"trashed": 3, "forgotten": 0}),
            Tone.OK,
            "Clean-up: 3 backups moved to the trash",
            "Tri : 3 sauvegardes mises à la corbeille",
        ),
        (row("prune", facts={"trashed": 0, "forgotten": 2}), Tone.OK, "Clean-up done", "Tri fait"),
        (
            row("prune", Outcome.REFUSED, message="too many"),
            Tone.WARN,
            "Clean-up waits for your yes",
            "Le tri attend votre accord",
        ),
        (
            row("notify", Outcome.FAILED, "notification", source="", message="webhook: 404"),
            Tone.BAD,
            "Notification failed: webhook: 404",
            "Échec de la notification : webhook: 404",
        ),
        (row("hum"), Tone.OK, "hum: done", "hum : fait"),
        (row("hum", Outcome.FAILED, "no_space"), Tone.BAD, "hum failed: disk full", "hum, échec : disque plein"),
        (row("hum", Outcome.CANCELLED), Tone.CALM, "hum: stopped", "hum : arrêté"),
    ],
)
def test_a_line(given: Any, tone: Tone, english: str, french: str) -> None:
    for say, text in ((EN, english), (FR, french)):
        (found,) = last_events(facts(rows=(given,)), say)
        assert (found.tone, found.text.replace("\u00a0", " ")) == (tone, text)
    assert last_events(facts(rows=(given,)), EN)[0].when == "Today at 02:00"
    assert last_events(facts(rows=(given,)), FR)[0].at == "24/09/2026 02:00"


@pytest.mark.parametrize("given", [row("prune", facts={"trashed": 0, "forgotten": 0}), row("scrub"), row("notify")])
def test_what_runs_often_and_changes_nothing_is_left_out(given: Any) -> None:
    assert last_events(facts(rows=(given,)), EN) == ()


def test_newest_first_and_no_more_than_wanted() -> None:
    rows = tuple(run(f"2026-09-{day:02}", Outcome.OK, "") for day in range(24, 4, -1))
    assert [each.when for each in last_events(facts(rows=(row("scrub"), *rows)), EN)] == [
        "Today at 02:00",
        "Yesterday at 02:00",
        "Tuesday at 02:00",
        "Monday at 02:00",
        "Sunday at 02:00",
        "Saturday at 02:00",
    ]
    assert len(last_events(facts(rows=rows), EN, limit=2)) == 2
    assert last_events(facts(), EN) == ()


def test_other_databases_of_the_folder_are_not_shown() -> None:
    other = replace(run("2026-09-24"), source="payroll")
    (found,) = last_events(facts(rows=(other, run("2026-09-23", Outcome.OK, ""))), EN)
    assert found.at == EN.moment(at("2026-09-23"), at("2026-09-24"))


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("verb", ["backup", "verify", "drill", "restore", "prune", "trash", "pin", "export", "scrub"])
def test_every_end_of_every_run_has_a_line_of_our_own(verb: str, outcome: Outcome) -> None:
    for each in last_events(facts(rows=(row(verb, outcome, "no_space"),)), language("xx")):
        assert each.text.startswith("⟦")
