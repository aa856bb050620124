"""All knowledge of live SQLite files: consistent capture, checks on rebuilt copies, installation of a restored file.

In the order in which a database passes through:

    source, opening, connect   the file behind a path, opened without harm through every state a program can leave it in
    observe, header            its facts, read while a read transaction holds the state still
    fingerprint                is it provably what it was at an earlier backup?
    capture, transfer          a consistent image of it, through SQLite's backup API
    check                      is a rebuilt copy sound?
    install                    a restored file under a new name, or into a database that is open
    replace, openers           file replacement when nobody has it open, safe against a crash at every step
    publish, filesystem        durable names, room, scratch folders, kinds of file system

Nothing here opens a database file of others but through SQLite: closing any descriptor of it would drop the locks of
the whole process (sqlite.org howtocorrupt 2.2). The few plain reads happen before or without a connection, and say so.
"""
