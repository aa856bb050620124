"""The command line: one file per command, nothing but arguments in and words out.

main (start, errors to exit codes) -> group (which command) -> cmd_* -> session (place, clock, monitors) -> operations
-> output (✓ ! ✗ or JSON on stdout) and progress (stderr)

Decisions are made below: a command parses, calls one operation and tells its result. Modules are imported when they are
needed and not before, because a command line is started far more often than it is read.
"""
