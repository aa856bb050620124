"""An application that embeds Litekeep: how long does its main thread stall while it is backed up?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import percentile
from benchmarks.report import Goal, Report
from benchmarks.setting import Setting, say

NAME = "host"
QUESTION = "How long does an application's main thread stall while BackupManager backs it up?"
STALL_LIMIT_SECONDS = 0.050
PROGRAM = Path(__file__).resolve().parents[2] / "tests" / "manager" / "host_program.py"


def measure(setting: Setting) -> Report:
    """Backups one after the other beside two writing threads, in one real program."""
    workload = "WAL mode; two threads that commit without pause, and a main thread that wakes up every 5 ms"
    report = Report(NAME, QUESTION, workload, ("", "backups", "commits", "BUSY", "median", "p99", "max"))
    if not setting.engine_wanted():
        return report
    stalls, commits, busy, backups = list[float](), 0, 0, 0
    for number in range(setting.count_rounds(1)):
        say(f"round {number + 1}")
        folder = setting.folder / f"host-{number}"
        folder.mkdir()
        command = [sys.executable, str(PROGRAM), str(folder / "app.db"), str(setting.choose(200, 5))]
        figures = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        if figures["problems"]:
            raise RuntimeError(f"commits were lost: {figures['problems']}")
        stalls += figures["stalls"]
        commits += sum(figures["commits"])
        busy += figures["busy"]
        backups += len(figures["stalls"])
    marks = [percentile(stalls, 50), percentile(stalls, 99), max(stalls)]
    told = (f"{mark * 1000:.1f} ms" for mark in marks)
    report.rows.append(("longest stall during a backup", str(backups), f"{commits:,}", str(busy), *told))
    report.samples["litekeep"] = {"stalls_seconds": stalls, "commits": commits, "busy": busy}
    report.goals.append(Goal("p99 of the longest stalls, seconds", marks[1], STALL_LIMIT_SECONDS))
    report.goals.append(Goal("commits that met BUSY", busy, 0))
    return report
