"""The application's side of the helper process: start it, give it jobs one at a time, and never hang on it.

Started as `python -m litekeep.worker`, or, in an application frozen into one program (PyInstaller and the like), as
that program with one argument, which `litekeep.freeze_support` recognises. The application's main module is never
imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import litekeep
from litekeep.errors import HelperFailed, UsageError
from litekeep.monitor import Monitor
from litekeep.worker.jobs import Job
from litekeep.worker.stream import Cancel, Done, Event, Progress, Ready, Stream

Result = TypeVar("Result")
FROZEN_ARGUMENT = "--litekeep-worker"
MARK = "LITEKEEP_WORKER"
"""Set in the helper's environment: a program that starts itself as its own helper by mistake is noticed by it."""
START_SECONDS = 30.0
_END_SECONDS = 5.0
_TOLD_LINES = 20


class HelperProcess:
    """Runs jobs in a process of its own. Jobs come one at a time; `cancel` and `kill` from any thread.

    Args:
        environment: of the helper.
        python: the interpreter; None: the one that runs this process.
    """

    def __init__(self, environment: Mapping[str, str], python: Path | None = None) -> None:
        self._environment = environment
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._stream: Stream | None = None
        self._told: deque[str] = deque(maxlen=_TOLD_LINES)
        self._drainer: threading.Thread | None = None
        self._guard = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process number, while there is a process."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def run(self, job: Job[Result], monitor: Monitor) -> Result:
        """Run a job and return its result; raises what the job raised, or HelperFailed.

        While it runs, `monitor` gets events and progress on this thread, and is asked whether to stop.
        """
        stream = self._ready()
        try:
            stream.send(job)
        except OSError as error:
            raise self._ended() from error
        done = self._listen(stream, monitor)
        if done.error is not None:
            raise done.error
        result: Result = done.result
        return result

    def _listen(self, stream: Stream, monitor: Monitor) -> Done:
        """Up to the answer. Left in any other way, the process goes: what it still says is not for the next job."""
        try:
            with _Watch(monitor, lambda: stream.send(Cancel())):
                while True:
                    message = stream.receive()
                    if isinstance(message, Done):
                        return message
                    _pass_on(message, monitor)
        except (EOFError, OSError) as error:
            raise self._ended() from error
        except BaseException:
            self.kill()
            self.close()
            raise

    def kill(self) -> None:
        """End the process at once; a job in it leaves what SIGKILL leaves, and the next run tidies up."""
        with self._guard:
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End the process; it must have no job."""
        with self._guard:
            process, self._process, self._stream = self._process, None, None
        if process is None:
            return
        assert process.stdin is not None
        try:
            process.stdin.close()
        except OSError:
            pass
        _end(process)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def _ready(self) -> Stream:
        if self._stream is not None and self.pid is not None:
            return self._stream
        self.close()
        try:
            with self._guard:
                self._process = process = subprocess.Popen(
                    worker_command(self._python),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=worker_environment(self._environment),
                    bufsize=0,
                    **_apart(),
                )
        except OSError as error:
            raise HelperFailed(
                f"the helper process cannot be started: {error.strerror or error}",
                safe="The database was not touched.",
                hint="Check that the program may start processes.",
            ) from error
        assert process.stdin
        assert process.stdout
        self._told.clear()
        self._drainer = threading.Thread(target=self._drain, args=(process,), daemon=True)
        self._drainer.start()
        self._stream = stream = Stream(process.stdout, process.stdin)
        timer = threading.Timer(START_SECONDS, process.kill)
        timer.start()
        try:
            message = stream.receive()
        except (EOFError, OSError, ValueError) as error:
            raise self._ended() from error
        finally:
            timer.cancel()
        if message != Ready(litekeep.__version__):
            self.kill()
            raise HelperFailed(f"the helper process is another Litekeep: {message}")
        return stream

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                self._told.append(line.decode(errors="replace").rstrip())
        except (OSError, ValueError):
            pass  # closed

    def _ended(self) -> HelperFailed:
        process = self._process
        status = None if process is None else _end(process)
        if self._drainer is not None:
            self._drainer.join(_END_SECONDS)
        told = next((line for line in reversed(self._told) if line), "")
        self.close()
        return HelperFailed(
            f"the helper process ended before its job did (exit status {status}{'; ' + told if told else ''})",
            safe="The database is as it was, or as SQLite restores it by itself; all earlier backups are unchanged.",
            hint="Try again; if it repeats, look into the log.",
        )


def _end(process: subprocess.Popen[bytes]) -> int:
    """Wait for its end, but not for ever; returns its exit status."""
    try:
        return process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


class _Watch:
    """Asks the monitor now and then whether to stop, also while no message comes."""

    def __init__(self, monitor: Monitor, cancel: Callable[[], None]) -> None:
        self._monitor = monitor
        self._cancel = cancel
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            if self._monitor.cancelled():
                try:
                    self._cancel()
                except OSError:
                    pass  # it has ended by itself
                return


def _pass_on(message: object, monitor: Monitor) -> None:
    if isinstance(message, Progress):
        monitor.progress(message.phase, message.done, message.total, message.unit)
    elif isinstance(message, Event):
        monitor.event(message.name, **message.facts)


_supported = False


def freeze_support() -> None:
    """For applications frozen into one program: call this first thing in the main module.

    In the program's role as its own helper process it serves and never returns; otherwise it does nothing.
    """
    global _supported  # noqa: PLW0603 - a fact about this process
    _supported = True
    if sys.argv[1:2] == [FROZEN_ARGUMENT]:
        from litekeep.worker.serve import main

        main()
        sys.exit(0)


def worker_command(python: Path | None = None) -> list[str]:
    """How the helper is started; raises UsageError in a frozen program that forgot `freeze_support`."""
    if getattr(sys, "frozen", False) and python is None:
        if not _supported:
            raise UsageError(
                "this program is frozen, and litekeep.freeze_support() was not called",
                hint="Call it as the first statement of the main module, before anything opens a window.",
            )
        return [sys.executable, FROZEN_ARGUMENT]
    interpreter = str(python) if python is not None else sys.executable
    if not interpreter:
        hint = "Name it: BackupManager(python=...)."
        raise UsageError("this program does not tell which Python it runs on", hint=hint)
    return [interpreter, "-P", "-m", "litekeep.worker"]  # -P: nothing is imported from the working directory


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The helper's environment: it finds this very Litekeep, also where the application changed sys.path."""
    here, paths = Path(litekeep.__file__).absolute().parent.parent, environment.get("PYTHONPATH", "")
    if here not in _found_by_itself():
        paths = os.pathsep.join(filter(None, (str(here), paths)))
    return {**environment, MARK: "1", "PYTHONPATH": paths}


def _found_by_itself() -> set[Path]:
    """Where this interpreter looks for installed packages, after its standard library, without being told."""
    import site
    import sysconfig

    return {Path(path) for path in (*site.getsitepackages(), site.getusersitepackages(), sysconfig.get_path("purelib"))}


def _apart() -> dict[str, Any]:
    """A process group of its own: Ctrl-C is for the application. Windows would also show a console window."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}
