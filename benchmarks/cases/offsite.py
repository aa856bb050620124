"""Copies on a server: a first one of a large database, and what a day costs in time, bytes and requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks import server
from benchmarks.measure import Contender, Cost, interleave, median_seconds
from benchmarks.peers import Litekeep, Litestream, Peer, Restic
from benchmarks.report import Goal, Report, ratio, seconds, size
from benchmarks.server import BUCKET, KEY, REGION, SECRET, CountingDoor, seaweedfs
from benchmarks.setting import Setting, say
from benchmarks.workload import change_pages, make, sqlite_backup

NAME = "offsite"
QUESTION = "What does a copy on an S3 server cost: the first one, and a day's increment?"
FRACTION = 0.002
FIRST_LIMIT = 1.0
DATA_LIMIT = REQUEST_LIMIT = 1 / 5
ENCRYPTION_LIMIT = 1.15
UNVERIFIED = "litekeep, not verified"


class OffsiteLitekeep(Litekeep):
    """Backup into a folder, and the copy on the server, in one run of `litekeep backup`; verified, if not told else."""

    def __init__(self, port: int, *, encrypted: bool = False, verify: str = "full") -> None:
        super().__init__(verify)
        self.port, self.encrypted = port, encrypted

    @property
    def verified(self) -> bool:
        """False on the terms of the others."""
        return self.verify == "full"

    @property
    def name(self) -> str:
        """With what makes it different."""
        return UNVERIFIED if not self.verified else "litekeep, encrypted" if self.encrypted else "litekeep"

    def prepare(self, folder: Path) -> None:
        """The settings file, and the repository."""
        super().prepare(folder)
        self.configure(self.port)
        if self.encrypted:
            (self.folder / "phrase").write_text("a passphrase for a benchmark", "utf-8")
            self._run(
                "init", "-r", self.repository, "--encrypt", "--passphrase-file", self.folder / "phrase",
                "--new-key-file", self.folder / "key",
            )  # fmt: skip

    def configure(self, port: int) -> None:
        """Send to this port from now on."""
        place = "unverified" if not self.verified else "encrypted" if self.encrypted else "plain"
        (self.folder / "secret").write_text(SECRET, "utf-8")
        (self.folder / "access").write_text(KEY, "utf-8")
        copy = {
            "name": "server",
            "url": f"s3://{BUCKET}/{place}?endpoint=http://127.0.0.1:{port}&region={REGION}",
            "credentials": {"access_key": {"file": "access"}, "secret_key": {"file": "secret"}},
            "unencrypted": not self.encrypted,
        }
        backup: dict[str, object] = {"backup_directory": "repository", "copies": [copy]}
        if self.encrypted:
            backup["encryption"] = {"key": {"file": "key"}}
        (self.folder / "settings.json").write_text(json.dumps({"backup": backup}), "utf-8")

    def backup(self, database: Path) -> Cost:
        """`litekeep backup`, which sends."""
        return self._run(*self._backup(database), "--reason", "scheduled")

    def send(self) -> Cost:
        """What is there already, to the server: `litekeep sync`."""
        return self._run("sync", "-c", self.folder / "settings.json")

    def backup_only(self, database: Path) -> Cost:
        """The same without sending."""
        return self._run(*self._backup(database), "--no-sync")

    def _backup(self, database: Path) -> list[str | Path]:
        return ["backup", database, "-c", self.folder / "settings.json", "--verify", self.verify]


class OffsiteRestic(Restic):
    """restic straight to the server; it always encrypts."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def configure(self, port: int) -> None:
        """Send to this port from now on."""
        self.port = port

    def _restic(self, *arguments: str | Path, cwd: Path | None = None) -> Cost:
        return self._run(
            "--quiet",
            *arguments,
            cwd=cwd,
            RESTIC_REPOSITORY=f"s3:http://127.0.0.1:{self.port}/{BUCKET}/restic",
            RESTIC_PASSWORD="benchmark",
            RESTIC_CACHE_DIR=self.folder / "cache",
            AWS_ACCESS_KEY_ID=KEY,
            AWS_SECRET_ACCESS_KEY=SECRET,
            AWS_DEFAULT_REGION=REGION,
        )


class OffsiteLitestream(Litestream):
    """Litestream straight to the server, not encrypted, nothing read back."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def configure(self, port: int) -> None:
        """Send to this port from now on."""
        self.port = port

    def _configure(self, database: Path) -> Path:
        self._database = database
        config = self.folder / "litestream.yml"
        replica = (
            f"{{type: s3, bucket: {BUCKET}, path: litestream, endpoint: 'http://127.0.0.1:{self.port}', "
            f"region: {REGION}, access-key-id: {KEY}, secret-access-key: {SECRET}, force-path-style: true}}"
        )
        config.write_text(f"dbs:\n  - path: {database}\n    replica: {replica}\n", "utf-8")
        return config


OffsitePeer = OffsiteLitekeep | OffsiteRestic | OffsiteLitestream


def measure(setting: Setting) -> Report:
    """First copies, then days; then one day through a door that counts."""
    columns = ("program", "first copy", "of the fastest", "a day", "sent a day", "requests a day", "unchanged day")
    workload = f"employee database of {setting.choose(200, 8)} MB, WAL; a day changes {FRACTION:.1%} of the pages"
    report = Report(NAME, QUESTION, workload, columns)
    if reason := server.missing():
        setting.leave_out("SeaweedFS", reason)
        return report
    with seaweedfs(setting.folder / "server") as port:
        days(setting, report, port)
    report.notes += [
        (
            "litekeep: one process that backs up into a folder, verifies every page, and sends; restic includes the"
            " `.backup` copy that it needs; neither restic nor Litestream verify"
        ),
        "sent and requests: of one day, counted by a proxy, headers included; times are without the proxy",
    ]
    return report


def days(setting: Setting, report: Report, port: int) -> None:
    """Everything on one server."""
    database, live, copy = (setting.folder / name for name in ("employees.db", "live.db", "copy.db"))
    say("making the database")
    make(database, setting.choose(200, 8))
    live.write_bytes(database.read_bytes())  # Litestream needs one of its own
    peers: list[OffsitePeer] = list(
        setting.invite(
            [
                OffsiteLitekeep(port),
                OffsiteLitekeep(port, encrypted=True),
                OffsiteLitekeep(port, verify="none"),
                OffsiteRestic(port),
                OffsiteLitestream(port),
            ]
        )
    )

    def given(peer: Peer) -> Path:
        return live if isinstance(peer, OffsiteLitestream) else copy if isinstance(peer, OffsiteRestic) else database

    plain = sqlite_backup(database, copy)
    say("first copies")
    first: dict[str, Cost] = {}
    sending: dict[str, Cost] = {}
    for peer in peers:
        if isinstance(peer, OffsiteLitekeep):
            local = peer.backup_only(database)
            sending[peer.name] = peer.send()
            first[peer.name] = local + sending[peer.name]
        else:
            first[peer.name] = peer.backup(given(peer))

    def before(number: int) -> None:
        say(f"day {number + 1}")
        for path in (database, live):
            change_pages(path, FRACTION, seed=number + 1)
        sqlite_backup(database, copy)

    turns = [Contender(peer.name, turn(peer, given(peer))) for peer in peers]
    daily = interleave(setting.count_rounds(5), turns, before)
    say("a day, counted")
    door = CountingDoor(port)
    counted: dict[str, tuple[int, int]] = {}
    unchanged: dict[str, tuple[int, int]] = {}
    before(99)
    for peer in peers:
        peer.configure(door.port)
        peer.backup(given(peer))
        door.take()  # what is asked once, because the place has another name
    before(100)
    for peer in peers:
        peer.backup(given(peer))
        counted[peer.name] = door.take()
        peer.backup(given(peer))
        unchanged[peer.name] = door.take()
    door.close()
    report.sample("day", daily)
    whole = {name: cost.seconds + (plain.seconds if name == "restic" else 0) for name, cost in first.items()}
    for name, taken in whole.items():
        alone = median_seconds(daily[name])
        needed = plain.seconds if name == "restic" else 0
        requests, sent = counted[name]
        idle = f"{unchanged[name][0]} requests"
        fastest = min(whole.values())
        row = (name, seconds(taken), ratio(taken, fastest), seconds(alone + needed), size(sent), str(requests), idle)
        report.rows.append(row)
    add_goals(report, whole, counted, peers, database)
    others = [taken for name, taken in whole.items() if not name.startswith("litekeep")]
    if "litekeep" in sending and others:
        alone_seconds = sending["litekeep"].seconds
        report.goals.append(Goal("sending the first copy alone / the fastest other", alone_seconds / min(others), 1.0))


def add_goals(
    report: Report, whole: dict[str, float], counted: dict[str, tuple[int, int]], peers: list[OffsitePeer], path: Path
) -> None:
    """What the figures are compared with."""
    others = [taken for name, taken in whole.items() if not name.startswith("litekeep")]
    if "litekeep" in whole and others:
        for name in ("litekeep", UNVERIFIED):
            words = "first copy / the fastest other" + name.removeprefix("litekeep")
            report.goals.append(Goal(words, whole[name] / min(others), FIRST_LIMIT))
    if "litekeep" in counted and "restic" in counted:
        (mine, sent), (theirs, theirs_sent) = counted["litekeep"], counted["restic"]
        report.goals.append(Goal("requests of a day / restic", mine / theirs, REQUEST_LIMIT))
        report.goals.append(Goal("bytes of a day / restic", sent / theirs_sent, DATA_LIMIT))
    pair = [peer for peer in peers if isinstance(peer, OffsiteLitekeep) and peer.verified]
    if len(pair) == 2:
        costs: dict[bool, list[Cost]] = {False: [], True: []}
        for number in range(5):
            change_pages(path, 0.02, seed=200 + number)
            for peer in pair:
                costs[peer.encrypted].append(peer.backup_only(path))
        slower = median_seconds(costs[True]) / median_seconds(costs[False])
        report.goals.append(Goal("backup, encrypted / not (2 % of the pages changed)", slower, ENCRYPTION_LIMIT))


def turn(peer: Peer, database: Path) -> Callable[[], Cost]:
    """One day."""
    return lambda: peer.backup(database)
