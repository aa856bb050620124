"""The campaign notices commands that need a memory, or believe a wrong one, and histories that take many requests."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from litekeep.cli.group import cli
from litekeep.operations import sightings
from litekeep.repository.catalog import Catalog, load_catalog
from litekeep.repository.repository import Repository
from torture import amnesia
from torture.campaign import Tally


def test_every_command_is_tried_or_has_a_reason_why_not() -> None:
    tried = {
        command.split()[0] for command in (*amnesia.COMMANDS, *(each for of in amnesia.OF_KIND.values() for each in of))
    }
    assert tried | amnesia.ELSEWHERE.keys() == set(cli.list_commands(click.Context(cli)))
    assert not tried & amnesia.ELSEWHERE.keys()


def test_a_command_that_needs_a_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember = sightings.remember_in

    def needy(folder: Path, repository: Repository) -> None:
        if not any(folder.rglob("*.json")) and (folder.parent / "remembered").exists():
            raise FileNotFoundError("no memory")
        remember(folder, repository)

    monkeypatch.setattr(sightings, "remember_in", needy)
    monkeypatch.setattr(amnesia, "COMMANDS", ("list",))
    monkeypatch.setattr(amnesia, "OF_KIND", {"plain": ()})
    monkeypatch.setattr(amnesia, "MEMORIES", (amnesia.NOTHING,))
    tally = Tally()
    amnesia.run((1, "plain", 1), tally, tmp_path)
    assert tally.deviated


def test_a_list_that_asks_for_everything_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wasteful(repository: Repository) -> Catalog:
        load_catalog(repository)
        return load_catalog(repository)

    monkeypatch.setattr(amnesia, "load_catalog", wasteful)
    tally = Tally()
    amnesia.run((1, "long", 12), tally, tmp_path)
    assert [each.case for each in tally.deviations] == ["long-1"]
