"""Python's collector of cycles rests while a view is built and first filled.

One full collection of a program with CustomTkinter takes 20 to 60 ms on the Tk thread, and building a view makes enough
objects to begin one in the middle of its first painting (docs.python.org/3/library/gc.html: the threshold of the oldest
generation). Nothing is lost: what is garbage meanwhile is collected afterwards.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from threading import Lock

_lock = Lock()
_holders: set[object] = set()
_was_enabled = False


def hold_collector() -> Callable[[], None]:
    """The collector rests until the function that is returned was called, by every holder; a second call does nothing.

    It is then as it was before: a program that had disabled it finds it disabled.
    """
    global _was_enabled  # noqa: PLW0603 - there is one collector in a process
    mark = object()
    with _lock:
        if not _holders:
            _was_enabled = gc.isenabled()
        _holders.add(mark)
        gc.disable()

    def release() -> None:
        with _lock:
            if mark in _holders:
                _holders.discard(mark)
                if not _holders and _was_enabled:
                    gc.enable()

    return release
