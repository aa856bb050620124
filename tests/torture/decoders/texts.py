"""What people, settings and environments give: keys, schedules, URLs, names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from litekeep.config import parse_settings
from litekeep.config.compound import Section
from litekeep.config.environment import variable_for
from litekeep.config.load import known_settings, read_bytes
from litekeep.config.settings import Settings
from litekeep.errors import SettingsInvalid, UnknownSnapshot, UsageError
from litekeep.formats import printedkey
from litekeep.formats.keyslot import passphrase_bytes
from litekeep.formats.printedkey import Mistyped, print_key, read_key
from litekeep.redaction import redact
from litekeep.repository import layout, restore
from litekeep.repository.catalog import Catalog
from litekeep.scheduling.rule import longest_gap, missed_slot, next_due, parse_restore_test, slot_after
from litekeep.scheduling.zone import zone_named
from litekeep.storage.base import check_key, check_prefix, is_key
from litekeep.storage.remote.address import SECRETS, check_secrets, parse_address, place_of
from torture.decoders.decoder import Decoder, names_in, show, text_of
from torture.decoders.objects import snapshot

NOW = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
"""The night in which Paris goes to summer time."""


def key(data: bytes, _: Path) -> object:
    """A recovery key as it was typed, or a passphrase."""
    text = text_of(data)
    with suppress(UsageError):
        passphrase_bytes(text)
    found = read_key(text)
    assert found is None or read_key(print_key(found)) == found
    return found is None


def seal_key(data: bytes) -> bytes:
    """The checks of all groups that are there, put right."""
    plain = text_of(data).upper().replace("-", "")
    if len(plain) != 64 or not set(plain) <= set(printedkey.ALPHABET):
        return data
    groups = [plain[at : at + 8] for at in range(0, 64, 8)]
    return "-".join(each[:-1] + printedkey._group_check(n, each[:-1]) for n, each in enumerate(groups, 1)).encode()


@lru_cache
def document() -> str:
    """All settings, with their defaults."""
    settings = parse_settings({"database": "app.db"}, Path("/home/me"), {})
    return json.dumps(Section(Settings).write(settings), indent=2)


def settings(data: bytes, folder: Path) -> object:
    """A settings file."""
    return read_bytes(data, folder / "litekeep.json", {}).settings.backup.enabled


def environment(data: bytes, folder: Path) -> object:
    """Lines of variable and value."""
    pairs = (line.partition("=") for line in text_of(data).splitlines())
    environ = {name: value for name, equals, value in pairs if equals}
    return read_bytes(b'{"database": "app.db"}', folder / "litekeep.json", environ).settings.backup.enabled


def variables() -> list[bytes]:
    """One of every setting."""
    names = [f"{variable_for(name)}=2" for name in known_settings()]
    return ["\n".join(names[at : at + 3]).encode() for at in range(0, len(names), 3)]


def schedule(data: bytes, _: Path) -> object:
    """A time or cron expression, and every question that is asked of it, in one of two zones."""
    rule = parse_restore_test(text_of(data), catch_up=len(data) % 2 == 0)
    if rule is None:
        return "never"
    zone = zone_named("Europe/Paris" if len(data) % 3 else "Australia/Lord_Howe")
    show(slot_after(rule, NOW, zone), next_due(rule, None, NOW, zone))
    longest_gap(rule, NOW, zone)
    missed_slot(rule, NOW, NOW, zone)
    return rule.every_hour


def zone(data: bytes, _: Path) -> object:
    """The name of a time zone."""
    return NOW.astimezone(zone_named(text_of(data))).utcoffset() is None


def place(data: bytes, _: Path) -> object:
    """The URL of a repository or copy."""
    address = parse_address(text_of(data))
    place_of(text_of(data))
    address.shown.encode("utf-8", "strict")
    assert ".." not in address.shown.split("/")
    with suppress(UsageError):
        check_secrets(address, dict.fromkeys(SECRETS[address.scheme], "secret"))
    return address.scheme


def name(data: bytes, _: Path) -> object:
    """The name of a source, of an object or of a snapshot: from a person, a folder, a server."""
    text = text_of(data)
    folder = layout.source_dir(text)
    made = layout.snapshot_key(text, NOW, 7, "0123456789abcdef")
    parsed = layout.parse_snapshot_key(made)
    assert not text or (parsed is not None and parsed.source_dir == folder and is_key(made))
    layout.parse_pack_key(text)
    layout.record_snapshot(text)
    layout.is_plan_key(text)
    layout.is_confirmed_key(text)
    restore.source_of(folder)
    with suppress(UnknownSnapshot):
        Catalog((snapshot(),), ()).find(text)
    check_prefix(text) if text.endswith("/") else check_key(text)
    inside = Path("/repository", text)
    assert inside.is_relative_to("/repository")
    assert ".." not in inside.parts
    return True


def told(data: bytes, _: Path) -> object:
    """A message that may hold secrets."""
    return "hunter2" in redact(text_of(data), ["hunter2"])


def urls() -> Sequence[bytes]:
    """One of each kind."""
    return (
        b"s3://bucket/prefix?endpoint=https://host:9000&region=eu-1&checksum=sha256",
        b"gs://bucket/a/b",
        b"az://container/x?account=me",
        b"sftp://me@host:2222/~/backups?host_key=SHA256:abc+/=",
        b"webdavs://me@[::1]:8443/remote.php/dav?ca_file=/etc/ca.pem",
        b"file:///srv/backups",
    )


TEXTS = (
    Decoder(
        "printed key",
        key,
        (Mistyped,),
        lambda: [print_key(bytes(range(32))).encode(), "crème brûlée".encode(), print_key(bytes(32)).lower().encode()],
        (b"O", b"I", b"l", b"-", b"\xc3\x9f", b"\xef\xac\x81"),
        seal_key,
        weight=16,
    ),
    Decoder(
        "settings file",
        settings,
        (SettingsInvalid,),
        lambda: [document().encode(), b'{"database": "app.db"}', b'{"database": "a", "copies": [{"url": "s3://b"}]}'],
        names_in(document().translate(dict.fromkeys(map(ord, '{}[],:"'), " ")), "copies url name"),
        weight=1,
    ),
    Decoder("environment", environment, (SettingsInvalid,), variables, names_in("true null 02:00 [] {}"), weight=1),
    Decoder(
        "schedule",
        schedule,
        (UsageError,),
        lambda: [
            b"02:00",
            b"0 2 * * MON-FRI",
            b"*/30 2 * * *",
            b"0 0 29 2 *",
            b"5 4 L * 5#2",
            b"weekly",
            b"0 0 LW * 5L",
        ],
        names_in("* */2 1-5 L LW 5L 5#2 JAN DEC SUN 31 30 29 2 0 60 24 7 , - / # @daily never daily weekly"),
        weight=1,
    ),
    Decoder(
        "time zone",
        zone,
        (UsageError,),
        lambda: [b"Europe/Paris", b"+02:00", b"UTC", b"America/Argentina/Ushuaia"],
        names_in("Etc/GMT+12 posix/ right/ ../ / . -23:59 +24:00 localtime posixrules"),
        weight=4,
    ),
    Decoder(
        "URL of a place",
        place,
        (UsageError,),
        urls,
        names_in("s3:// sftp:// ? & = %2e%2e . .. [ ] [::1] :99999 ~"),
        weight=16,
    ),
    Decoder(
        "name",
        name,
        (UsageError,),
        lambda: [
            b"app",
            b"packs/ab/0000000100000000-0",
            b"receipts/app/0123456789abcdef-01234567",
            b"CON",
            b"latest~2",
        ],
        names_in("packs/ snapshots/ marks/ -confirmed -seen .. / ~ nul com1 _5f \xe2\x80\xae"),
        weight=16,
    ),
    Decoder(
        "message",
        told,
        (),
        lambda: [b"https://me:hunter2@host/a?password=x&sig=y", b"Authorization: Bearer abc", b"password = 'x y'"],
        names_in("password= token: secret key sig Bearer Basic :// @ & ; ' \""),
        weight=10,
    ),
)
