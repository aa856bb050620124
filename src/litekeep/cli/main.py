"""Where the `litekeep` command begins and ends: arguments in, exit code out, and no traceback unless asked for.

`--version` alone is answered before anything is imported.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

from litekeep import __version__
from litekeep.blocks.memory import keep_freed_memory

INTERRUPTED = 130
_COLLECT_EVERY = 50_000
"""New objects between two searches for cycles: with Python's 700, a tenth of the start is spent looking for none."""


def run() -> None:
    """The entry point of the installed program."""
    if sys.argv[1:] == ["--version"]:
        print(f"litekeep {__version__}")
        return
    from litekeep.worker.cores import without_core_dumps

    without_core_dumps()
    gc.set_threshold(_COLLECT_EVERY)
    keep_freed_memory()
    end(main(sys.argv[1:]))


def end(code: int) -> NoReturn:
    """End the process without taking every object apart first, which takes longer than `--version`.

    Nothing is left to be done by then: files are closed and working copies removed where they were used. If a thread
    still runs, or what was written cannot be brought out, Python ends the process in its own way.
    """
    gc.freeze()  # if it does, without a last search for cycles
    if threading.active_count() > 1:
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            sys.exit(code)
    os._exit(code)


def main(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code."""
    import click

    from litekeep.cli.failure import tell, tell_click, tell_unexpected
    from litekeep.cli.group import cli
    from litekeep.cli.output import prepare_streams
    from litekeep.errors import Cancelled, LitekeepError

    prepare_streams()
    if os.environ.get("_LITEKEEP_COMPLETE", "").startswith("powershell"):
        from litekeep.cli.powershell import register

        register()
    wants_json = "--json" in arguments
    try:
        return int(cli.main(list(arguments), prog_name="litekeep", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0 if not arguments else error.exit_code
    except click.Abort:
        return tell(Cancelled("stopped", safe="Nothing was changed."), wants_json=wants_json)
    except click.ClickException as error:
        return tell_click(error, wants_json=wants_json)
    except LitekeepError as error:
        return tell(error, wants_json=wants_json)
    except KeyboardInterrupt:
        stopped = Cancelled("stopped at once", safe="Everything that was complete before is unchanged.")
        return tell(stopped, wants_json=wants_json)
    except BrokenPipeError:
        sys.stdout = None  # nobody reads any more, so no second error when it is closed
        return 1
    except Exception as error:  # noqa: BLE001 - the last place where an error can be told in words
        return tell_unexpected(error, wants_json=wants_json, with_traceback=_is_verbose(arguments))


def _is_verbose(arguments: Sequence[str]) -> bool:
    return any(text == "--verbose" or (text[:1] == "-" and text[1:].strip("v") == "") for text in arguments if text)
