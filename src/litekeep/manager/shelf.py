"""What is on the shelf: what people decide about single backups, the backups in figures, rotation, the doctor."""

from __future__ import annotations

from collections.abc import Sequence

from litekeep.errors import NoRepository
from litekeep.journal.history import Row
from litekeep.manager.diaries import examine_ages, examine_diaries, examine_log
from litekeep.manager.health import known, oldest_allowed
from litekeep.manager.questions import RotationPreview, Statistics, statistics_of
from litekeep.manager.wiring import Wiring, name_of
from litekeep.model import Snapshot
from litekeep.operations.doctor import examine_spread
from litekeep.operations.finding import Finding, problem
from litekeep.operations.lookback import Change
from litekeep.operations.prune import PruneOptions, PruneResult
from litekeep.operations.reclaim import reclaimable_bytes
from litekeep.operations.spread import Spread
from litekeep.operations.status import Status, Verdict
from litekeep.operations.whereabouts import spread_of
from litekeep.retention import RetentionPolicy, plan_retention
from litekeep.worker.jobs import RotateJob
from litekeep.worker.looks import ExamineJob
from litekeep.worker.marks import AcceptJob, Decision, MarkJob


class Shelf(Wiring):
    """Each of the decisions is a job: it waits for what runs, and leaves the row and line that a terminal leaves."""

    def pin_backup(self, snapshot: Snapshot | str) -> Snapshot:
        """Keep a backup for ever: rotation passes it over, and it cannot be deleted by mistake.

        Args:
            snapshot: it, its id, or the beginning of its id; also one in the trash, where it then stays.

        Returns: the snapshot as it is now.

        Raises:
            UnknownSnapshot, NoRepository, Locked, StorageError, HelperFailed; UsageError after `close`.
        """
        return self._mark(snapshot, Decision.PIN)

    def unpin_backup(self, snapshot: Snapshot | str) -> Snapshot:
        """Let rotation decide about a backup again; also says of an anomaly's backup that somebody has looked.

        Raises as `pin_backup`.
        """
        return self._mark(snapshot, Decision.UNPIN)

    def label_backup(self, snapshot: Snapshot | str, text: str) -> Snapshot:
        """Give a backup a name for people; an empty text takes it away. Raises as `pin_backup`."""
        return self._mark(snapshot, Decision.LABEL, text)

    def delete_backup(self, snapshot: Snapshot | str) -> Snapshot:
        """Put a backup into the trash, from where it can be recovered for seven days; then rotation removes it.

        Raises as `pin_backup`, and Refused for a pinned one, and for the only verified one that is left.
        """
        return self._mark(snapshot, Decision.DELETE)

    def recover_backup(self, snapshot: Snapshot | str) -> Snapshot:
        """Take a backup out of the trash. Raises as `pin_backup`, and Refused for one that is not in it."""
        return self._mark(snapshot, Decision.RECOVER)

    def _mark(self, snapshot: Snapshot | str, decision: Decision, text: str = "") -> Snapshot:
        return self._ask(decision.value, MarkJob(self._place(), name_of(snapshot), decision, text))

    def list_trash(self) -> list[Snapshot]:
        """The snapshots of this database that are in the trash, oldest first; `trashed_at` tells since when.

        Reads the repository only. Raises NoRepository if its folder is not there, StorageError.
        """
        return [each for each in self._everything() if each.trashed_at is not None]

    def overview(self) -> tuple[Status, list[Snapshot] | None]:
        """`status`, and the snapshots with the trash, oldest first, from one reading of the listing.

        None: the folder of the backups is not there, or cannot be read; the status says why.
        """
        place, given = self._place(), self.settings.backup
        _, status, snapshots = known(place, self._clock, oldest_allowed(given, self._clock), given.copies)
        return status, None if snapshots is None else place.own(snapshots)

    # In figures

    def statistics(self, snapshots: Sequence[Snapshot] | None = None) -> Statistics:
        """The backups in figures. Cheap: the repository's listing, and sizes by stat; the database is not opened.

        Args:
            snapshots: what `list_backups` gave (with or without the trash), to save reading the listing; None: read it.

        Where the folder of the backups is not there, `space_bytes` is None and `backups` is 0. Raises StorageError.
        """
        if snapshots is None:
            try:
                snapshots = self._everything()
            except NoRepository:
                snapshots = ()
        return statistics_of(snapshots, self.repository, self.database)

    def spread(self, snapshots: Sequence[Snapshot] | None = None) -> Spread:
        """Three copies on two devices, one off-site: which of it holds, and what to add. No server is asked.

        Args:
            snapshots: what `list_backups` gave (with or without the trash), to save reading the listing; None: read it.

        Where the folder of the backups is not there, it counts for nothing. Raises StorageError.
        """
        if snapshots is None:
            try:
                snapshots = self._everything()
            except NoRepository:
                snapshots = ()
        given = self.settings.backup
        return spread_of(self.database, self.repository, snapshots, given.copies, oldest_allowed(given, self._clock))

    # Rotation

    def plan_rotation(
        self, policy: RetentionPolicy | None = None, *, snapshots: Sequence[Snapshot] | None = None
    ) -> RotationPreview:
        """What `rotate_backups` would do to the backups of this database, and why. Changes nothing.

        Args:
            policy: instead of the one of the settings; to show what another one would do.
            snapshots: `[*list_backups(), *list_trash()]`, to save reading the listing; None: read it.

        Raises:
            NoRepository, StorageError. UsageError if `snapshots` are not of one database.
        """
        wanted = self.settings.backup.retention if policy is None else policy
        everything = self._everything() if snapshots is None else snapshots
        plan = plan_retention(everything, wanted, self._clock.now())
        return RotationPreview(plan, reclaimable_bytes(everything, (*plan.removed, *plan.expired)))

    def rotate_backups(self, *, confirmed: bool = False) -> PruneResult:
        """Apply the retention policy. confirmed: a person saw what a brake or hold asks about, and said yes."""
        options = PruneOptions(self.settings.backup.retention, confirmed=confirmed)
        return self._ask("prune", RotateJob(self._place(), options))

    def accept_changes(self) -> tuple[Change, ...]:
        """Take the repository for right as it is, after a person found out why backups went missing.

        Until then the status is `altered`, and nothing is removed for good. Returns what was wrong; empty if nothing
        was. Raises NoRepository, StorageError, HelperFailed; Refused if it cannot be remembered; UsageError after
        `close`.
        """
        return self._ask("accept", AcceptJob(self._place()))

    # What is wrong, what was

    def history(self, limit: int | None = 100) -> list[Row]:
        """The runs, also failed and skipped ones, newest first."""
        return self._place().journal().table(limit=limit)

    def examine(self) -> list[Finding]:
        """What could go wrong with the database and its backups, problems first: `litekeep doctor`. Changes nothing.

        The database's place is looked at in the helper process; what the journal, the log and the clock tell, here.
        A repository that is away is a finding. Raises StorageError, CorruptObject, HelperFailed, Cancelled.
        """
        place = self._place()
        findings = self._queue.run("examine", ExamineJob(place))
        facts, status = self._known()
        if status.verdict is Verdict.REPOSITORY_MISSING:
            why, fix = "no backup can be made or restored", "connect the drive, or name the folder where they are now"
            findings.append(problem(status.verdict.value, status.sentence.rstrip("."), why, fix))
        if place.there:
            findings += examine_diaries(place.folder)
            findings += examine_log(place.log or place.folder)
            findings += examine_spread(self.spread())
        findings += examine_ages([(facts, status)])
        return sorted(findings, key=lambda finding: finding.severity.value, reverse=True)
