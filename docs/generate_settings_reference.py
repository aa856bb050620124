"""Make reference/settings.md and the shipped JSON Schema out of the declarations of the settings.

    python docs/generate_settings_reference.py           write both
    python docs/generate_settings_reference.py --check   exit code 1 if one of them is not what would be written

What is wrong on the page is to be corrected where the setting is declared: src/litekeep/config/settings.py and
notifications.py. The example on the page is loaded by the tests.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generated import ROOT, write_or_check

from litekeep.config.compound import NEEDED, Declared, ListOf, Section, declared, inner_section
from litekeep.config.schema import NAME, schema_text
from litekeep.config.settings import Settings

PAGE = ROOT / "docs" / "reference" / "settings.md"
SCHEMA = ROOT / "src" / "litekeep" / "config" / NAME

INTRODUCTION = """\
<!-- Made by docs/generate_settings_reference.py from the declarations of the settings. Do not edit: run it again. -->

# Settings

The settings file is JSON, by custom `backup.json` beside the application. Every key has a default, and `{}` is valid.
How to make, check and change it: [Use a settings file](../how-to/use-a-settings-file.md).

```json
{
  "database": "./employees.db",
  "backup": {
    "enabled": true,
    "automatic_daily": true,
    "backup_time": "02:00",
    "backup_on_shutdown": true,
    "backup_before_migration": true,
    "backup_before_operations": ["import", "bulk_delete"],
    "backup_directory": "./backups",
    "retention_days": 30,
    "retention_weeks": 12,
    "retention_months": 12,
    "keep_last": 7,
    "timezone": "Europe/Paris",
    "verify_after_backup": "full",
    "checks": ["SELECT count(*) > 0 FROM employees"],
    "notifications": {
      "on_failure": ["desktop", "email"],
      "email": {
        "host": "smtp.example.org",
        "user": "backup",
        "password": {"env": "SMTP_PASSWORD"},
        "from": "backup@example.org",
        "to": ["you@example.org"]
      }
    }
  }
}
```

**Paths** are relative to the folder of the settings file, never to the folder in which a program happens to run. `~/`
at the beginning is the home of the user who runs it.

**Mistakes** are told all at once: unknown keys, keys that stand twice, wrong types, impossible values and settings that
contradict each other, each with its key path, its value, what is allowed and the nearest known key. Settings with a
mistake are not used at all, and a running service keeps its last valid ones. What is wrong with the JSON itself is told
with line and column.
"""

ENVIRONMENT = """\
## Environment variables

A variable stands above the file. Its name is LITEKEEP_ and the key path in capitals, with two underscores where the
path has a point:

```sh
export LITEKEEP_BACKUP__RETENTION_DAYS=60
export LITEKEEP_BACKUP__BACKUP_TIME=03:30
export LITEKEEP_BACKUP__NOTIFICATIONS__ON_FAILURE='["email"]'
```

The value is JSON, or text where the setting takes text. Whole sections cannot be set so. A variable that looks like an
override and names no setting is a mistake like an unknown key. Other variables that begin with LITEKEEP_ are not
touched: `LITEKEEP_REPOSITORY`, `LITEKEEP_CONFIG` and `LITEKEEP_SECRET_...` belong to the command line,
`LITEKEEP_STATE_FOLDER` names another folder for what is remembered outside of repositories, and a name that the
settings use as a reference to a secret is free.
"""

SECRETS = """\
## Secrets

Passwords, tokens and secret addresses never stand in the file. Where one is expected, write a reference, an object with
one key:

| reference | where the secret is |
|---|---|
| `{"env": "SMTP_PASSWORD"}` | in an environment variable |
| `{"file": "smtp-password"}` | in a file; a line break at its end does not count |
| `{"command": ["pass", "show", "mail"]}` | printed by a program |
| `{"keyring": ["litekeep", "mail"]}` | in the keyring of the desktop or system: service, user |

Files and what programs print are UTF-8. A file that other users can read is a warning. A program runs without a shell,
in the folder of the settings file, for a minute at most, and must end with exit code 0. The keyring needs
`pip install 'litekeep[keyring]'`; without a desktop there often is none.

A secret is read at the moment it is needed. It is never shown or written to a log; `litekeep config show` shows the
reference. In Python, `litekeep.config.secrets.resolve` reads it.
"""


def pages() -> dict[Path, str]:
    """The page and the schema."""
    return {PAGE: page(), SCHEMA: schema_text()}


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, "## Keys\n"]
    for key, section in sections(Settings, ""):
        parts += section_of_page(key, section)
    return "\n".join([*parts, ENVIRONMENT, SECRETS])


def sections(section: type[Any], key: str) -> Iterator[tuple[str, type[Any]]]:
    """(key path, dataclass) of a section and of all that are in it, also in its lists."""
    yield key, section
    for _, each in declared(section):
        inner = section_in(each)
        if inner is not None:
            yield from sections(inner, f"{key}.{each.key}" if key else each.key)


def section_in(each: Declared) -> type[Any] | None:
    """The dataclass of a section, or of the items of a list of sections."""
    kind = each.kind.kind if isinstance(each.kind, ListOf) else each.kind
    found = inner_section(kind)
    return found.dataclass if found else None


def section_of_page(key: str, section: type[Any]) -> Iterator[str]:
    """A heading and a table."""
    yield f"### {key or 'At the top'}\n"
    text = (section.__doc__ or "").splitlines()[0]
    yield f"{text}\n"
    yield "| key | allowed | default | meaning |"
    yield "|---|---|---|---|"
    for _, each in declared(section):
        yield f"| `{each.key}` | {cell(allowed(each))} | {default(each)} | {cell(each.text)} |"
    yield ""


def allowed(each: Declared) -> str:
    """What may stand there; sections have tables of their own."""
    if section_in(each) is None:
        return each.kind.allowed
    if isinstance(each.kind, Section):
        return "an object: see below"
    return "a list of objects: see below" if isinstance(each.kind, ListOf) else "an object, see below, or null"


def default(each: Declared) -> str:
    """As JSON."""
    return "needed" if each.default is NEEDED else f"`{json.dumps(each.default, ensure_ascii=False)}`"


def cell(text: str) -> str:
    """Text inside a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(write_or_check(__doc__, pages))
