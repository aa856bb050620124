"""Messages over a pipe: whole, in order, and never half."""

from __future__ import annotations

import io
import os
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.worker.stream import Cancel, Done, Event, Progress, Ready, Stream

FACTS = st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.none())
MESSAGES = st.one_of(
    st.builds(Ready, st.text(max_size=10)),
    st.builds(Progress, st.text(max_size=10), st.integers(0), st.integers(0), st.just("pages")),
    st.builds(Event, st.text(max_size=10), st.dictionaries(st.text(max_size=8), FACTS, max_size=4)),
    st.builds(Done, st.binary(max_size=3000)),
    st.just(Cancel()),
)


class Dripping(io.RawIOBase):
    """A pipe that takes and gives only a few bytes at a time, as one does that is interrupted by signals."""

    def __init__(self, inner: io.BytesIO, portion: int) -> None:
        self.inner = inner
        self.portion = portion

    def write(self, data: Any) -> int:
        return self.inner.write(bytes(memoryview(data)[: self.portion]))

    def read(self, count: int = -1) -> bytes:
        return self.inner.read(min(count, self.portion))


def sent(messages: list[object], portion: int = 1 << 20) -> bytes:
    wire = io.BytesIO()
    stream = Stream(io.BytesIO(), Dripping(wire, portion))  # type: ignore[arg-type]
    for message in messages:
        stream.send(message)
    return wire.getvalue()


def received(wire: bytes, portion: int = 1 << 20) -> list[object]:
    """Everything up to the end of the stream."""
    stream = Stream(Dripping(io.BytesIO(wire), portion), io.BytesIO())  # type: ignore[arg-type]
    found = []
    while True:
        try:
            found.append(stream.receive())
        except EOFError:
            return found


@given(messages=st.lists(MESSAGES, max_size=6), portion=st.integers(1, 700))
def test_what_is_sent_arrives_however_the_pipe_cuts_it(messages: list[object], portion: int) -> None:
    assert received(sent(messages, portion), portion) == messages


@given(messages=st.lists(MESSAGES, min_size=1, max_size=4), data=st.data())
def test_a_stream_that_is_cut_off_gives_the_whole_messages_and_then_ends(
    messages: list[object], data: st.DataObject
) -> None:
    wire = sent(messages)
    cut = data.draw(st.integers(0, len(wire) - 1))
    whole = received(wire[:cut])
    assert whole == messages[: len(whole)]
    assert len(whole) < len(messages)


def test_several_threads_send_without_mixing() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as incoming, os.fdopen(writing, "wb", buffering=0) as outgoing:
        stream = Stream(incoming, outgoing)
        texts = [str(number) * 30_000 for number in range(4)]

        def send_five(text: str) -> None:
            for _ in range(5):
                stream.send(Event(text, {}))

        threads = [threading.Thread(target=send_five, args=(text,)) for text in texts]
        for thread in threads:
            thread.start()
        names = sorted(stream.receive().name for _ in range(20))
        for thread in threads:
            thread.join()
    assert names == sorted(texts * 5)


def test_nobody_listens() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as outgoing, pytest.raises(BrokenPipeError):
        Stream(io.BytesIO(), outgoing).send(Cancel())
