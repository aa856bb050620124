"""What an error means for people: what happened, what is safe, what to do; by the codes of litekeep.errors.

The engine's own message is an English technical text: it goes into the details, and never stands in for these.
"""

from __future__ import annotations

from litekeep.records import dataclass
from litekeep.ui.language.words import Language, phrase


@dataclass(frozen=True, slots=True)
class Cause:
    """Three parts, each a sentence; any may be empty."""

    what: str
    safe: str
    hint: str


_AGAIN = phrase("Try again.")
_LOOK = phrase("Look at the details, then try again.")
_VERIFY = phrase("Verify all backups to see which ones can be used, and make a new backup.")
_DRIVE = phrase("Connect the drive, or choose where the folder is now.")

CAUSES: dict[str, tuple[str, str]] = {
    "unexpected": (phrase("Something unexpected went wrong."), _LOOK),
    "usage": (phrase("This cannot be done in this way."), _LOOK),
    "settings": (
        phrase("The settings hold something that cannot be."),
        phrase("Correct what the details name; until then the settings from before are used."),
    ),
    "settings_changed": (
        phrase("Another program changed the settings meanwhile, so yours were not saved."),
        phrase("The page shows the newest ones with your changes in them: look at it, then save again."),
    ),
    "secret": (
        phrase("A password that the settings refer to cannot be found."),
        phrase("Enter it again where the settings say it is kept."),
    ),
    "verification": (phrase("What was read back is not what was stored."), _VERIFY),
    "corrupt": (phrase("A stored file of the backups is damaged."), _VERIFY),
    "backup": (phrase("The database could not be backed up."), _LOOK),
    "source_missing": (
        phrase("The database is not where it should be."),
        phrase("Put it back in its place, or restore it from a backup."),
    ),
    "not_a_database": (
        phrase("The file is not an SQLite database."),
        phrase("Check that it is the right file; if it is damaged, restore it from a backup."),
    ),
    "source_busy": (
        phrase("Another program kept the database locked for too long."),
        phrase("Try again when the other program is idle, or close it."),
    ),
    "source_unreadable": (
        phrase("The database, or a part of it, cannot be read."),
        phrase("Check the drive it is on; a backup from before can be restored."),
    ),
    "refused": (phrase("This was not done, to be on the safe side."), phrase("The details say why.")),
    "target_in_use": (
        phrase("Another program is using the file that was to be replaced."),
        phrase("Close the other program, then try again."),
    ),
    "repository": (phrase("The backup folder cannot be used as it is."), _LOOK),
    "no_repository": (phrase("The backup folder was not found."), _DRIVE),
    "locked": (
        phrase("Another program is working in the backup folder."),
        phrase("Try again when it has finished."),
    ),
    "unsupported_format": (
        phrase("The backups were made by a newer version of this program."),
        phrase("Install the newer version."),
    ),
    "unknown_snapshot": (phrase("This backup is not there any more."), phrase("Choose another backup.")),
    "unreachable": (
        phrase("The backup folder does not answer."),
        phrase("Check the drive or the connection, then try again."),
    ),
    "object_missing": (phrase("A stored file of the backups is missing."), _VERIFY),
    "object_exists": (phrase("A file is in the way in the backup folder."), _LOOK),
    "no_space": (phrase("The disk is full."), phrase("Free some space, or choose another folder.")),
    "permission": (
        phrase("The backup folder may not be read or written."),
        phrase("Give this user the right to change it, or choose another folder."),
    ),
    "read_only": (phrase("The backup folder can only be read."), phrase("Make it writable, or choose another folder.")),
    "credentials": (
        phrase("The server does not accept the user, key or password."),
        phrase("Enter them again in the settings."),
    ),
    "place_missing": (
        phrase("The folder for the backups is not there on the server."),
        phrase("Check its name in the settings, or make it on the server."),
    ),
    "clock": (
        phrase("The server refuses because the clock of this computer, or its own, is wrong."),
        phrase("Set the clock, then try again."),
    ),
    "wrong_server": (
        phrase("Something else than the server answered."),
        phrase("Check the address and the network; if the server was set up anew, accept its new key."),
    ),
    "key_needed": (
        phrase("The backups are encrypted, and no key was given."),
        phrase("Name the key in the settings file."),
    ),
    "wrong_key": (
        phrase("The key does not open these backups."),
        phrase("Check the passphrase or the key file; the recovery key opens them too."),
    ),
    "cancelled": (phrase("It was stopped."), ""),
    "helper": (phrase("The program that makes the backups ended unexpectedly."), _AGAIN),
    "not_protected": (
        phrase("This was not begun, because no verified backup could be made before it."),
        phrase("Make a backup, then try again."),
    ),
}
"""What happened and what to do, by code."""

_SPECIAL: dict[tuple[str, str], tuple[str, str]] = {
    ("backup", "verification"): (
        phrase("The new backup was stored but could not be read back."),
        phrase("Check the drive of the backups; the next backup stores everything anew."),
    ),
    ("restore", "verification"): (
        phrase("This backup has problems and was not restored."),
        phrase("Choose an earlier backup."),
    ),
    ("undo", "unknown_snapshot"): (phrase("There is no restore to undo."), ""),
    ("rebuild", "refused"): (
        phrase("The backups were not got back: their folder holds something, or the folder above it is not there."),
        phrase("If it is on a drive, connect that; or choose another folder."),
    ),
    ("rebuild", "unknown_snapshot"): (phrase("This copy has no backup of this database."), phrase("Try another copy.")),
    ("delete", "refused"): (
        phrase("This backup cannot be deleted."),
        phrase("It is pinned, or the only verified one: unpin it, or make a new backup first."),
    ),
}
"""The same where the operation makes it another matter."""

_OVER = frozenset({"restore", "undo"})
_UNSURE = frozenset({"unexpected", "helper"})
_SOURCE = frozenset({"source_missing", "not_a_database", "source_unreadable"})
_UNKNOWN = frozenset({"verification", "corrupt", "object_missing", "no_repository", "place_missing", "unreachable"})
_DATA = phrase("Your data was not changed.")


def explain(code: str, verb: str, say: Language) -> Cause:
    """The three parts for an error of an operation; code and verb may be unknown ones."""
    what, hint = _SPECIAL.get((verb, code)) or CAUSES.get(code, CAUSES["unexpected"])
    return Cause(say(what), say(_safe(code, verb)), say(hint))


def _safe(code: str, verb: str) -> str:
    """Nothing is promised that the engine does not hold: a backup only reads; a restore changes all or nothing."""
    if verb in _OVER:
        if code in _UNSURE:
            return phrase("Your data is complete: either as it was, or as in the backup.")
        return _DATA
    if verb == "backup":
        if code in _SOURCE:
            return phrase("The backups from before are still there.")
        if code in _UNKNOWN:  # of the backups nothing can be said
            return _DATA
        return phrase("Your data and the backups from before were not changed.")
    if verb in ("prune", "trash"):
        return phrase("Your data was not changed, and no backup was removed that the rules keep.")
    if verb == "export":
        return phrase("Nothing else was changed.")
    return _DATA
