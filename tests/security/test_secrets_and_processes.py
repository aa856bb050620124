"""What other processes, other users and a crash may get to see: arguments, open files, core files, tracebacks."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from litekeep.cli.main import main
from litekeep.monitor import Silent
from litekeep.worker.process import HelperProcess, worker_command
from security.jobs import Around

if sys.platform != "linux":
    pytest.skip("looks into /proc", allow_module_level=True)
else:
    import resource

TESTS = Path(__file__).resolve().parent.parent


def test_the_helper_gets_its_pipes_and_nothing_else(tmp_path: Path) -> None:
    """Messages are pickles: who could write into the pipe would run code. It is nameless, and no child inherits it."""
    secret = os.open(tmp_path / "of-the-host", os.O_CREAT | os.O_RDWR, 0o600)
    os.set_inheritable(secret, True)
    helper = HelperProcess({**os.environ, "PYTHONPATH": str(TESTS)})
    try:
        found = helper.run(Around(), Silent())
    finally:
        helper.close()
        os.close(secret)
    assert not [name for name in found["files"] if "of-the-host" in name]
    assert "pipe:" not in found["of a child"]
    assert found["core"] == 0
    assert found["arguments"].split(b"\0")[1:] == [b"-P", b"-m", b"litekeep.worker", b""]


def test_the_host_keeps_its_own_limit() -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    helper = HelperProcess({**os.environ, "PYTHONPATH": str(TESTS)})
    helper.run(Around(), Silent())
    helper.close()
    assert resource.getrlimit(resource.RLIMIT_CORE) == before


def test_jobs_are_no_arguments() -> None:
    assert worker_command(Path("/usr/bin/python3")) == ["/usr/bin/python3", "-P", "-m", "litekeep.worker"]


def test_a_command_that_crashes_leaves_no_core(tmp_path: Path) -> None:
    """The limit of who calls it is lifted as far as it goes, and it dies of a signal that leaves a core."""
    program = (
        "import os, resource, signal, sys\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)\n"
        "import litekeep.cli.main as main\n"
        "main.main = lambda arguments: (print(resource.getrlimit(resource.RLIMIT_CORE)[0], flush=True), os.abort())\n"
        "main.run()"
    )
    command = [sys.executable, "-c", program, "list"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("0\n", -signal.SIGABRT)
    assert list(tmp_path.iterdir()) == []


def test_a_traceback_tells_no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_PASSWORD", "correct horse battery")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("https://me:hunter22@nas/ said no to correct horse battery, token=abcdefgh\x1b[2J")

    monkeypatch.setattr("litekeep.cli.session.Session.find", broken)
    for options in ((), ("-v",), ("--json",)):
        told = capture("list", *options)
        assert "RuntimeError" in told
        for secret in ("hunter22", "correct horse", "abcdefgh", "\x1b"):
            assert secret not in told


def capture(*arguments: str) -> str:
    """All that a command in this process prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        main(list(arguments))
    return out.getvalue()
