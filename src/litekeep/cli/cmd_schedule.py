"""litekeep schedule: install, show, remove."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from litekeep.cli.exits import OK, STORED
from litekeep.cli.parameters import PATH
from litekeep.cli.place import Folder
from litekeep.cli.session import Session
from litekeep.cli.verb import HELP, verb
from litekeep.errors import KeyNeeded, UsageError
from litekeep.records import dataclass

if TYPE_CHECKING:
    from litekeep.scheduling.install import Account, Plan, Timers
    from litekeep.scheduling.job import Job
    from litekeep.scheduling.rule import Rule

VERBS = ("backup", "prune", "drill")
PRUNE_AT = "45 4 * * *"


@click.group("schedule", context_settings=HELP)
def command() -> None:
    """Let the system's own timers make the backups: systemd, launchd, or the Windows Task Scheduler.

    A missed run is made up for, once, also beside an application that schedules backups itself.
    """


_database = click.argument("database", required=False, type=PATH)
_system = click.option(
    "--system/--user", default=False, show_default=True, help="The machine's timers, or those of this user."
)
_dry_run = click.option("--dry-run", is_flag=True, help="Print the files and commands; change nothing.")


@verb(
    "install",
    examples=[
        ("litekeep schedule install app.db", "every night at two, and a test restore every week"),
        ("litekeep schedule install app.db --at '0 8-18 * * MON-FRI'", "every hour of the working day"),
        ("litekeep schedule install -c backup.json", "everything as the settings file says, also what it says later"),
        ("litekeep schedule install app.db --system --dry-run", "what would be written for a server"),
    ],
    exits=[6, *STORED],
)
@_database
@click.option(
    "--at",
    "when",
    metavar="RULE",
    help="A time, or a cron expression [default: as the settings file says, else 02:00].",
)
@click.option("--no-catch-up", is_flag=True, help="Leave a missed run out instead of making it later.")
@click.option("--no-prune", is_flag=True, help="Do not remove old backups every day by the retention policy.")
@click.option(
    "--restore-test",
    metavar="RULE",
    help="daily, weekly, monthly, never, or a rule [default: as the settings file says, else weekly].",
)
@click.option(
    "--run-as", default="", metavar="USER", help="With --system: whose account [default: the database's owner]."
)
@_system
@_dry_run
def install(
    session: Session, database: Path | None, when: str | None, *, system: bool, dry_run: bool, **rest: object
) -> int:
    """Hand the backups of a database to the system's timers, or replace what was handed over before.

    The repository must be there already. A timer's run never makes one: on the folder of a missing drive it would begin
    anew on the wrong disk.
    """
    from litekeep.scheduling.install import plan_install

    database = session.database(database)
    session.only_folder("litekeep schedule install")
    place = session.find(database)
    assert isinstance(place, Folder)
    folder = place.path
    user = str(rest["run_as"]) or _owner(database) if system else ""
    rules = _rules(session, when, rest)
    timers, account = _here(system=system)
    zone, key = _zone(session, timers), _key_options(session, folder)
    jobs = [
        make_job(verb_name, database, folder, rule, user, given=_given(session, when))
        for verb_name, rule in rules.items()
        if rule is not None
    ]
    jobs = [replace(job, zone=zone, command=(*job.command, *key)) for job in jobs]
    return _do(session, "install", plan_install(jobs, timers, account), [job.name for job in jobs], dry_run=dry_run)


def _rules(session: Session, when: str | None, rest: Mapping[str, object]) -> dict[str, Rule | None]:
    """When each command runs: by the options, then the settings file."""
    from litekeep.scheduling.rule import parse_restore_test, parse_rule

    file = session.file.backup if session.file else None
    catch_up = not rest["no_catch_up"] and (file is None or file.catch_up)
    test = rest["restore_test"] or (file.restore_test if file else "weekly")
    backup = when or (file.effective_schedule if file else "02:00")
    if backup is None:
        raise UsageError("the settings switch scheduled backups off", hint="Switch them on, or give a rule with --at.")
    return {
        "backup": parse_rule(backup, catch_up=catch_up),
        "prune": None if rest["no_prune"] else parse_rule(PRUNE_AT, catch_up=catch_up),
        "drill": parse_restore_test(str(test), catch_up=catch_up),
    }


def _zone(session: Session, timers: Timers) -> str:
    """The zone of the settings file where it is another one than the machine's; a warning where timers know none."""
    from litekeep.scheduling.install import Timers

    wanted, here = session.file.backup.timezone if session.file else None, session.clock.zone()
    if not wanted or wanted == here:
        return ""
    if timers is not Timers.SYSTEMD:
        what = f"the system's timers go by the machine's zone, {here}, and not by {wanted}"
        session.telling.warn("schedule_zone", what)
    return wanted


def _key_options(session: Session, folder: Path) -> tuple[str, ...]:
    """Where the timers' runs find the key; raises KeyNeeded if they would find none. Never the key itself."""
    from litekeep.cli.unlock import named_secret
    from litekeep.formats.repoconfig import KEY, decode_config
    from litekeep.storage.local import LocalStorage

    given, file = session.settings, session.file
    named_secret(given)  # complains about more than one
    if path := given.key_file or given.passphrase_file:
        return "--key-file" if given.key_file else "--passphrase-file", os.path.abspath(path)
    if given.passphrase_command:
        return "--passphrase-command", given.passphrase_command
    in_settings = file is not None and file.backup.encryption is not None
    if not in_settings and decode_config(LocalStorage(folder, session.clock).get(KEY)).encrypted:
        raise KeyNeeded(
            f"the repository in {folder} is encrypted, and runs by timers could not open it",
            safe="Nothing was changed.",
            hint="Make a key for this machine, `litekeep key add --new-key-file FILE`, and name it here or in the "
            "settings.",
        )
    return ()


def _given(session: Session, when: str | None) -> Given | None:
    if session.settings.config is None:
        return None
    named, log = session.settings.repository_named, session.log_path(Folder(Path()))
    return Given(session.settings.config, rule_named=when is not None, folder_named=named, log=log)


@verb("show", examples=[("litekeep schedule show app.db", "which timers there are")], exits=[])
@_database
@_system
def show(session: Session, database: Path | None, *, system: bool) -> int:
    """Show which timers are installed for a database, and their files."""
    found = _installed(session.database(database), system=system)
    for name, files in found.items():
        session.out.good(name)
        for path in files:
            session.out.line(f"  {path}")
    if not found:
        session.out.line("No timers are installed. `litekeep schedule install` makes them.")
    timers = [{"name": name, "files": [str(path) for path in files]} for name, files in found.items()]
    session.result("schedule-show", OK, timers=timers)
    return OK


@verb("remove", examples=[("litekeep schedule remove app.db", "no more backups by timers")], exits=[6])
@_database
@_system
@_dry_run
def remove(session: Session, database: Path | None, *, system: bool, dry_run: bool) -> int:
    """Take the backups of a database away from the system's timers. Backups that were made stay."""
    from litekeep.scheduling.install import plan_remove

    names = list(_installed(session.database(database), system=system))
    timers, account = _here(system=system)
    return _do(session, "remove", plan_remove(names, timers, account), names, dry_run=dry_run)


@dataclass(frozen=True, slots=True)
class Given:
    """A settings file that the commands read at each run. rule_named, folder_named: options stand above it. log: its
    log file.
    """

    file: Path
    rule_named: bool
    folder_named: bool
    log: Path


def make_job(verb_name: str, database: Path, folder: Path, rule: Rule, user: str, given: Given | None = None) -> Job:
    """The job that runs one command for a database, by this very installation of Litekeep."""
    from litekeep.scheduling.job import Job, job_name

    path, place = os.path.abspath(database), os.path.abspath(folder)
    command = [sys.executable, "-m", "litekeep", verb_name]
    if verb_name == "backup":
        command += [path, "--scheduled"]
        command += [rule.cron] if given is None or given.rule_named else []
    command += ["--config", os.path.abspath(given.file)] if given else []
    command += ["--repository", place] if given is None or given.folder_named else []
    command += ["--progress", "none", "--no-color"]
    about = {"backup": "Back up", "prune": "Remove old backups of", "drill": "Test a restore of"}[verb_name]
    folders = [place, os.path.dirname(path)]
    if given and given.log.is_absolute() and str(given.log.parent) not in folders:
        folders.append(str(given.log.parent))
    description = f"{about} {os.path.basename(path)} (Litekeep)"
    return Job(job_name(path, verb_name), description, tuple(command), rule, tuple(folders), tuple(folders[:2]), user)


def _owner(database: Path) -> str:
    """Who owns the database: another one would make files beside it that lock the owner out. Empty if not known."""
    if sys.platform == "win32":
        return ""
    import pwd

    try:
        return pwd.getpwuid(os.stat(database).st_uid).pw_name
    except (OSError, KeyError):
        return ""


def _here(*, system: bool) -> tuple[Timers, Account]:
    from litekeep.scheduling.install import Account, Timers

    if sys.platform == "win32":
        return Timers.WINDOWS, Account(system, Path.home())
    return Timers.of(sys.platform), Account(system, Path.home(), os.getuid())


def _installed(database: Path, *, system: bool) -> dict[str, tuple[Path, ...]]:
    from litekeep.scheduling.install import files_of
    from litekeep.scheduling.job import job_name

    timers, account = _here(system=system)
    names = [job_name(os.path.abspath(database), verb_name) for verb_name in VERBS]
    found = {name: files_of(timers, account, name) for name in names}
    return {name: files for name, files in found.items() if files[-1].exists()}


def _do(session: Session, what: str, plan: Plan, names: list[str], *, dry_run: bool) -> int:
    from litekeep.scheduling.install import carry_out

    if dry_run:
        for path, content in plan.write:
            session.out.line(f"# {path}")
            for line in content.decode("utf-16" if path.suffix == ".xml" else "utf-8").splitlines():
                session.out.line(line)
            session.out.line()
        for path in plan.remove:
            session.out.line(f"# removed: {path}")
        for command in (*plan.before, *plan.after):
            session.out.line(" ".join(command))
    else:
        carry_out(plan)
        for name in names:
            session.out.good(f"{name}: {'installed' if what == 'install' else 'removed'}")
        if not names:
            session.out.line("There was nothing to remove.")
    files = [str(path) for path in (*(path for path, _ in plan.write), *plan.remove)]
    commands = [list(command) for command in (*plan.before, *plan.after)]
    session.result(f"schedule-{what}", OK, timers=names, files=files, commands=commands, dry_run=dry_run)
    return OK


for each in (install, show, remove):
    command.add_command(each)
