"""The helper process: everything that touches the live database runs in it when Litekeep is embedded.

On Linux and macOS, closing any descriptor of a database file drops every lock that the process holds on it
(sqlite.org howtocorrupt 2.2). An application that has its database open must therefore never have it opened and closed
beside SQLite's own use; one measured transaction vanished without an error. So the engine runs in a process of its own,
started anew (never forked from the application's state), and speaks with the application through two pipes:

    manager -> process (starts it, sends jobs, hands on progress) -> stream -> serve (runs jobs) -> operations

The process ends when the pipe does: an application that is killed leaves none behind.
"""
