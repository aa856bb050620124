"""WebDAV: files on a web server such as Nextcloud or a NAS, through the standard library. The line is in httpline.py.

*Create*: PUT to ".tmp-..." in the place itself, a look at its length, then MOVE with "Overwrite: F", so that a name
never has half an object; "If-None-Match" is ignored or racy on servers that were tried. RFC 4918 (9.9) does not ask for
looking and moving in one step, and WsgiDAV 4.4 looks first and then renames: of two that create one name in the same
moment both can be told that they did. So the threads of one process take turns at a name. A repeated MOVE whose first
reply was lost finds its source gone; that, and every conflict, is left to RemoteStorage to be told by the content.

Listings ask folder by folder (Depth: 1): many servers refuse more.
"""

from __future__ import annotations

import re
import secrets as random_source
import threading
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, urlsplit
from weakref import WeakValueDictionary

from litekeep.errors import ObjectMissing, StorageError
from litekeep.storage.remote import troubles
from litekeep.storage.remote.address import Address
from litekeep.storage.remote.folders import Folders
from litekeep.storage.remote.httpline import Answer, Lines
from litekeep.storage.remote.wire import STALL_SECONDS, TEMPORARY_PREFIX, Found, NotSupported, Occupied, Pace, Secrets

_PROPERTIES = (
    b'<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:"><d:prop>'
    b"<d:resourcetype/><d:getcontentlength/><d:getlastmodified/>"
    b"<d:quota-available-bytes/></d:prop></d:propfind>"
)
_COUNT = re.compile(r"[0-9]{1,18}")
_STORED = {200, 201, 204}


class WebdavWire:
    """Requests to one collection on one server."""

    def __init__(self, address: Address, secrets: Secrets, *, stall_seconds: float = STALL_SECONDS) -> None:
        self.description = address.shown
        self._root = f"/{quote(address.path)}/" if address.path else "/"
        self._lines = Lines(address, secrets, stall_seconds)
        self._destination = self._lines.origin
        self._folders = Folders()
        self._guard = threading.Lock()
        self._turns: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    def require_place(self, *, create: bool) -> None:
        """PROPFIND of the collection; with `create` it is made, with those above it."""
        answer = self._propfind("", 0, "open", None)
        if answer.status == 404 and create:
            parts = self._root.strip("/").split("/")
            for count in range(1, len(parts) + 1):
                self._make_folder("/" + "/".join(parts[:count]) + "/")
            answer = self._propfind("", 0, "open", None)
        if answer.status == 404:
            raise troubles.place_missing(self.description, "the folder")
        self._require(answer, {207}, "open", "")
        if not any(each.folder for each in self._parsed(answer, "open", "")):
            raise troubles.place_missing(self.description, "the folder")

    def create(self, name: str, data: memoryview, pace: Pace) -> None:
        """PUT, look, MOVE without replacing."""
        self._store(name, data, pace, "F")

    def replace(self, name: str, data: memoryview, pace: Pace) -> None:
        """PUT, look, MOVE."""
        self._store(name, data, pace, "T")

    def read(self, name: str, pace: Pace) -> bytes:
        """GET."""
        answer = self._lines.ask("GET", self._path(name), "read", name, pace=pace)
        self._require(answer, {200}, "read", name)
        self._require_no_page(answer, "read", name)
        return answer.body

    def read_range(self, name: str, offset: int, length: int, pace: Pace) -> bytes:
        """GET with Range; a server that ignores it sends everything, of which the part is taken."""
        wanted = {"Range": f"bytes={offset}-{offset + length - 1}"}
        answer = self._lines.ask("GET", self._path(name), "read", name, headers=wanted, pace=pace)
        if answer.status == 416:
            return b""
        self._require(answer, {200, 206}, "read", name)
        if answer.status == 200:
            self._require_no_page(answer, "read", name)
            return answer.body[offset : offset + length]
        if not re.match(rf"bytes {offset}-", answer.headers.get("Content-Range") or ""):
            raise troubles.unreachable("read", name, self.description, "another part came than was asked for")
        return answer.body

    def size(self, name: str) -> int:
        """PROPFIND of the file: some servers compress what they send, and HEAD then tells another length."""
        answer = self._propfind(name, 0, "look at", None)
        self._require(answer, {207}, "look at", name)
        for each in self._parsed(answer, "look at", name):
            if not each.folder and each.size_bytes is not None:
                return each.size_bytes
        raise troubles.missing(name, self.description)

    def scan(self, prefix: str, pace: Pace) -> Iterator[Found]:
        """Folder by folder."""
        folders = [prefix]
        while folders:
            inside, found = self._look(folders.pop(), pace)
            folders += inside
            yield from found

    def scan_top(self, pace: Pace) -> Iterator[Found]:
        """The one folder."""
        yield from self._look("", pace)[1]

    def remove(self, name: str) -> None:
        """DELETE."""
        answer = self._lines.ask("DELETE", self._path(name), "delete", name)
        if answer.status != 404:
            self._require(answer, {200, 202, 204}, "delete", name)

    def free_bytes(self) -> int | None:
        """By quota-available-bytes, where the server tells."""
        answer = self._propfind("", 0, "measure", None)
        self._require(answer, {207}, "measure", "")
        free = next((each.free_bytes for each in self._parsed(answer, "measure", "")), None)
        return free if free and free > 0 else None

    def renew(self) -> bool:
        """Ask for the secrets again."""
        return self._lines.renew()

    def reset(self) -> None:
        """Cut the connections."""
        self._lines.reset()

    def _store(self, name: str, data: memoryview, pace: Pace, overwrite: str) -> None:
        temporary = TEMPORARY_PREFIX + random_source.token_hex(8)
        self._make_folders(name)
        try:
            headers = {"Content-Type": "application/octet-stream"}
            answer = self._lines.ask("PUT", self._path(temporary), "write", name, data, headers, pace)
            self._require(answer, _STORED, "write", name)
            try:
                arrived = self.size(temporary)
            except ObjectMissing:
                arrived = -1
            if arrived != data.nbytes:
                raise troubles.unreachable("write", name, self.description, "it did not arrive whole")
            with self._turn_at(name):
                self._move(temporary, name, overwrite)
        except (StorageError, Occupied, NotSupported):
            with suppress(StorageError):
                self.remove(temporary)
            raise

    def _turn_at(self, name: str) -> threading.Lock:
        with self._guard:
            return self._turns.setdefault(name, threading.Lock())

    def _move(self, temporary: str, name: str, overwrite: str) -> None:
        answer = self._moved(temporary, name, overwrite)
        if answer.status == 409 and "/" in name:  # somebody removed the folder
            self._folders.forget()
            self._make_folders(name)
            answer = self._moved(temporary, name, overwrite)
        if answer.status == 502 and self._destination:
            # Behind a gateway that ends TLS a server takes https://... for another one; some want a whole URL, though.
            self._destination = ""
            answer = self._moved(temporary, name, overwrite)
        if answer.status in {404, 412} and overwrite == "F":
            raise Occupied
        if answer.status in {405, 501} and overwrite == "F":
            raise NotSupported(f"the server answers {answer.status} to MOVE")
        self._require(answer, {201, 204}, "write", name)

    def _moved(self, temporary: str, name: str, overwrite: str) -> Answer:
        headers = {"Destination": self._destination + self._path(name), "Overwrite": overwrite}
        return self._lines.ask("MOVE", self._path(temporary), "write", name, headers=headers)

    def _make_folders(self, name: str) -> None:
        self._folders.make_those_of(name, lambda folder: self._make_folder(self._path(f"{folder}/")))

    def _make_folder(self, path: str) -> None:
        answer = self._lines.ask("MKCOL", path, "write", path)
        if answer.status in {201, 405, 301, 403, 409, 423}:  # it exists, or what is put into it tells
            return
        # WsgiDAV 4.4 looks and then makes, as it moves: of two that come at once the later one is answered with 500.
        if answer.status < 500 or self._properties(path, 0, "write", "", None).status != 207:
            self._require(answer, {201}, "write", "")

    def _propfind(self, name: str, depth: int, doing: str, pace: Pace | None) -> Answer:
        return self._properties(self._path(name), depth, doing, name, pace)

    def _properties(self, path: str, depth: int, doing: str, name: str, pace: Pace | None) -> Answer:
        headers = {"Depth": str(depth), "Content-Type": "application/xml"}
        return self._lines.ask("PROPFIND", path, doing, name, memoryview(_PROPERTIES), headers, pace)

    def _look(self, prefix: str, pace: Pace) -> tuple[list[str], list[Found]]:
        answer = self._propfind(prefix, 1, "list", pace)
        if answer.status == 404:
            return [], []  # RemoteStorage looks for the whole place if nothing is found
        self._require(answer, {207}, "list", prefix)
        folders, found = [], []
        for each in self._parsed(answer, "list", prefix):
            inside = each.path.removeprefix(prefix).rstrip("/")
            if not each.path.startswith(prefix) or not inside or "/" in inside:  # deeper ones come with their folder
                continue
            if each.folder:
                folders.append(each.path.rstrip("/") + "/")
            else:
                found.append(Found(each.path, each.size_bytes or 0, each.modified_seconds))
        return folders, found

    def _parsed(self, answer: Answer, doing: str, name: str) -> list[_Resource]:
        """The resources of a multistatus; raises WrongServer or StorageError if it is none, or is cut off."""
        from xml.etree import ElementTree

        try:
            tree = ElementTree.fromstring(answer.body)  # noqa: S314 - entities are refused by expat since 2.4.1
        except (ElementTree.ParseError, LookupError, ValueError) as error:  # the latter two: of encodings
            why = "the listing cannot be read to its end"
            raise troubles.unreachable(doing, name, self.description, why) from error
        if tree.tag != "{DAV:}multistatus":
            raise troubles.wrong_server(doing, name, self.description, "what answers there does not speak WebDAV")
        return [_resource(each, self._root) for each in tree.iter("{DAV:}response")]

    def _path(self, name: str) -> str:
        return self._root + quote(name)

    def _require(self, answer: Answer, good: set[int], doing: str, name: str) -> None:
        if answer.status in good:
            return
        if answer.status == 200 or (answer.status == 405 and doing in {"open", "list", "look at"}):
            raise troubles.wrong_server(doing, name, self.description, "what answers there does not speak WebDAV")
        if answer.status == 404 and doing == "open":
            raise troubles.place_missing(self.description, "the folder")
        raise troubles.from_status(answer.status, "", doing, name, self.description)

    def _require_no_page(self, answer: Answer, doing: str, name: str) -> None:
        """A network with a log-in page answers everything with one; an object may begin like that, too."""
        if not answer.body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
            return
        if self.size(name) != len(answer.body):
            why = "a page of HTML came in its place, as from a network with a log-in page"
            raise troubles.wrong_server(doing, name, self.description, why)


class _Resource:
    def __init__(self, path: str, *, folder: bool) -> None:
        self.path = path
        self.folder = folder
        self.size_bytes: int | None = None
        self.modified_seconds = 0.0
        self.free_bytes: int | None = None


def _resource(element: object, root: str) -> _Resource:
    from xml.etree.ElementTree import Element

    assert isinstance(element, Element)
    try:
        href = urlsplit((element.findtext("{DAV:}href") or "").strip()).path
    except ValueError:
        href = ""
    found = _Resource(unquote(href).removeprefix(unquote(root)), folder=False)
    for each in element.iter():
        text = (each.text or "").strip()
        if each.tag == "{DAV:}collection":
            found.folder = True
        elif each.tag == "{DAV:}getcontentlength" and _COUNT.fullmatch(text):
            found.size_bytes = int(text)
        elif each.tag == "{DAV:}quota-available-bytes" and _COUNT.fullmatch(text):
            found.free_bytes = int(text)
        elif each.tag == "{DAV:}getlastmodified" and text:
            with suppress(ValueError, TypeError, IndexError, OverflowError):
                found.modified_seconds = parsedate_to_datetime(text).timestamp()
    return found
