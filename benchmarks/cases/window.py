"""The window: how soon is it painted, how smooth is the table, and does a backup make it stall?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import environment, percentile
from benchmarks.report import Goal, Report
from benchmarks.setting import Setting, say

NAME = "window"
QUESTION = "How soon is BackupView painted, how smoothly does it scroll, and for how long does it stall?"
PROGRAM = Path(__file__).resolve().parents[2] / "tests" / "ui" / "window_program.py"
PAINT_SECONDS = {"few": 0.250, "many": 0.400}
SCROLL_SECONDS = 0.020
STALL_SECONDS = 0.030

Pair = Sequence[float]
"""Seconds by the clock, and of the Tk thread's processor time."""


def measure(setting: Setting) -> Report:
    """Every figure comes from a process of its own, on a screen of its own."""
    few, many = setting.choose(60, 10), setting.choose(5000, 200)
    large, rounds = setting.choose(200, 10), setting.count_rounds(7)
    workload = f"1040 x 720, Xvfb with openbox; {few} and {many:,} backups; a backup of {large} MB of random pages"
    columns = ("", "times", "median", "p95", "max", "median of CPU", "max of CPU")
    report = Report(NAME, QUESTION, workload, columns)
    if not setting.engine_wanted():
        return report
    folders = {name: setting.folder / name for name in ("few", "many", "large")}
    for name, amount in (("few", few), ("many", many), ("large", large)):
        say(f"making {amount:,} {'MB' if name == 'large' else 'backups'}")
        folders[name].mkdir()
        program("make-large" if name == "large" else "make", folders[name], amount)
    for name, amount in (("few", few), ("many", many)):
        say(f"first paint with {amount:,} backups")
        runs = [program("paint", folders[name], 0) for _ in range(rounds)]
        add(report, f"first paint, {amount:,} backups", [run["first"] for run in runs], PAINT_SECONDS[name])
        add(report, f"verdict and numbers shown, {amount:,} backups", [run["facts"] for run in runs])
    still = program("idle", folders["few"], setting.choose(20, 2))
    add(report, "longest stall: an empty window, nothing going on", [still["longest"]])
    say("scrolling, and the settings")
    scrolled = program("scroll", folders["many"], setting.choose(300, 20))
    add(report, f"scroll step of the table, {scrolled['rows']:,} rows", scrolled["times"], SCROLL_SECONDS)
    add(report, "longest stall: the table is opened", [scrolled["opening"]])
    sat = program("settings", folders["many"], setting.choose(10, 2))
    add(report, "longest stall: the settings are opened", [sat["opening"]])
    add(report, "longest stall: numbers are changed, with a preview", [sat["changing"]])
    say(f"backing up {large} MB")
    backed = program("backup", folders["large"], setting.choose(5, 1))["backups"]
    wrong = [run["said"] for run in backed if "verified" not in run["said"]]
    if wrong:
        raise RuntimeError(f"a backup did not succeed: {wrong[0]}")
    add(report, f"longest stall: a backup of {large} MB", [run["longest"] for run in backed], STALL_SECONDS)
    report.notes.append(
        "CPU is the processor time of the Tk thread alone: what a machine without other work would take"
    )
    return report


def program(what: str, folder: Path, number: int) -> dict[str, Any]:
    """One run of the measured program; the figures that it prints."""
    command = [sys.executable, str(PROGRAM), what, str(folder), str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    if done.returncode != 0:
        words = done.stderr.strip().splitlines() or ["(it said nothing)"]
        raise RuntimeError(f"{what} ended with exit code {done.returncode}: {words[-1]}")
    return dict(json.loads(done.stdout)) if done.stdout.strip() else {}


def add(report: Report, what: str, times: Sequence[Pair], limit_seconds: float | None = None) -> None:
    """A row of the table, its samples, and its goal: that 95 % of the times stay below the limit."""
    wall, used = [pair[0] for pair in times], [pair[1] for pair in times]
    marks = [percentile(wall, 50), percentile(wall, 95), max(wall), percentile(used, 50), max(used)]
    report.rows.append((what, str(len(times)), *(f"{mark * 1000:.1f} ms" for mark in marks)))
    report.samples[what] = [list(pair) for pair in times]
    if limit_seconds is not None:
        report.goals.append(Goal(f"{what}, p95, seconds", marks[1], limit_seconds))
