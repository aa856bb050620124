"""restore.py in an encrypted repository: with the passphrase or the recovery key alone, and nothing of Litekeep."""

from __future__ import annotations

import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from formats.bare import SCRIPT, run_alone, run_inside
from formats.test_restore_program import Made, back_up_days, require_refusal
from litekeep.formats.keyslot import PASSPHRASE, RECOVERY, Cost
from litekeep.formats.printedkey import print_key
from litekeep.monitor import Silent
from litekeep.operations.prune import PruneOptions, prune
from litekeep.repository.keyring import NewSlot
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock

PHRASE, RECOVERY_KEY = "Größe: correct horse", print_key(bytes(range(32)))
SLOTS = (NewSlot(PASSPHRASE, PHRASE, cost=Cost(64, 2, 2)), NewSlot(RECOVERY, RECOVERY_KEY))


@pytest.fixture(scope="session")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Two databases, some days each, pruned and compacted; one with frames of many blocks."""
    folder, clock = tmp_path_factory.mktemp("encrypted"), ManualClock()
    storage = LocalStorage(folder / "repository", clock, create=True)
    repository = Repository.create(storage, clock.now(), encryption=SLOTS)
    made = Made(folder / "repository", clock, {})
    back_up_days(made, repository, folder / "app.db", 4096, 3000, days=4)
    back_up_days(made, repository, folder / "small.db", 512, 60, days=2)
    policy = RetentionPolicy(days=1, weeks=0, months=0, keep_last=2, trash_days=0)
    prune(repository, PruneOptions(policy, confirmed=True), clock=clock, monitor=Silent())
    for key in repository.snapshot_keys():
        image = folder / "image"
        image.write_bytes(b"")
        rebuild(repository, PackTable(repository), key.key, repository.read_manifest(key.key), image, Silent())
        made.images[key.id] = image.read_bytes()
    assert made.images
    return made


@pytest.fixture
def hurt(encrypted: Made, tmp_path: Path) -> Made:
    return replace(encrypted, folder=shutil.copytree(encrypted.folder, tmp_path / "repository"))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text(RECOVERY_KEY + "\n", "utf-8")
    return tmp_path / "key"


@pytest.mark.parametrize("typed", [PHRASE, RECOVERY_KEY, RECOVERY_KEY.lower().replace("-", " ")])
def test_typed_where_nothing_of_litekeep_is(
    python_that_decrypts: Path, encrypted: Made, tmp_path: Path, typed: str
) -> None:
    for package in ("litekeep", "blake3"):
        command = [str(python_that_decrypts), "-I", "-c", f"import {package}"]
        assert subprocess.run(command, capture_output=True, check=False).returncode != 0
    script = encrypted.folder / "restore.py"
    listed = run_alone(python_that_decrypts, script, typed=typed + "\n")
    assert (listed.returncode, listed.stderr) == (0, "")
    for snapshot, image in encrypted.images.items():
        assert snapshot in listed.stdout
        done = run_alone(python_that_decrypts, script, snapshot, tmp_path / snapshot, typed=typed + "\n")
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / snapshot).read_bytes() == image
        if typed != PHRASE:
            break


@pytest.mark.parametrize("typed", [PHRASE, RECOVERY_KEY])
def test_without_cryptography(python: Path, encrypted: Made, tmp_path: Path, typed: str) -> None:
    out = tmp_path / "out.db"
    arguments = ("latest", out, "--source", "app")
    done = run_alone(python, encrypted.folder / "restore.py", *arguments, typed=typed + "\n")
    require_refusal(done, out, code=2)
    assert "python -m pip install --upgrade cryptography" in done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wrong horse", "this passphrase opens no key slot"),
        ("", "this passphrase opens no key slot"),
        (print_key(bytes(32)), "this key opens no key slot"),
        (RECOVERY_KEY[:20] + "Z" + RECOVERY_KEY[21:], "the key is mistyped in group 3"),
    ],
)
def test_the_wrong_key(program: ModuleType, encrypted: Made, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "key").write_text(text, "utf-8")
    out = tmp_path / "out.db"
    done = run_inside(program, "latest", out, "--repository", encrypted.folder, "--key-file", tmp_path / "key")
    require_refusal(done, out, code=2)
    assert told in done.err
    assert "damage" not in done.err


def test_keys_are_read_as_litekeep_reads_them(program: ModuleType) -> None:
    rng = random.Random(9)
    for _ in range(50):
        key = rng.randbytes(32)
        assert program.printed_key(print_key(key)) == key
    for text in ("", "correct horse", RECOVERY_KEY[:-1], "U" * 64):
        assert program.printed_key(text) is None


def test_damage_anywhere(program: ModuleType, hurt: Made, tmp_path: Path, key_file: Path) -> None:
    """Never wrong bytes, never another kind of answer, and never "wrong key" for what is damage."""
    chance, out = random.Random(11), tmp_path / "out.db"
    newest = dict([next(iter(hurt.images.items())), list(hurt.images.items())[-1]])
    for kind in ("packs", "snapshots", "keys", "repository.json"):
        objects = [hurt.folder / kind] if kind == "repository.json" else hurt.objects(kind)
        for path in objects[:4]:
            data = path.read_bytes()
            places = [0, 4, 5, 6, 8, 39, 40, len(data) - 1, *(chance.randrange(len(data)) for _ in range(6))]
            for wrong in [*(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in places), data[:-1], b""]:
                path.write_bytes(wrong)
                for snapshot, image in newest.items():
                    arguments = (snapshot, out, "--repository", hurt.folder, "--key-file", key_file)
                    done = run_inside(program, *arguments)
                    if done.code == 0:
                        assert out.read_bytes() == image
                        out.unlink()
                    else:
                        require_refusal(done, out)
            path.write_bytes(data)


def test_hostile_costs_are_refused_at_once(program: ModuleType, hurt: Made, tmp_path: Path) -> None:
    import json

    from blake3 import blake3

    slot = next(path for path in hurt.objects("keys") if b'"passphrase"' in path.read_bytes())
    for cost in ({"memory_kib": 1 << 40}, {"iterations": 10**6}, {"lanes": 0}):
        facts = json.loads(slot.read_bytes())
        del facts["checksum"]
        facts["argon2id"] |= cost
        facts["checksum"] = blake3(program.canonical(facts)).hexdigest()
        slot.write_bytes(program.canonical(facts))
        (tmp_path / "key").write_text(PHRASE, "utf-8")
        out = tmp_path / "out.db"
        done = run_inside(program, "latest", out, "--repository", hurt.folder, "--key-file", tmp_path / "key")
        require_refusal(done, out)
        assert "no key slot opens, and one cannot be read" in done.err


def test_the_script_is_the_same_in_both_kinds(encrypted: Made) -> None:
    assert (encrypted.folder / "restore.py").read_bytes() == SCRIPT.read_bytes()
