"""Errors in words: what happened, what is safe, what to do; or the same as one JSON object. Always on stderr."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Sequence

import click

from litekeep.cli.output import BAD, json_text, write_signed
from litekeep.cli.secrets import known_secrets
from litekeep.cli.words import plain, sentence
from litekeep.errors import (
    CorruptObject,
    LitekeepError,
    NoSpace,
    ObjectMissing,
    SettingProblem,
    SettingsInvalid,
    UsageError,
)
from litekeep.redaction import redact

REPORT = "Please report this to the Litekeep project, with what `litekeep doctor` prints"


def tell(error: LitekeepError, *, wants_json: bool) -> int:
    """Tell one of our errors; returns its exit code."""
    hint = error.hint
    if not hint and isinstance(error, (CorruptObject, ObjectMissing)):
        hint = "`litekeep verify --all` shows which backups are affected; the others can be restored"
    problems = error.problems if isinstance(error, SettingsInvalid) else ()
    if wants_json:
        _tell_json(error, hint, problems)
    else:
        write_signed(sys.stderr, BAD, sentence(error.message))
        for problem in problems:
            click.echo(f"  - {plain(problem.text)}", err=True)
        for part in (error.safe, hint):
            if part:
                click.echo(f"  {plain(sentence(part))}", err=True)
    return error.exit_code


def tell_click(error: click.ClickException, *, wants_json: bool) -> int:
    """Tell what is wrong with the command line itself."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"`{context.command_path} --help` explains the command." if context else "`litekeep --help` explains."
    return tell(UsageError(error.format_message().rstrip("."), hint=hint), wants_json=wants_json)


def tell_unexpected(error: Exception, *, wants_json: bool, with_traceback: bool) -> int:
    """Tell of a mistake in Litekeep itself, or of a system that behaves in a way nobody thought of."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT) and not with_traceback:
        full = NoSpace(f"no space left: {error}", safe="Everything that was complete before is unchanged.")
        return tell(full, wants_json=wants_json)
    name = type(error).__name__
    secrets = known_secrets()
    text = redact(str(error), secrets)
    what = f"unexpected {name}: {text}" if text else f"unexpected {name}"
    hint = REPORT if with_traceback else f"{REPORT}; -v shows details"
    if with_traceback:
        for line in "".join(traceback.format_exception(error)).splitlines():
            click.echo(plain(redact(line, secrets)), err=True)
    return tell(LitekeepError(what, hint=hint), wants_json=wants_json)


def _tell_json(error: LitekeepError, hint: str, problems: Sequence[SettingProblem]) -> None:
    head = {"schema": "litekeep.error/1", "ok": False, "code": error.code, "exit_code": error.exit_code}
    told = {"message": error.message, "safe": error.safe, "hint": hint}
    listed = {"problems": [each._asdict() for each in problems]} if problems else {}
    click.echo(json_text({**head, **told, **listed}), err=True)
