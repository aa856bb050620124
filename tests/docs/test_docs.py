"""What the documentation says exists: links lead somewhere, commands, options and modules are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import litekeep
from litekeep.cli.group import cli

from .pages import DOCS, PAGES, ROOT, anchors, code, links, name_of, read

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)

_VERB = re.compile(r"(?:^|[\s$`(;&])(?<!from )litekeep ([a-z][a-z-]*)(.*)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_MODULE = re.compile(r"(?<![\w./\"-])litekeep(?:\.[a-z_]+)+\b(?!/)")
_FILE = re.compile(r"(?:src/litekeep|tests|docs|demo|benchmarks)/[\w./-]+")
# Paths of one machine, and of where it was written. /home/you, /srv, /var, /mnt and /media are examples for readers.
_MACHINE = re.compile(r"/work\b|/root\b|/tmp/|/Users/(?!you)|/home/(?!you)|[A-Z]:\\Users\\(?!you)")


@every_page
def test_relative_links_lead_to_a_page_and_a_heading_that_exist(page: Path) -> None:
    for target in links(read(page)):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, fragment = target.partition("#")
        found = (page.parent / place).resolve() if place else page
        assert found.exists(), f"{target} leads nowhere"
        assert found.is_relative_to(ROOT), f"{target} leads out of the project"
        if fragment and found.suffix == ".md":
            assert fragment in anchors(read(found)), f"{target}: no such heading"


@every_page
def test_commands_exist_with_the_options_that_are_given_to_them(page: Path) -> None:
    for verb, rest in commands(page):
        found = cli.get_command(click.Context(cli), verb)
        assert found is not None, f"litekeep {verb} does not exist"
        known = options(found) | options(cli)
        if isinstance(found, click.Group):
            for inner in found.commands.values():
                known |= options(inner)
        for option in _OPTION.findall(rest):
            assert option in known, f"litekeep {verb} has no {option}"


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """(verb, the rest of the command) for each command that is set as code."""
    for line in code(read(page)):
        found = _VERB.search(line)
        if found and not line.lstrip().startswith(("✓", "!", "✗")):
            yield found[1], re.split(r"[|;&`#]", found[2])[0]


def options(command: click.Command) -> set[str]:
    """The long options of a command."""
    return {"--help", *(name for parameter in command.params for name in parameter.opts if name.startswith("--"))}


@every_page
def test_modules_named_exist(page: Path) -> None:
    for text in code(read(page)):
        for name in _MODULE.findall(text):
            parts = name.split(".")[1:]
            assert parts[0] in litekeep.__all__ or exists_as_module(parts) or exists_as_module(parts[:-1]), (
                f"{name} does not exist"
            )


def exists_as_module(parts: list[str]) -> bool:
    """True for a package or module below litekeep."""
    path = ROOT.joinpath("src", "litekeep", *parts)
    return bool(parts) and (path.is_dir() or path.with_suffix(".py").is_file())


@every_page
def test_files_of_the_project_that_are_named_exist(page: Path) -> None:
    for text in code(read(page)):
        for name in _FILE.findall(text):
            path = ROOT / name.rstrip("./")
            made_by_a_run = name.startswith("benchmarks/results")
            assert path.exists() or path.with_suffix(".md").exists() or made_by_a_run, f"{name} does not exist"


@every_page
def test_no_path_of_the_machine_on_which_it_was_written(page: Path) -> None:
    assert not _MACHINE.findall(read(page))


def test_every_page_can_be_reached_from_the_map() -> None:
    seen, todo = set[Path](), [DOCS / "index.md"]
    while todo:
        page = todo.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        for target in links(read(page)):
            place = target.partition("#")[0]
            if place.endswith(".md") and not re.match(r"[a-z]+:", place):
                todo.append((page.parent / place).resolve())
    assert {name_of(page) for page in PAGES if page.is_relative_to(DOCS)} <= {name_of(page) for page in seen}


def test_every_error_is_explained() -> None:
    from litekeep import errors

    told = read(DOCS / "how-to" / "troubleshoot.md")
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.LitekeepError):
            assert f"`{name}`" in told, f"{name} is not explained"
            row = next(line for line in told.splitlines() if f"`{name}`" in line)
            assert f"`{value.code}`" in row, f"{name} has the code {value.code}"
            assert f"| {value.exit_code} |" in row, f"{name} has the exit code {value.exit_code}"
