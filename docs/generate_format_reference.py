"""Make reference/format.md, the specification of the repository format, out of the docstrings that are it.

    python docs/generate_format_reference.py           write the page
    python docs/generate_format_reference.py --check   exit code 1 if the page is not what would be written

The modules are parsed, not imported. Indented passages of a docstring become literal blocks, everything else becomes
text; the numbers in capital letters become a table of limits. Nothing is told twice: what is wrong on the page is to be
corrected in the module.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from generated import ROOT, write_or_check

PACKAGE = ROOT / "src" / "litekeep"
PAGE = ROOT / "docs" / "reference" / "format.md"

MODULES = {
    "repository/layout.py": "Names of objects",
    "formats/repoconfig.py": "repository.json",
    "formats/envelope.py": "What binary objects have in common",
    "formats/manifest.py": "Manifests",
    "formats/pack.py": "Packs",
    "formats/receipt.py": "Receipts and marks",
    "formats/keyslot.py": "Key slots",
    "formats/printedkey.py": "Printed keys",
    "formats/columns.py": "Columns and lists of ids",
    "blocks/split.py": "Blocks",
    "blocks/identity.py": "Names and digests",
    "blocks/compress.py": "Compression",
    "blocks/seal.py": "Seals",
    "blocks/keys.py": "Keys of an encrypted repository",
    "blocks/encrypt.py": "Seals of an encrypted repository",
}

INTRODUCTION = """\
<!-- Made by docs/generate_format_reference.py from the docstrings of the source. Do not edit: run it again. -->

# The repository format

This is everything that is needed to read a repository without Litekeep. The text is that of the modules that write and
read the bytes, so it cannot differ from what they say of themselves; `restore.py`, which lies in every repository, was
written from it and shares no code with Litekeep.

Read it in this order: the names say which files there are, a manifest says which blocks of which packs make up a
database, a pack holds these blocks in frames. What holds for all of them - columns, blocks, names, compression,
seals - follows at the end. *Why* it is made like this is told in
[storage and crashes](../explanation/storage-and-crashes.md) and in the [decisions](../explanation/decisions/index.md).
"""

_SPAN = re.compile(r"(`[^`]*`)")


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, contents()]
    for name, title in MODULES.items():
        parts.append(section(name, title))
    return "\n".join(parts)


def contents() -> str:
    """Links to the sections."""
    return "\n".join(f"- [{title}](#{anchor(title)})" for title in MODULES.values()) + "\n"


def anchor(title: str) -> str:
    """The fragment under which renderers file a heading."""
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


def section(name: str, title: str) -> str:
    """One module: its text, then its limits."""
    tree = ast.parse((PACKAGE / name).read_text("utf-8"))
    text = ast.get_docstring(tree) or ""
    lines = [f"## {title}", "", f"*From `src/litekeep/{name}`.*", "", *markdown(text), ""]
    rows = list(limits(tree))
    if rows:
        lines += ["| name | value | meaning |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def markdown(text: str) -> Iterator[str]:
    """A docstring's lines: indented passages fenced, the rest with its marks escaped."""
    literal: list[str] = []
    for line in [*text.splitlines(), None]:
        if line is not None and (line.startswith("    ") or (literal and not line.strip())):
            literal.append(line)
            continue
        if literal:
            while not literal[-1].strip():
                literal.pop()
            yield from ("```text", *(each.removeprefix("    ") for each in literal), "```", "")
            literal = []
        if line is not None:
            yield escaped(line)


def escaped(line: str) -> str:
    """A line of text that shows what it says; what stands in backquotes is left alone."""
    parts = _SPAN.split(line)
    return "".join(part if part.startswith("`") else re.sub(r"([_*<])", r"\\\1", part) for part in parts)


def limits(tree: ast.Module) -> Iterator[str]:
    """A row for each public number of the module, with the text behind it."""
    for place, node in enumerate(tree.body):
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        name, value = node.targets[0].id, number(node.value)
        if value is None or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            continue
        after = tree.body[place + 1] if place + 1 < len(tree.body) else None
        told = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        meaning = " ".join(str(told).split())
        yield f"| `{name}` | {value:,} | {escaped(meaning)} |"


def number(node: ast.expr) -> int | None:
    """The value of a number, a shift or a difference of numbers."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.BinOp):
        left, right = number(node.left), number(node.right)
        if left is not None and right is not None:
            if isinstance(node.op, ast.LShift):
                return left << right
            if isinstance(node.op, ast.Sub):
                return left - right
    return None


if __name__ == "__main__":
    sys.exit(write_or_check(__doc__, lambda: {PAGE: page()}))
