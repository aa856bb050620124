"""restore.py as a stranger has it: alone, in an interpreter that has zstd, perhaps cryptography, and nothing else."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from litekeep.repository import restore

SCRIPT = Path(restore.__file__)


def make_interpreter(folder: Path, *, with_cryptography: bool = False) -> Path:
    """A Python without any packages but zstd, and those of cryptography if asked for; returns the program."""
    venv.create(folder, with_pip=False, symlinks=sys.platform != "win32")
    places = folder / "Lib/site-packages", *folder.glob("lib/python*/site-packages")
    site = next(place for place in places if place.is_dir())
    if sys.version_info < (3, 14):
        shutil.copytree(_place("backports.zstd").parent, site / "backports" / "zstd")
    if with_cryptography:
        for name in ("cryptography", "cffi", "pycparser"):
            with contextlib.suppress(ModuleNotFoundError):
                shutil.copytree(_place(name).parent, site / name, ignore=shutil.ignore_patterns("__pycache__"))
        with contextlib.suppress(ModuleNotFoundError):
            shutil.copy(_place("_cffi_backend"), site)
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _place(module: str) -> Path:
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(module)
    return Path(found.origin)


def run_alone(python: Path, script: Path, *arguments: object, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the script in a process of its own, isolated from everything around it. typed: what its input holds."""
    command = [str(python), "-I", "-X", "utf8", str(script), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False, input=typed
    )


@dataclass(frozen=True)
class Outcome:
    """What a run said and returned."""

    code: int
    out: str
    err: str


def load(script: Path = SCRIPT) -> ModuleType:
    """The script as a module of its own."""
    spec = importlib.util.spec_from_file_location("restore_program", script)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_inside(program: ModuleType, *arguments: object) -> Outcome:
    """Run the script in this process: a hundred times as fast."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = program.main([str(argument) for argument in arguments])
    return Outcome(code, out.getvalue(), err.getvalue())
