"""Results and errors: three parts for every code, in both languages, and nothing promised that is not so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from litekeep import errors
from litekeep.ui.language import language
from litekeep.ui.presenter.cards import card
from litekeep.ui.presenter.causes import CAUSES, explain
from litekeep.ui.presenter.facts import End, Outcome
from litekeep.ui.presenter.models import Action, Tone
from ui.presenter.made import EN, FR, NOW, snap

CODES = sorted(
    {each.code for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.LitekeepError)}
)
VERBS = ["backup", "verify", "drill", "restore", "undo", "export", "prune", "trash", "delete", "notify", "other"]


def ended(verb: str, end: End = End.DONE, **given: Any) -> Outcome:
    """The end of a job, now."""
    return Outcome(verb, end, NOW, **given)


def failed(verb: str, code: str) -> Outcome:
    """A failure with the engine's English texts."""
    return ended(verb, End.FAILED, code=code, what="no room at /x", safe="Engine safe.", hint="Engine hint.")


def test_every_error_of_the_engine_is_known() -> None:
    assert set(CODES) <= set(CAUSES)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("verb", VERBS)
def test_an_error_has_three_parts_in_the_readers_language(verb: str, code: str) -> None:
    for say in (EN, FR):
        found = card(failed(verb, code), say)
        assert found.what.endswith(".")
        assert found.safe.endswith(".")
        assert found.hint.endswith(".") or code in ("cancelled", "unknown_snapshot")
        assert "no room at" not in found.what + found.safe + found.hint
        assert "!" not in found.what + found.safe + found.hint
        assert found.lasts_seconds == 0
    strange = card(failed(verb, code), language("xx"))
    assert all(part.startswith("⟦") for part in (strange.what, strange.safe) if part)


@pytest.mark.parametrize("verb", ["restore", "undo"])
def test_after_a_failed_restore_only_what_is_known_is_promised(verb: str) -> None:
    assert explain("no_space", verb, EN).safe == "Your data was not changed."
    for code in ("helper", "unexpected"):
        assert explain(code, verb, EN).safe == "Your data is complete: either as it was, or as in the backup."


@pytest.mark.parametrize("code", ["verification", "corrupt", "object_missing", "no_repository", "unreachable"])
def test_where_the_backups_are_not_known_to_be_intact_that_is_not_said(code: str) -> None:
    assert explain(code, "backup", EN).safe == "Your data was not changed."


def test_an_example() -> None:
    found = card(replace(failed("backup", "no_space"), details="Traceback ..."), EN)
    assert (found.tone, found.what, found.safe, found.hint) == (
        Tone.BAD,
        "The disk is full.",
        "Your data and the backups from before were not changed.",
        "Free some space, or choose another folder.",
    )
    assert found.details == "no_space: no room at /x\nEngine safe.\nEngine hint.\n\nTraceback ..."
    assert [(each.action, each.text, each.primary) for each in found.buttons] == [
        (Action.BACK_UP, "Try again", True),
        (Action.DETAILS, "Details", False),
        (Action.CLOSE, "Close", False),
    ]
    french = card(failed("backup", "no_space"), FR)
    assert (french.what, french.hint) == (
        "Le disque est plein.",
        "Libérez de la place, ou choisissez un autre dossier.",
    )


def test_an_unknown_code_is_an_unexpected_error() -> None:
    found = card(failed("backup", "brand_new"), EN)
    assert (found.what, found.details.splitlines()[0]) == (
        "Something unexpected went wrong.",
        "brand_new: no room at /x",
    )


def test_an_error_without_any_text_has_no_details_but_its_code() -> None:
    assert card(ended("verify", End.FAILED, code="locked"), EN).details == "locked"
    assert [each.action for each in card(ended("verify", End.FAILED), EN).buttons] == [Action.CLOSE]


ABOUT = snap(3, new_bytes=194_500)


@pytest.mark.parametrize(
    ("outcome", "tone", "english", "french"),
    [
        (
            ended("backup", about=ABOUT),
            Tone.OK,
            ("Backup made and verified.", "48.3 MB, 194.5 kB of it new."),
            ("Sauvegarde faite et vérifiée.", "48,3 Mo, dont 194,5 ko de nouveau."),
        ),
        (
            ended("backup", about=ABOUT, unchanged=True),
            Tone.OK,
            ("Nothing has changed, no new backup is needed.", "The backup of today at 02:00 holds the present state."),
            (
                "Rien n’a changé : aucune nouvelle sauvegarde n’est nécessaire.",
                "La sauvegarde faite aujourd’hui à 02:00 contient déjà l’état actuel.",
            ),
        ),
        (
            ended("backup", about=ABOUT, problems=("row 3",)),
            Tone.WARN,
            ("The backup was made, but the database itself has problems.", "Your data was not changed."),
            (
                "La sauvegarde est faite, mais la base de données elle-même a des problèmes.",
                "Vos données n’ont pas été modifiées.",
            ),
        ),
        (
            ended("verify", checked=63),
            Tone.OK,
            ("63 backups were checked: all are intact.", ""),
            ("63 sauvegardes vérifiées : toutes sont intactes.", ""),
        ),
        (
            ended("verify", checked=1),
            Tone.OK,
            ("1 backup was checked: it is intact.", ""),
            ("1 sauvegarde vérifiée : elle est intacte.", ""),
        ),
        (
            ended("verify", checked=2, problems=("x", "y")),
            Tone.BAD,
            ("2 backups were checked: not all is well.", "Your data was not changed."),
            ("2 sauvegardes vérifiées : tout n’est pas en ordre.", "Vos données n’ont pas été modifiées."),
        ),
        (
            ended("drill", about=ABOUT),
            Tone.OK,
            (
                "Restore test passed.",
                "The backup of today at 02:00 was restored to a temporary place and checked.",
            ),
            (
                "Test de restauration réussi.",
                "La sauvegarde faite aujourd’hui à 02:00 a été restaurée dans un emplacement temporaire et contrôlée.",
            ),
        ),
        (
            ended("restore", about=ABOUT, undoable=True),
            Tone.OK,
            ("Restored: your data is as it was today at 02:00.", "What was there before is kept as a backup."),
            (
                "Restauration faite : vos données sont telles qu’elles étaient aujourd’hui à 02:00.",
                "Ce qu’il y avait avant est conservé dans une sauvegarde.",
            ),
        ),
        (
            ended("restore", about=ABOUT, target="/home/me/old.db"),
            Tone.OK,
            ("The backup was saved as /home/me/old.db.", "Nothing in the application was changed."),
            ("La sauvegarde a été enregistrée sous /home/me/old.db.", "Rien n’a changé dans l’application."),
        ),
        (
            ended("undo", undoable=True),
            Tone.OK,
            (
                "The restore was undone: your data is as it was before it.",
                "The restored state is kept as a backup too.",
            ),
            (
                "Restauration annulée : vos données sont telles qu’elles étaient avant.",
                "L’état restauré est conservé lui aussi dans une sauvegarde.",
            ),
        ),
        (
            ended("delete", undoable=True),
            Tone.CALM,
            (
                "The backup is in the trash.",
                "What is in the trash can be taken out again until its time there is over.",
            ),
            (
                "La sauvegarde est dans la corbeille.",
                "Ce qui est dans la corbeille peut en sortir tant que son délai n’est pas écoulé.",
            ),
        ),
        (
            ended("recover", several=(ABOUT, ABOUT)),
            Tone.OK,
            ("2 backups are out of the trash again.", ""),
            ("2 sauvegardes sont sorties de la corbeille.", ""),
        ),
        (
            ended("prune", several=(ABOUT,) * 3, freed_bytes=6_100_000),
            Tone.OK,
            ("The clean-up is done.", "3 backups moved to the trash, 6.1 MB freed."),
            ("Le tri est fait.", "3 sauvegardes mises à la corbeille, 6,1 Mo libérés."),
        ),
        (
            ended("prune"),
            Tone.OK,
            ("The clean-up is done: nothing had to go.", ""),
            ("Le tri est fait : rien n’avait à partir.", ""),
        ),
        (ended("settings"), Tone.OK, ("The settings are saved.", ""), ("Les réglages sont enregistrés.", "")),
        (ended("something"), Tone.OK, ("Done.", ""), ("Terminé.", "")),
        (
            ended("backup", End.CANCELLED),
            Tone.CALM,
            ("The backup was stopped.", "Your data and the backups from before were not changed."),
            (
                "La sauvegarde a été arrêtée.",
                "Vos données et les sauvegardes précédentes n’ont pas été modifiées.",
            ),
        ),
        (
            ended("prune", End.CANCELLED),
            Tone.CALM,
            ("The clean-up was stopped.", "Your data was not changed; the clean-up goes on where it stopped."),
            ("Le tri a été arrêté.", "Vos données n’ont pas été modifiées ; le tri reprendra où il s’est arrêté."),
        ),
    ],
)
def test_results(outcome: Outcome, tone: Tone, english: tuple[str, str], french: tuple[str, str]) -> None:
    for say, texts in ((EN, english), (FR, french)):
        found = card(outcome, say)
        assert (found.what.replace("\u00a0", " "), found.safe.replace("\u00a0", " ")) == texts
        assert found.tone is tone
        assert found.buttons[-1].action is Action.CLOSE


def actions(outcome: Outcome) -> list[Action]:
    """What the card offers."""
    return [each.action for each in card(outcome, EN).buttons]


def test_what_the_cards_offer() -> None:
    assert actions(ended("restore", about=ABOUT, undoable=True)) == [Action.UNDO, Action.CLOSE]
    assert actions(ended("restore", about=ABOUT)) == [Action.CLOSE]
    assert actions(ended("export", target="/x.db")) == [Action.OPEN_FOLDER, Action.CLOSE]
    assert actions(ended("delete", undoable=True)) == [Action.UNDO, Action.CLOSE]
    assert actions(ended("verify", checked=2, problems=("x",))) == [Action.SEE_PROBLEM, Action.DETAILS, Action.CLOSE]
    assert card(ended("verify", checked=2, problems=("x", "y")), EN).details == "x\ny"


@pytest.mark.parametrize(
    ("outcome", "stays"),
    [
        (ended("restore", about=ABOUT), True),
        (ended("export", target="/x"), True),
        (ended("undo"), True),
        (failed("backup", "locked"), True),
        (ended("verify", problems=("x",)), True),
        (ended("backup", about=ABOUT), False),
        (ended("delete"), False),
        (ended("verify", End.CANCELLED), False),
    ],
)
def test_what_matters_stays_until_it_is_closed(outcome: Outcome, stays: bool) -> None:
    assert (card(outcome, EN).lasts_seconds == 0) is stays


def test_a_backup_that_is_not_verified_is_not_called_so() -> None:
    assert card(ended("backup", about=replace(ABOUT, damage=("x",))), EN).what == "Backup made."
