"""The parts of the line below the hero's headline while nothing is going on: last, next, tested; and why not."""

from __future__ import annotations

from datetime import datetime

from litekeep.journal.history import Row
from litekeep.model import Snapshot
from litekeep.operations.status import CLOCK_SLACK, MAX_AGE, Status
from litekeep.records import dataclass
from litekeep.scheduling.task import NextRun, Phase
from litekeep.ui.language.times import days_ago, passed
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.progress import DOT
from litekeep.ui.presenter.runs import BACKUP, last_failure, own_rows

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Rest:
    """Facts with a status, and the language; each method gives one part, empty if there is nothing to say."""

    facts: ViewFacts
    status: Status
    say: Language

    @property
    def now(self) -> datetime:
        """The moment of the facts."""
        return self.facts.now

    @property
    def newest_good(self) -> Snapshot | None:
        """The newest backup that is proven and without problems."""
        return next((each for each in reversed(self.facts.snapshots) if each.sound), None)

    @property
    def rows(self) -> tuple[Row, ...]:
        """This database's runs, newest first."""
        return own_rows(self.facts)

    @property
    def failure(self) -> Row | None:
        """The last backup run, if it failed."""
        return last_failure(self.rows)

    @property
    def misdated(self) -> bool:
        """The newest backup has not been made yet, by the clock."""
        at = self.status.last_good_at
        return at is not None and passed(at, self.now) < -CLOCK_SLACK

    @property
    def old(self) -> bool:
        """The last backup was longer ago than a daily one may be."""
        at = self.status.last_good_at
        return at is not None and passed(at, self.now) > MAX_AGE

    def line(self, *parts: str) -> str:
        """Parts in one line; a full stop only where nothing follows."""
        shown = [part for part in parts if part]
        return DOT.join([*(part.rstrip(".") for part in shown[:-1]), *shown[-1:]])

    def last(self) -> str:
        """ "Last backup today at 02:00"."""
        at = self.status.last_good_at
        if at is None:
            return ""
        return self.say("Last backup {when}", when=self.say.when(at, self.now))

    def next(self) -> str:
        """ "Next in 6 h 14 min", or why there is none."""
        say, facts = self.say, self.facts
        if facts.settings.effective_schedule is None:
            return say("Automatic backups are off")
        if facts.paused:
            return say("Automatic backups are paused")
        run = self._planned()
        if run is None:
            return "" if facts.started else say("Automatic backups are not running")
        if run.phase is Phase.RUNNING:
            return ""
        if run.phase is Phase.WAITING:
            return say("Waiting for the backup folder")
        ahead = say.ahead(run.at, self.now)
        return say("Next attempt {when}", when=ahead) if run.phase is Phase.RETRYING else say("Next {when}", when=ahead)

    def _planned(self) -> NextRun | None:
        return next((each for each in self.facts.next_runs if each.task == BACKUP), None)

    def tested(self) -> str:
        """ "Restore test passed yesterday"."""
        at = self.status.drilled_at
        if at is None:
            return self.say("No restore tested yet")
        return self.say("Restore test passed {day}", day=self.near_day(at))

    def near_day(self, moment: datetime) -> str:
        """A day that reads well within a sentence: "yesterday", "Monday", "12 days ago"."""
        near = -1 <= days_ago(moment, self.now) < _WEEK
        return self.say.day(moment, self.now) if near else self.say.ago(moment, self.now)
