"""The fuzzer notices an error of another kind, what takes too long and what takes too much."""

from __future__ import annotations

import random
import struct
import time
from dataclasses import replace
from pathlib import Path

import pytest

from torture import fuzz
from torture.campaign import Tally
from torture.decoders import DECODERS
from torture.decoders.decoder import Decoder

HEADER = fuzz.decoder_named("database header")


def tried(decoder: Decoder, folder: Path, count: int = 300) -> Tally:
    tally = Tally()
    with fuzz.bounded():
        fuzz.run_decoder(decoder, random.Random(1), count, tally, folder)
    return tally


def test_an_error_of_another_kind_is_a_deviation_that_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(data: bytes, _: Path) -> object:
        return struct.unpack(">H", data[16:18])

    decoder = replace(HEADER, decode=careless)
    tally = tried(decoder, tmp_path)
    assert 0 < tally.deviated < tally.cases
    assert "struct.error" in tally.deviations[0].what
    monkeypatch.setattr(fuzz, "DECODERS", (decoder,))
    again = Tally(only=tally.deviations[0].case)
    fuzz.run((1, decoder.name, 0, 300), again, tmp_path)
    assert (again.cases, again.deviated) == (1, 1)
    assert again.deviations[0].case == tally.deviations[0].case


def test_what_takes_too_long_is_a_deviation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(data: bytes, _: Path) -> object:
        end = time.process_time() + 0.1
        while data[:1] == b"x" and time.process_time() < end:
            pass
        return data

    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    tally = Tally()
    with fuzz.bounded():
        fuzz.execute(replace(HEADER, decode=slow), b"x", tally, tmp_path)
        fuzz.execute(replace(HEADER, decode=slow), b"y", tally, tmp_path)
    assert (tally.cases, tally.deviated) == (2, 1)


def test_what_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(data: bytes, _: Path) -> object:
        while data:
            pass
        return None

    monkeypatch.setattr(fuzz, "HANGS_SECONDS", 0.2)
    tally = Tally()
    with fuzz.bounded():
        fuzz.execute(replace(HEADER, decode=endless), b"x", tally, tmp_path)
    assert "Hung" in tally.deviations[0].what


def test_what_takes_too_much_memory_is_a_deviation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "MEMORY_BYTES", 32 << 20)
    sizes = [1 << 20, 100 << 20]
    tallies = [
        tried(replace(HEADER, decode=lambda data, _, size=size: len(b"x" * size) > len(data)), tmp_path, 2)  # type: ignore[misc]
        for size in sizes
    ]
    assert [tally.deviated for tally in tallies] == [0, 1]
    assert "MiB" in tallies[1].deviations[0].what


def test_every_decoder_takes_its_seeds(tmp_path: Path) -> None:
    assert len({each.name for each in DECODERS}) == len(DECODERS)
    for decoder in [each for each in DECODERS if each.weight]:
        tally = Tally()
        with fuzz.bounded():
            for seed in [*decoder.seeds(), *fuzz.corpus(decoder)]:
                fuzz.execute(decoder, seed, tally, tmp_path)
        assert not tally.deviated, [each.what for each in tally.deviations]
        assert tally.struck[f"{decoder.name}: read"], decoder.name


def test_the_corpus_is_of_decoders_and_small() -> None:
    names = {each.name.replace(" ", "-") for each in DECODERS}
    assert {path.name for path in fuzz.CORPUS.iterdir()} <= names
    assert sum(path.stat().st_size for path in fuzz.CORPUS.rglob("*") if path.is_file()) < 300_000
