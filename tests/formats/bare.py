"""restore.py as a stranger has it: alone, in an interpreter that has zstd and nothing else."""

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


def make_interpreter(folder: Path) -> Path:
    """A Python without any packages but zstd; returns the program."""
    venv.create(folder, with_pip=False, symlinks=sys.platform != "win32")
    if sys.version_info < (3, 14):
        found = importlib.util.find_spec("backports.zstd")
        assert found
        assert found.origin
        package = Path(found.origin).parent
        places = folder / "Lib/site-packages", *folder.glob("lib/python*/site-packages")
        site = next(place for place in places if place.is_dir())
        shutil.copytree(package, site / "backports" / "zstd")
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def run_alone(python: Path, script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the script in a process of its own, isolated from everything around it."""
    command = [str(python), "-I", str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)


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
