"""Copies in other places: what an application asks of them. They are sent to by themselves (see copying)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from litekeep.config.copies import CopySettings, copy_named
from litekeep.config.copylist import KEY, copy_entries, forget_secrets, keep_secrets, name_of
from litekeep.errors import LitekeepError, UsageError
from litekeep.manager.queue import BackupFuture
from litekeep.manager.wiring import Wiring
from litekeep.operations.copymemory import CopyState, read_states
from litekeep.operations.drill import DrillResult
from litekeep.operations.sync import SyncResult
from litekeep.worker.copies import DrillCopyJob
from litekeep.worker.probing import ProbeCopyJob, ProbeResult


class Copies(Wiring):
    """What people and programs ask of the copies."""

    def copy_states(self) -> dict[str, CopyState]:
        """What is known of each copy of the settings, by its name, in their order. Nothing is asked over a network."""
        known, found = read_states(self.repository), dict[str, CopyState]()
        for each in self.settings.backup.copies:
            state = known.get(each.name)
            same = state is not None and state.place == each.shown  # of another place nothing counts
            found[each.name] = state if state is not None and same else CopyState(each.name, each.shown)
        return found

    def sync_copies(self, name: str | None = None, *, look: bool = False) -> list[SyncResult]:
        """Bring one copy, or all that are enabled, up to date, and wait.

        Args:
            name: of the copy; one that is not enabled, too. None: all.
            look: ask the places what they have, instead of relying on what is remembered.

        Raises:
            UsageError: no copy has that name, or a URL, secret or package is wrong.
            Refused: another repository is there, or the backups are not encrypted and nobody said yes.
            NoRepository, SecretUnavailable, Locked, StorageError, Cancelled, HelperFailed. What was sent stays. With
                several copies, all are tried, and the first error is raised at the end.
        """
        chosen = self._copying.enabled if name is None else [copy_named(self.settings.backup.copies, name)]
        futures = [self._copying.submit(each, look=look) for each in chosen]
        results, errors = list[SyncResult](), list[BaseException]()
        for future in futures:
            try:
                results.append(future.result())
            except Exception as error:  # noqa: BLE001 - the others are waited for first
                errors.append(error)
        if errors:
            raise errors[0]
        return results

    def submit_sync(self, name: str, *, look: bool = False) -> BackupFuture[SyncResult]:
        """The same for one copy without waiting; the future's `cancel` stops it. Raises UsageError."""
        return self._copying.submit(copy_named(self.settings.backup.copies, name), look=look)

    def test_restore_from(self, name: str) -> DrillResult:
        """Rehearse a restore from a copy: of the snapshot there that was least recently proven. Raises as sync_copies.

        Raises also UnknownSnapshot if nothing is there yet; damage is in the result.
        """
        copy = copy_named(self.settings.backup.copies, name)
        return self._copying.drill(DrillCopyJob(self._place(), copy, None, self.settings.backup.checks))

    @property
    def copying(self) -> tuple[str, str]:
        """What goes on with the copies: "sync" or "drill", and the name of the copy; empty texts if nothing does."""
        return self._copying.running

    def cancel_copying(self) -> bool:
        """Ask what goes on with the copies to stop; False if nothing does. What arrived stays."""
        return self._copying.cancel()

    # Which there are

    def probe_copy(self, copy: CopySettings, given: Mapping[str, str] | None = None) -> ProbeResult:
        """Look at a place before it becomes a copy, and wait: what lies there, and can backups be sent to it?

        Args:
            copy: as it is going to stand in the settings.
            given: its secrets by name, which are kept nowhere; None: those that `copy.credentials` refer to.

        Raises Cancelled (another look was asked for), HelperFailed, UsageError after `close`. What is wrong with the
        place is in the result.
        """
        return self._copying.probe(ProbeCopyJob(self._place(), copy, given))

    def add_copy(self, entry: Mapping[str, Any], given: Mapping[str, str] | None = None) -> None:
        """Write another copy into the settings file and go by it. Nothing is sent yet: see `submit_sync`.

        Args:
            entry: as it stands in the settings file: name, url ...
            given: its secrets by name. Each gets a file of its own beside the settings file, mode 0600, to which the
                entry then refers.

        Raises as change_settings; what is wrong with the entry is told as of the whole list, `backup.copies`.
        """
        path = self.settings_file
        if path is None:
            self.change_settings({})  # says why it cannot be
            return
        present = copy_entries(path)
        references = keep_secrets(path, str(entry.get("name")), given or {})
        credentials = {**entry.get("credentials", {}), **references}
        whole = {**entry, **({"credentials": credentials} if credentials else {})}
        try:
            self.change_settings({KEY: [*present, whole]})
        except BaseException:
            with suppress(LitekeepError):  # it may be written all the same: see change_settings
                if whole not in copy_entries(path):
                    forget_secrets(path, references)
            raise

    def remove_copy(self, name: str) -> dict[str, Any]:
        """Take a copy out of the settings file. Nothing is deleted in its place, nor the files of its secrets.

        Returns its entry, with which `add_copy` brings it back. Raises as change_settings; UsageError if it is not
        there.
        """
        path = self.settings_file
        if path is None:
            self.change_settings({})
            return {}
        present = copy_entries(path)
        mine = [each for each in present if name_of(each) == name]
        if not mine:
            raise UsageError(f"no copy in the settings is called {name!r}", safe="The settings are unchanged.")
        self.change_settings({KEY: [each for each in present if name_of(each) != name]})
        return dict(mine[0])
