"""The cases, in the order of `make bench`; each module has NAME, QUESTION and measure(setting) -> Report."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.cases import gigabyte, host, large, month, offsite, process, retained_set, scale, storm, window
from benchmarks.report import Report
from benchmarks.setting import Setting

CASES: dict[str, tuple[str, Callable[[Setting], Report]]] = {
    case.NAME: (case.QUESTION, case.measure)
    for case in (process, month, storm, host, window, large, gigabyte, offsite, scale, retained_set)
}

__all__ = ["CASES"]
