"""Two programs that write without pause, alone and beside continuous backups: does anyone notice?"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import percentile
from benchmarks.peers import Litekeep, Litestream, Peer
from benchmarks.report import Goal, Report
from benchmarks.setting import Setting, say
from benchmarks.storm_writer import TABLE
from benchmarks.workload import duplicate, make, sqlite_backup

NAME = "storm"
QUESTION = "What do two busy writers in WAL mode notice of backups beside them?"
WRITERS = 2
ALONE = "the writers alone"
LATENCY_LIMIT_SECONDS = 0.020
ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Weather:
    """What the writers met, over all rounds. latencies: seconds from the first attempt of a commit to its success."""

    latencies: list[float] = field(default_factory=list)
    busy: int = 0
    lost: int = 0
    backups: int = 0


def measure(setting: Setting) -> Report:
    """Rounds of: for each kind of company, the same storm on a fresh copy of the same database."""
    base = setting.folder / "base.db"
    make(base, setting.choose(20, 4))
    storm_seconds = setting.choose(10, 2)
    companies = invite_companies(setting)
    weathers = {name: Weather() for name in companies}
    names = list(companies)
    for number in range(setting.count_rounds(3)):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            say(f"round {number + 1}: {name}")
            database = duplicate(base, setting.folder / "storm.db")
            storm(database, storm_seconds, companies[name], weathers[name])
            for left in setting.folder.glob("storm.db*"):
                left.unlink()
    workload = (
        f"20 MB, {WRITERS} writers, one small transaction after another, busy_timeout 0; {storm_seconds} s a round"
    )
    return tabulate(weathers, workload)


Company = Callable[[Path, list[subprocess.Popen[bytes]]], int]


def invite_companies(setting: Setting) -> dict[str, Company]:
    """Name -> what happens beside the writers until they end; each returns how many backups it made."""
    copy = setting.folder / "copy.db"
    companies: dict[str, Company] = {
        ALONE: lambda _, writers: wait(writers),
        "beside sqlite3 .backup": lambda database, writers: repeat(lambda: sqlite_backup(database, copy), writers),
    }
    for peer in setting.invite([Litekeep()]):
        companies["beside litekeep backup"] = again_and_again(peer)
    for stream in setting.invite([Litestream()]):
        companies["beside litestream"] = running(stream)
    return companies


def again_and_again(peer: Peer) -> Company:
    """One whole backup after the other."""
    return lambda database, writers: repeat(lambda: peer.backup(database), writers)


def running(stream: Litestream) -> Company:
    """A process that replicates all the time."""

    def accompany(database: Path, writers: list[subprocess.Popen[bytes]]) -> int:
        replica = stream.start(database)
        wait(writers)
        replica.terminate()
        replica.wait()
        for left in database.parent.glob(f".{database.name}-litestream"):
            subprocess.run(["rm", "-rf", left], check=True)
        return 0

    return accompany


def wait(writers: list[subprocess.Popen[bytes]]) -> int:
    """Do nothing beside them."""
    for writer in writers:
        writer.wait()
    return 0


def repeat(backup: Callable[[], object], writers: list[subprocess.Popen[bytes]]) -> int:
    """Back up until the writers have ended."""
    made = 0
    while any(writer.poll() is None for writer in writers):
        backup()
        made += 1
    return made


def storm(database: Path, storm_seconds: int, company: Company, weather: Weather) -> None:
    """One storm; adds to `weather` what it was like."""
    with closing(sqlite3.connect(database)) as db:
        db.execute(TABLE)
    reports = [database.with_name(f"writer-{number}.json") for number in range(WRITERS)]
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.storm_writer", database, str(number), str(storm_seconds), report],
            cwd=ROOT,
        )
        for number, report in enumerate(reports)
    ]
    weather.backups += company(database, writers)
    with closing(sqlite3.connect(database)) as db:
        for number, (writer, path) in enumerate(zip(writers, reports, strict=True)):
            if writer.returncode != 0:
                raise RuntimeError(f"writer {number} ended with exit code {writer.returncode}")
            told = json.loads(path.read_text("ascii"))
            found = db.execute("SELECT count(*), max(number) FROM storm WHERE writer=?", (number,)).fetchone()
            weather.lost += len(told["latencies"]) - found[0]
            weather.busy += told["busy"]
            weather.latencies += told["latencies"]


def tabulate(weathers: dict[str, Weather], workload: str) -> Report:
    """A row for each kind of company."""
    columns = ("", "commits", "BUSY", "lost", "p50", "p99", "max", "backups meanwhile")
    report = Report(NAME, QUESTION, workload, columns)
    for name, weather in weathers.items():
        marks = [percentile(weather.latencies, 50), percentile(weather.latencies, 99), max(weather.latencies)]
        counts = (f"{len(weather.latencies):,}", f"{weather.busy:,}", str(weather.lost))
        meanwhile = str(weather.backups or "-")
        report.rows.append((name, *counts, *(f"{mark * 1000:.2f} ms" for mark in marks), meanwhile))
        report.samples[name] = {
            "commits": len(weather.latencies),
            "busy": weather.busy,
            "lost": weather.lost,
            "p50_p99_max_seconds": marks,
        }
    beside, alone = weathers.get("beside litekeep backup"), weathers[ALONE]
    if beside is not None:
        later = percentile(beside.latencies, 99) - percentile(alone.latencies, 99)
        report.goals.append(Goal("p99 beside litekeep - p99 alone, seconds", later, LATENCY_LIMIT_SECONDS))
        report.goals.append(Goal("lost commits", beside.lost, 0))
    report.notes += [
        "the writers make each other BUSY, too: the row of the writers alone is the measure for the others",
        "a commit that met BUSY is tried again after half a millisecond; its latency counts from the first attempt",
    ]
    return report
