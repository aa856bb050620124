"""A year of daily backups, pruned every day: what the restore points that a policy keeps take in the end."""

from __future__ import annotations

from pathlib import Path

from benchmarks import engine
from benchmarks.measure import Cost, timed, tree_bytes
from benchmarks.peers import Borg, Gzip, Peer, Restic, Zstd
from benchmarks.report import Goal, Report, ratio, size
from benchmarks.setting import Setting, say
from benchmarks.workload import DAY, EMPLOYEES, FIRST_DAY, make, retained_days, sqlite_backup, work_day

NAME = "retained-set"
QUESTION = "After a year of daily backups, what do the kept 30 days + 12 weeks + 12 months + last 7 take?"
LIMIT = 2.0


def measure(setting: Setting) -> Report:
    """Litekeep backs up and prunes every day; the peers see only the days that the policy keeps in the end."""
    days = setting.choose(365, 12)
    kept = set(retained_days(days))
    database, copy, repository = (setting.folder / name for name in ("employees.db", "copy.db", "litekeep"))
    make(database, 4)
    with_engine = setting.engine_wanted()
    peers: list[Peer] = list(setting.invite([Restic(), Borg(), Gzip(), Zstd()]))
    sizes, costs = list[int](), list[Cost]()
    for day in range(days):
        if day:
            work_day(database, seed=day)
        if with_engine:
            costs.append(timed(lambda: live_a_day(database, repository, day)))  # noqa: B023 - called at once
            sizes.append(tree_bytes(repository))
        if day in kept:
            sqlite_backup(database, copy)
            for peer in peers:
                peer.backup(copy)
            say(f"day {day + 1} of {days}" + (f": {size(sizes[-1])}, {costs[-1].seconds:.3f} s" if costs else ""))
    report = tabulate(setting, peers, copy, len(kept), days)
    if with_engine:
        add_litekeep(report, repository, sizes, costs)
    return report


def live_a_day(database: Path, repository: Path, day: int) -> None:
    """What a scheduled run does."""
    now = FIRST_DAY + day * DAY
    engine.backup(database, repository, now)
    engine.prune(repository, now)


def newest_full_bytes(copy: Path, peer: Peer, folder: Path) -> int:
    """The newest state alone, compressed by that program."""
    folder.mkdir()
    peer.prepare(folder)
    peer.backup(copy)
    return peer.stored_bytes()


def tabulate(setting: Setting, peers: list[Peer], copy: Path, kept: int, days: int) -> Report:
    """Everyone in multiples of one full copy of the newest state, zstd -3."""
    columns = ("program", "restore points", "stored", "of one zstd -3 full", "of one gzip -6 full")
    report = Report(NAME, QUESTION, f"{EMPLOYEES}; 4 MB; {days} days", columns)
    stored = {peer.name: peer.stored_bytes() for peer in peers}
    zstd_full = newest_full_bytes(copy, Zstd(), setting.folder / "newest-zstd")
    gzip_full = newest_full_bytes(copy, Gzip(), setting.folder / "newest-gzip")
    report.samples["full_bytes"] = {"zstd -3": zstd_full, "gzip -6": gzip_full}
    report.samples["stored_bytes"] = stored
    singles = {"newest full alone, zstd -3": zstd_full, "newest full alone, gzip -6": gzip_full}
    for name, total in {**singles, **stored}.items():
        points = 1 if name in singles else kept
        report.rows.append((name, str(points), size(total), ratio(total, zstd_full), ratio(total, gzip_full)))
    report.notes.append(
        "restic, borg, gzip and zstd made a backup only on the days that the policy keeps in the end, which is what a"
        " perfect prune would leave"
    )
    return report


def add_litekeep(report: Report, repository: Path, sizes: list[int], costs: list[Cost]) -> None:
    """Litekeep's row, on top, and its goal."""
    full = report.samples["full_bytes"]
    assert isinstance(full, dict)
    zstd_full, gzip_full, total = full["zstd -3"], full["gzip -6"], sizes[-1]
    points = str(engine.list_snapshots(repository, FIRST_DAY + len(sizes) * DAY))
    report.rows.insert(0, ("litekeep", points, size(total), ratio(total, zstd_full), ratio(total, gzip_full)))
    report.goals.append(Goal("retained set / newest zstd -3 full", total / zstd_full, LIMIT))
    report.samples["litekeep_bytes_by_day"] = sizes
    report.samples["litekeep_seconds_by_day"] = [cost.seconds for cost in costs]
    report.notes.append(
        f"litekeep: {len(sizes)} verified backups, each followed by a prune, in this process; its largest size on the"
        f" way was {size(max(sizes))}; trash and all other objects of the repository are counted"
    )
