"""Processors that do not fall asleep between two steps of what is measured.

A window and its X server hand each other thousands of short messages, and threads of one program their work. Where
nothing else runs, a processor halts after each of them, and in a virtual machine waking it takes the host longer than
the step itself: the same first paint took 0.25 s beside other work and 1.0 s without. A machine in use does not do
that. All programs of a case are measured in the same way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NOTE = "the processors were kept awake by a process of idle priority on each: see benchmarks/awake.py"
SPIN = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while os.getppid() == int(sys.argv[2]):
    for _ in range(1_000_000):
        pass
"""


@contextmanager
def awake() -> Iterator[bool]:
    """A process on each processor that runs only while nothing else wants to (sched(7), SCHED_IDLE; Linux only)."""
    if sys.platform != "linux":
        yield False
        return
    command = [sys.executable, "-I", "-S", "-c", SPIN]
    spinning = [
        subprocess.Popen([*command, str(processor), str(os.getpid())]) for processor in sorted(os.sched_getaffinity(0))
    ]
    try:
        yield True
    finally:
        for process in spinning:
            process.kill()
            process.wait()
