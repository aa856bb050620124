"""Jobs handed to systemd, launchd or the Windows Task Scheduler, and taken back: files and commands.

What is to be done is planned by pure functions, so that a dry run prints exactly what would happen; `carry_out` does
it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from litekeep.errors import LitekeepError, Refused
from litekeep.records import dataclass
from litekeep.scheduling.job import Job
from litekeep.scheduling.launchd import plist_bytes
from litekeep.scheduling.systemd import service_text, timer_text
from litekeep.scheduling.taskscheduler import task_xml
from litekeep.storage.durable import make_folders, remove_quietly, write_temporary

_COMMAND_SECONDS = 60.0


class Timers(StrEnum):
    """Who keeps the timers on this kind of machine."""

    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    WINDOWS = "windows"

    @classmethod
    def of(cls, platform: str) -> Timers:
        """By `sys.platform`."""
        return {"darwin": cls.LAUNCHD, "win32": cls.WINDOWS}.get(platform, cls.SYSTEMD)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose timers: the machine's (`system`), or those of the user whose home and number are given."""

    system: bool
    home: Path
    user_id: int = 0

    @property
    def launchd_domain(self) -> str:
        """As launchctl names it."""
        return "system" if self.system else f"gui/{self.user_id}"


@dataclass(frozen=True, slots=True)
class Plan:
    """commands before, then files written or removed, then commands after. Commands in `lenient` may fail."""

    write: tuple[tuple[Path, bytes], ...] = ()
    remove: tuple[Path, ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[tuple[str, ...], ...] = ()
    lenient: frozenset[tuple[str, ...]] = frozenset()


def folder_for(timers: Timers, account: Account) -> Path:
    """Where the files lie."""
    if timers is Timers.SYSTEMD:
        return Path("/etc/systemd/system") if account.system else account.home / ".config/systemd/user"
    if timers is Timers.LAUNCHD:
        return Path("/Library/LaunchDaemons") if account.system else account.home / "Library/LaunchAgents"
    return account.home / "AppData/Local/litekeep/schedules"


def files_of(timers: Timers, account: Account, name: str) -> tuple[Path, ...]:
    """The files of one job; the last one is there as long as it is installed."""
    folder = folder_for(timers, account)
    endings = {Timers.SYSTEMD: (".service", ".timer"), Timers.LAUNCHD: (".plist",), Timers.WINDOWS: (".xml",)}
    return tuple(folder / f"{name}{ending}" for ending in endings[timers])


def plan_install(jobs: Sequence[Job], timers: Timers, account: Account) -> Plan:
    """Write the files of all jobs and switch their timers on; what was installed under the same names is replaced."""
    write = []
    for job in jobs:
        paths = files_of(timers, account, job.name)
        write += list(zip(paths, _contents(job, timers, account), strict=True))
    after: list[tuple[str, ...]] = []
    lenient: set[tuple[str, ...]] = set()
    systemctl = ("systemctl",) if account.system else ("systemctl", "--user")
    if timers is Timers.SYSTEMD:
        after.append((*systemctl, "daemon-reload"))
    for job in jobs:
        path = str(files_of(timers, account, job.name)[-1])
        if timers is Timers.SYSTEMD:
            after.append((*systemctl, "enable", "--now", f"{job.name}.timer"))
        elif timers is Timers.LAUNCHD:
            unload = ("launchctl", "bootout", f"{account.launchd_domain}/{job.name}")
            lenient.add(unload)  # it is loaded only if it was installed before
            after += [unload, ("launchctl", "bootstrap", account.launchd_domain, path)]
        else:
            after.append(("schtasks", "/Create", "/TN", job.name, "/XML", path, "/F"))
    return Plan(tuple(write), after=tuple(after), lenient=frozenset(lenient))


def plan_remove(names: Sequence[str], timers: Timers, account: Account) -> Plan:
    """Switch the timers off, then remove the files."""
    systemctl = ("systemctl",) if account.system else ("systemctl", "--user")
    before: list[tuple[str, ...]] = []
    for name in names:
        if timers is Timers.SYSTEMD:
            before.append((*systemctl, "disable", "--now", f"{name}.timer"))
        elif timers is Timers.LAUNCHD:
            before.append(("launchctl", "bootout", f"{account.launchd_domain}/{name}"))
        else:
            before.append(("schtasks", "/Delete", "/TN", name, "/F"))
    after = ((*systemctl, "daemon-reload"),) if timers is Timers.SYSTEMD else ()
    remove = tuple(path for name in names for path in files_of(timers, account, name))
    return Plan(remove=remove, before=tuple(before), after=after, lenient=frozenset(before))


def _contents(job: Job, timers: Timers, account: Account) -> tuple[bytes, ...]:
    if timers is Timers.SYSTEMD:
        return service_text(job, system=account.system).encode(), timer_text(job).encode()
    if timers is Timers.LAUNCHD:
        logs = Path("/Library/Logs") if account.system else account.home / "Library/Logs"
        return (plist_bytes(job, str(logs / f"{job.name}.log")),)
    return (task_xml(job, system=account.system),)


def carry_out(plan: Plan) -> None:
    """Do it. Raises Refused before anything is changed if the system's command is not there, else LitekeepError."""
    commands = (*plan.before, *plan.after)
    missing = {command[0] for command in commands if shutil.which(command[0]) is None}
    if missing:
        hint = "Add --dry-run to see the files, and hand them to your system's scheduler yourself."
        raise Refused(f"there is no {', '.join(sorted(missing))} here", safe="Nothing was changed.", hint=hint)
    try:
        for command in plan.before:
            _call(command, lenient=command in plan.lenient)
        for path, content in plan.write:
            _write(path, content)
        for path in plan.remove:
            path.unlink(missing_ok=True)
        for command in plan.after:
            _call(command, lenient=command in plan.lenient)
    except OSError as error:
        hint = "The machine's own timers (--system) need an administrator; --user does not."
        raise Refused(f"{error.filename}: {error.strerror}", hint=hint) from error


def _write(path: Path, content: bytes) -> None:
    """In one step; others may read it, as the system's own files, whatever the umask."""
    make_folders(path.parent)
    temporary = write_temporary(str(path.parent), memoryview(content))
    try:
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        remove_quietly(temporary)
        raise


def _call(command: tuple[str, ...], *, lenient: bool) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=_COMMAND_SECONDS, check=False
    )
    if done.returncode and not lenient:
        told = (done.stderr or done.stdout).strip()
        raise LitekeepError(f"{' '.join(command)} failed: {told}", hint="The files were written; the timer is not on.")
