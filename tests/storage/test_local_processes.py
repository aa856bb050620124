"""A folder shared by real processes: races for one name, writers and lock holders that are killed."""

from __future__ import annotations

import random
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import Locked, ObjectMissing
from litekeep.storage.local import LocalStorage
from storage import children

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="uses POSIX signals")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

RACER = """
content = sys.argv[2].encode() * 100_000
print("ready", flush=True)
for line in sys.stdin:
    key, moment = line.split()
    while time.monotonic() < float(moment):
        pass
    try:
        storage.put(key, content)
        print("won", flush=True)
    except LitekeepError as error:
        print(error.code, flush=True)
"""
WRITER = """
print("ready", flush=True)
number = 0
while True:
    storage.put(f"packs/{number % 4}/{number}", number.to_bytes(4, "big") * 250_000)
    number += 1
"""
HOLDER = """
with storage.lock("prune by the test on host-a"):
    print("held", flush=True)
    sys.stdin.readline()
"""
ONE_PUT = 'storage.put("packs/ab/one", b"x" * 100_000)'


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "backups", SystemClock(), create=True)


@pytest.mark.parametrize("without", ["", "link,linkat:error=EPERM", "link,linkat,renameat2:error=EINVAL"])
def test_two_processes_put_one_key(storage: LocalStorage, without: str) -> None:
    """Also where the file system has no hard links, and where it has no rename without replacing either."""
    if without and shutil.which("strace") is None:
        pytest.skip("needs strace")
    log = storage.root.with_name("trace")
    under = ("strace", "-f", "-o", str(log), "-e", f"inject={without}") if without else ()
    racers = [children.start(RACER, storage.root, letter, under=under) for letter in "ab"]
    assert [children.hear(racer) for racer in racers] == ["ready", "ready"]
    winners = set()
    for number in range(10):
        for racer in racers:
            children.say(racer, f"packs/ab/{number} {time.monotonic() + 0.02}")
        answers = [children.hear(racer) for racer in racers]
        assert sorted(answers) == ["object_exists", "won"]
        winner = "ab"[answers.index("won")]
        winners.add(winner)
        assert storage.get(f"packs/ab/{number}") == winner.encode() * 100_000
    for racer in racers:
        racer.communicate()
        assert racer.returncode == 0
    expected = [f"packs/ab/{number}" for number in range(10)]
    found = children.names(storage.root)
    assert [name for name in found if name != ".publish-lock"] == expected
    assert (".publish-lock" in found) == ("renameat2" in without)


def test_a_killed_writer_leaves_only_whole_objects(storage: LocalStorage) -> None:
    chance = random.Random(7)
    for _ in range(6):
        with children.start(WRITER, storage.root) as writer:
            assert children.hear(writer) == "ready"
            time.sleep(chance.uniform(0.0, 0.05))
            writer.send_signal(signal.SIGKILL)
        for entry in storage.list():
            number = int(entry.key.rpartition("/")[2])
            assert storage.get(entry.key) == number.to_bytes(4, "big") * 250_000


@needs_strace
@pytest.mark.parametrize(
    ("before", "visible"),
    [
        ("write", False),
        ("fsync:when=3", False),  # of the file; 1 and 2 were of the root and of packs
        ("link,linkat", False),
        ("unlink,unlinkat", True),
        ("fsync:when=4", True),
    ],
)
def test_a_writer_killed_at_each_step(storage: LocalStorage, before: str, *, visible: bool) -> None:
    """Killed just before a system call; complete or out of sight, and the next put goes through in any case."""
    names, _, when = before.partition(":")
    rule = f"inject={names}:signal=KILL" + (f":{when}" if when else "")
    (storage.root / "packs" / "ab").mkdir(parents=True)
    status, _ = children.run(ONE_PUT, storage.root, under=("strace", "-o", "/dev/null", "-e", rule))
    assert status in {-signal.SIGKILL, 128 + signal.SIGKILL}
    if visible:
        assert storage.get("packs/ab/one") == b"x" * 100_000
    else:
        assert storage.list() == []
        with pytest.raises(ObjectMissing):
            storage.get("packs/ab/one")
    leftovers = [name for name in children.names(storage.root) if ".tmp-" in name]
    assert len(leftovers) == (before != "fsync:when=4")
    assert storage.sweep_temporaries(-60) == len(leftovers)
    storage.put("packs/ab/one", b"x" * 100_000)
    assert children.names(storage.root) == ["packs/ab/one"]


def test_the_lock_names_its_holder_and_is_free_once_he_is_killed(storage: LocalStorage) -> None:
    with children.start(HOLDER, storage.root) as holder:
        assert children.hear(holder) == "held"
        with pytest.raises(Locked, match=r"prune by the test on host-a, since 20\d\d-\d\d-\d\dT"), storage.lock("me"):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with storage.lock("me"):
            status, output = children.run('with storage.lock("third"): pass', storage.root)
            assert status != 0
            assert "in use by me, since" in output


def test_the_lock_is_free_after_its_holder_ended(storage: LocalStorage) -> None:
    with children.start(HOLDER, storage.root) as holder:
        assert children.hear(holder) == "held"
        children.say(holder, "end")
        holder.wait()
    with storage.lock("me"):
        pass
