"""What one run of one case is given, and who takes part in it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from benchmarks.peers import Peer

AnyPeer = TypeVar("AnyPeer", bound=Peer)


@dataclass(slots=True)
class Setting:
    """folder: empty, for this case alone. rounds: None for the case's own number. quick: small, to see that it runs.

    big: also what takes many minutes. without: names of programs to leave out. took_part and left_out are filled while
    the case runs.
    """

    folder: Path
    rounds: int | None = None
    quick: bool = False
    big: bool = False
    without: frozenset[str] = frozenset()
    took_part: list[Peer] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def choose(self, usual: int, quick: int) -> int:
        """A number of rounds, days or rows: the usual one, or the one that only shows that it runs."""
        return quick if self.quick else usual

    def count_rounds(self, usual: int) -> int:
        """As asked on the command line, else as usual; two when quick."""
        return self.rounds or self.choose(usual, 2)

    def invite(self, peers: Sequence[AnyPeer], folder: Path | None = None) -> list[AnyPeer]:
        """Those that are here, each with an empty repository below `folder` (usually the case's own).

        The others are named once.
        """
        present: list[AnyPeer] = []
        for peer in peers:
            reason = "left out on request" if peer.program in self.without else peer.missing()
            if reason:
                self.leave_out(peer.program, reason)
                continue
            peer.prepare(folder or self.folder)
            present.append(peer)
            if all(other.program != peer.program for other in self.took_part):
                self.took_part.append(peer)
        return present

    def engine_wanted(self) -> bool:
        """True unless Litekeep is left out on request."""
        if "litekeep" in self.without:
            self.leave_out("litekeep", "left out on request")
        return "litekeep" not in self.without

    def leave_out(self, name: str, reason: str) -> None:
        """Say once that someone is not measured."""
        if name not in self.left_out:
            self.left_out[name] = reason
            say(f"not measured: {name}: {reason}")


def say(words: str) -> None:
    """Progress, with the time of day: some cases are long."""
    print(f"  {time.strftime('%H:%M:%S')}  {words}", flush=True)
