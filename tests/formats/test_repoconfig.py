"""repository.json: any other byte is damage, another file is not a repository."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from formats.hostile import BAD_JSON, ODD_VALUES, bounds, damaged
from litekeep.errors import CorruptObject, NoRepository, UnsupportedFormat
from litekeep.formats.repoconfig import MAX_CONFIG_BYTES, RepoConfig, decode_config, encode_config

CONFIG = RepoConfig(
    bytes(range(16)),
    "2026-01-01T00:00:00+00:00",
    "litekeep 0.1.0",
    bytes(range(32)),
    (("README.txt", "ab" * 32), ("restore.py", "cd" * 32)),
)
DATA = encode_config(CONFIG)
ENCRYPTED = encode_config(replace(CONFIG, secret=b"", encrypted=True))


def seal(facts: dict[str, Any]) -> bytes:
    """Write as encode_config does, whatever the facts are."""
    facts = {key: value for key, value in facts.items() if key != "checksum"}
    checksum = blake3(canonical(facts)).hexdigest()
    return canonical({**facts, "checksum": checksum})


def canonical(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


configs = st.builds(
    RepoConfig,
    st.binary(min_size=16, max_size=16),
    st.text(max_size=30),
    st.text(max_size=30),
    st.binary(min_size=32, max_size=32),
    st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3).map(
        lambda files: tuple(sorted(files.items()))
    ),
)


@given(configs)
def test_round_trip(config: RepoConfig) -> None:
    assert decode_config(encode_config(config)) == config


def test_a_person_can_read_it() -> None:
    assert DATA.startswith(b'{\n  "checksum": "')
    assert b'"magic": "litekeep repository"' in DATA


def test_all_damage_is_found_and_called_damage() -> None:
    """Never "written by a newer Litekeep", which would send a person looking in the wrong place."""
    magic = b'"litekeep repository"'
    for wrong in damaged(DATA):
        with pytest.raises(CorruptObject if magic in wrong else (CorruptObject, NoRepository)):
            decode_config(wrong)


def test_equal_json_in_other_words_is_damage() -> None:
    facts = json.loads(DATA)
    for wrong in (json.dumps(facts).encode(), DATA.replace(b"\n", b"\r\n"), DATA + b" ", b"\xef\xbb\xbf" + DATA):
        with pytest.raises(CorruptObject, match="damaged"):
            decode_config(wrong)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"<html>", b'{"name": "app"}', b"\0" * 4096, *BAD_JSON])
def test_other_files(data: bytes) -> None:
    with pytest.raises(NoRepository):
        decode_config(data)


def test_a_huge_file_is_not_parsed() -> None:
    data = b'{"a": "' + b"x" * MAX_CONFIG_BYTES + b'"}'
    with bounds(1 << 16, 1), pytest.raises(NoRepository):
        decode_config(data)


def test_a_newer_format() -> None:
    for number in (3, 4, 10**9, 10**4000):
        with pytest.raises(UnsupportedFormat, match="this Litekeep knows formats up to 2"):
            decode_config(seal({**json.loads(DATA), "format": number}))
    other = json.dumps({"magic": "litekeep repository", "format": 3, "all": "else is unknown"}).encode()
    with pytest.raises(UnsupportedFormat):
        decode_config(other)


def test_a_damaged_format_is_not_called_newer() -> None:
    for digit in b"023456789":
        with pytest.raises(CorruptObject, match="damaged"):
            decode_config(DATA.replace(b'"format": 1', b'"format": ' + bytes([digit])))
    for digit in b"013456789":
        with pytest.raises(CorruptObject, match="damaged"):
            decode_config(ENCRYPTED.replace(b'"format": 2', b'"format": ' + bytes([digit])))


def test_an_encrypted_one_holds_no_secret() -> None:
    assert decode_config(ENCRYPTED) == replace(CONFIG, secret=b"", encrypted=True)
    assert b"secret" not in ENCRYPTED
    assert CONFIG.secret.hex().encode() not in ENCRYPTED


@pytest.mark.parametrize("data", [DATA, ENCRYPTED], ids=["plain", "encrypted"])
def test_sealed_but_hostile(data: bytes) -> None:
    facts = json.loads(data)
    forged = [{**facts, name: value} for name in facts for value in ODD_VALUES]
    forged += [{**facts, "files": {"README.txt": value}} for value in ODD_VALUES]
    forged += [{**facts, "extra": value} for value in ODD_VALUES]
    forged += [{key: value for key, value in facts.items() if key != name} for name in facts]
    for each in forged:
        for data in (seal(each), json.dumps(each).encode()):
            try:
                config = decode_config(data)
            except (CorruptObject, NoRepository, UnsupportedFormat):
                continue
            assert (len(config.id), len(config.secret)) == (16, 0 if config.encrypted else 32)
            assert all(isinstance(part, str) for pair in config.files for part in pair)
            assert isinstance(config.created_at, str)


@pytest.mark.parametrize("depth", [50, 400, 900, 1000, 5000, 100_000])
def test_deep_json(depth: int) -> None:
    data = DATA.rstrip().removesuffix(b"}") + b',"deep":' + b"[" * depth + b"]" * depth + b"}"
    with bounds(64 << 20, 2), pytest.raises(CorruptObject):
        decode_config(data)
