"""The recovery sheet: one page of HTML to print, with the recovery key, where the copies are, and how to restore.

It needs nothing from elsewhere: no fonts, no pictures, no scripts. The key also stands there as a QR code, which saves
typing; it is drawn by the package segno, and left out where that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from litekeep.formats.printedkey import GROUPS
from litekeep.records import dataclass

_STYLE = (
    "@page{size:A4;margin:18mm}body{font:11pt/1.4 sans-serif;max-width:174mm;margin:8mm auto;color:#000;"
    "background:#fff}h1{font-size:18pt;margin:0 0 2mm}h2{font-size:12pt;margin:6mm 0 1mm}p,ol,ul{margin:1mm 0}"
    "table{border-collapse:collapse}td{padding:0 6mm 1mm 0;vertical-align:top}code{font:10pt monospace}"
    ".key{display:flex;gap:10mm;align-items:center;border:1.5pt solid #000;padding:5mm;margin:2mm 0}"
    ".key td{font:16pt monospace;letter-spacing:.08em;padding:1mm 8mm 1mm 0;white-space:nowrap}"
    ".key small{font:8pt sans-serif;letter-spacing:0;color:#555;padding-right:2mm}.qr svg{width:34mm;height:34mm}"
    ".line{border-bottom:.5pt solid #000;display:inline-block;width:60mm}"
)


@dataclass(frozen=True, slots=True)
class _Words:
    """The texts of the page in one language. {groups} is how many groups a key has."""

    title: str
    headline: str
    warning: str
    key: str
    typing: str
    opens: str
    databases: str
    repository: str
    slot: str
    printed: str
    where: str
    further: str
    back: str
    find: str
    with_litekeep: str
    then: str
    asks: str
    without: str
    in_folder: str
    lists: str
    writes: str
    prove: str


_WORDS = {
    "en": _Words(
        "Recovery sheet",
        "Recovery sheet for encrypted backups",
        "Whoever has this sheet and a copy of the backups can read them. Without this key, and without a passphrase, "
        "nobody can, and nobody can help. Keep it where paper of worth is kept, away from the computer; then delete "
        "the file.",
        "The recovery key",
        "{groups} groups of 8. Capital and small letters are the same; O is read as 0, I and L as 1. The last sign of "
        "each group checks it, so a mistyped group is named.",
        "What it opens",
        "Databases",
        "Repository",
        "key slot",
        "Printed",
        "Where the backups are",
        "further copies:",
        "Getting a database back",
        "Find the folder of the backups, or a copy of it: the one that holds <code>repository.json</code>.",
        "With Litekeep:",
        "then",
        "It asks for the key.",
        "Without Litekeep: install Python 3.9 or newer (python.org) and",
        "(from Python 3.14 on, without the second), then in that folder",
        "lists the backups, and",
        "writes the newest. It asks for the key.",
        "To prove that this sheet is right, type the key back now:",
    ),
    "fr": _Words(
        "Fiche de secours",
        "Fiche de secours des sauvegardes chiffrées",
        "Qui possède cette fiche et une copie des sauvegardes peut les lire. Sans cette clé, et sans phrase secrète, "
        "personne ne le peut, et personne ne peut aider. Gardez-la avec vos papiers importants, loin de "
        "l’ordinateur\u00a0; puis supprimez le fichier.",
        "La clé de secours",
        "{groups} groupes de 8. Majuscules et minuscules se valent\u00a0; O est lu comme 0, I et L comme 1. Le dernier "
        "signe de chaque groupe le contrôle\u00a0: un groupe mal saisi est signalé.",
        "Ce qu’elle ouvre",
        "Bases de données",
        "Dépôt",
        "emplacement de clé",
        "Imprimée",
        "Où sont les sauvegardes",
        "autres copies\u00a0:",
        "Récupérer une base de données",
        "Trouvez le dossier des sauvegardes, ou une copie\u00a0: celui qui contient <code>repository.json</code>.",
        "Avec Litekeep\u00a0:",
        "puis",
        "La clé est demandée.",
        "Sans Litekeep\u00a0: installez Python 3.9 ou plus récent (python.org) et",
        "(à partir de Python 3.14, sans le second), puis dans ce dossier",
        "montre les sauvegardes, et",
        "écrit la plus récente. La clé est demandée.",
        "Pour prouver que cette fiche est juste, retapez la clé maintenant\u00a0:",
    ),
}


def recovery_sheet(
    key: str,
    *,
    repository_id: bytes,
    slot: str,
    places: Sequence[str],
    sources: Sequence[str],
    now: datetime,
    language: str = "en",
) -> str:
    """The page. key: printed. places: where the repository and its copies are, for people. sources: the databases.

    language: "en" or "fr"; another one counts as English.
    """
    say = _WORDS.get(language, _WORDS["en"])
    code = language if language in _WORDS else "en"
    groups = key.split("-")
    rows = "".join(
        f"<tr>{''.join(f'<td><small>{place + 1}</small>{groups[place]}</td>' for place in (first, first + 1))}</tr>"
        for first in range(0, GROUPS, 2)
    )
    picture = _qr_code(key)
    listed = "".join(f"<li><code>{escape(place)}</code></li>" for place in places)
    named = escape(", ".join(sources)) or "&ndash;"
    return f"""<!DOCTYPE html>
<html lang="{code}"><head><meta charset="utf-8"><title>{say.title}</title><style>{_STYLE}</style></head><body>
<h1>{say.headline}</h1>
<p>{say.warning}</p>
<h2>{say.key}</h2>
<div class="key"><table>{rows}</table>{f'<div class="qr">{picture}</div>' if picture else ""}</div>
<p>{say.typing.format(groups=GROUPS)}</p>
<h2>{say.opens}</h2>
<table><tr><td>{say.databases}</td><td>{named}</td></tr>
<tr><td>{say.repository}</td><td><code>{repository_id.hex()}</code>, {say.slot} <code>{escape(slot)}</code></td></tr>
<tr><td>{say.printed}</td><td>{escape(now.strftime("%Y-%m-%d %H:%M %Z").strip())}</td></tr></table>
<h2>{say.where}</h2>
<ul>{listed}<li>{say.further} <span class="line">&nbsp;</span></li></ul>
<h2>{say.back}</h2>
<ol><li>{say.find}</li>
<li>{say.with_litekeep} <code>python -m pip install "litekeep[encryption]"</code>, {say.then}<br>
<code>litekeep -r FOLDER restore latest --to restored.db</code><br>{say.asks}</li>
<li>{say.without}<br>
<code>python -m pip install cryptography backports.zstd</code> {say.in_folder}<br>
<code>python restore.py</code> {say.lists}<br>
<code>python restore.py latest restored.db</code> {say.writes}</li></ol>
<p>{say.prove} <code>litekeep key confirm</code></p>
</body></html>
"""


def _qr_code(text: str) -> str:
    """SVG, or empty where the package is missing. Letters, digits and dashes make a small code."""
    try:
        import segno
    except ImportError:
        return ""
    return str(segno.make(text, error="m", micro=False).svg_inline(scale=4, border=2))
