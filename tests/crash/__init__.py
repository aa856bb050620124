"""Every operation, with a fault at every numbered storage operation.

    film.py        a storage that numbers operations and keeps the state before and after each
    worlds.py      small real repositories with a history, and the live databases they come from
    operations.py  the operations under test, each with its world and the goal that a success must have reached
    oracle.py      what must hold after any fault, and after the run that follows it
    victim.py      a process that runs one operation and is killed by SIGKILL at a chosen place

The claims, for every operation and every number n:

(a) what was restorable before is restorable, byte for byte, and every listed snapshot can be rebuilt;
(b) the same operation run again succeeds at once, without anybody clearing anything away;
(c) after that the repository is as if nothing had happened, scrub finds no damage, and a prune leaves no garbage;
(d) nothing counts as verified whose stored bytes were not read back before.

By default the expensive part, (b) and (c), is done once for each different state; `--crash-all` does it at every point.
"""
