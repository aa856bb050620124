"""The form for another copy: which fields each kind of place has, what is wrong with them, and what they make.

fields, as typed  ->  the entry for the settings, and the secrets beside it, which never stand in the entry
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from litekeep.errors import UsageError
from litekeep.records import dataclass
from litekeep.storage.remote.address import parse_address
from litekeep.ui.language.words import Language, phrase


class Kind(StrEnum):
    """Of a place."""

    FOLDER = "folder"
    S3 = "s3"
    SFTP = "sftp"
    WEBDAV = "webdav"


KINDS = {
    Kind.FOLDER: phrase("Folder or drive"),
    Kind.S3: phrase("S3"),
    Kind.SFTP: phrase("SFTP"),
    Kind.WEBDAV: phrase("WebDAV, Nextcloud"),
}


@dataclass(frozen=True, slots=True)
class FieldModel:
    """One line of the form. secret: dots instead of letters. hint: in the empty field."""

    key: str
    label: str
    hint: str = ""
    needed: bool = True
    secret: bool = False


FIELDS: Mapping[Kind, tuple[FieldModel, ...]] = {
    Kind.FOLDER: (FieldModel("folder", phrase("Folder"), "/media/drive/backups"),),
    Kind.S3: (
        FieldModel("endpoint", phrase("Address of the service"), phrase("empty: Amazon"), needed=False),
        FieldModel("bucket", phrase("Bucket")),
        FieldModel("folder", phrase("Folder in it"), "litekeep", needed=False),
        FieldModel("region", phrase("Region"), "eu-west-3", needed=False),
        FieldModel("access_key", phrase("Access key")),
        FieldModel("secret_key", phrase("Secret key"), secret=True),
    ),
    Kind.SFTP: (
        FieldModel("host", phrase("Server"), "nas.local"),
        FieldModel("user", phrase("User")),
        FieldModel("folder", phrase("Folder"), "/backups"),
        FieldModel(
            "password", phrase("Password"), phrase("empty: the SSH keys of this user"), needed=False, secret=True
        ),
        FieldModel("key_file", phrase("Key file"), phrase("instead of the password"), needed=False),
        FieldModel("passphrase", phrase("Passphrase of it"), needed=False, secret=True),
    ),
    Kind.WEBDAV: (
        FieldModel("address", phrase("Address"), "https://cloud.example.org/remote.php/dav/files/ana/backups"),
        FieldModel("user", phrase("User")),
        FieldModel("password", phrase("Password"), secret=True),
    ),
}
_SECRETS = {
    Kind.FOLDER: (),
    Kind.S3: ("access_key", "secret_key"),
    Kind.SFTP: ("password", "passphrase"),
    Kind.WEBDAV: ("password",),
}
_NAMES = {Kind.FOLDER: "drive", Kind.S3: "s3", Kind.SFTP: "sftp", Kind.WEBDAV: "cloud"}
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_DRIVE = r"[A-Za-z]:[/\\]"


@dataclass(frozen=True, slots=True)
class CopyForm:
    """What is typed. given: by the key of the field, of all kinds. off_site None: as usual for the kind.

    host_key: the fingerprint of a server that a person said yes to. unencrypted: the yes to sending what others may
    be able to read there.
    """

    kind: Kind = Kind.FOLDER
    name: str = ""
    given: tuple[tuple[str, str], ...] = ()
    off_site: bool | None = None
    unencrypted: bool = False
    host_key: str = ""

    def get(self, key: str) -> str:
        """What stands in a field, without blanks around it; passwords as they are."""
        text = dict(self.given).get(key, "")
        return text if key in ("password", "passphrase") else text.strip()

    def put(self, key: str, text: str) -> CopyForm:
        """With another text in a field. Another server may have another key."""
        given = tuple({**dict(self.given), key: text}.items())
        return replace(self, given=given, host_key="" if key in ("host", "address") else self.host_key)

    @property
    def is_remote(self) -> bool:
        """Over a network."""
        return self.kind is not Kind.FOLDER

    @property
    def elsewhere(self) -> bool:
        """It counts as being in another building."""
        return self.is_remote if self.off_site is None else self.off_site

    @property
    def url(self) -> str:
        """The place, without secrets. The form must be without problems."""
        return _URLS[self.kind](self)

    @property
    def secrets(self) -> dict[str, str]:
        """By their names in the settings; those that were left empty are not there."""
        return {name: text for name in _SECRETS[self.kind] if (text := self.get(name))}

    def entry(self) -> dict[str, Any]:
        """As it stands in the settings; the secrets are not in it."""
        found: dict[str, Any] = {"name": self.name.strip(), "url": self.url}
        if self.elsewhere != self.is_remote:
            found["off_site"] = self.elsewhere
        if self.unencrypted and self.is_remote:
            found["unencrypted"] = True
        return found


def free_name(kind: Kind, taken: Iterable[str]) -> str:
    """A name that no copy has."""
    known = {each.lower() for each in taken}
    tries = (_NAMES[kind] if number == 1 else f"{_NAMES[kind]}{number}" for number in range(1, 1000))
    return next(each for each in tries if each not in known)


def problems(form: CopyForm, taken: Iterable[str], say: Language, *, encrypted: bool) -> dict[str, str]:
    """What is wrong: key of the field, "name", "unencrypted" or "place" -> a sentence. taken: names of other copies."""
    found = {each.key: _field_problem(form, each, say) for each in FIELDS[form.kind]}
    found["name"] = _name_problem(form.name.strip(), taken, say)
    if form.is_remote and not encrypted and not form.unencrypted:
        found["unencrypted"] = say("Say yes to this, or encrypt the backups first.")
    found = {key: text for key, text in found.items() if text}
    if not any(each.key in found for each in FIELDS[form.kind]):
        try:
            parse_address(form.url)
        except (UsageError, ValueError):
            found["place"] = say("This is no address that can be used.")
    return found


def _field_problem(form: CopyForm, field: FieldModel, say: Language) -> str:
    text = form.get(field.key)
    if not text:
        return say("This is needed.") if field.needed else ""
    if form.kind is Kind.FOLDER and not (text.startswith("/") or re.match(_DRIVE, text)):
        return say("Give the whole path, from the beginning.")
    if field.key == "host" and not re.fullmatch(r"[^\s/@:]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", text):
        return say("Only the name of the server, with “:port” if it has an unusual one.")
    if field.key in ("address", "endpoint") and not re.match(r"https?://[^/@\s]+(/|$)", text):
        return say("It begins with “https://”, without user and password.")
    return ""


def _name_problem(name: str, taken: Iterable[str], say: Language) -> str:
    if not re.fullmatch(_NAME, name):
        return say("Letters, digits, “.”, “_” and “-” only.")
    if name.lower() in {each.lower() for each in taken}:
        return say("Another copy has this name.")
    return ""


def _folder_url(form: CopyForm) -> str:
    path = form.get("folder").replace("\\", "/")
    return "file://" + quote(path if path.startswith("/") else f"/{path}", safe="/:")


def _s3_url(form: CopyForm) -> str:
    options = {key: form.get(key) for key in ("endpoint", "region") if form.get(key)}
    folder = form.get("folder").strip("/")
    query = f"?{_query(options)}" if options else ""
    return f"s3://{form.get('bucket')}/{quote(folder)}{query}"


def _sftp_url(form: CopyForm) -> str:
    folder = form.get("folder")
    path = folder if folder.startswith("/") else "/~/" + folder.removeprefix("~/")
    options = {"key_file": form.get("key_file"), "host_key": form.host_key}
    query = _query({key: value for key, value in options.items() if value})
    whole = f"sftp://{quote(form.get('user'), safe='')}@{form.get('host')}{quote(path)}"
    return f"{whole}?{query}" if query else whole


def _query(options: Mapping[str, str]) -> str:
    return urlencode(options, safe=":/~", quote_via=quote)


def _webdav_url(form: CopyForm) -> str:
    parts = urlsplit(form.get("address"))
    scheme = "webdavs" if parts.scheme == "https" else "webdav"
    user = f"{quote(form.get('user'), safe='')}@" if form.get("user") else ""
    return f"{scheme}://{user}{parts.netloc}{quote(parts.path, safe='/%')}"


_URLS = {Kind.FOLDER: _folder_url, Kind.S3: _s3_url, Kind.SFTP: _sftp_url, Kind.WEBDAV: _webdav_url}
