"""Every operation, with a fault at every numbered storage operation.

    film.py        a storage that numbers operations and keeps the state before and after each
    worlds.py      small real repositories with a history, and the live databases they come from
    operations.py  the operations under test, each with its world and the goal that a success must have reached
    oracle.py      what must hold after any fault, and after the run that follows it
    victim.py      a process that runs one operation and is killed by SIGKILL at a chosen place

    test_kill, test_error    every operation, killed or with an error at every number (test_counts)
    test_compound            a second fault in the run that recovers
    test_sigkill             the same with real processes and a real SIGKILL, also torn writes and any moment at all
    test_beside              a whole prune between any two operations of a reader
    test_together, test_live several processes on one repository; restores killed under readers and a writer
    test_full_disk           repository, working copies or target on a disk that is full
    test_garbage_edges, test_scratch    what these found, one by one

The claims, for every operation and every number n:

(a) what was restorable before is restorable, byte for byte, and every listed snapshot can be rebuilt;
(b) the same operation run again succeeds at once, without anybody clearing anything away;
(c) after that the repository is as if nothing had happened, scrub finds no damage, and a prune leaves no garbage;
(d) nothing counts as verified whose stored bytes were not read back before.

By default the expensive part, (b) and (c), is done once for each different state; `--crash-all` does it at every point.
"""
