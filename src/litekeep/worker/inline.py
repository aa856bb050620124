"""Jobs in this very process, for a program that holds no connection to the database: the command line and its service.

An application must use HelperProcess instead: on Linux and macOS, closing any descriptor of the database's file drops
the locks that the application's own connections hold on it.
"""

from __future__ import annotations

from typing import TypeVar

from litekeep.monitor import Monitor
from litekeep.worker.jobs import Job
from litekeep.worker.pace import Paced

Result = TypeVar("Result")


class InThisProcess:
    """Runs a job on the thread that asks for it; what stops one is its Monitor."""

    def run(self, job: Job[Result], monitor: Monitor) -> Result:
        """Run a job and return its result; raises what the job raises."""
        paced = Paced(monitor)
        try:
            return job.run(paced)
        finally:
            paced.flush()

    def kill(self) -> None:
        """Nothing: a job that does not stop ends with the process, and the next run tidies up."""

    def close(self) -> None:
        """Nothing is kept between jobs."""
