"""Litekeep beside its peers, on the same workload, in one run.

All: `make bench`. One case: `python benchmarks/run.py --case month`. Small, to see that it runs: `--quick`.

    run.py        the command line: chooses cases, prints the tables, writes results/<date>-<case>.{json,md}
    cases/        one question each; every case can be run alone
    engine.py     Litekeep inside this process, with a clock that can be moved (years in minutes)
    peers.py      Litekeep's command line, restic, borg, Litestream and plain compressed copies, behind one interface
    workload.py   the sample database and its days, consistent copies of it, how many pages changed
    measure.py    time and peak memory of a command, rounds in which everyone takes a turn, medians and percentiles
    report.py     the table of one case, on the terminal, as Markdown and as JSON
    machine.py    the facts without which no figure means anything

A peer that is not installed is named in the notes and left out. If Litekeep's own side cannot run, that is an error.
"""
