"""Make reference/python-api.md, the functions and values for programs, out of their signatures and docstrings.

    python docs/generate_api_reference.py           write the page
    python docs/generate_api_reference.py --check   exit code 1 if the page is not what would be written

What is public is said here, name by name; a name that does not exist any more is an error. Modules are parsed, not
imported.
"""

from __future__ import annotations

import ast
import sys

from generate_format_reference import PACKAGE, anchor, markdown
from generated import ROOT, write_or_check

PAGE = ROOT / "docs" / "reference" / "python-api.md"
WIDTH = 100

PUBLIC = {
    "In an application": {
        "manager/manager.py": [
            "BackupManager",
            *(
                f"BackupManager.{name}"
                for name in (
                    "protect",
                    "before_migration",
                    "start",
                    "run_due",
                    "next_runs",
                    "pause",
                    "resume",
                    "look_again",
                    "reload",
                    "close",
                )
            ),
        ],
        "manager/backups.py": [
            f"Backups.{name}"
            for name in (
                "create_backup",
                "submit_backup",
                "list_backups",
                "verify_backup",
                "test_restore",
                "export_backup",
                "preview_restore",
                "restore_backup",
                "restore_file",
                "undo_restore",
            )
        ],
        "manager/shelf.py": [
            f"Shelf.{name}"
            for name in (
                "pin_backup",
                "unpin_backup",
                "label_backup",
                "delete_backup",
                "recover_backup",
                "list_trash",
                "overview",
                "statistics",
                "plan_rotation",
                "rotate_backups",
                "history",
                "examine",
                "spread",
                "accept_changes",
            )
        ],
        "manager/wiring.py": [
            f"Wiring.{name}"
            for name in (
                "from_config",
                "status",
                "change_settings",
                "subscribe",
                "cancel",
                "running",
                "settings_file",
                "reachable",
                "notify",
                "test_notifications",
            )
        ],
        "manager/rescue.py": [
            f"Rescue.{name}" for name in ("list_backups_of", "preview_restore_from", "restore_from", "rebuild_from")
        ],
        "manager/keys.py": [
            *(
                f"Keys.{name}"
                for name in (
                    "keys",
                    "write_recovery_sheet",
                    "confirm_recovery_key",
                    "test_key",
                    "add_passphrase",
                    "change_passphrase",
                    "make_encrypted",
                )
            ),
            "KeysReport",
            "KeyInfo",
        ],
        "operations/replicate.py": ["ReplicateResult"],
        "manager/questions.py": ["Statistics", "RotationPreview"],
        "operations/spread.py": ["Spread", "Location", "Holder", "Gap", "Lack"],
        "operations/lookback.py": ["Change"],
        "operations/sightings.py": ["Wrong"],
        "manager/queue.py": ["BackupFuture"],
    },
    "In a window": {
        "ui/view/view.py": [
            "BackupView",
            *(f"BackupView.{name}" for name in ("refresh", "has_unsaved_changes", "save", "cleanup", "destroy")),
        ],
    },
    "Places and repositories": {
        "storage/local.py": ["LocalStorage"],
        "storage/readonly.py": ["ReadOnly"],
        "repository/repository.py": ["Repository.open"],
        "operations/create.py": ["create_repository"],
        "repository/catalog.py": ["load_catalog", "Catalog", "Catalog.find", "Catalog.sources", "Catalog.of"],
    },
    "Back up": {
        "operations/backup.py": ["backup", "BackupOptions", "BackupResult"],
        "sqlite/capture.py": ["CaptureOptions"],
    },
    "Schedule": {
        "scheduling/rule.py": [
            "parse_rule",
            "parse_restore_test",
            "next_due",
            "latest_slot",
            "slot_after",
            "slot_of_run",
        ],
        "scheduling/task.py": ["Task", "RunOutcome", "RunOutcome.of", "Ended", "NextRun", "Phase"],
        "scheduling/scheduler.py": [
            "BackupScheduler",
            "BackupScheduler.start",
            "BackupScheduler.close",
            "BackupScheduler.pause",
            "BackupScheduler.resume",
            "BackupScheduler.reload",
            "BackupScheduler.run_now",
            "BackupScheduler.run_due",
            "BackupScheduler.wake",
            "BackupScheduler.next_runs",
        ],
        "operations/slots.py": ["last_slot"],
    },
    "Prove": {
        "operations/verify.py": ["verify", "VerifyResult"],
        "operations/drill.py": ["choose_for_drill", "drill", "DrillResult"],
        "operations/scrub.py": ["scrub", "ScrubReport", "Damaged"],
    },
    "Get data back": {
        "operations/restore.py": [
            "restore_new",
            "restore_over",
            "restore_file",
            "find_undo",
            "RestoreOptions",
            "RestoreResult",
        ],
        "operations/preview.py": ["preview_restore", "Preview"],
        "operations/export.py": ["export"],
    },
    "Keep, remove, give space back": {
        "retention/policy.py": ["RetentionPolicy"],
        "retention/decide.py": ["plan_retention"],
        "retention/plan.py": ["RetentionPlan", "Decision", "Why"],
        "operations/prune.py": ["plan_prune", "prune", "PruneOptions", "PrunePlan", "PruneResult"],
        "operations/curate.py": ["pin", "unpin", "label", "to_trash", "from_trash"],
        "operations/empty_trash.py": ["empty_trash", "EmptyResult"],
    },
    "Settings": {
        "config/load.py": ["load_settings", "parse_settings"],
        "config/edit.py": ["save_changes", "create_settings"],
        "config/settings.py": ["retention_policy"],
        "config/secrets.py": ["resolve"],
        "config/warn.py": ["warn_about"],
        "errors.py": ["SettingsInvalid", "SettingProblem"],
    },
    "Journal and log": {
        "journal/history.py": ["Row", "Outcome", "append", "read", "history_table"],
        "journal/journal.py": ["Journal", "Journal.append", "Journal.rows", "Journal.table"],
        "journal/logger.py": ["BackupLogger", "BackupLogger.ended"],
    },
    "Notifications": {
        "notify/message.py": ["Situation", "Occasion", "Topic", "Severity", "Message", "Notice"],
        "notify/channels.py": [
            "EmailChannel",
            "WebhookChannel",
            "NtfyChannel",
            "DesktopChannel",
            "HeartbeatChannel",
            "AppriseChannel",
        ],
        "notify/notifier.py": [
            "Notifier",
            "Notifier.began",
            "Notifier.tell",
            "Notifier.tell_in_background",
            "Recipients",
            "Route",
        ],
        "notify/decide.py": ["decide", "Wishes"],
        "notify/delivery.py": ["Delivery"],
        "notify/trial.py": ["test_channels"],
        "notify/metrics.py": ["render", "SourceMetrics"],
    },
    "With libraries of applications": {
        "integrations/peewee.py": ["protect_migrations", "attach"],
        "integrations/sqlalchemy.py": ["attach"],
        "integrations/alembic.py": ["before_upgrade", "upgrade", "downgrade"],
        "integrations/migrating.py": ["GuardOptions"],
        "integrations/django/managers.py": ["manager_for", "close_managers"],
    },
    "Values": {
        "model.py": ["Snapshot", "DatabaseFacts", "Reason", "Level"],
    },
    "Progress, time": {
        "monitor.py": ["Monitor", "Silent", "Several"],
        "clock.py": ["Clock", "SystemClock"],
    },
    "For tests of your own": {
        "testing.py": ["ManualClock", "RecordingMonitor", "MemoryStorage", "FaultyStorage", "Fault", "Moment"],
    },
}

INTRODUCTION = """\
<!-- Made by docs/generate_api_reference.py from signatures and docstrings. Do not edit: run it again. -->

# Python

Every command of the command line is one function: options in, a result out, progress and warnings to a `Monitor`, time
from a `Clock`, and an error of the family of `litekeep.errors` when it did not work. Import each name from the module
under which it stands here; the package itself exports `BackupManager`, `BackupScheduler`, `freeze_support` and
`__version__`.

```python
from pathlib import Path

from litekeep.clock import SystemClock
from litekeep.monitor import Silent
from litekeep.operations.backup import backup
from litekeep.operations.create import create_repository

clock, monitor = SystemClock(), Silent()
repository = create_repository(Path("backups"), Path("app.db"), clock=clock, monitor=monitor)
result = backup(repository, Path("app.db"), clock=clock, monitor=monitor)
print(result.snapshot.short_id, result.level.name, result.problems)
```

The second time, open it instead: `Repository.open(LocalStorage(Path("backups"), clock))`.

**In which process?** In one that does nothing else with the database. Some paths read the file without SQLite (a
database of another user, a folder that cannot be written, a file that is not a database), and on Linux and macOS
closing any descriptor of a file drops the locks that SQLite holds on it in that process (sqlite.org, How To Corrupt,
section 2.2). An application that has the database open calls the command line as a subprocess, or these functions in a
process that it *spawns* (not forks). `BackupManager` does this for you: see
[embedding](../how-to/embed-in-an-application.md). Its methods stand below under the classes of which it is made; all of
them are methods of a `BackupManager`.

`BackupView` is imported from `litekeep.ui`, and needs `litekeep[gui]` and tkinter:
[show backups in your application](../how-to/show-backups-in-your-application.md).

**Errors** are listed, with exit codes and what to do, under [troubleshooting](../how-to/troubleshoot.md). Signatures
may still change before version 1.0; the [repository format](format.md) has its own version and stays readable.
"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, "\n".join(f"- [{title}](#{anchor(title)})" for title in PUBLIC) + "\n"]
    for title, modules in PUBLIC.items():
        parts.append(f"## {title}\n")
        for module, names in modules.items():
            parts.append(f"From `litekeep.{module.removesuffix('.py').replace('/', '.')}`:\n")
            tree = ast.parse((PACKAGE / module).read_text("utf-8"))
            parts += [entry(tree, module, name) for name in names]
    return "\n".join(parts)


def entry(tree: ast.Module, module: str, name: str) -> str:
    """One name: how it is called or what it holds, and its text."""
    node = find(tree, module, name)
    if isinstance(node, ast.ImportFrom):
        return f"### {name}\n\nSee `{node.module}`.\n"
    told = "\n".join(markdown(ast.get_docstring(node) or ""))
    code = fields(node) if isinstance(node, ast.ClassDef) else signature(node)
    return f"### {name}\n\n```python\n{code}\n```\n\n{told}\n"


def find(tree: ast.Module, module: str, name: str) -> ast.FunctionDef | ast.ClassDef | ast.ImportFrom:
    """The definition, or the import that hands it on; raises KeyError if there is none."""
    first, _, second = name.partition(".")
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == first:
            if not second:
                return node
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name == second:
                    return inner
        if isinstance(node, ast.ImportFrom) and first in {alias.name for alias in node.names}:
            return node
    raise KeyError(f"{module} has no {name}")


def signature(node: ast.FunctionDef) -> str:
    """The def line, on several lines if it is long."""
    arguments = node.args
    if arguments.args and arguments.args[0].arg in ("self", "cls"):
        arguments.args.pop(0)
    whole = f"{node.name}({ast.unparse(arguments)}) -> {ast.unparse(node.returns) if node.returns else 'None'}"
    if len(whole) <= WIDTH:
        return whole
    parts = [f"    {part}," for part in split(ast.unparse(arguments))]
    return "\n".join([f"{node.name}(", *parts, f") -> {ast.unparse(node.returns) if node.returns else 'None'}"])


def split(arguments: str) -> list[str]:
    """Cut at the commas that are not inside brackets."""
    parts, depth = [""], 0
    for sign in arguments:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def fields(node: ast.ClassDef) -> str:
    """What a class is made with and what can be read of it."""
    lines = []
    for inner in node.body:
        if isinstance(inner, (ast.AnnAssign, ast.Assign)) and not ast.unparse(inner).startswith("_"):
            lines.append(ast.unparse(inner))
        elif isinstance(inner, ast.FunctionDef) and (inner.name == "__init__" or not inner.name.startswith("_")):
            decorators = {ast.unparse(each) for each in inner.decorator_list}
            text = signature(inner).removesuffix(" -> None").replace("__init__", node.name)
            returned = ast.unparse(inner.returns) if inner.returns else "None"
            lines.append(f"{inner.name} -> {returned}" if "property" in decorators else text)
    return "\n".join([f"class {node.name}", *(f"    {line}" for text in lines for line in text.splitlines())])


if __name__ == "__main__":
    sys.exit(write_or_check(__doc__, lambda: {PAGE: page()}))
