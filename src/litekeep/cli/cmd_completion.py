"""litekeep completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from litekeep.cli.exits import OK
from litekeep.cli.session import Session
from litekeep.cli.verb import verb

VARIABLE = "_LITEKEEP_COMPLETE"
SHELLS = ["bash", "zsh", "fish", "powershell"]


@verb(
    "completion",
    examples=[
        ('eval "$(litekeep completion bash)"', "in ~/.bashrc"),
        ('eval "$(litekeep completion zsh)"', "in ~/.zshrc"),
        ("litekeep completion fish | source", "in ~/.config/fish/config.fish"),
        ("litekeep completion powershell | Out-String | Invoke-Expression", "in the file that $PROFILE names"),
    ],
)
@click.argument("shell", type=click.Choice(SHELLS))
def command(session: Session, shell: str) -> int:
    """Print a script that makes the Tab key complete commands and options. See the examples for where it belongs."""
    from litekeep.cli.group import cli
    from litekeep.cli.powershell import register

    register()
    found = get_completion_class(shell)
    assert found is not None
    script = found(cli, {}, "litekeep", VARIABLE).source()
    if session.settings.json:
        session.result("completion", OK, shell=shell, script=script)
    else:
        click.echo(script)
    return OK
