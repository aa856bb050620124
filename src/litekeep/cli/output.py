"""What goes to the terminal: results on stdout, everything else on stderr, with words and never by colour alone.

Where a stream cannot encode the signs, plain ASCII stands for them. Nothing written here can move the cursor: control
characters of names and labels are shown as escapes.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import click

from litekeep.cli.words import plain

_SIGNS = "✓!✗·…–█→"
_ASCII = str.maketrans({"✓": "ok", "✗": "x", "·": "-", "…": "...", "–": "-", "→": "->", "█": "#", "×": "x"})
_COLOURS = {"✓": "green", "!": "yellow", "✗": "red"}
GOOD, CARE, BAD = "✓", "!", "✗"


def prepare_streams() -> None:
    """Let no name stop the output: what a stream cannot encode is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def wants_colour(stream: TextIO, *, refused: bool) -> bool:
    """--no-color, then NO_COLOR, then FORCE_COLOR, then TERM, then what the stream is (no-color.org)."""
    if refused or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "") not in ("", "0"):
        return True
    return os.environ.get("TERM") != "dumb" and is_terminal(stream)


def is_terminal(stream: TextIO | None) -> bool:
    """True if a person is likely to be on the other side."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False  # closed


class Output:
    """One command's words. quiet keeps results of changing commands back; json_mode keeps all prose back."""

    def __init__(self, *, json_mode: bool = False, quiet: bool = False, no_color: bool = False) -> None:
        self.json_mode = json_mode
        self.quiet = quiet
        self._no_color = no_color

    def line(self, text: str = "") -> None:
        """One line of a result."""
        if not (self.json_mode or self.quiet):
            self._write(sys.stdout, plain(text))

    def good(self, text: str) -> None:
        """✓ and a line of a result."""
        self._signed(GOOD, text)

    def care(self, text: str) -> None:
        """! and a line of a result that wants attention; also shown with --quiet."""
        self._signed(CARE, text, always=True)

    def bad(self, text: str) -> None:
        """✗ and a line of a result that is bad news; also shown with --quiet."""
        self._signed(BAD, text, always=True)

    def word(self, text: str) -> None:
        """One line that is printed also with --quiet: what a script asked for."""
        if not self.json_mode:
            self._write(sys.stdout, plain(text))

    def warn(self, text: str) -> None:
        """! and a line on stderr."""
        if not self.json_mode:
            self._write(sys.stderr, self._sign(sys.stderr, CARE, text))

    def headline(self, word: str, colour: str, text: str) -> None:
        """A verdict in capitals, then the rest of the line; also with --quiet off only."""
        if not (self.json_mode or self.quiet):
            shown = click.style(word, fg=colour, bold=True) if self._colour(sys.stdout) else word
            self._write(sys.stdout, f"{shown}  {plain(text)}")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> None:
        """Columns with a line of heads; `right`: numbers of the columns that end at the same place."""
        if self.json_mode or self.quiet:
            return
        cells = [list(map(plain, row)) for row in (heads, *rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
        for number, row in enumerate(cells):
            parts = [
                text.rjust(widths[column]) if column in right else text.ljust(widths[column])
                for column, text in enumerate(row)
            ]
            line = "  ".join(parts).rstrip()
            self._write(sys.stdout, click.style(line, bold=True) if number == 0 and self._colour(sys.stdout) else line)

    def json(self, verb: str, exit_code: int, facts: Mapping[str, Any]) -> None:
        """The result as one JSON object, if asked for. ok: the command did what it was asked, perhaps with warnings."""
        if self.json_mode:
            ok = exit_code in (0, 3)
            head = {"schema": f"litekeep.{verb}/1", "ok": ok, "exit_code": exit_code}
            self._write(sys.stdout, json_text({**head, **facts}))

    def _signed(self, sign: str, text: str, *, always: bool = False) -> None:
        if not self.json_mode and (always or not self.quiet):
            self._write(sys.stdout, self._sign(sys.stdout, sign, text))

    def _sign(self, stream: TextIO, sign: str, text: str) -> str:
        shown = click.style(sign, fg=_COLOURS[sign], bold=True) if self._colour(stream) else sign
        return f"{shown} {plain(text)}"

    def _colour(self, stream: TextIO) -> bool:
        return wants_colour(stream, refused=self._no_color)

    def _write(self, stream: TextIO, text: str) -> None:
        if not can_encode(stream):
            text = text.translate(_ASCII)
        click.echo(text, file=stream, color=self._colour(stream))


def can_encode(stream: TextIO) -> bool:
    """True if the stream takes our signs."""
    try:
        _SIGNS.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write_signed(stream: TextIO, sign: str, text: str, *, refused_colour: bool = False) -> None:
    """One signed line outside of a command."""
    shown = click.style(sign, fg=_COLOURS[sign], bold=True) if wants_colour(stream, refused=refused_colour) else sign
    line = f"{shown} {plain(text)}"
    click.echo(line if can_encode(stream) else line.translate(_ASCII), file=stream, color=True)


def json_text(facts: Mapping[str, Any]) -> str:
    """One line of JSON; what is no text (odd file names), and what could move a terminal's cursor, as escapes."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, AttributeError, LookupError):
        return _escaped_json(facts)
    return text if text.isprintable() else _escaped_json(facts)


def _escaped_json(facts: Mapping[str, Any]) -> str:
    """The same in ASCII; JSON leaves one character of it unescaped that is not for printing, and that only in texts."""
    return json.dumps(facts, separators=(",", ":")).replace("\x7f", "\\u007f")
