"""A large database of which a small part changed: backup, restore, and the memory of both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Contender, Cost, interleave, median_seconds, peak_bytes
from benchmarks.peers import Borg, Litekeep, Peer, Restic, Zstd
from benchmarks.report import Goal, Report, mebibytes, ratio, seconds, size
from benchmarks.setting import Setting, say
from benchmarks.workload import PAGE_BYTES, change_pages, changed_pages, duplicate, make, sqlite_backup

NAME = "large"
QUESTION = "How long do backup and restore of a large database take when 2 % of its pages changed?"
CAPTURE_LIMIT = 1.3
RESTORE_SPEED_LIMIT = 1 / 0.8
MEMORY_LIMIT_BYTES = 100 * 2**20
FRACTION = 0.02
CAPTURE_ONLY = "litekeep --verify none"
PLAIN = "sqlite3 .backup"


def measure(setting: Setting) -> Report:
    """One size, or two with --big."""
    columns = ("program", "database", "backup", f"of {PLAIN}", "tool alone", "memory", "added", "restore", "memory")
    report = Report(NAME, QUESTION, f"employee database, WAL, {FRACTION:.0%} of the pages changed", columns)
    sizes = [setting.choose(200, 16), *([2048] if setting.big else [])]
    for megabytes in sizes:
        one_size(setting, report, megabytes)
    report.notes += [
        (
            "backup: the median of a whole run on the live database; restic, borg and zstd include the `.backup` copy"
            " that they need, `tool alone` does not"
        ),
        "memory: the peak of the largest process; added: the repository's growth for the last round",
        "restore: the newest state to a new file; litekeep verifies before, zstd only decompresses",
    ]
    return report


def one_size(setting: Setting, report: Report, megabytes: int) -> None:
    """Rounds of: change some pages, then everyone backs up; then everyone restores."""
    folder = setting.folder / f"{megabytes}"
    folder.mkdir()
    database, copy, earlier = folder / "employees.db", folder / "copy.db", folder / "earlier.db"
    say(f"making {megabytes} MB")
    make(database, megabytes)
    own: list[Peer] = list(setting.invite([Litekeep("none"), Litekeep("written"), Litekeep("full")], folder))
    others: list[Peer] = list(setting.invite([Restic(), Borg(), Zstd()], folder))
    sqlite_backup(database, copy)
    for peer in (*own, *others):
        say(f"first backup: {peer.name}")
        peer.backup(database if peer in own else copy)
    sizes: dict[str, int] = {}

    def before(number: int) -> None:
        say(f"round {number + 1}")
        duplicate(copy, earlier)
        change_pages(database, FRACTION, seed=number + 1)
        sqlite_backup(database, copy)
        sizes.update({peer.name: peer.stored_bytes() for peer in (*own, *others)})

    turns = [Contender(PLAIN, lambda: sqlite_backup(database, copy))]
    turns += [Contender(peer.name, turn(peer, database if peer in own else copy)) for peer in (*own, *others)]
    backups = interleave(setting.count_rounds(5), turns, before)
    added = {peer.name: peer.stored_bytes() - sizes[peer.name] for peer in (*own, *others)}
    changed = sum(1 for _ in changed_pages(earlier, copy)) / (copy.stat().st_size / PAGE_BYTES)
    report.notes.append(f"{megabytes} MB: {changed:.1%} of the pages changed in the last round")
    restorers = [peer for peer in (*own, *others) if not peer.name.startswith("litekeep --verify")]
    restores = interleave(
        setting.count_rounds(3), [Contender(peer.name, restored(peer, folder / "restored.db")) for peer in restorers]
    )
    report.sample(f"backup {megabytes}", backups)
    report.sample(f"restore {megabytes}", restores)
    tabulate(report, megabytes, backups, restores, added)


def turn(peer: Peer, database: Path) -> Callable[[], Cost]:
    """One backup."""
    return lambda: peer.backup(database)


def restored(peer: Peer, target: Path) -> Callable[[], Cost]:
    """One restore, to a file that is not there."""

    def restore() -> Cost:
        target.unlink(missing_ok=True)
        return peer.restore(target)

    return restore


def tabulate(
    report: Report,
    megabytes: int,
    backups: dict[str, list[Cost]],
    restores: dict[str, list[Cost]],
    added: dict[str, int],
) -> None:
    """A row for each program."""
    plain = median_seconds(backups[PLAIN])
    for name, costs in backups.items():
        alone = median_seconds(costs)
        needs_copy = name != PLAIN and not name.startswith("litekeep")
        whole = alone + plain if needs_copy else alone
        back = restores.get(name)
        report.rows.append(
            (
                name,
                f"{megabytes} MB",
                seconds(whole),
                ratio(whole, plain),
                seconds(alone) if needs_copy else "-",
                mebibytes(peak_bytes(costs)),
                size(added[name]) if name in added else "-",
                seconds(median_seconds(back)) if back else "-",
                mebibytes(peak_bytes(back)) if back else "-",
            )
        )
    if CAPTURE_ONLY in backups:
        captured = median_seconds(backups[CAPTURE_ONLY]) / plain
        report.goals.append(Goal(f"{megabytes} MB: backup without verification / .backup", captured, CAPTURE_LIMIT))
    if "litekeep" in restores:
        slower = median_seconds(restores["litekeep"]) / median_seconds(restores["zstd -3"])
        report.goals.append(Goal(f"{megabytes} MB: restore / zstd -d", slower, RESTORE_SPEED_LIMIT))
        memory = peak_bytes(restores["litekeep"]) / 2**20
        report.goals.append(Goal(f"{megabytes} MB: MiB of memory to restore", memory, MEMORY_LIMIT_BYTES / 2**20))
