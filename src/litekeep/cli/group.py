"""The group of all commands. Its table names module and one line of help, so that `--help` imports no command."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from litekeep import __version__
from litekeep.cli.settings import common_options
from litekeep.cli.verb import HELP

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("cmd_init", "Make a place for backups."),
    "backup": ("cmd_backup", "Back up a database and prove that the backup is good."),
    "list": ("cmd_list", "List the backups."),
    "show": ("cmd_show", "Show everything about one backup."),
    "status": ("cmd_status", "Say whether the databases are protected."),
    "restore": ("cmd_restore", "Bring a backup back, to a new file or over the database."),
    "undo": ("cmd_undo", "Take the last restore back."),
    "export": ("cmd_export", "Write a backup as a plain database file."),
    "verify": ("cmd_verify", "Read backups back and check every byte."),
    "drill": ("cmd_drill", "Rehearse a restore in a scratch place."),
    "sync": ("cmd_sync", "Bring the copies in other places up to date."),
    "copy": ("cmd_copy", "Copy a whole repository to a new place, or back from one."),
    "prune": ("cmd_prune", "Remove old backups by the retention policy."),
    "pin": ("cmd_pin", "Keep a backup for ever."),
    "unpin": ("cmd_unpin", "Let the retention policy decide again."),
    "label": ("cmd_label", "Give a backup a name."),
    "delete": ("cmd_delete", "Put a backup into the trash."),
    "trash": ("cmd_trash", "List, recover or empty the trash."),
    "gui": ("cmd_gui", "Open the window."),
    "key": ("cmd_key", "Passphrases and keys of an encrypted repository."),
    "encrypt": ("cmd_encrypt", "Make an encrypted copy of a repository."),
    "config": ("cmd_config", "Make, check, show and change the settings file."),
    "schedule": ("cmd_schedule", "Let the system's own timers make the backups."),
    "watch": ("cmd_watch", "Back up when it is due: for servers and containers."),
    "doctor": ("cmd_doctor", "Look for what could go wrong with database and backups."),
    "selftest": ("cmd_selftest", "Try on your own disk or bucket what backups rely on."),
    "notify": ("cmd_notify", "Send notifications: a test, or what is due."),
    "completion": ("cmd_completion", "Print a completion script for a shell."),
}


class LazyGroup(click.Group):
    """Imports the module of a command when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - see above
        """Import `cmd_<name>` and take its `command`."""
        if cmd_name not in COMMANDS:
            return None
        module, short_help = COMMANDS[cmd_name]
        command: click.Command = import_module(f"litekeep.cli.{module}").command
        command.short_help = short_help
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a guess at what was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            guess = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{guess}", ctx) from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names from the table, then options as click finds them."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=text) for name, (_, text) in COMMANDS.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - see above
        """From the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=LazyGroup, params=list(common_options(group=True)), context_settings=HELP)
@click.version_option(__version__, prog_name="litekeep", message="%(prog)s %(version)s")
def cli() -> None:
    """Verified, incremental backups of SQLite databases.

    Backs up a database while programs use it, stores only what changed, reads everything back to prove it, and restores
    even while the application is open.

    \b
    Begin with:      litekeep backup app.db
    Look at it:      litekeep list
    Get it back:     litekeep restore latest --to restored.db
    Am I protected?  litekeep status
    """
