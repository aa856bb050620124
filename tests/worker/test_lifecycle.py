"""One helper process: it starts, works, fails, is stopped and killed, and the next job works."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import litekeep
from litekeep import errors
from litekeep.errors import Cancelled, CorruptObject, HelperFailed, LitekeepError, SettingProblem, UsageError
from litekeep.monitor import Fact, Silent
from litekeep.testing import RecordingMonitor
from litekeep.worker import process
from litekeep.worker.pace import PROGRESS_SECONDS, Paced
from litekeep.worker.process import HelperProcess, worker_command, worker_environment
from litekeep.worker.stream import Cancel

from .sample_jobs import Answer, Awkward, Deaf, Die, Fail, Noise, Steps, Surroundings, Wait

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


class Reacting(RecordingMonitor):
    """Does something when a certain event comes."""

    def __init__(self, name: str, action: Callable[[], object]) -> None:
        super().__init__()
        self.name, self.action = name, action
        self.stop = False

    def event(self, name: str, /, **facts: Fact) -> None:
        super().event(name, **facts)
        if name == self.name:
            self.action()

    def cancelled(self) -> bool:
        return self.stop


def test_it_starts_with_the_first_job_serves_many_and_ends(helper: HelperProcess) -> None:
    assert helper.pid is None
    assert helper.run(Answer({"a": [1, 2]}), Silent()) == {"a": [1, 2]}
    first = helper.pid
    assert first not in (None, os.getpid())
    assert helper.run(Answer(b"x" * (3 << 20)), Silent()) == b"x" * (3 << 20)
    assert helper.pid == first
    helper.close()
    helper.close()
    assert helper.pid is None
    assert helper.run(Answer(None), Silent()) is None
    assert helper.pid not in (None, first)


def all_errors() -> list[LitekeepError]:
    """One of each kind, with everything that it can carry."""

    def kinds(kind: type[LitekeepError]) -> list[type[LitekeepError]]:
        return [kind, *(each for below in kind.__subclasses__() for each in kinds(below))]

    own: dict[type[LitekeepError], tuple[tuple[str, ...], dict[str, Any]]] = {
        CorruptObject: (("packs/ab", "does not match its name"), {}),
        errors.NewerObject: (("packs/ab", "was written by a newer Litekeep"), {}),
        errors.SettingsInvalid: (("2 problems",), {"problems": [SettingProblem("a", "1", "is bad", "2", "b")]}),
    }
    found = []
    for kind in dict.fromkeys(kinds(LitekeepError)):
        if kind.__module__ != "litekeep.errors":
            continue
        arguments, extra = own.get(kind, (("it broke",), {}))
        if issubclass(kind, errors.StorageError):
            extra = {"key": "snapshots/x"}
        found.append(kind(*arguments, safe="All is safe.", hint="Try again.", **extra))
    return found


def test_every_error_crosses_whole(helper: HelperProcess) -> None:
    every = all_errors()
    assert len(every) > 20
    for error in every:
        with pytest.raises(LitekeepError) as caught:
            helper.run(Fail(error), Silent())
        there = caught.value
        assert type(there) is type(error)
        assert (there.code, there.exit_code, str(there)) == (error.code, error.exit_code, str(error))
        assert vars(error).items() <= vars(there).items()


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), OSError(28, "full", "/x"), KeyError("k")])
def test_an_unexpected_error_arrives_with_the_place_where_it_happened(helper: HelperProcess, error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        helper.run(Fail(error), Silent())
    assert str(caught.value) == str(error)
    assert "sample_jobs.py" in "".join(getattr(caught.value, "__notes__", []))
    assert helper.run(Answer(1), Silent()) == 1


def test_an_expected_error_has_no_such_note(helper: HelperProcess) -> None:
    with pytest.raises(UsageError) as caught:
        helper.run(Fail(UsageError("no")), Silent())
    assert not getattr(caught.value, "__notes__", [])


@pytest.mark.parametrize(("how", "told"), [("result", "lock"), ("error", "held"), ("stubborn", "salt and pepper")])
def test_what_cannot_cross_the_pipe_is_told_and_the_process_stays(helper: HelperProcess, how: str, told: str) -> None:
    helper.run(Answer(0), Silent())
    before = helper.pid
    with pytest.raises(LitekeepError, match=told):
        helper.run(Awkward(how), Silent())
    assert helper.run(Answer(1), Silent()) == 1
    assert helper.pid == before


def test_progress_is_told_but_not_too_often(helper: HelperProcess) -> None:
    monitor = RecordingMonitor()
    seconds = helper.run(Steps(20_000), monitor)
    for phase in ("read", "store"):
        mine = [done for name, done, _, _ in monitor.steps if name == phase]
        assert mine[0] == 0
        assert mine[-1] == 20_000
        assert mine == sorted(mine)
    assert len(monitor.steps) <= 4 + seconds / PROGRESS_SECONDS


def test_a_running_job_is_stopped_by_the_monitor(helper: HelperProcess) -> None:
    monitor = Reacting("waiting", lambda: setattr(monitor, "stop", True))
    with pytest.raises(Cancelled, match="on request"):
        helper.run(Wait(), monitor)
    assert helper.run(Answer(1), Silent()) == 1


def test_a_cancel_that_comes_too_late_does_not_stop_the_next_job(helper: HelperProcess) -> None:
    assert helper.run(Answer(1), Silent()) == 1
    assert helper._stream is not None
    helper._stream.send(Cancel())  # as the watch does when the answer and its message pass each other
    assert helper.run(Deaf(0.2), Silent()) == "done"
    assert helper.run(Answer(2), Silent()) == 2


def test_nothing_that_is_printed_gets_among_the_messages(helper: HelperProcess) -> None:
    assert helper.run(Noise(), Silent()) == "quiet"
    assert helper.run(Answer(2), Silent()) == 2


@posix
def test_killed_in_the_middle_of_a_job(helper: HelperProcess) -> None:
    with pytest.raises(HelperFailed, match=r"exit status -9") as caught:
        helper.run(Die(), Silent())
    assert caught.value.safe
    assert caught.value.hint
    assert helper.pid is None
    assert helper.run(Answer(1), Silent()) == 1


def test_the_last_words_of_a_process_are_told(helper: HelperProcess) -> None:
    with pytest.raises(HelperFailed, match=r"exit status 3; no more memory"):
        helper.run(Die("no more memory"), Silent())
    with pytest.raises(HelperFailed) as caught:
        helper.run(Die(""), Silent())
    assert "memory" not in str(caught.value)


def test_kill_from_another_thread_ends_a_job_that_does_not_look(helper: HelperProcess) -> None:
    monitor = Reacting("working", lambda: threading.Thread(target=helper.kill).start())
    with pytest.raises(HelperFailed):
        helper.run(Deaf(60), monitor)
    assert helper.run(Answer(1), Silent()) == 1


@posix
def test_killed_while_idle(helper: HelperProcess) -> None:
    helper.run(Answer(1), Silent())
    assert helper.pid is not None
    os.kill(helper.pid, signal.SIGKILL)
    assert helper._process is not None
    helper._process.wait()
    assert helper.run(Answer(2), Silent()) == 2


def test_a_monitor_that_raises_leaves_no_answer_for_the_next_job(helper: HelperProcess) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        helper.run(Deaf(0.1), Reacting("working", interrupt))
    assert helper.run(Answer("mine"), Silent()) == "mine"


def test_a_job_that_cannot_be_sent_changes_nothing(helper: HelperProcess) -> None:
    helper.run(Answer(1), Silent())
    before = helper.pid
    with pytest.raises(Exception, match=r"pickle|local object"):
        helper.run(Answer(lambda: None), Silent())
    assert helper.run(Answer(2), Silent()) == 2
    assert helper.pid == before


def test_its_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": tests, "COLOUR": "green"}
    helper = HelperProcess(environment)
    for module in ("random", "json", "litekeep", "blake3"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('a file of the user was run')")
    monkeypatch.chdir(tmp_path)
    try:
        found = helper.run(Surroundings(), Silent())
    finally:
        helper.close()
    assert found["pid"] != os.getpid()
    assert found["environment"]["COLOUR"] == "green"
    assert found["environment"][process.MARK] == "1"
    assert tests in found["path"]
    assert str(tmp_path) not in found["path"]
    assert "" not in found["path"]
    assert Path(found["litekeep"]) == Path(litekeep.__file__)
    assert Path(found["main"]).name == "__main__.py"
    assert process.MARK not in os.environ


def test_a_python_that_is_not_there() -> None:
    with pytest.raises(HelperFailed, match="cannot be started"):
        HelperProcess(os.environ, Path("/no/such/python")).run(Answer(1), Silent())


def test_a_python_that_is_another_program() -> None:
    with pytest.raises(HelperFailed, match="ended before"):
        HelperProcess(os.environ, Path("/bin/false")).run(Answer(1), Silent())


def test_a_frozen_program_without_freeze_support_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(UsageError, match="freeze_support") as caught:
        HelperProcess(os.environ).run(Answer(1), Silent())
    assert "first statement" in caught.value.hint
    monkeypatch.setattr(process, "_supported", True)
    assert worker_command() == [sys.executable, process.FROZEN_ARGUMENT]
    assert worker_command(Path("/x/python"))[0] == str(Path("/x/python"))


def test_freeze_support_does_nothing_in_the_application_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_supported", False)
    litekeep.freeze_support()
    assert process._supported


@pytest.mark.parametrize("place", ["vendor", "lib/site-packages"])
def test_the_helper_finds_this_litekeep_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(litekeep, "__file__", str(tmp_path / place / "litekeep" / "__init__.py"))
    paths = worker_environment({"PYTHONPATH": "/other"})["PYTHONPATH"].split(os.pathsep)
    assert paths == [str(tmp_path / place), "/other"]


def test_installed_packages_do_not_come_before_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    import sysconfig

    installed = Path(sysconfig.get_path("purelib"))
    monkeypatch.setattr(litekeep, "__file__", str(installed / "litekeep" / "__init__.py"))
    assert worker_environment({})["PYTHONPATH"] == ""


def test_what_was_kept_back_is_told_before_the_phase_ends() -> None:
    """Also where the total is not known, and where the phase ends before its total."""
    told = RecordingMonitor()
    paced = Paced(told)
    for done in range(1000):
        paced.progress("unpack", done, 0, "bytes")
    paced.progress("read", 0, 500, "pages")
    for done in range(1, 400):
        paced.progress("read", done, 500, "pages")
    paced.event("warning", code="x", message="y")
    paced.progress("read", 450, 500, "pages")
    paced.flush()
    assert told.steps[0][:2] == ("unpack", 0)
    assert ("unpack", 999) in [(phase, done) for phase, done, _, _ in told.steps]
    assert [done for phase, done, _, _ in told.steps if phase == "read"][-2:] == [399, 450]
    assert len(told.steps) < 12
