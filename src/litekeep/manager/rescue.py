"""When the backups here are lost, and a copy of them is not: what an application asks of the copy."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from litekeep.config.copies import CopySettings, copy_named
from litekeep.errors import UsageError
from litekeep.manager.backups import Backups
from litekeep.manager.home import remember
from litekeep.manager.wiring import name_of
from litekeep.model import Snapshot
from litekeep.operations.preview import Preview
from litekeep.operations.replicate import ReplicateResult
from litekeep.operations.restore import RestoreResult
from litekeep.worker.rescue import ListCopyJob, PreviewCopyJob, RebuildJob, RestoreCopyJob


class Rescue(Backups):
    """All of it waits, and works whether the folder of the backups is there or not."""

    def list_backups_of(self, copy: str) -> list[Snapshot]:
        """The snapshots of this database that a copy has, oldest first. Asks the place itself.

        Args:
            copy: its name in the settings; one that is not enabled, too.

        Raises:
            UsageError: no copy has that name, or a URL, secret or package is wrong.
            NoRepository, KeyNeeded, WrongKey, SecretUnavailable, StorageError, HelperFailed.
        """
        return self._copying.ask("look", ListCopyJob(self._place(), self._copy(copy)), copy)

    def preview_restore_from(self, copy: str, snapshot: Snapshot | str) -> Preview:
        """As `preview_restore`, of a backup that a copy has. Raises as that and `list_backups_of`."""
        job = PreviewCopyJob(self._place(), self._copy(copy), name_of(snapshot))
        return self._copying.ask("preview_copy", job, copy)

    def restore_from(
        self,
        copy: str,
        snapshot: Snapshot | str,
        to: str | os.PathLike[str] | None = None,
        *,
        accept_problems: bool = False,
        all_closed: bool = False,
    ) -> RestoreResult:
        """Bring a backup back from a copy: over the database, which may be open, or to the new file `to`.

        Over the database, what is there now is kept first: as a safety copy in the repository, which `undo_restore`
        takes back; where that is not there, or cannot be used, as a plain file beside the database (`safety_file` of
        the result), which `restore_file` takes back. Otherwise as `restore_backup`, hooks included.

        Raises:
            as `restore_backup` and `list_backups_of`; nothing was changed then.
        """
        target = None if to is None else Path(to).absolute()
        options = self._restoring(accept_problems=accept_problems, all_closed=all_closed)
        job = RestoreCopyJob(self._place(), self._copy(copy), name_of(snapshot), target, options)
        return self._with_hooks("restore", job) if target is None else self._ask("restore", job)

    def rebuild_from(self, copy: str, into: str | os.PathLike[str] | None = None) -> ReplicateResult:
        """Get all backups back from a copy, into the folder of the backups, where there are none now.

        It is then the same repository as before, and backups go on in it. What was interrupted goes on where it
        stopped when this is called again. Backups wait until it is done.

        Args:
            into: another folder, new or empty, beside which there is room; it is written into the settings file.

        Raises:
            Refused: the folder holds something, or that in which it was is not there. Nothing was changed.
            UnknownSnapshot: the copy has no backup of this database.
            NoSpace, Cancelled: what has come stays for the next time.
            UsageError: with `into`, if the settings came from no file. Else as `list_backups_of`.
        """
        place = self._place()
        if into is not None:
            if self.settings_file is None:
                raise UsageError(
                    "the settings came from the program, so another folder cannot be written into them",
                    safe="Nothing was changed.",
                    hint="Give the program the new folder, then call this again without it.",
                )
            place = replace(place, folder=Path(into).absolute())
        result = self._ask("rebuild", RebuildJob(place, self._copy(copy)))
        remember(place)
        if into is not None:
            self.change_settings({"backup.backup_directory": str(place.folder)})
        return result

    def _copy(self, name: str) -> CopySettings:
        return copy_named(self.settings.backup.copies, name)
