"""Run one command and write down how long it took, its peak memory and its exit code. Used by measure.py only.

    python -I -S launch.py RESULT_FILE COMMAND...

Why a process in between: Linux begins the peak memory of a new process with that of the process which started it. This
one is small, so what it reports is the command's. The clock starts after this process is up.
"""

import json
import os
import subprocess
import sys
import time


def main() -> None:
    result, command = sys.argv[1], sys.argv[2:]
    began = time.perf_counter()
    process = subprocess.Popen(command)
    if sys.platform == "win32":
        code, peak_bytes = process.wait(), 0
    else:
        _, status, usage = os.wait4(process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        peak_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    seconds = time.perf_counter() - began
    with open(result, "w", encoding="ascii") as file:
        json.dump({"seconds": seconds, "peak_bytes": peak_bytes, "code": code}, file)


main()
