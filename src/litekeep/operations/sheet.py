"""The recovery sheet: one page of HTML to print, with the recovery key, where the copies are, and how to restore.

It needs nothing from elsewhere: no fonts, no pictures, no scripts. Where the package segno is installed, the key also
stands there as a QR code, which saves typing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from litekeep.formats.printedkey import GROUPS

_STYLE = (
    "@page{size:A4;margin:18mm}body{font:11pt/1.4 sans-serif;max-width:174mm;margin:8mm auto;color:#000;"
    "background:#fff}h1{font-size:18pt;margin:0 0 2mm}h2{font-size:12pt;margin:6mm 0 1mm}p,ol,ul{margin:1mm 0}"
    "table{border-collapse:collapse}td{padding:0 6mm 1mm 0;vertical-align:top}code{font:10pt monospace}"
    ".key{display:flex;gap:10mm;align-items:center;border:1.5pt solid #000;padding:5mm;margin:2mm 0}"
    ".key td{font:16pt monospace;letter-spacing:.08em;padding:1mm 8mm 1mm 0;white-space:nowrap}"
    ".key small{font:8pt sans-serif;letter-spacing:0;color:#555;padding-right:2mm}.qr svg{width:34mm;height:34mm}"
    ".line{border-bottom:.5pt solid #000;display:inline-block;width:60mm}"
)


def recovery_sheet(
    key: str, *, repository_id: bytes, slot: str, places: Sequence[str], sources: Sequence[str], now: datetime
) -> str:
    """The page. key: printed. places: where the repository and its copies are, for people. sources: the databases."""
    groups = key.split("-")
    rows = "".join(
        f"<tr>{''.join(f'<td><small>{place + 1}</small>{groups[place]}</td>' for place in (first, first + 1))}</tr>"
        for first in range(0, GROUPS, 2)
    )
    code = _qr_code(key)
    listed = "".join(f"<li><code>{escape(place)}</code></li>" for place in places)
    named = escape(", ".join(sources)) or "&ndash;"
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Recovery sheet</title><style>{_STYLE}</style></head><body>
<h1>Recovery sheet for encrypted backups</h1>
<p>Whoever has this sheet and a copy of the backups can read them. Without this key, and without a passphrase, nobody
can, and nobody can help. Keep it where paper of worth is kept, away from the computer; then delete the file.</p>
<h2>The recovery key</h2>
<div class="key"><table>{rows}</table>{f'<div class="qr">{code}</div>' if code else ""}</div>
<p>{GROUPS} groups of 8. Capital and small letters are the same; O is read as 0, I and L as 1. The last sign of each
group checks it, so a mistyped group is named.</p>
<h2>What it opens</h2>
<table><tr><td>Databases</td><td>{named}</td></tr>
<tr><td>Repository</td><td><code>{repository_id.hex()}</code>, key slot <code>{escape(slot)}</code></td></tr>
<tr><td>Printed</td><td>{escape(now.strftime("%Y-%m-%d %H:%M %Z").strip())}</td></tr></table>
<h2>Where the backups are</h2>
<ul>{listed}<li>further copies: <span class="line">&nbsp;</span></li></ul>
<h2>Getting a database back</h2>
<ol><li>Find the folder of the backups, or a copy of it: the one that holds <code>repository.json</code>.</li>
<li>With Litekeep: <code>python -m pip install "litekeep[encryption]"</code>, then<br>
<code>litekeep -r FOLDER restore latest --to restored.db</code><br>It asks for the key.</li>
<li>Without Litekeep: install Python 3.9 or newer (python.org) and<br>
<code>python -m pip install cryptography backports.zstd</code> (from Python 3.14 on, without the second), then in that
folder<br><code>python restore.py</code> lists the backups, and<br>
<code>python restore.py latest restored.db</code> writes the newest. It asks for the key.</li></ol>
<p>To prove that this sheet is right, type the key back now: <code>litekeep key confirm</code></p>
</body></html>
"""


def _qr_code(text: str) -> str:
    """SVG, or empty where the package is missing. Letters, digits and dashes make a small code."""
    try:
        import segno
    except ImportError:
        return ""
    return str(segno.make(text, error="m", micro=False).svg_inline(scale=4, border=2))
