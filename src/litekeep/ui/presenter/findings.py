"""What the doctor found, in the reader's language: by the stable word of each finding. The case itself follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from litekeep.operations.finding import Finding, Severity
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import FindingLine, Tone


class _Told(NamedTuple):
    what: str
    why: str
    fix: str


_TOLD: Mapping[str, _Told] = {
    "missing": _Told(
        phrase("The database is not where it should be."),
        phrase("No backup of it can be made."),
        phrase("Check the path, the drive and your rights."),
    ),
    "interrupted_restore": _Told(
        phrase("A restore was interrupted."),
        phrase("The database may be the old one, the new one, or not in place yet."),
        phrase("Close all programs that use it and restore again: that first finishes or undoes the interrupted one."),
    ),
    "synced_folder": _Told(
        phrase("The database lies in a folder that is synchronised."),
        phrase("The database and its log are copied at different moments, which can destroy the database."),
        phrase("Move the database out of that folder; the backups may stay in one."),
    ),
    "wal_on_share": _Told(
        phrase("The database is in WAL mode on a network drive."),
        phrase("WAL mode needs shared memory, which network drives do not have."),
        phrase("Move the database to a local drive."),
    ),
    "network_share": _Told(
        phrase("The database lies on a network drive."),
        phrase("Locks are not reliable there, and two programs can destroy the database."),
        phrase("Move the database to a local drive."),
    ),
    "wal_reset_bug": _Told(
        phrase("This version of SQLite has a known fault."),
        phrase("Rarely, two programs that write at the same moment can lose data in WAL mode."),
        phrase("Update SQLite, in your application first of all."),
    ),
    "hard_links": _Told(
        phrase("The database file has several names."),
        phrase("Programs that open it under different names do not see each other and can destroy it."),
        phrase("Keep one name and delete the others."),
    ),
    "stale_journal": _Told(
        phrase("A program ended in the middle of a change."),
        phrase("SQLite takes the unfinished change back when the database is opened next."),
        phrase("Never delete the journal file beside the database; start the application once."),
    ),
    "stale_wal": _Told(
        phrase("A log file lies beside the database although nobody uses it."),
        phrase("The last changes may be only in that file."),
        phrase("Never delete it; start and close the application once."),
    ),
    "other_owner": _Told(
        phrase("The database belongs to another user."),
        phrase("Files made beside it by you can lock its owner out."),
        phrase("Back up and restore as the owner of the database."),
    ),
    "not_writable": _Told(
        phrase("You may not write the database or its folder."),
        phrase("Backups work, but a restore over it does not."),
        phrase("Restore as the owner of the database."),
    ),
    "low_space": _Told(
        phrase("There is little free space."),
        phrase("The next backup or a restore may not fit."),
        phrase("Free some space, or choose another drive."),
    ),
    "same_device": _Told(
        phrase("The database and its backups are on the same drive."),
        phrase("A drive that fails takes both."),
        phrase("Choose a backup folder on another drive."),
    ),
    "damaged": _Told(
        phrase("Something in the backups is damaged."),
        phrase("What it belongs to cannot be restored as a whole."),
        phrase("Verify all backups, look at the drive, and back up again: what is damaged is stored anew."),
    ),
    "snapshots_missing": _Told(
        phrase("Backups are gone that nobody removed."),
        phrase("Somebody may have deleted files. Nothing is cleaned up until you accept it."),
        phrase("Find out why. If all is as it should be, accept it in a terminal (doctor --accept-changes)."),
    ),
    "rolled_back": _Told(
        phrase("The backup folder is in an older state: the newest backups are not in it."),
        phrase("Somebody may have put an older state back. Nothing is cleaned up until you accept it."),
        phrase("Find out why. If all is as it should be, accept it in a terminal (doctor --accept-changes)."),
    ),
    "forked": _Told(
        phrase("The backup folder has another history than this computer has seen."),
        phrase("It may be a copy that was used by itself. Nothing is cleaned up until you accept it."),
        phrase("Find out why. If all is as it should be, accept it in a terminal (doctor --accept-changes)."),
    ),
    "one_place": _Told(
        phrase("Only one place holds the backups."),
        phrase("One accident can take all of them."),
        phrase("Bring the copies up to date, or add one outside the building."),
    ),
    "not_spread": _Told(
        phrase("Your data is not in enough places."),
        phrase("One accident can take all of it."),
        phrase("Three places should have it, on two devices, one of them outside the building."),
    ),
    "open_folder": _Told(
        phrase("Every user of this computer can look into the backup folder."),
        phrase("The files are closed to them, but names and sizes are not."),
        phrase("Close the folder to other users."),
    ),
    "left_overs": _Told(
        phrase("Temporary files are left over."),
        phrase("A run was ended before it could tidy up; they only take space."),
        phrase("Nothing: the next backup removes its own; others may be deleted."),
    ),
    "foreign_files": _Told(
        phrase("There are other files in the backup folder."),
        phrase("They are left alone, but they may be there by mistake."),
        phrase("Move them away."),
    ),
    "interrupted_prune": _Told(
        phrase("A clean-up was interrupted."),
        phrase("Nothing is lost, but space was not given back."),
        phrase("Nothing: the next clean-up finishes it."),
    ),
    "clock": _Told(
        phrase("The clock of this computer is or was wrong."),
        phrase("The dates of the backups do not fit it, so the clean-up waits."),
        phrase("Set the clock."),
    ),
    "never_tested": _Told(
        phrase("No backup was ever restored as a test."),
        phrase("Only a restore proves that a restore works."),
        phrase("Test a restore; your data is not touched."),
    ),
    "not_tested_lately": _Told(
        phrase("The last test restore was long ago."),
        phrase("Only a restore proves that a restore works."),
        phrase("Test a restore; your data is not touched."),
    ),
    "notification": _Told(
        phrase("The last notification did not arrive."),
        phrase("The next failure would go unnoticed too."),
        phrase("Send a test message."),
    ),
    "log": _Told(
        phrase("The log cannot be written."),
        phrase("What happens is not told there."),
        phrase("Check the rights and the room of the log file and its folder."),
    ),
    "never": _Told(
        phrase("No backup has been made yet."),
        phrase("Everything would be lost with the database."),
        phrase("Back up now."),
    ),
    "overdue": _Told(
        phrase("A backup is overdue."),
        phrase("What was written since the last good backup would be lost."),
        phrase("Back up now, and look why it did not happen by itself."),
    ),
    "failing": _Told(
        phrase("The last backup failed."),
        phrase("What was written since the last good backup would be lost."),
        phrase("Back up now, and look why it failed."),
    ),
}
CODES = frozenset(_TOLD)
"""The words of findings that have sentences here."""
_TONES = {Severity.PROBLEM: Tone.BAD, Severity.ADVICE: Tone.WARN}


def findings(facts: ViewFacts, say: Language) -> tuple[FindingLine, ...]:
    """The findings, problems first; empty if there are none, or if nobody has looked yet (facts.findings None)."""
    found = sorted(facts.findings or (), key=lambda each: each.severity is not Severity.PROBLEM)
    return tuple(_line(each, say) for each in found)


def findings_sentence(facts: ViewFacts, say: Language) -> str:
    """How many there are, in a sentence."""
    if facts.findings is None:
        return say("Not looked at yet.")
    problems = sum(each.severity is Severity.PROBLEM for each in facts.findings)
    advice = len(facts.findings) - problems
    parts = [say.plural("{n} problem", "{n} problems", problems)] if problems else []
    parts += [say.plural("{n} piece of advice", "{n} pieces of advice", advice)] if advice else []
    return f"{say.listed(parts)}." if parts else say("Nothing to complain about.")


def _line(finding: Finding, say: Language) -> FindingLine:
    told = _TOLD.get(finding.code)
    tone = _TONES[finding.severity]
    if told is None:
        return FindingLine(tone, _sentence(finding.what), _sentence(finding.why), _sentence(finding.fix))
    return FindingLine(tone, say(told.what), say(told.why), say(told.fix), _sentence(finding.what))


def _sentence(text: str) -> str:
    """With a full stop; the first letter large, unless it begins a path or a name."""
    first = text.split(" ", 1)[0]
    is_name = any(sign in first for sign in "/\\.~'\"_")
    begun = text if is_name else text[:1].upper() + text[1:]
    return begun if begun.endswith((".", "!", "?", "…")) else f"{begun}."
