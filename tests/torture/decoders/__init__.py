"""Every decoder of Litekeep, for the fuzzer.

decoder.py   what one is
objects.py   of the repository
sources.py   of live databases
texts.py     of what people and settings say
state.py     of local state
servers.py   of servers' answers
program.py   of restore.py
"""

from __future__ import annotations

from torture.decoders.decoder import Decoder
from torture.decoders.objects import OBJECTS
from torture.decoders.program import PROGRAM
from torture.decoders.servers import SERVERS
from torture.decoders.sources import SOURCES
from torture.decoders.state import STATE
from torture.decoders.texts import TEXTS

DECODERS: tuple[Decoder, ...] = (*OBJECTS, *SOURCES, *TEXTS, *STATE, *SERVERS, *PROGRAM)
