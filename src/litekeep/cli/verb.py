"""A command that knows the common options, its examples and its exit codes, and gets a Session instead of a context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from litekeep.cli.exits import EVERYWHERE, MEANINGS
from litekeep.cli.settings import Settings, common_options

Function = Callable[..., int]
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Verb(click.Command):
    """One command. examples: (command line, what it does). exits: its own codes beside those of every command."""

    examples: Sequence[tuple[str, str]] = ()
    exits: Sequence[int] = ()

    def __init__(self, *arguments: Any, **details: Any) -> None:
        super().__init__(*arguments, **details)
        own = {name for parameter in self.params for name in parameter.opts}
        self.reads_file = "--config" not in own
        self.params.extend(each for each in common_options() if own.isdisjoint(each.opts))

    @property
    def all_exits(self) -> list[int]:
        """Every exit code, in order."""
        return sorted({0, *self.exits, *EVERYWHERE})

    def invoke(self, ctx: click.Context) -> Any:
        """Make the session, then run."""
        from litekeep.cli.session import Session

        with Session(ctx.ensure_object(Settings)) as session:
            ctx.obj = session
            if self.reads_file:
                session.read_file()
            return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Own options first, the common ones after them under their own heading."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                (common if not parameter.expose_value and parameter.name != "help" else own).append(record)
        for heading, records in (("Options", own), ("Common options", common)):
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Examples and exit codes."""
        if self.examples:
            with formatter.section("Examples"):
                formatter.write_dl([(line, text) for line, text in self.examples], col_max=46)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), MEANINGS[code]) for code in self.all_exits])


def verb(name: str, *, examples: Sequence[tuple[str, str]], exits: Sequence[int] = ()) -> Callable[[Function], Verb]:
    """Make a command of a function that takes the Session first and returns the exit code."""

    def decorate(function: Function) -> Verb:
        command = click.command(name, cls=Verb, context_settings=HELP)(click.pass_obj(function))
        command.examples, command.exits = examples, exits
        return command

    return decorate
