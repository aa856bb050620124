"""How far a job is: fraction, amount, and a remaining time that is told only when it is more than a guess."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import litekeep
from litekeep.ui.presenter.facts import Work
from litekeep.ui.presenter.progress import PHASES, progress
from ui.presenter.made import EN, FR, NOW

SIZE = 48_300_000
BEGUN = NOW - timedelta(seconds=2)
WORK = Work("backup", BEGUN, "capture", 2940, 10_000, "pages")


def text(work: Work, say: object = EN, size: int | None = SIZE) -> str:
    """The line, with plain spaces."""
    return progress(work, NOW, say, size_bytes=size).text.replace("\u00a0", " ")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("work", "fraction", "english", "french"),
    [
        (WORK, 0.294, "Reading the database · 14.2 of 48.3 MB", "Lecture de la base de données · 14,2 sur 48,3 Mo"),
        (
            replace(WORK, began=NOW - timedelta(seconds=4), done=5000),
            0.5,
            "Reading the database · 24.1 of 48.3 MB · about 4 s left",
            "Lecture de la base de données · 24,1 sur 48,3 Mo · encore 4 s environ",
        ),
        (
            replace(WORK, phase="store", unit="blocks"),
            0.294,
            "Storing what changed · 29%",
            "Stockage des changements · 29 %",
        ),
        (
            replace(WORK, phase="unpack", unit="bytes", total=0, done=5_000_000),
            None,
            "Unpacking · 5.0 MB",
            "Décompression · 5,0 Mo",
        ),
        (
            replace(WORK, phase="unpack", unit="bytes", total=10_000_000, done=5_000_000),
            0.5,
            "Unpacking · 5.0 of 10.0 MB",
            "Décompression · 5,0 sur 10,0 Mo",
        ),
        (replace(WORK, phase="", done=0, total=0), None, "Getting ready", "Préparation"),
        (replace(WORK, phase="a new one", unit="things"), 0.294, "29%", "29 %"),
        (
            replace(WORK, verb="verify", phase="verify", unit="frames", at=13, of=63, done=1, total=2),
            12.5 / 63,
            "13 of 63 · Reading the backup back",
            "13 sur 63 · Relecture de la sauvegarde",
        ),
        (
            replace(WORK, waiting=True),
            None,
            "Waiting until the job before it has finished",
            "En attente de la fin de l’opération précédente",
        ),
        (replace(WORK, cancelling=True), None, "Stopping at the next safe point", "Arrêt au prochain point sûr"),
        (
            replace(WORK, done=20_000),
            1.0,
            "Reading the database · 48.3 of 48.3 MB",
            "Lecture de la base de données · 48,3 sur 48,3 Mo",
        ),
    ],
)
def test_the_line(work: Work, fraction: float | None, english: str, french: str) -> None:
    assert (text(work), text(work, FR)) == (english, french)
    assert progress(work, NOW, EN).fraction == (None if fraction is None else pytest.approx(fraction))


def test_without_the_size_pages_are_per_cent() -> None:
    assert text(WORK, size=None) == "Reading the database · 29%"


@pytest.mark.parametrize(
    ("elapsed", "done", "left"),
    [
        (2.9, 1000, ""),
        (3, 1000, "about 25 s left"),
        (10, 5000, "about 10 s left"),
        (30, 9900, "about 1 s left"),
        (60, 3000, "about 2 min left"),
        (600, 100, "about 16 h left"),
        (100, 0, ""),
        (100, 10_000, ""),
    ],
)
def test_the_remaining_time(elapsed: float, done: int, left: str) -> None:
    work = replace(WORK, began=NOW - timedelta(seconds=elapsed), done=done)
    assert text(work).partition(" MB")[2].removeprefix(" · ") == left


def test_the_estimate_is_about_the_phase_not_the_job() -> None:
    work = replace(WORK, began=NOW - timedelta(hours=1), done=5000)
    assert text(replace(work, phase_began=NOW - timedelta(seconds=1))).endswith("MB")
    assert text(replace(work, phase_began=NOW - timedelta(seconds=8))).endswith("about 8 s left")
    several = replace(work, phase_began=NOW, at=31, of=60, done=0)
    assert text(several).endswith("about 1 h left")


def test_a_clock_that_was_put_back_gives_no_estimate() -> None:
    assert text(replace(WORK, began=NOW + timedelta(hours=1))) == "Reading the database · 14.2 of 48.3 MB"


def test_every_phase_of_the_engine_has_words() -> None:
    told = set()
    for path in Path(litekeep.__file__).parent.rglob("*.py"):
        if "ui" not in path.parts:
            found = path.read_text("utf-8")
            told |= set(re.findall(r'\.progress\(\s*"([^"]+)"', found))
            told |= set(re.findall(r'phase(?:: str)? ?= ?"([^"]+)"', found))
    assert {"capture", "store", "verify", "check", "rebuild"} <= told
    assert told <= set(PHASES)


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 70), st.integers(0, 70), st.integers(-50, 10**5))
def test_anything_gives_a_fraction_and_a_text(done: int, total: int, place: int, of: int, seconds: int) -> None:
    work = Work("verify", NOW - timedelta(seconds=seconds), "verify", done, total, "frames", at=place, of=of)
    found = progress(work, NOW, FR, size_bytes=SIZE)
    assert found.text
    assert found.fraction is None or 0 <= found.fraction <= 1
