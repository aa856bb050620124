"""Working copies hold what the database holds: none outlives a killed run, and none is taken from a living one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from litekeep.operations.scratch import scratch_folder, sweep

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="uses POSIX signals")

KILLED = """
import os, signal, sys
from pathlib import Path
from litekeep.operations.scratch import scratch_folder
left = int(sys.argv[2])
def hook(name, arguments):
    global left
    if name in ("os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "fcntl.flock") or name == "open":
        if name != "open" or "litekeep-scratch" in str(arguments[0]):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
with scratch_folder(Path(sys.argv[1])) as folder:
    for name in ("image.db", "verify.db", "z.db"):
        (folder / name).write_bytes(b"secret")
    (folder / "more").mkdir()
    (folder / "more" / "deep").write_bytes(b"secret")
"""
BUSY = """
import sys
from pathlib import Path
from litekeep.operations.scratch import scratch_folder
print("ready", flush=True)
sys.stdin.readline()
for number in range(300):
    with scratch_folder(Path(sys.argv[1])) as folder:
        (folder / "image.db").write_bytes(b"secret")
        assert (folder / "image.db").read_bytes() == b"secret"
"""


def test_killed_at_every_step(tmp_path: Path) -> None:
    """While the folder is made, filled and removed again: the next run leaves nothing of it."""
    for step in range(60):
        done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(step)], check=False)
        with scratch_folder(tmp_path):
            pass
        assert list(tmp_path.iterdir()) == [], f"after a kill at step {step}"
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    else:
        pytest.fail("it never came to its end")
    assert step > 10


def test_a_living_run_keeps_its_folder(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        assert sweep(tmp_path) == 0
        assert folder.is_dir()
    command = [sys.executable, "-c", BUSY, str(tmp_path)]
    runs = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)]
    for run in runs:
        assert run.stdout is not None
        assert run.stdout.readline() == b"ready\n"
    for run in runs:
        run.communicate(b"go\n", timeout=60)
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert list(tmp_path.iterdir()) == []
