"""Gathers the texts of the window into the catalogues and compiles these: python translations/update.py

    src/litekeep/ui/**/*.py  ->  translations/<code>.po (written by people)  ->  src/litekeep/ui/language/locale/*.mo

New texts come in without a translation, texts that are gone are dropped. The exit code is 1 while anything has no
translation. Texts are the literals in `say("...")`, `self._say("...")`, `phrase("...")` and
`say.plural("...", "...", n)`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "litekeep" / "ui"
CATALOGUES = ROOT / "translations"
CODES = ("fr",)
KEYWORDS = {"say": None, "_say": None, "phrase": None, "plural": (1, 2)}
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # the same texts make the same file


def extracted() -> Catalog:
    """All texts of the window, with the files they stand in."""
    found = Catalog(project="Litekeep", creation_date=_NO_DATE, charset="utf-8")
    rows = extract_from_dir(str(SOURCES), [("**.py", "python")], keywords=KEYWORDS)
    for name, _line, text, _comments, context in sorted(rows, key=lambda row: (row[0], row[1])):
        found.add(text, None, [(name, 0)], context=context)
    return found


def po_path(code: str) -> Path:
    """The catalogue that people write."""
    return CATALOGUES / f"{code}.po"


def mo_path(code: str) -> Path:
    """The catalogue that the program reads."""
    return SOURCES / "language" / "locale" / code / "LC_MESSAGES" / "litekeep.mo"


def read_catalogue(code: str) -> Catalog:
    """What people have written so far."""
    path = po_path(code)
    if not path.exists():
        return Catalog(locale=code)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def updated(code: str, texts: Catalog) -> Catalog:
    """The catalogue with exactly these texts, and the translations that there are."""
    known = read_catalogue(code)
    fresh = Catalog(
        locale=code,
        project="Litekeep",
        version="1",
        header_comment=f"# The window of Litekeep: {code}",
        creation_date=_NO_DATE,
        revision_date=_NO_DATE,
        last_translator="The Litekeep authors",
        language_team="The Litekeep authors",
        msgid_bugs_address="The Litekeep authors",
        fuzzy=False,
    )
    for message in texts:
        if message.id:
            before = known.get(message.id if isinstance(message.id, str) else message.id[0])
            same_kind = before is not None and isinstance(before.id, str) == isinstance(message.id, str)
            fresh.add(message.id, before.string if before and same_kind else "", sorted(set(message.locations)))
    return fresh


def missing(catalogue: Catalog) -> Iterator[str]:
    """The texts without a complete translation."""
    for message in catalogue:
        forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and not all(forms):
            yield message.id if isinstance(message.id, str) else message.id[0]


def compiled(catalogue: Catalog) -> bytes:
    """The file that the program reads."""
    target = BytesIO()
    write_mo(target, catalogue)
    return target.getvalue()


def main() -> int:
    """Update and compile every catalogue; tell what is missing."""
    texts, status = extracted(), 0
    for code in CODES:
        catalogue = updated(code, texts)
        with po_path(code).open("wb") as file:
            write_po(file, catalogue, width=110, include_lineno=False)
        mo_path(code).parent.mkdir(parents=True, exist_ok=True)
        mo_path(code).write_bytes(compiled(catalogue))
        without = list(missing(catalogue))
        print(f"{code}: {len(catalogue)} texts, {len(without)} without a translation")
        print("".join(f"  {text}\n" for text in without), end="")
        status = 1 if without else status
    return status


if __name__ == "__main__":
    sys.exit(main())
