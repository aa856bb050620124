"""Programs of many kinds that use a helper process, as processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import litekeep

TESTS = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 30.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups")

WAITS = """
import os, sys
from litekeep.monitor import Silent
from litekeep.worker.process import HelperProcess
from worker.sample_jobs import Answer, Wait

class Tells(Silent):
    def event(self, name, /, **facts):
        print(facts["pid"], flush=True)

helper = HelperProcess(os.environ)
if __name__ == "__main__":
    try:
        helper.run(Wait(), Tells())
    except KeyboardInterrupt:
        print("interrupted", helper.pid, helper.run(Answer(5), Silent()), flush=True)
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(TESTS)}


@contextmanager
def host(folder: Path, program: str) -> Iterator[subprocess.Popen[str]]:
    """A program in a process group of its own."""
    path = folder / "host.py"
    path.write_text(textwrap.dedent(program), "utf-8")
    command = [sys.executable, str(path)]
    with subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def told_by(folder: Path, program: str) -> str:
    """What a program prints; it must end well."""
    with host(folder, program) as child:
        told, _ = child.communicate(timeout=PATIENCE_SECONDS)
        assert child.returncode == 0
        return told


def is_alive(pid: int) -> bool:
    """False for a process that has ended, also if nobody has asked for its exit status yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        if Path("/proc/self").exists():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return state not in "ZX"


def ends(pid: int) -> bool:
    """True if the process ends by itself."""
    until = time.monotonic() + PATIENCE_SECONDS
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_alive(pid)


@posix
def test_the_helper_ends_when_its_host_is_killed(tmp_path: Path) -> None:
    with host(tmp_path, WAITS) as child:
        assert child.stdout
        helper = int(child.stdout.readline())
        assert is_alive(helper)
        child.send_signal(signal.SIGKILL)
        assert ends(helper)


@posix
def test_an_idle_helper_ends_when_its_host_is_killed(tmp_path: Path) -> None:
    program = """
    import os, time
    from litekeep.monitor import Silent
    from litekeep.worker.process import HelperProcess
    from worker.sample_jobs import Answer
    helper = HelperProcess(os.environ)
    helper.run(Answer(1), Silent())
    print(helper.pid, flush=True)
    time.sleep(60)
    """
    with host(tmp_path, program) as child:
        assert child.stdout
        helper = int(child.stdout.readline())
        assert is_alive(helper)
        child.send_signal(signal.SIGKILL)
        assert ends(helper)


@posix
def test_the_helper_ends_with_a_host_that_just_returns(tmp_path: Path) -> None:
    program = """
    import os
    from litekeep.monitor import Silent
    from litekeep.worker.process import HelperProcess
    from worker.sample_jobs import Answer
    helper = HelperProcess(os.environ)
    helper.run(Answer(1), Silent())
    print(helper.pid, flush=True)
    """
    assert ends(int(told_by(tmp_path, program)))


@posix
def test_ctrl_c_is_for_the_host(tmp_path: Path) -> None:
    with host(tmp_path, WAITS) as child:
        assert child.stdout
        helper = int(child.stdout.readline())
        os.killpg(child.pid, signal.SIGINT)
        told = child.stdout.readline().split()
        assert (told[0], told[-1]) == ("interrupted", "5")
        assert child.wait(PATIENCE_SECONDS) == 0
        assert ends(helper)


@posix
def test_ctrl_c_does_not_reach_the_helper(tmp_path: Path) -> None:
    program = """
    import os, signal
    from litekeep.monitor import Silent
    from litekeep.worker.process import HelperProcess
    from worker.sample_jobs import Answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    helper = HelperProcess(os.environ)
    helper.run(Answer(1), Silent())
    first = helper.pid
    os.killpg(0, signal.SIGINT)
    os.kill(first, signal.SIGINT)
    helper.run(Answer(1), Silent())
    assert helper.pid == first
    print(os.getpgid(0) == os.getpgid(first))
    """
    assert told_by(tmp_path, program).split() == ["False"]


def test_a_main_module_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    program = """
    import os
    from litekeep.monitor import Silent
    from litekeep.worker.process import HelperProcess
    from worker.sample_jobs import Answer
    print("main")
    helper = HelperProcess(os.environ)
    print(helper.run(Answer("answer"), Silent()))
    helper.close()
    """
    assert told_by(tmp_path, program).split() == ["main", "answer"]


@pytest.mark.parametrize("folder", ["vendor", "lib/site-packages"])
def test_a_host_that_carries_its_own_litekeep_and_moves_about(tmp_path: Path, folder: str) -> None:
    source = Path(litekeep.__file__).parent
    shutil.copytree(source, tmp_path / folder / "litekeep", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "random.py").write_text("raise SystemExit('a file of the user was run')")
    program = f"""
    import os, sys
    sys.path.insert(0, {folder!r})
    from litekeep.monitor import Silent
    from litekeep.worker.process import HelperProcess
    from worker.sample_jobs import Surroundings
    os.chdir("elsewhere")
    sys.path.pop(0)
    helper = HelperProcess(os.environ)
    found = helper.run(Surroundings(), Silent())
    helper.close()
    print(found["litekeep"])
    print(found["cwd"])
    """
    told = told_by(tmp_path, program).splitlines()
    assert Path(told[0]) == tmp_path / folder / "litekeep" / "__init__.py"
    assert Path(told[1]) == tmp_path / "elsewhere"


def test_a_helper_that_makes_a_manager_is_refused(tmp_path: Path) -> None:
    (tmp_path / "host.py").write_text("from litekeep import BackupManager\nBackupManager('a.db')\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "host.py"],
        cwd=tmp_path,
        env={**environment(), "LITEKEEP_WORKER": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "freeze_support" in done.stderr
    assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == ["host.py"]
