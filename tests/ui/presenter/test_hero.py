"""The verdict: every state, in English and French; what each offers; that nothing is promised which is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from litekeep.journal.history import Outcome
from litekeep.model import Level
from litekeep.operations.anomaly import anomalies
from litekeep.operations.status import Protection, Status, Verdict
from litekeep.scheduling.task import NextRun, Phase
from litekeep.ui.language import Language, language
from litekeep.ui.presenter.facts import ViewFacts, Work
from litekeep.ui.presenter.hero import hero
from litekeep.ui.presenter.models import Action, Glyph, Hero, Tone
from ui.presenter.made import EN, FR, NOW, at, days, facts, run, settings, snap

LAST, TESTED = at("2026-09-24"), at("2026-09-23")
MONTH = days(30)


def status(verdict: Verdict | str = Verdict.HEALTHY, **given: Any) -> Status:
    """A verdict about the database with a backup of last night and a test of yesterday."""
    values: dict[str, Any] = {
        "protection": Protection.AT_RISK,
        "sentence": "An English sentence that must not be shown.",
        "last_good_at": LAST,
        "drilled_at": TESTED,
        **given,
    }
    return Status("app", verdict, **values)  # type: ignore[arg-type]


def planned(phase: Phase = Phase.PLANNED, ahead: timedelta = timedelta(hours=6, minutes=14)) -> tuple[NextRun, ...]:
    """What the scheduler says of the next backup."""
    return (NextRun("drill", Phase.PLANNED, NOW, NOW), NextRun("backup", phase, NOW + ahead, NOW + ahead))


HEALTHY = facts(MONTH, status=status(protection=Protection.PROTECTED), next_runs=planned())
OLD = at("2026-09-21")
BROKEN = (*MONTH[:-1], replace(MONTH[-1], damage=("block 3",)))
LOST = "; ".join(anomalies([("employees", 214), ("audit", 1200)], [("employees", 0), ("audit", 200)]))
AT_REST: dict[str, tuple[ViewFacts, str, Tone, str, str, str, str]] = {
    "healthy": (
        HEALTHY,
        "healthy",
        Tone.OK,
        "Protected",
        "Last backup today at 02:00 · Next in 6 h 14 min · Restore test passed yesterday",
        "Protégé",
        "Dernière sauvegarde aujourd’hui à 02:00 · Prochaine dans 6 h 14 · Test de restauration réussi hier",
    ),
    "key_needed": (
        facts(status=status(Verdict.KEY_NEEDED, protection=Protection.NOT_PROTECTED, last_good_at=None)),
        "key_needed",
        Tone.WARN,
        "Key needed",
        "The backups are encrypted, and no key that fits was given. Name the key in the settings file.",
        "Clé requise",
        (
            "Les sauvegardes sont chiffrées, et aucune clé qui convient n’a été donnée. "
            "Indiquez la clé dans le fichier de réglages."
        ),
    ),
    "key_unconfirmed": (
        facts(MONTH, status=status(Verdict.KEY_UNCONFIRMED), next_runs=planned()),
        "key_unconfirmed",
        Tone.WARN,
        "Backed up, recovery key not confirmed",
        (
            "If the key is lost, so are the backups. Print the recovery sheet, keep it elsewhere, and "
            "confirm its key · Last backup today at 02:00"
        ),
        "Sauvegardé, clé de secours non confirmée",
        (
            "Si la clé est perdue, les sauvegardes le sont aussi. Imprimez la fiche de secours, gardez-la ailleurs et "
            "confirmez sa clé · Dernière sauvegarde aujourd’hui à 02:00"
        ),
    ),
    "altered": (
        facts(MONTH, status=status(Verdict.ALTERED)),
        "altered",
        Tone.BAD,
        "Backups have gone missing",
        (
            "Somebody may have deleted files, or put an older state of the backup folder back. The newest good one was "
            "made today at 02:00. Nothing is cleaned up until you have looked."
        ),
        "Des sauvegardes ont disparu",
        (
            "Quelqu’un a peut-être effacé des fichiers, ou remis un état plus ancien du dossier de sauvegarde. La plus "
            "récente en bon état : aujourd’hui à 02:00. Rien n’est nettoyé tant que vous n’avez pas regardé."
        ),
    ),
    "altered, nothing left": (
        facts(status=status(Verdict.ALTERED, protection=Protection.NOT_PROTECTED, last_good_at=None)),
        "altered",
        Tone.BAD,
        "Backups have gone missing",
        (
            "Somebody may have deleted files, or put an older state of the backup folder back. No verified backup is "
            "left. Your data is not affected: back it up now."
        ),
        "Des sauvegardes ont disparu",
        (
            "Quelqu’un a peut-être effacé des fichiers, ou remis un état plus ancien du dossier de sauvegarde. Il ne "
            "reste aucune sauvegarde vérifiée. Vos données ne sont pas touchées : sauvegardez-les maintenant."
        ),
    ),
    "a copy is behind": (
        facts(MONTH, status=status(Verdict.COPY_UNREACHABLE), next_runs=planned()),
        "copy_unreachable",
        Tone.WARN,
        "Protected here, a copy is waiting",
        "Nothing has arrived there for days · Last backup today at 02:00",
        "Protégé ici, une copie est en attente",
        "Rien n’y arrive depuis des jours · Dernière sauvegarde aujourd’hui à 02:00",
    ),
    "loading": (
        facts(),
        "loading",
        Tone.CALM,
        "One moment…",
        "Looking at the backups of app",
        "Un instant…",
        "Lecture des sauvegardes de app",
    ),
    "never": (
        facts(status=status(Verdict.NEVER, last_good_at=None, drilled_at=None), database_bytes=48_300_000),
        "never",
        Tone.WARN,
        "Not protected yet",
        "The first backup (48.3 MB) takes a few seconds.",
        "Pas encore protégé",
        "La première sauvegarde (48,3 Mo) prend quelques secondes.",
    ),
    "never, large": (
        facts(status=status(Verdict.NEVER, last_good_at=None), database_bytes=9_000_000_000),
        "never",
        Tone.WARN,
        "Not protected yet",
        "The first backup (9.0 GB) takes about 3 min.",
        "Pas encore protégé",
        "La première sauvegarde (9,0 Go) prend 3 min environ.",
    ),
    "never, failed": (
        facts(status=status(Verdict.NEVER, last_good_at=None), rows=(run("2026-09-24"),)),
        "never",
        Tone.WARN,
        "Not protected yet",
        "The last attempt failed: The disk is full. Free some space, or choose another folder.",
        "Pas encore protégé",
        "La dernière tentative a échoué : Le disque est plein. Libérez de la place, ou choisissez un autre dossier.",
    ),
    "unproven, young": (
        facts(MONTH, status=status(Verdict.UNPROVEN, protection=Protection.PROTECTED, drilled_at=None)),
        "unproven",
        Tone.OK,
        "Backed up, restore not yet tested",
        "Last backup today at 02:00",
        "Sauvegardé, restauration non testée",
        "Dernière sauvegarde aujourd’hui à 02:00",
    ),
    "unproven, old test": (
        facts(MONTH, status=status(Verdict.UNPROVEN, drilled_at=at("2026-08-01"))),
        "unproven",
        Tone.WARN,
        "Backed up, restore not tested lately",
        "Last backup today at 02:00 · Restore test passed 54 days ago",
        "Sauvegardé, restauration non testée récemment",
        "Dernière sauvegarde aujourd’hui à 02:00 · Test de restauration réussi il y a 54 jours",
    ),
    "unproven, not verified": (
        facts(
            (*MONTH[:-1], replace(MONTH[-1], verified=Level.NONE)),
            status=status(Verdict.UNPROVEN, last_good_at=at("2026-09-23")),
        ),
        "unproven",
        Tone.WARN,
        "Backed up, not yet verified",
        "Newest verified backup yesterday at 02:00",
        "Sauvegardé, pas encore vérifié",
        "Dernière sauvegarde vérifiée hier à 02:00",
    ),
    "overdue": (
        facts(MONTH, status=status(Verdict.OVERDUE, last_good_at=OLD), next_runs=planned()),
        "overdue",
        Tone.WARN,
        "At risk: no backup for 3 days",
        "Planned backups have not run · Next in 6 h 14 min · Last backup Monday at 02:00",
        "À risque : aucune sauvegarde depuis 3 jours",
        "Les sauvegardes planifiées n’ont pas eu lieu · Prochaine dans 6 h 14 · Dernière sauvegarde lundi à 02:00",
    ),
    "overdue, off": (
        facts(MONTH, status=status(Verdict.OVERDUE, last_good_at=OLD), settings=settings(automatic_daily=False)),
        "overdue",
        Tone.WARN,
        "At risk: no backup for 3 days",
        "Automatic backups are off · Last backup Monday at 02:00",
        "À risque : aucune sauvegarde depuis 3 jours",
        "Sauvegardes automatiques désactivées · Dernière sauvegarde lundi à 02:00",
    ),
    "overdue, not started": (
        facts(MONTH, status=status(Verdict.OVERDUE, last_good_at=OLD), started=False),
        "overdue",
        Tone.WARN,
        "At risk: no backup for 3 days",
        "Automatic backups are not running · Last backup Monday at 02:00",
        "À risque : aucune sauvegarde depuis 3 jours",
        "Sauvegardes automatiques arrêtées · Dernière sauvegarde lundi à 02:00",
    ),
    "overdue, misdated": (
        facts(MONTH, status=status(Verdict.OVERDUE, last_good_at=at("2027-01-05"))),
        "overdue",
        Tone.WARN,
        "At risk: the newest backup has a wrong date",
        "It is dated Jan 5, 2027, which has not come yet: the clock is or was wrong.",
        "À risque : la dernière sauvegarde a une date fausse",
        "Elle est datée du 05/01/2027, qui n’est pas encore venu : l’horloge est ou était fausse.",
    ),
    "failing": (
        facts(
            MONTH,
            status=status(Verdict.FAILING, last_good_at=at("2026-09-23")),
            rows=(run("2026-09-24"), run("2026-09-23", Outcome.OK, "")),
            next_runs=planned(Phase.RETRYING, timedelta(minutes=5)),
        ),
        "failing",
        Tone.BAD,
        "Backup failed",
        (
            "The disk is full. Your data and the backups from before were not changed. Free some space, or "
            "choose another "
            "folder · Last backup yesterday at 02:00 · Next attempt in 5 min"
        ),
        "Échec de la sauvegarde",
        (
            "Le disque est plein. Vos données et les sauvegardes précédentes n’ont pas été modifiées. Libérez "
            "de la place, "
            "ou choisissez un autre dossier · Dernière sauvegarde hier à 02:00 · Prochain essai dans 5 min"
        ),
    ),
    "unsound": (
        facts(
            (*MONTH[:-1], replace(MONTH[-1], problems=("row 3 missing from index",))),
            status=status(Verdict.FAILING, last_good_at=at("2026-09-23")),
            rows=(run("2026-09-24", Outcome.WARNINGS, ""),),
        ),
        "unsound",
        Tone.BAD,
        "The database itself has problems",
        "The newest backup without problems is from yesterday at 02:00.",
        "La base de données elle-même a des problèmes",
        "La dernière sauvegarde sans problème a été faite hier à 02:00.",
    ),
    "damaged": (
        facts(BROKEN, status=status(Verdict.DAMAGED)),
        "damaged",
        Tone.BAD,
        "A backup is damaged",
        "1 of 30. The newest good one was made yesterday at 02:00. Your data is not affected.",
        "Une sauvegarde est endommagée",
        "1 sur 30. La dernière en bon état a été faite hier à 02:00. Vos données ne sont pas touchées.",
    ),
    "damaged, all": (
        facts(
            tuple(replace(each, damage=("x",)) for each in MONTH),
            status=status(Verdict.DAMAGED, protection=Protection.NOT_PROTECTED, last_good_at=None),
        ),
        "damaged",
        Tone.BAD,
        "30 backups are damaged",
        "30 of 30. No verified backup is left. Your data is not affected: back it up now.",
        "30 sauvegardes sont endommagées",
        (
            "30 sur 30. Il ne reste aucune sauvegarde vérifiée. Vos données ne sont pas touchées : "
            "sauvegardez-les maintenant."
        ),
    ),
    "damaged, a file": (
        facts(MONTH, status=status(Verdict.DAMAGED)),
        "damaged",
        Tone.BAD,
        "A stored file of the backups is damaged",
        "The newest good one was made today at 02:00. Your data is not affected.",
        "Un fichier stocké des sauvegardes est endommagé",
        "La dernière en bon état a été faite aujourd’hui à 02:00. Vos données ne sont pas touchées.",
    ),
    "missing": (
        facts(
            status=status(Verdict.REPOSITORY_MISSING, last_good_at=None, drilled_at=None),
            rows=(run("2026-09-24", Outcome.OK, ""),),
        ),
        "missing",
        Tone.CALM,
        "Backup folder not found",
        "/data/backups · Last backup today at 02:00 · Your data is not affected",
        "Dossier de sauvegarde introuvable",
        "/data/backups · Dernière sauvegarde aujourd’hui à 02:00 · Vos données ne sont pas touchées",
    ),
    "missing for long": (
        facts(status=status(Verdict.REPOSITORY_MISSING, last_good_at=None)),
        "missing",
        Tone.WARN,
        "Backup folder not found",
        "/data/backups · Your data is not affected",
        "Dossier de sauvegarde introuvable",
        "/data/backups · Vos données ne sont pas touchées",
    ),
    "busy": (
        facts(MONTH, status=status(Verdict.RUNNING), next_runs=planned()),
        "busy",
        Tone.BUSY,
        "Another program is working in the backup folder",
        "Last backup today at 02:00 · Next in 6 h 14 min · Restore test passed yesterday",
        "Un autre programme travaille dans le dossier de sauvegarde",
        "Dernière sauvegarde aujourd’hui à 02:00 · Prochaine dans 6 h 14 · Test de restauration réussi hier",
    ),
    "paused": (
        replace(HEALTHY, paused=True, next_runs=planned(Phase.PAUSED)),
        "paused",
        Tone.CALM,
        "Automatic backups are paused",
        "Last backup today at 02:00 · Restore test passed yesterday",
        "Sauvegardes automatiques en pause",
        "Dernière sauvegarde aujourd’hui à 02:00 · Test de restauration réussi hier",
    ),
    "suspicious": (
        facts((*MONTH[:-2], replace(MONTH[-2], anomaly=LOST, pinned=True), MONTH[-1]), status=status()),
        "suspicious",
        Tone.WARN,
        "Unusual loss in your data",
        (
            "The table audit went from 1,200 to 200 rows. All 214 rows of employees have gone. The backup from "
            "before, yesterday at "
            "02:00, is pinned; nothing is cleaned up until you have looked."
        ),
        "Perte inhabituelle dans vos données",
        (
            "La table audit est passée de 1\u202f200 à 200 lignes. Les 214 lignes de la table employees ont "
            "disparu. La sauvegarde d’avant, "
            "faite hier à 02:00, est épinglée ; rien n’est trié tant que vous n’avez pas regardé."
        ),
    ),
    "a later verdict": (
        facts(MONTH, status=status("sideways"), next_runs=planned()),
        "sideways",
        Tone.WARN,
        "At risk",
        "Last backup today at 02:00 · Next in 6 h 14 min · Restore test passed yesterday",
        "À risque",
        "Dernière sauvegarde aujourd’hui à 02:00 · Prochaine dans 6 h 14 · Test de restauration réussi hier",
    ),
}


@pytest.mark.parametrize("case", AT_REST)
def test_states_at_rest(case: str) -> None:
    known, state, tone, headline, sub, titre, dessous = AT_REST[case]
    english, french = hero(known, EN), hero(known, FR)
    assert (english.state, english.tone, english.headline) == (state, tone, headline)
    assert english.sub.replace("\u00a0", " ") == sub
    assert (french.state, french.headline.replace("\u00a0", " ")) == (state, titre)
    assert french.sub.replace("\u00a0", " ") == dessous
    assert english.progress is None


def shown(found: Hero) -> list[tuple[Action, bool, bool]]:
    """Buttons as (action, usable, primary)."""
    return [(each.action, each.enabled, each.primary) for each in found.buttons]


@pytest.mark.parametrize(
    ("case", "buttons"),
    [
        ("healthy", "*Back up now, Restore…, Verify"),
        ("loading", "-Back up now, -Restore…, -Verify"),
        ("never", "*Back up now, -Restore…, -Verify"),
        ("never, failed", "*Try again, -Restore…, -Verify"),
        ("unproven, young", "*Test a restore, Back up now, Restore…"),
        ("unproven, not verified", "*Verify, Back up now, Restore…"),
        ("overdue", "*Back up now, Restore…, Verify"),
        ("failing", "*Try again, Restore…, Verify"),
        ("unsound", "*See it, Back up now, Restore…"),
        ("damaged", "*See it, Back up now, Restore…"),
        ("damaged, all", "*Back up now, See it, Verify"),
        ("missing", "*Locate…, -Back up now, -Restore…"),
        ("busy", "-Back up now, Restore…, Verify"),
        ("paused", "*Resume, Back up now, Restore…"),
        ("suspicious", "*See it, Back up now, Restore…"),
    ],
)
def test_buttons(case: str, buttons: str) -> None:
    marks = {(True, True): "*", (True, False): "", (False, False): "-"}
    found = hero(AT_REST[case][0], EN)
    assert ", ".join(marks[each.enabled, each.primary] + each.text for each in found.buttons) == buttons


@pytest.mark.parametrize("case", AT_REST)
def test_no_state_shows_the_english_sentence_of_the_status_or_a_message_of_the_engine(case: str) -> None:
    for say in (EN, FR):
        found = hero(AT_REST[case][0], say)
        assert "must not be shown" not in found.sub + found.headline
        assert "no room left" not in found.sub
        assert "{" not in found.sub + found.headline


@pytest.mark.parametrize("case", AT_REST)
def test_nothing_is_left_untranslated(case: str) -> None:
    """In the pseudo language every text of the window stands in brackets; what does not is a name, a number, a date."""
    found = hero(AT_REST[case][0], language("xx"))
    assert found.headline.startswith("⟦")
    assert all(button.text.startswith("⟦") for button in found.buttons)


def test_overdue_while_paused_says_so_and_offers_to_resume() -> None:
    found = hero(facts(MONTH, status=status(Verdict.OVERDUE, last_good_at=OLD), paused=True), EN)
    assert found.sub.startswith("Automatic backups are paused")
    assert found.buttons[0].action is Action.RESUME


def test_overdue_after_failures_says_why() -> None:
    known = facts(MONTH, status=status(Verdict.OVERDUE, last_good_at=OLD), rows=(run("2026-09-24", code="permission"),))
    assert hero(known, EN).sub.startswith("The backup folder may not be read or written · Last backup Monday")


@pytest.mark.parametrize("verdict", [Verdict.FAILING, Verdict.OVERDUE, Verdict.DAMAGED])
def test_a_pause_never_hides_something_worse(verdict: Verdict) -> None:
    known = facts(BROKEN, status=status(verdict, last_good_at=OLD), paused=True)
    assert hero(known, EN).state == str(verdict)


def test_a_clean_up_that_waits_for_a_yes_can_be_looked_at() -> None:
    waits = replace(run("2026-09-24"), verb="prune", outcome=Outcome.REFUSED, code="")
    assert hero(replace(HEALTHY, rows=(waits,)), EN).buttons[2].action is Action.REVIEW_REMOVAL
    done = replace(waits, outcome=Outcome.OK)
    assert hero(replace(HEALTHY, rows=(done, waits)), EN).buttons[2].action is Action.VERIFY


def test_an_unusual_loss_while_backups_are_also_overdue_tells_both() -> None:
    lost = (replace(MONTH[-2], anomaly=LOST, pinned=True), MONTH[-1])
    found = hero(facts(lost, status=status("suspicious", last_good_at=OLD)), EN)
    assert found.state == "suspicious"
    assert found.sub.endswith("until you have looked · Last backup Monday at 02:00")


def test_rows_of_another_database_in_the_same_folder_do_not_count() -> None:
    other = replace(run("2026-09-24", code="no_space"), source="payroll")
    known = facts(MONTH, status=status(Verdict.FAILING), rows=(other, run("2026-09-23", code="locked")))
    assert hero(known, EN).sub.startswith("Another program is working in the backup folder.")


WORK = Work("backup", NOW - timedelta(seconds=10), "capture", 2940, 10_000, "pages")
AT_WORK: list[tuple[Work, str, str, str]] = [
    (WORK, "running", "Backing up…", "Sauvegarde en cours…"),
    (
        replace(WORK, verb="verify", at=13, of=63),
        "verifying",
        "Checking 63 backups…",
        "Vérification de 63 sauvegardes…",
    ),
    (
        replace(WORK, verb="verify", about=snap(1)),
        "verifying",
        "Checking the backup of Sep 24, 2026 02:00…",
        "Vérification de la sauvegarde du 24/09/2026 02:00…",
    ),
    (replace(WORK, verb="drill"), "testing", "Testing a restore…", "Test de restauration en cours…"),
    (
        replace(WORK, verb="restore", about=snap(1)),
        "restoring",
        "Restoring Sep 24, 2026 02:00…",
        "Restauration du 24/09/2026 02:00…",
    ),
    (replace(WORK, verb="undo"), "undoing", "Undoing the restore…", "Annulation de la restauration…"),
    (replace(WORK, verb="export"), "exporting", "Saving as a file…", "Enregistrement du fichier…"),
    (replace(WORK, verb="prune"), "cleaning", "Cleaning up…", "Tri en cours…"),
    (replace(WORK, verb="something new"), "working", "Working…", "Opération en cours…"),
]


@pytest.mark.parametrize(("work", "state", "english", "french"), AT_WORK)
def test_states_at_work(work: Work, state: str, english: str, french: str) -> None:
    for say, headline in ((EN, english), (FR, french)):
        found = hero(replace(HEALTHY, work=work), say)
        assert (found.state, found.headline, found.tone, found.glyph) == (state, headline, Tone.BUSY, Glyph.ARROWS)
        assert found.progress is not None
        assert found.sub.startswith(found.progress.text)
        assert [each.action for each in found.buttons] == [Action.CANCEL, Action.RESTORE, Action.VERIFY]
        assert shown(found)[1:] == [(Action.RESTORE, False, False), (Action.VERIFY, False, False)]


@pytest.mark.parametrize(
    ("work", "usable"),
    [
        (WORK, True),
        (replace(WORK, cancelling=True), False),
        (replace(WORK, waiting=True), True),
        (replace(WORK, verb="restore", phase="rebuild"), True),
        (replace(WORK, verb="restore", phase="capture"), True),
        (replace(WORK, verb="restore", phase="restore"), False),
        (replace(WORK, verb="undo", phase="restore"), False),
    ],
)
def test_cancel_is_there_until_the_live_database_is_being_replaced(work: Work, usable: bool) -> None:
    found = hero(replace(HEALTHY, work=work), EN)
    assert shown(found)[0] == (Action.CANCEL, usable, False)


@pytest.mark.parametrize("say", [EN, FR])
def test_whoever_restores_is_told_to_keep_the_application_open(say: Language) -> None:
    warning = say("Do not close the application")
    assert hero(replace(HEALTHY, work=replace(WORK, verb="restore")), say).sub.endswith(warning)
    assert warning not in hero(replace(HEALTHY, work=WORK), say).sub


@pytest.mark.parametrize(
    ("phase", "part"),
    [
        (Phase.PLANNED, "Next in 6 h 14 min"),
        (Phase.RETRYING, "Next attempt in 6 h 14 min"),
        (Phase.WAITING, "Waiting for the backup folder"),
        (Phase.GIVEN_UP, "Next in 6 h 14 min"),
    ],
)
def test_what_comes_next(phase: Phase, part: str) -> None:
    assert f" · {part} · " in hero(replace(HEALTHY, next_runs=planned(phase)), EN).sub


def test_a_run_that_is_due_is_not_in_the_past() -> None:
    late = hero(replace(HEALTHY, next_runs=planned(ahead=timedelta(minutes=-3))), EN)
    assert " · Next now · " in late.sub


@pytest.mark.parametrize("moment", [datetime(2026, 3, 29, 3, 30), datetime(2026, 10, 25, 2, 30)])
def test_on_the_days_when_clocks_change(moment: datetime) -> None:
    now = moment.replace(tzinfo=NOW.tzinfo, fold=1)
    last = now.replace(hour=1)
    found = hero(replace(HEALTHY, now=now, status=status(last_good_at=last, drilled_at=None)), EN)
    assert found.sub.startswith("Last backup today at 01:30")
