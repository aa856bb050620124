"""Every setting: its key, what may stand there, its default and what it means. Values only; nothing is read here.

The shipped JSON Schema and docs/reference/settings.md are made from these declarations, in this order. The keys of the
first section are those of the file that applications already have; they work unchanged.
"""

from __future__ import annotations

from datetime import time
from pathlib import Path

from litekeep.config.compound import NEEDED, ListOf, Nullable, Section, setting
from litekeep.config.copies import MOST_KEPT, CopySettings
from litekeep.config.kinds import Choice, Cron, FilePath, Flag, Statement, Text, TimeOfDay, Whole, Zone
from litekeep.config.notifications import NotificationSettings
from litekeep.config.references import Reference
from litekeep.config.secrets import Secret
from litekeep.model import Level
from litekeep.records import dataclass
from litekeep.retention import RetentionPolicy

ANY_OPERATION = "*"
LOG_NAME = "backup.log"
_COUNT = Whole(0, MOST_KEPT)


@dataclass(frozen=True, slots=True)
class EncryptionSettings:
    """The backups are encrypted. The repository is made with `litekeep init --encrypt`."""

    key: Secret = setting(
        Reference(),
        NEEDED,
        "Where the passphrase or key is that opens the repository. Best is a key of its own for this machine: "
        "`litekeep key add --new-key-file FILE`.",
    )


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """When backups are made, where they go, how long they stay and who is told."""

    enabled: bool = setting(
        Flag(), True, "false: nothing is done automatically. Commands that a person gives still work."
    )
    automatic_daily: bool = setting(Flag(), True, "Back up at backup_time, or by schedule. false: neither of them.")
    backup_time: time = setting(TimeOfDay(), "02:00", "When the daily backup is made.")
    backup_on_shutdown: bool = setting(
        Flag(), True, "Back up when the application ends. Nothing is written if nothing changed."
    )
    backup_directory: Path = setting(
        FilePath(
            "a folder, relative to this file or absolute",
            "a place on a server goes into backup.copies, or is named on the command line with --repository",
        ),
        "./backups",
        "The folder of the backups. Best is one on another drive than the database.",
    )
    retention_days: int = setting(
        _COUNT, 30, "Keep every automatic backup of this many days before the newest; 0: none."
    )
    retention_weeks: int = setting(_COUNT, 12, "Keep the newest backup of each of this many weeks; 0: none.")
    retention_months: int = setting(_COUNT, 12, "Keep the newest backup of each of this many months; 0: none.")
    keep_last: int = setting(_COUNT, 7, "Keep this many of the newest backups, whatever their age; 0: none.")
    backup_before_migration: bool = setting(
        Flag(), True, "Back up before pending migrations touch the database. Without the backup they do not run."
    )
    backup_before_operations: tuple[str, ...] = setting(
        ListOf(Text('the name of an operation, or "*"'), distinct=True),
        [ANY_OPERATION],
        'Operations before which a backup is made, by the name that the application gives them. "*": all of them.',
    )
    schedule: str | None = setting(
        Nullable(Cron(), "daily at backup_time"), None, "When backups are made; stands above backup_time."
    )
    timezone: str | None = setting(
        Nullable(Zone(), "the zone of the machine"), None, "The zone of backup_time and schedule."
    )
    catch_up: bool = setting(
        Flag(), True, "Make up for a missed backup, once: at start, after sleep, when the drive is back."
    )
    verify_after_backup: Level | None = setting(
        Choice({"auto": None, "full": Level.FULL, "written": Level.WRITTEN, "none": Level.NONE}),
        "auto",
        "How much of a new backup is read back: every page, only what it wrote, or nothing. auto: full up to 256 MiB, "
        "else written.",
    )
    restore_test: str = setting(
        Cron(("never", "daily", "weekly", "monthly")),
        "weekly",
        "How often a backup is restored into a scratch folder and proven.",
    )
    log_file: Path | None = setting(
        Nullable(FilePath("a file, relative to this file or absolute"), f"{LOG_NAME} in backup_directory"),
        None,
        "The log of all backups, separate from that of the application.",
    )
    checks: tuple[str, ...] = setting(
        ListOf(Statement()), [], "SQL whose first value must be true in every verified copy of the database."
    )
    notifications: NotificationSettings = setting(Section(NotificationSettings), {}, "Who is told of what.")
    encryption: EncryptionSettings | None = setting(
        Nullable(Section(EncryptionSettings, hidden=True), "the backups are not encrypted"),
        None,
        "How to open the encrypted repository. With it, a repository that is not encrypted is refused.",
    )
    copies: tuple[CopySettings, ...] = setting(
        ListOf(Section(CopySettings, hidden=True)),
        [],
        "Other places that hold the same backups: new ones are sent there after they were made.",
    )

    @property
    def effective_schedule(self) -> str | None:
        """The rule of scheduled backups, for scheduling.rule.parse_rule; None if none are made."""
        if not (self.enabled and self.automatic_daily):
            return None
        return self.schedule or self.backup_time.strftime("%H:%M")

    @property
    def log_path(self) -> Path:
        """The file of the log."""
        return self.log_file or self.backup_directory / LOG_NAME

    @property
    def retention(self) -> RetentionPolicy:
        """What rotation keeps."""
        return RetentionPolicy(
            days=self.retention_days,
            weeks=self.retention_weeks,
            months=self.retention_months,
            keep_last=self.keep_last,
        )

    def guards(self, operation: str) -> bool:
        """True if a backup is to be made before that operation."""
        return self.enabled and not {ANY_OPERATION, operation}.isdisjoint(self.backup_before_operations)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one database.

    Immutable; made by load_settings and parse_settings, which check everything. They can be hashed, and sent to another
    process.
    """

    schema: str | None = setting(
        Nullable(Text()), None, "For editors: where the JSON Schema is. Litekeep ignores it.", key="$schema"
    )
    database: Path | None = setting(
        Nullable(FilePath("a database file, relative to this file or absolute"), "the one that the application names"),
        None,
        "The database.",
    )
    backup: BackupSettings = setting(Section(BackupSettings), {}, "Everything about its backups.")


def retention_policy(settings: Settings) -> RetentionPolicy:
    """What rotation keeps."""
    return settings.backup.retention
