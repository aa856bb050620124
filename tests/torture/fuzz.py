"""Every decoder is given bytes that were never right: it returns a value or raises its own error, soon and small.

Inputs come from good ones and from tests/torture/corpus, changed as in mutate.py; half of those with a checksum get one
that fits, so that what is behind it is reached. An input that makes a decoder answer in a new way (another error, from
another line) is kept and changed further. Beside them, bombs: small inputs that claim or unfold to much.

hunt.py looks for inputs by coverage, with atheris, and fills the corpus.

A case is named DECODER:INPUT, the input packed and in base 85, so that it can be run again without what came before it.
"""

from __future__ import annotations

import base64
import random
import resource
import signal
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from blake3 import blake3

from torture.bombs import BOMBS
from torture.campaign import Campaign, Shard, Size, Tally
from torture.decoders import DECODERS
from torture.decoders.decoder import Decoder
from torture.mutate import KINDS, Mutator

EXECUTIONS = {Size.CI: 20_000, Size.NIGHTLY: 2_000_000, Size.RELEASE: 200_000_000}
SLOW = {Size.CI: 12, Size.NIGHTLY: 1_500, Size.RELEASE: 150_000}
"""Executions of a decoder without weight: a whole program."""
BOMBS_EVERY = {Size.CI: 6, Size.NIGHTLY: 1, Size.RELEASE: 1}
SHARD = 5_000
MOST_KEPT = 300
SECONDS, HANGS_SECONDS = 1.0, 20
MEMORY_BYTES = 256 << 20
CORPUS = Path(__file__).parent / "corpus"
RESEALED, BOMB = "sealed again", "a bomb"
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Hung(Exception):
    """An execution was ended."""


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Decoders, each in parts by its weight; and the bombs."""
    made: list[Shard] = [(seed, "bombs", 0, BOMBS_EVERY[size])]
    whole = sum(each.weight for each in DECODERS)
    for each in DECODERS:
        count = -(-EXECUTIONS[size] * each.weight // whole) if each.weight else SLOW[size]
        made += [(seed, each.name, first, min(SHARD, count - first)) for first in range(0, count, SHARD)]
    return made


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """Some thousand executions of one decoder."""
    seed, name, first, count = int(shard[0]), str(shard[1]), int(shard[2]), int(shard[3])
    if tally.only:
        decoder, _, packed = tally.only.partition(":")
        if first == 0 and decoder == name:
            again(decoder_named(decoder), unpacked(packed), tally, folder)
        return
    with bounded():
        if name == "bombs":
            run_bombs(count, tally, folder)
        else:
            run_decoder(decoder_named(name), random.Random(f"{seed} {name} {first}"), count, tally, folder)


def run_decoder(decoder: Decoder, chance: random.Random, count: int, tally: Tally, folder: Path) -> None:
    """Mutate, execute, keep what is new."""
    decoder.seeds()  # what it takes to make them is not the decoder's
    mutator = Mutator(chance, [*decoder.seeds(), *corpus(decoder)], decoder.tokens)
    seen = set[object]()
    for seed in list(mutator.corpus):
        seen.add(execute(decoder, seed, tally, folder))
    with small(decoder.name, tally):
        for _ in range(count):
            data, kinds = mutator.make()
            if decoder.seal is not None and chance.random() < 0.5:
                data = decoder.seal(data)
                kinds.add(RESEALED)
            outcome = execute(decoder, data, tally, folder)
            tally.struck.update(kinds)
            if outcome not in seen and len(mutator.corpus) < MOST_KEPT:
                seen.add(outcome)
                mutator.corpus.append(data)
    tally.figures["ways to answer that were found"] += len(seen)


def run_bombs(every: int, tally: Tally, folder: Path) -> None:
    """Each by itself, with its own memory measured."""
    for name, make in BOMBS[::every]:
        data, decoder = make(), decoder_named(name)
        decoder.seeds()
        with small(name, tally, data):
            execute(decoder, data, tally, folder)
        tally.struck[BOMB] += 1


def again(decoder: Decoder, data: bytes, tally: Tally, folder: Path) -> None:
    """One input alone."""
    decoder.seeds()
    with bounded(), small(decoder.name, tally, data):
        execute(decoder, data, tally, folder)


def execute(decoder: Decoder, data: bytes, tally: Tally, folder: Path) -> object:
    """One execution; returns what tells its answer from others."""
    refusal = wrong = outcome = None
    began = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, HANGS_SECONDS)
        outcome = decoder.decode(data, folder)
    except decoder.refusals as error:
        refusal = answered(error)
    except Exception as error:
        wrong = error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if wrong is None and time.process_time() - began > SECONDS:
        wrong = AssertionError(f"took {time.process_time() - began:.1f} s")
    if wrong is not None:
        with tally.case(f"{decoder.name}:{packed(data)}"):
            raise wrong
        return answered(wrong)
    tally.cases += 1
    tally.struck[f"{decoder.name}: {'read' if refusal is None else 'refused'}"] += 1
    return refusal or (type(outcome), str(outcome)[:20])


def answered(error: BaseException) -> object:
    """Where an error comes from."""
    lines, trace = [], error.__traceback__
    while trace is not None:
        lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    cause = error.__cause__
    return type(error), tuple(lines[-4:]), answered(cause) if cause is not None else None


@contextmanager
def bounded() -> Iterator[None]:
    """What unfolds to gigabytes is an error and not the end of the machine; what never ends is an error too."""

    def hung(number: int, frame: FrameType | None) -> None:
        raise Hung(f"{HANGS_SECONDS} s of the processor")

    before = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGPROF, hung)
    resource.setrlimit(resource.RLIMIT_AS, (told("VmSize") + 8 * MEMORY_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
        signal.signal(signal.SIGPROF, handler)


@contextmanager
def small(name: str, tally: Tally, data: bytes | None = None) -> Iterator[None]:
    """A deviation if the most memory that was in use meanwhile is more than allowed above what was in use before."""
    _CLEAR.write_text("5")
    before = told("VmRSS")
    yield
    most = told("VmHWM") - before
    with tally.case(f"{name}:{'' if data is None else packed(data)}", count=0):
        assert most <= MEMORY_BYTES, f"took {most >> 20} MiB"


def told(what: str) -> int:
    """Bytes, as the kernel tells them of this process."""
    line = next(each for each in _STATUS.read_text().splitlines() if each.startswith(f"{what}:"))
    return int(line.split()[1]) << 10


def corpus(decoder: Decoder) -> list[bytes]:
    """What was kept of earlier hunts."""
    folder = CORPUS / decoder.name.replace(" ", "-")
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def keep(decoder: Decoder, inputs: Iterable[bytes]) -> None:
    """Add to the corpus."""
    for data in inputs:
        path = CORPUS / decoder.name.replace(" ", "-") / blake3(data).hexdigest(8)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def decoder_named(name: str) -> Decoder:
    """The one of this name."""
    return next(each for each in DECODERS if each.name == name)


def packed(data: bytes) -> str:
    """An input as text without quotes."""
    return base64.b85encode(zlib.compress(data, 9)).decode()


def unpacked(text: str) -> bytes:
    """The inverse of packed."""
    return zlib.decompress(base64.b85decode(text))


FUZZ = Campaign(
    "fuzz",
    "G6",
    "Every decoder returns a value or raises its own error, within a second and 256 MB, whatever it is given.",
    "executions",
    EXECUTIONS,
    shards,
    run,
    frozenset(
        {
            *KINDS,
            RESEALED,
            BOMB,
            *(f"{each.name}: read" for each in DECODERS),
            *(f"{each.name}: refused" for each in DECODERS if each.refusals),
        }
    ),
)
