"""What a decoder is, for the fuzzer: bytes in, a value or one of its stated errors out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))


@dataclass(frozen=True, slots=True)
class Decoder:
    """One decoder.

    decode: reads an input, and does with the value what Litekeep does next; the folder is empty, or holds what the last
    call left. refusals: the errors that it may raise; () if it must take everything. seeds: good inputs. tokens: words
    of the format. seal: puts right checksums in, so that a mutation gets behind them. weight: its share of executions.
    """

    name: str
    decode: Callable[[bytes, Path], object]
    refusals: tuple[type[Exception], ...]
    seeds: Callable[[], Sequence[bytes]]
    tokens: Sequence[bytes] = ()
    seal: Callable[[bytes], bytes] | None = None
    weight: int = 10


def text_of(data: bytes) -> str:
    """Any bytes as text that a person, a shell or a file may give."""
    return data.decode("utf-8", "surrogateescape")


def names_in(*texts: str) -> tuple[bytes, ...]:
    """Words, as tokens."""
    return tuple(word.encode() for text in texts for word in text.split())


def show(*moments: datetime | None) -> None:
    """A moment that was read can be told anywhere on earth, and be compared."""
    for moment in moments:
        if moment is not None:
            assert moment.tzinfo is not None
            assert moment.astimezone(EAST) == moment.astimezone(WEST)
            assert moment - timedelta(days=1) < moment < moment + timedelta(days=1)


def sealed_json(data: bytes, canonical: Callable[[dict[str, Any]], bytes], digest: Callable[[bytes], str]) -> bytes:
    """A JSON object in its canonical form with the checksum that fits; other bytes as they are."""
    import json

    with suppress(ValueError, RecursionError):
        facts = json.loads(data)
        if isinstance(facts, dict):
            facts.pop("checksum", None)
            return canonical({**facts, "checksum": digest(canonical(facts))})
    return data
