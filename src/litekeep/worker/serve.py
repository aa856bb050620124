"""The helper process itself: receive a job, run it, send what happens and how it ended; end with the pipe.

Standard input and output carry the messages and are taken out of reach first, so that nothing printed by accident gets
among them. Ctrl-C in the application's terminal reaches this process too; it is the application's to decide, so it is
ignored here, and what stops a job is the Cancel message or the end of the pipe.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import traceback
from queue import SimpleQueue
from typing import Any

import litekeep
from litekeep.blocks.memory import keep_freed_memory
from litekeep.errors import Cancelled, LitekeepError
from litekeep.monitor import Fact
from litekeep.worker.cores import without_core_dumps
from litekeep.worker.jobs import Job
from litekeep.worker.pace import Paced
from litekeep.worker.stream import Cancel, Done, Event, Progress, Ready, Stream

_Received = tuple[Job[Any], threading.Event]
"""A job, and what is set when it shall stop."""


class PipeMonitor:
    """Sends everything to the application. `stop`: set when the job shall end."""

    def __init__(self, stream: Stream, stop: threading.Event) -> None:
        self._stream = stream
        self._stop = stop

    def event(self, name: str, /, **facts: Fact) -> None:
        """Send."""
        self._send(Event(name, facts))

    def progress(self, phase: str, done: int, total: int, unit: str) -> None:
        """Send."""
        self._send(Progress(phase, done, total, unit))

    def cancelled(self) -> bool:
        """True after Cancel, or when the application has gone."""
        return self._stop.is_set()

    def _send(self, message: object) -> None:
        try:
            self._stream.send(message)
        except OSError:
            self._stop.set()  # nobody listens any more


def main() -> None:
    """Serve until the pipe ends."""
    keep_freed_memory()
    without_core_dumps()
    stream = _take_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs: SimpleQueue[_Received | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(stream, jobs), daemon=True).start()
    stream.send(Ready(litekeep.__version__))
    while (received := jobs.get()) is not None:
        job, stop = received
        try:
            _answer(stream, _run(job, PipeMonitor(stream, stop)))
        except OSError:
            break


def _take_pipes() -> Stream:
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (incoming, outgoing):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return Stream(os.fdopen(incoming, "rb", buffering=0), os.fdopen(outgoing, "wb", buffering=0))


def _listen(stream: Stream, jobs: SimpleQueue[_Received | None]) -> None:
    """Cancel is for the job before it in the stream: one that comes after that job's end stops no other."""
    stop = threading.Event()
    try:
        while True:
            message = stream.receive()
            if isinstance(message, Cancel):
                stop.set()
            else:
                stop = threading.Event()
                jobs.put((message, stop))
    except (EOFError, OSError):
        stop.set()
        jobs.put(None)


def _run(job: Job[Any], monitor: PipeMonitor) -> Done:
    try:
        if monitor.cancelled():
            raise Cancelled("stopped on request", safe="Nothing was begun.")
        paced = Paced(monitor)
        try:
            return Done(job.run(paced))
        finally:
            paced.flush()
    except LitekeepError as error:
        return Done(error=error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the application gets to know
        error.add_note("".join(traceback.format_exception(error)))  # a traceback itself cannot cross
        return Done(error=error)


def _answer(stream: Stream, answer: Done) -> None:
    """Send it, or why it cannot be sent; raises OSError when the application has gone."""
    try:
        pickle.loads(pickle.dumps(answer.error))  # noqa: S301 - some can be written and not read
        stream.send(answer)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - of whatever a class does when it is pickled
        told = answer.error if answer.error is not None else error
        stream.send(Done(error=LitekeepError(f"{type(told).__name__}: {told}")))
