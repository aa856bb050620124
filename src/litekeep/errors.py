"""Every error that a user of Litekeep can meet.

Each says three things: what happened (the message), what is safe (`safe`) and what to do (`hint`), and carries a stable
exit code and a stable `code` word for JSON output. Exit codes 3, 10, 11, 12 and 130 mean the same as in restic.

    LitekeepError               1  unexpected
    +- UsageError               2  usage          the request makes no sense as it was put
    |  +- SettingsInvalid       2  settings       the settings hold something that cannot be; all of it is listed
    |  +- SecretUnavailable     2  secret         a password that the settings refer to cannot be had
    +- VerificationFailed       4  verification   something was read back and was not what was written
    |  +- CorruptObject         4  corrupt        one stored object is damaged, foreign or hostile
    +- BackupFailed             5  backup         the source could not be captured
    |  +- SourceMissing         5  source_missing
    |  +- NotADatabase          5  not_a_database
    |  +- SourceBusy            5  source_busy
    |  +- SourceUnreadable      5  source_unreadable
    +- Refused                  6  refused        allowed only when asked for explicitly
    |  +- TargetInUse           6  target_in_use
    +- RepositoryError
    |  +- NoRepository         10  no_repository
    |  +- Locked               11  locked
    |  +- UnsupportedFormat    10  unsupported_format
    |  |  +- NewerObject       10  unsupported_format   also a CorruptObject: nothing that depends on it can be had here
    |  +- KeyNeeded            12  key_needed
    |  |  +- WrongKey          12  wrong_key
    |  +- UnknownSnapshot       2  unknown_snapshot
    +- StorageError            13  unreachable    the place where backups rest did not do what it was asked
    |  +- ObjectMissing         4  object_missing
    |  +- ObjectExists          1  object_exists
    |  +- NoSpace              14  no_space
    |  +- PermissionRefused    13  permission
    |  +- ReadOnlyStorage       6  read_only
    |  +- CredentialsRefused   13  credentials
    |  +- PlaceMissing         13  place_missing
    |  +- ClockWrong           13  clock
    |  +- WrongServer          13  wrong_server
    +- Cancelled              130  cancelled
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple


class LitekeepError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: what happened, naming the object; no full stop.
        safe: what is unharmed, as a sentence; empty when there is nothing to say.
        hint: what to do next, as a sentence; empty when there is nothing to say.
    """

    code: ClassVar[str] = "unexpected"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, safe: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.safe = safe
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross process borders whole, whatever their own arguments are."""
        return _made_again, (type(self), self.args, self.__dict__)


def _made_again(kind: type[LitekeepError], args: tuple[Any, ...], facts: dict[str, Any]) -> LitekeepError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error


class UsageError(LitekeepError):
    """The request makes no sense as it was put."""

    code = "usage"
    exit_code = 2


class SettingProblem(NamedTuple):
    """One thing that is wrong with the settings.

    key: path of the setting ("backup.retention_days"), the name of an environment variable, or empty for the file.
    value: what stands there, as JSON and cut to a readable length; empty where it must not or cannot be shown.
    problem: what is wrong. allowed: what may stand there. nearest: the known key that was probably meant. Empty if
    there is nothing to say.
    """

    key: str
    value: str
    problem: str
    allowed: str = ""
    nearest: str = ""

    @property
    def text(self) -> str:
        """All of it in one line; no full stop."""
        what = f"{self.key} {self.problem}".strip()
        if self.nearest:
            return f"{what}; did you mean {self.nearest}?"
        return f"{what}; allowed: {self.allowed}" if self.allowed else what


class SettingsInvalid(UsageError):
    """The settings hold something that cannot be; `problems` lists all of it, and nothing of them was used."""

    code = "settings"

    def __init__(
        self, message: str, *, problems: Sequence[SettingProblem] = (), safe: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, safe=safe, hint=hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {each.text}" for each in self.problems)])


class SecretUnavailable(UsageError):
    """A password that the settings refer to cannot be had; the message names the reference and never the secret."""

    code = "secret"


class VerificationFailed(LitekeepError):
    """Something was read back and was not what was written."""

    code = "verification"
    exit_code = 4


class CorruptObject(VerificationFailed):
    """One stored object is damaged, foreign or hostile.

    `key` names the object in its storage, `problem` says what is wrong with it.
    """

    code = "corrupt"

    def __init__(self, key: str, problem: str, *, safe: str = "", hint: str = "") -> None:
        super().__init__(f"{key}: {problem}", safe=safe, hint=hint)
        self.key = key
        self.problem = problem


class BackupFailed(LitekeepError):
    """The source could not be captured; nothing was added to the repository's snapshots."""

    code = "backup"
    exit_code = 5


class SourceMissing(BackupFailed):
    """The database is not where it should be."""

    code = "source_missing"


class NotADatabase(BackupFailed):
    """The file is not an SQLite database, or is encrypted by something else."""

    code = "not_a_database"


class SourceBusy(BackupFailed):
    """Another program kept the database locked until the deadline."""

    code = "source_busy"


class SourceUnreadable(BackupFailed):
    """The database, or a page of it, cannot be read."""

    code = "source_unreadable"


class Refused(LitekeepError):
    """Allowed only when asked for explicitly; nothing was changed."""

    code = "refused"
    exit_code = 6


class TargetInUse(Refused):
    """The file to be replaced is open in another program, or locked by it."""

    code = "target_in_use"


class RepositoryError(LitekeepError):
    """The repository cannot be used as it is."""

    code = "repository"
    exit_code = 10


class NoRepository(RepositoryError):
    """There is no Litekeep repository in that place."""

    code = "no_repository"


class UnsupportedFormat(RepositoryError):
    """The repository or object was written by a newer Litekeep."""

    code = "unsupported_format"


class NewerObject(CorruptObject, UnsupportedFormat):
    """One stored object has a format version of a newer Litekeep, or is damaged there and elsewhere: both look alike.

    Whatever can do without a damaged object can do without this one.
    """

    code = "unsupported_format"
    exit_code = 10


class KeyNeeded(RepositoryError):
    """The repository is encrypted, and no key was given, or none that can be used here."""

    code = "key_needed"
    exit_code = 12


class WrongKey(KeyNeeded):
    """The passphrase or key fits no key slot of the repository; nothing is damaged."""

    code = "wrong_key"


class Locked(RepositoryError):
    """Another run holds the repository; the message names it."""

    code = "locked"
    exit_code = 11


class UnknownSnapshot(RepositoryError):
    """No snapshot, or more than one, answers to that name."""

    code = "unknown_snapshot"
    exit_code = 2


class StorageError(LitekeepError):
    """A storage did not do what it was asked; `key` names the object where there is one."""

    code = "unreachable"
    exit_code = 13

    def __init__(self, message: str, *, key: str = "", safe: str = "", hint: str = "") -> None:
        super().__init__(message, safe=safe, hint=hint)
        self.key = key


class ObjectMissing(StorageError):
    """There is no object of that name."""

    code = "object_missing"
    exit_code = 4


class ObjectExists(StorageError):
    """An object of that name is already there with other content; objects are never replaced."""

    code = "object_exists"
    exit_code = 1


class NoSpace(StorageError):
    """The storage, or a scratch folder, is full."""

    code = "no_space"
    exit_code = 14


class PermissionRefused(StorageError):
    """The storage does not allow this user to do that."""

    code = "permission"


class ReadOnlyStorage(StorageError):
    """The storage was opened for reading only."""

    code = "read_only"
    exit_code = 6


class CredentialsRefused(StorageError):
    """The server does not accept the user, key or password; nothing was asked of it after that."""

    code = "credentials"


class PlaceMissing(StorageError):
    """The bucket, or the folder on the server, is not there; that is never taken for an empty repository."""

    code = "place_missing"


class ClockWrong(StorageError):
    """The server refuses requests because the clock of this machine, or its own, is wrong."""

    code = "clock"


class WrongServer(StorageError):
    """Something else answered: another certificate or host key, or the log-in page of a network."""

    code = "wrong_server"


class Cancelled(LitekeepError):
    """The user, or the program that embeds Litekeep, asked to stop."""

    code = "cancelled"
    exit_code = 130


class HelperFailed(LitekeepError):
    """The helper process of an application could not be started, or ended in the middle of a job."""

    code = "helper"


class NotProtected(Refused):
    """What was to be guarded was not begun, because no verified backup could be made before it."""

    code = "not_protected"
