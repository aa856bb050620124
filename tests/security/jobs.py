"""Jobs that look around in the helper process; imported there by name."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litekeep.monitor import Monitor


@dataclass(frozen=True, slots=True)
class Around:
    """What this process, and a program that it starts, hold."""

    def run(self, monitor: Monitor) -> dict[str, Any]:
        if sys.platform == "win32":
            return {}
        import resource

        look = "import os; [print(os.readlink(each)) for each in os.scandir('/proc/self/fd') if int(each.name) > 2]"
        command = [sys.executable, "-c", look]
        child = subprocess.run(command, capture_output=True, text=True, check=False, close_fds=False)
        return {
            "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
            "arguments": Path("/proc/self/cmdline").read_bytes(),
            "files": [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()],
            "of a child": child.stdout,
        }
