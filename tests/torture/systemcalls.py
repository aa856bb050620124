"""A process that is stopped at each of its system calls, so that what a kill would leave there can be looked at.

A kill takes away what is in the memory of a process, and nothing that a system call has given to the kernel: so the
files at a stop are those that a SIGKILL at this place leaves. Whether that is so is tried too, by killing there indeed.
Only Linux has this; processes may have threads, but only their first one is stopped.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
SYSGOOD, EXITKILL = 1, 0x100000
AT_CALL = signal.SIGTRAP | 0x80


def available() -> bool:
    """True if this system lets a process watch its child."""
    return sys.platform == "linux"


def watched(action: Callable[[], None], look: Callable[[int], bool]) -> int:
    """Run `action` in a child and call `look` with a number after each system call; False kills the child there.

    Returns the signal that ended it, 0 if it came to its end. Raises ChildFailed if `action` raised.
    """
    child = os.fork()
    if child == 0:
        _be_watched(action)
    os.waitpid(child, 0)
    _trace(SETOPTIONS, child, SYSGOOD | EXITKILL)
    stops, passed_on = 0, 0
    while True:
        _trace(SYSCALL, child, passed_on)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return os.WTERMSIG(status)
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status):
                raise ChildFailed(os.WEXITSTATUS(status))
            return 0
        passed_on = 0
        if os.WSTOPSIG(status) != AT_CALL:
            passed_on = os.WSTOPSIG(status)
            continue
        stops += 1
        if stops % 2 == 0 and not look(stops // 2):
            os.kill(child, signal.SIGKILL)
            return os.WTERMSIG(os.waitpid(child, 0)[1])


class ChildFailed(Exception):
    """The watched action raised; its traceback is on standard error."""


def _be_watched(action: Callable[[], None]) -> None:
    status = 1
    with suppress(BaseException):
        _trace(TRACEME, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            action()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
    os._exit(status)


def _trace(request: int, process: int, data: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, process, 0, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
