"""The facts without which no figure means anything: the machine, the interpreter, the versions of everyone."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path

import litekeep
from benchmarks.peers import Peer


def facts(peers: Sequence[Peer]) -> dict[str, str]:
    """Name -> fact, in the order to show them. Nothing that tells who or where: no host name, no user, no paths."""
    found = {
        "cores": str(os.cpu_count()),
        "processor": _first_value("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite (in Python)": sqlite3.sqlite_version,
        "sqlite3 (program)": _output("sqlite3", "--version").partition(" ")[0],
        "litekeep (source)": f"{litekeep.__version__} {_commit()}".strip(),
    }
    for peer in peers:
        found[peer.program] = peer.version()
    return found


def _first_value(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _memory() -> str:
    kibibytes = _first_value("/proc/meminfo", "MemTotal").removesuffix(" kB")
    return f"{int(kibibytes) / 2**20:.1f} GiB" if kibibytes else "unknown"


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _commit() -> str:
    commit = _output("git", "rev-parse", "--short", "HEAD")
    changed = _output("git", "status", "--porcelain", "--untracked-files=no")
    return f"({commit}{', changed' if changed else ''})" if commit else ""
