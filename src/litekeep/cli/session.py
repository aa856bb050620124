"""What one command works with: settings, output, clock, monitors, the repository; and the row it leaves behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from litekeep.cli.interrupt import Interrupt, StoppableClock
from litekeep.cli.output import Output, is_terminal, wants_colour
from litekeep.cli.place import Folder, Place
from litekeep.cli.progress import choose_display
from litekeep.cli.secrets import known_secrets
from litekeep.cli.settings import Settings
from litekeep.cli.telling import Telling
from litekeep.cli.words import plain
from litekeep.errors import LitekeepError, NoRepository, Refused, UnknownSnapshot, UsageError
from litekeep.journal import logger
from litekeep.journal.history import Outcome, append
from litekeep.journal.recorder import Recorder
from litekeep.model import Reason
from litekeep.monitor import Monitor, Several

if TYPE_CHECKING:
    from litekeep.config import Settings as FileSettings
    from litekeep.model import Snapshot
    from litekeep.repository.catalog import Catalog
    from litekeep.repository.keyring import NewSlot
    from litekeep.repository.repository import Repository
    from litekeep.storage.base import Storage

MOST_DAMAGED = 3
PROVING = frozenset({"verify", "drill", "prune", "restore", "undo", "export", "sync"})
"""Commands that leave a row also if they cannot begin."""
TOLD = frozenset({"backup", "verify", "drill", "prune", "sync"})
"""Runs after which the channels of the settings file are told what they are to be told."""


class Session:
    """Lasts as long as one command; a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.out = Output(json_mode=settings.json, quiet=settings.quiet, no_color=settings.no_color)
        self.interrupt = Interrupt(silent=settings.json)
        self.clock = StoppableClock(self.interrupt)
        display = choose_display(
            settings.progress,
            json_mode=settings.json,
            quiet=settings.quiet,
            terminal=is_terminal(sys.stderr),
            colour=wants_colour(sys.stderr, refused=settings.no_color),
            clock=self.clock,
        )
        self.telling = Telling(self.out, display, self.interrupt, self.clock)
        self.monitor: Monitor = self.telling
        self.file: FileSettings | None = None
        """What the settings file says, if one was named."""
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.interrupt.listening(self.telling.clear))
        self._stack.callback(self.telling.clear)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stack.close()

    def read_file(self) -> None:
        """Read the settings file that was named; raises SettingsInvalid, UsageError. Options stand above it."""
        from litekeep.cli.locate import read_repository

        if self.settings.config is not None:
            from litekeep.config import load_settings

            self.file = load_settings(self.settings.config)
        read_repository(self.settings, self.file)

    def database(self, given: Path | None) -> Path:
        """The database that was named, or that of the settings file; raises UsageError."""
        found = given or (self.file.database if self.file else None)
        if found is None:
            hint = "Name it on the command line, or a settings file that has it with --config."
            raise UsageError("no database is named", hint=hint)
        return found

    def checks(self, given: object) -> tuple[str, ...]:
        """The checks that were given, or those of the settings file."""
        named = tuple(str(each) for each in given) if isinstance(given, tuple) else ()
        return named or (self.file.backup.checks if self.file else ())

    def max_age(self, hours: float | None) -> timedelta:
        """How old the last good backup may be, by the option, the schedule of the settings file, or the default."""
        from litekeep.operations.status import MAX_AGE

        if hours is not None:
            return timedelta(hours=hours)
        if self.file is None:
            return MAX_AGE
        from litekeep.manager.health import oldest_allowed

        return oldest_allowed(self.file.backup, self.clock)

    @property
    def verbose(self) -> bool:
        """True with -v."""
        return self.settings.verbose > 0

    def find(self, database: Path | None = None) -> Place:
        """Where the repository is; raises NoRepository if there is no such folder. A server is asked by `open`."""
        from litekeep.cli.locate import existing

        return existing(self.settings, self.file, database, self.telling)

    def place_for(self, database: Path | None) -> Place:
        """Where backups of this database go, whether there is a repository or not."""
        from litekeep.cli.locate import wanted

        return wanted(self.settings, self.file, database, self.telling)

    def only_folder(self, what: str) -> Path | None:
        """The folder that was named; raises UsageError if it is a server, or a copy. what: "litekeep watch", say."""
        from litekeep.cli.locate import only_folder

        return only_folder(self.settings, what)

    def storage(self, place: Place, *, create: bool = False) -> Storage:
        """The storage of a place; it stops waiting when somebody wants to stop."""
        return place.storage(self.clock, lambda: self.interrupt.wanted, create=create)

    def open(self, place: Place) -> Repository:
        """Open the repository in a place."""
        from litekeep.cli.unlock import unlock

        try:
            repository = unlock(self, self.storage(place))
        except LitekeepError as error:
            if isinstance(error, NoRepository) and place.folder is None:
                error.hint = f"Is this the right place? `litekeep init {place.option} --encrypt` makes a new one."
            self._not_begun(place, error)
            raise
        self._found(place, repository)
        return repository

    def create(
        self, place: Place, database: Path | None, *, encryption: Sequence[NewSlot] = (), wait_seconds: float = 60.0
    ) -> Repository:
        """Make a repository in a place; raises what operations.create raises."""
        from litekeep.operations.create import create_repository

        there = place.path if isinstance(place, Folder) else self.storage(place, create=True)
        repository = create_repository(
            there, database, encryption=encryption, wait_seconds=wait_seconds, clock=self.clock, monitor=self.monitor
        )
        self._found(place, repository)
        return repository

    def _found(self, place: Place, repository: Repository) -> None:
        """There is a repository: it can be remembered what was seen of it; journal and log of one on a server get their
        folder, and its catalog a memory.
        """
        from litekeep.config.userfolders import state_folder
        from litekeep.operations.sightings import remember_in
        from litekeep.storage.durable import make_folders

        remember_in(state_folder(), repository)
        if isinstance(place, Folder):
            return
        with suppress(OSError):
            make_folders(place.diaries)
        repository.cache = place.diaries / "catalog"

    @property
    def may_compact(self) -> bool:
        """False for a copy: what is rewritten there would be sent once more."""
        return self.settings.copy is None

    @contextmanager
    def removing(self, repository: Repository) -> Iterator[None]:
        """Around a command that may remove backups for good: a copy's memory learns what goes."""
        if self.settings.copy is None or self.file is None:
            yield
            return
        from litekeep.cli.place import find_folder
        from litekeep.config.copies import copy_named
        from litekeep.operations.copymemory import CopyMemory, noting_removals

        copy = copy_named(self.file.backup.copies, self.settings.copy)
        with ExitStack() as stack:
            with suppress(NoRepository):  # where the repository is lost, so is the memory
                folder = find_folder(self.file.backup.backup_directory, self.file.database)
                memory = CopyMemory(folder, copy.name, copy.shown, repository.config.id)
                stack.enter_context(noting_removals(memory, repository.storage, self.clock))
            yield

    def accept_as_is(self, place: Place, repository: Repository, storage: Storage) -> None:
        """A person put this repository there: what was seen in that place before is no reason for an alarm."""
        from litekeep.operations.lookback import accept
        from litekeep.repository.repository import Repository

        there = Repository(storage, repository.config, repository.keys)
        self._found(place, there)
        accept(there, self.clock.now(), self.monitor)

    def _not_begun(self, place: Place, error: LitekeepError) -> None:
        """Leave a row for a run that could not even begin; one that has begun leaves its own."""
        import click

        context = click.get_current_context(silent=True)
        verb = (context.info_name or "") if context else ""
        if verb in PROVING and self.monitor is self.telling:
            recorder = Recorder(verb, self.clock.now())
            recorder.fail(error)
            self._append(place, recorder, 0.0, self._logger(place))

    def _logger(self, place: Place) -> logger.BackupLogger:
        """The log beside the journal; nothing is written before there is a repository."""
        path, secrets = self.log_path(place), known_secrets()
        return logger.BackupLogger(path, self.clock, secrets=secrets, ready=lambda: place.has_diaries)

    def log_path(self, place: Place) -> Path:
        """The log: that of the settings file, else the one beside the journal."""
        return (self.file.backup.log_file if self.file else None) or place.diaries / logger.NAME

    def catalog(self, repository: Repository) -> Catalog:
        """All snapshots; damaged records are told as warnings."""
        from litekeep.repository.catalog import load_catalog

        catalog = load_catalog(repository)
        if self.file is not None and self.file.database is not None and self.settings.source is None:
            path = os.path.realpath(self.file.database)
            mine = [each.source for each in catalog.snapshots if each.source_path == path]
            self.settings.source = mine[-1] if mine else None
        for damaged in catalog.damaged[:MOST_DAMAGED]:
            self.telling.warn("damaged", f"damaged: {damaged.message}")
        self._look_back(repository, catalog)
        if catalog.damaged:
            total = f"{len(catalog.damaged)} objects are" if len(catalog.damaged) > 1 else "one object is"
            self.telling.warn("damaged", f"{total} damaged; `litekeep verify --stored` shows what is affected")
        return catalog

    def _look_back(self, repository: Repository, catalog: Catalog) -> None:
        from litekeep.operations.lookback import look, warn

        warn(look(repository, self.clock.now(), catalog=catalog), self.telling)

    def snapshot(self, catalog: Catalog, name: str) -> Snapshot:
        """The snapshot of that name; raises UnknownSnapshot.

        "latest" never means a safety copy: otherwise `restore latest`, said twice, would undo itself.
        """
        if name.startswith("latest"):
            sources = sorted({each.source for each in catalog.snapshots if each.trashed_at is None})
            if len(sources) > 1 and self.settings.source is None:
                hint = f"Name one with --source: {', '.join(sources)}."
                raise UnknownSnapshot("there is more than one database in this repository", hint=hint)
            backups = tuple(each for each in catalog.snapshots if each.reason is not Reason.PRE_RESTORE)
            catalog = replace(catalog, snapshots=backups)
        return catalog.find(name, self.settings.source)

    @contextmanager
    def recorded(self, verb: str, place: Place | None, source: str = "") -> Iterator[Recorder]:
        """Run the operation inside and leave a row in the journal, however it ends. place: None leaves none."""
        recorder = Recorder(verb, self.clock.now())
        recorder.source = source
        log = self._logger(place) if place is not None else None
        if log is not None:
            log.source = source
        started = self.clock.monotonic()
        self.monitor = Several(self.telling, recorder, *([log] if log else ()))
        try:
            yield recorder
        except BaseException as error:
            recorder.fail(error)
            raise
        finally:
            self.monitor = self.telling
            self.telling.clear()
            if place is not None and log is not None:
                self._append(place, recorder, self.clock.monotonic() - started, log)
            if self.file is not None and verb in TOLD and self.settings.copy is None:
                from litekeep.cli.notices import send_after_run

                send_after_run(self)

    def _append(self, place: Place, recorder: Recorder, elapsed_seconds: float, log: logger.BackupLogger) -> None:
        if not place.has_diaries:
            return  # nothing was made, so there is no journal either
        log.ended(recorder.row(elapsed_seconds))
        if log.problem:
            recorder.facts["log"] = log.problem
            self.telling.warn("log", log.problem)
        try:
            append(place.diaries, recorder.row(elapsed_seconds), known_secrets())
        except OSError as error:
            self.telling.warn("journal", f"the journal in {place.diaries} cannot be written: {error.strerror or error}")

    def confirm(self, question: str, what: str, *, yes: bool) -> None:
        """Go on after a yes; raises Refused after a no, or where nobody can be asked."""
        if yes:
            return
        if self.settings.json or not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            raise Refused(
                f"{what} needs a yes", safe="Nothing was changed.", hint="Add --yes if that is what you want."
            )
        import click

        with self.interrupt.at_a_safe_point():
            agreed = click.confirm(plain(question), err=True)
        if not agreed:
            raise Refused("not confirmed", safe="Nothing was changed.")

    def result(self, verb: str, exit_code: int, **facts: Any) -> None:
        """The JSON result, with the warnings."""
        warnings = [{"code": code, "message": message} for code, message in self.telling.warnings]
        self.out.json(verb, exit_code, {**facts, "warnings": warnings})


def outcome_of(exit_code: int) -> Outcome:
    """The journal's word for how a run without an error ended."""
    if exit_code == 0:
        return Outcome.OK
    return Outcome.WARNINGS if exit_code == 3 else Outcome.FAILED
