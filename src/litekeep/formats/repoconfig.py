"""repository.json: what kind of repository this is. Plain JSON, so that a person can read it.

    {"magic": "litekeep repository", "format": 1, "id": 32 hex digits, "created_at": ISO time with offset,
     "created_by": "litekeep 0.1.0", "encryption": null, "secret": 64 hex digits,
     "files": {"README.txt": 64 hex digits, "restore.py": 64 hex digits},
     "checksum": 64 hex digits}

`secret` is the key material of an unencrypted repository: block names and seals are derived from it (blocks.identity,
blocks.seal). It is not secret there; being random, it keeps objects of one repository from being taken for another's.
In an encrypted repository `format` is 2 and `encryption` is {"cipher": "aes-256-gcm"}: see blocks.keys, blocks.encrypt
and formats.keyslot. There is no `secret` then. Both kinds of repositories are otherwise the same.
`files`: BLAKE3 of the two helper files. `checksum`: BLAKE3 of the JSON text without this key. The text is canonical
(sorted keys, two spaces, one final newline): any other byte is damage. `format` counts changes that old readers could
not follow.
"""

from __future__ import annotations

import json
from typing import Any

from blake3 import blake3

from litekeep.errors import CorruptObject, NoRepository, UnsupportedFormat
from litekeep.records import dataclass

KEY = "repository.json"
MAGIC = "litekeep repository"
FORMAT = 2
PLAIN_FORMAT = 1
"""Of repositories that are not encrypted: they stay readable for every release."""
CIPHER = "aes-256-gcm"
MAX_CONFIG_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class RepoConfig:
    """The decoded file. secret: empty if the repository is encrypted."""

    id: bytes
    created_at: str
    created_by: str
    secret: bytes
    files: tuple[tuple[str, str], ...]
    encrypted: bool = False


def canonical(facts: dict[str, Any]) -> bytes:
    """The one form in which these facts are written."""
    return (json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def encode_config(config: RepoConfig) -> bytes:
    """The bytes of repository.json."""
    facts: dict[str, Any] = {
        "magic": MAGIC,
        "format": FORMAT if config.encrypted else PLAIN_FORMAT,
        "id": config.id.hex(),
        "created_at": config.created_at,
        "created_by": config.created_by,
        "encryption": {"cipher": CIPHER} if config.encrypted else None,
        "files": dict(config.files),
    }
    if not config.encrypted:
        facts["secret"] = config.secret.hex()
    data = canonical({**facts, "checksum": blake3(canonical(facts)).hexdigest()})
    if decode_config(data) != config:
        raise CorruptObject(KEY, "was not encoded faithfully (memory or library fault); it was not stored")
    return data


def decode_config(data: bytes) -> RepoConfig:
    """Read repository.json.

    Raises:
        NoRepository: this is some other file. UnsupportedFormat: a newer format. CorruptObject: damaged.
    """
    try:
        facts = json.loads(data) if len(data) <= MAX_CONFIG_BYTES else None
    except (ValueError, RecursionError) as error:
        if b'"litekeep repository"' in data:
            raise CorruptObject(KEY, f"is damaged: {error}", hint=_COPY_HINT) from error
        raise NoRepository("repository.json is not a Litekeep repository's") from error
    if not isinstance(facts, dict) or facts.get("magic") != MAGIC:
        if isinstance(facts, dict) and {"encryption", "files", "checksum"} <= facts.keys():
            raise CorruptObject(KEY, "is damaged", hint=_COPY_HINT)
        raise NoRepository("repository.json is not a Litekeep repository's")
    if isinstance(facts.get("format"), int) and facts["format"] > FORMAT:
        if any(_is_sealed({**facts, "format": known}) for known in range(1, FORMAT + 1)):
            raise CorruptObject(KEY, "is damaged", hint=_COPY_HINT)
        raise UnsupportedFormat(
            f"this repository has format {facts['format']}; this Litekeep knows formats up to {FORMAT}",
            safe="Nothing was changed.",
            hint="Use the newest Litekeep, or the restore.py in the repository.",
        )
    return _decode_checked(data, facts)


_COPY_HINT = (
    "Take this one small file from a copy of the repository; the backups themselves are elsewhere and unharmed."
)


def _is_sealed(facts: dict[str, Any]) -> bool:
    """True if the checksum fits the other facts."""
    others = {key: value for key, value in facts.items() if key != "checksum"}
    try:
        return bool(facts.get("checksum") == blake3(canonical(others)).hexdigest())
    except (ValueError, RecursionError):  # text that is not UTF-8, nesting without end: never written by Litekeep
        return False


def _decode_checked(data: bytes, facts: dict[str, Any]) -> RepoConfig:
    if not _is_sealed(facts) or canonical(facts) != data:
        raise CorruptObject(KEY, "is damaged", hint=_COPY_HINT)
    try:
        encrypted = facts["format"] == FORMAT
        if (facts["format"], facts["encryption"]) not in ((PLAIN_FORMAT, None), (FORMAT, {"cipher": CIPHER})):
            raise ValueError("unknown format or encryption")
        config = RepoConfig(
            bytes.fromhex(facts["id"]),
            facts["created_at"],
            facts["created_by"],
            b"" if encrypted else bytes.fromhex(facts["secret"]),
            tuple(sorted(facts["files"].items())),
            encrypted,
        )
        if not all(
            isinstance(text, str) for text in (config.created_at, config.created_by, *dict(config.files).values())
        ):
            raise TypeError("a text is missing")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptObject(KEY, f"makes no sense: {error}", hint=_COPY_HINT) from error
    if len(config.id) != 16 or len(config.secret) != (0 if encrypted else 32):
        raise CorruptObject(KEY, "makes no sense: id or secret of the wrong length", hint=_COPY_HINT)
    return config
