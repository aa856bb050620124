"""Help teaches: every command explains itself, gives examples that parse, and tells its exit codes. And completion."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from litekeep.cli.exits import MEANINGS
from litekeep.cli.group import COMMANDS, cli
from litekeep.cli.verb import Verb

from .conftest import Run, process


def verbs() -> Iterator[tuple[str, Verb]]:
    """Every command with its full name."""
    context = click.Context(cli, info_name="litekeep")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            for inner, subcommand in command.commands.items():
                assert isinstance(subcommand, Verb)
                yield f"{name} {inner}", subcommand
        else:
            assert isinstance(command, Verb)
            yield name, command


ALL = list(verbs())
every_verb = pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])


@every_verb
def test_help(name: str, command: Verb, litekeep: Run) -> None:
    told = litekeep(*name.split(), "--help").out
    for heading in ("Usage: litekeep", "Common options:", "Examples:", "Exit codes:"):
        assert heading in told
    assert litekeep(*name.split(), "-h").out == told
    assert len((command.help or "").split()) >= 5
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{option.opts} has no help"
    assert set(command.all_exits) <= set(MEANINGS)


@every_verb
def test_examples_parse(name: str, command: Verb) -> None:
    assert command.examples
    for line, text in command.examples:
        if name == "completion":
            continue
        arguments = shlex.split(line.partition(" ||")[0])
        assert arguments[0] == "litekeep"
        assert text
        cli.make_context("litekeep", arguments[1:])  # which command
        rest = arguments[1:]
        for word in name.split():
            if rest[: len(name.split())] == name.split():
                rest = rest[len(name.split()) :]
            assert word
        if arguments[1 : 1 + len(name.split())] == name.split():
            command.make_context(name, rest)


def test_every_command_is_in_the_help_and_nothing_else(litekeep: Run) -> None:
    told = litekeep("--help").out
    for name, (_, text) in COMMANDS.items():
        assert f"  {name}" in told
        assert text in told
    assert litekeep().out == told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_scripts(shell: str, litekeep: Run) -> None:
    script = litekeep("completion", shell).out
    assert "_LITEKEEP_COMPLETE" in script
    interpreter = shutil.which("pwsh" if shell == "powershell" else shell)
    if interpreter and shell in ("bash", "zsh", "fish"):
        done = subprocess.run([interpreter, "-n"], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_proposals() -> None:
    env = {"_LITEKEEP_COMPLETE": "bash_complete", "COMP_WORDS": "litekeep ver", "COMP_CWORD": "1"}
    assert "verify" in process(env=env).stdout
    env = {"_LITEKEEP_COMPLETE": "powershell_complete", "COMP_WORDS": "litekeep tr", "COMP_LAST": "tr"}
    assert process(env=env).stdout.startswith("plain\ttrash\tList, recover")
    env = {"_LITEKEEP_COMPLETE": "powershell_complete", "COMP_WORDS": "litekeep trash ", "COMP_LAST": ""}
    assert "recover" in process(env=env).stdout


def test_python_m_litekeep() -> None:
    done = subprocess.run([sys.executable, "-m", "litekeep", "list", "-h"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: litekeep list")
