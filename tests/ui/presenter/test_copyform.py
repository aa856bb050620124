"""The form for another copy: what it makes of what is typed, what it refuses, and what a look at the place found."""

from __future__ import annotations

from typing import Any

import pytest

from litekeep.storage.remote.address import parse_address
from litekeep.ui.presenter.copyform import FIELDS, CopyForm, Kind, free_name, problems
from litekeep.ui.presenter.copyprobe import may_insist, probe_lines
from litekeep.ui.presenter.models import Tone
from litekeep.worker.probing import Content, ProbeResult
from ui.presenter.made import EN
from ui.view.copystates import entries

S3 = {"bucket": "bu", "access_key": "AK", "secret_key": "se/cr+et"}
SFTP = {"host": "nas.local:2222", "user": "a b", "folder": "/srv/back ups", "password": " p w "}
DAV = {"address": "https://cloud.example.org/dav/files/ana/back%20ups", "user": "ana@x", "password": "pw"}


def form(kind: Kind, given: dict[str, str], **more: Any) -> CopyForm:
    return CopyForm(kind, "nas", tuple(given.items()), **more)


@pytest.mark.parametrize(
    ("filled", "url", "secrets"),
    [
        (form(Kind.FOLDER, {"folder": "/media/a b/é"}), "file:///media/a%20b/%C3%A9", {}),
        (form(Kind.FOLDER, {"folder": "D:\\backups"}), "file:///D:/backups", {}),
        (
            form(Kind.S3, {**S3, "folder": "/one/two/"}),
            "s3://bu/one/two",
            {"access_key": "AK", "secret_key": "se/cr+et"},
        ),
        (
            form(Kind.S3, {**S3, "endpoint": "https://s3.example.org:9000", "region": "eu"}),
            "s3://bu/?endpoint=https://s3.example.org:9000&region=eu",
            {"access_key": "AK", "secret_key": "se/cr+et"},
        ),
        (form(Kind.SFTP, SFTP), "sftp://a%20b@nas.local:2222/srv/back%20ups", {"password": " p w "}),
        (
            form(
                Kind.SFTP,
                {"host": "nas", "user": "u", "folder": "backups", "key_file": "/a b/id+1"},
                host_key="SHA256:a+/b",
            ),
            "sftp://u@nas/~/backups?key_file=/a%20b/id%2B1&host_key=SHA256:a%2B/b",
            {},
        ),
        (form(Kind.WEBDAV, DAV), "webdavs://ana%40x@cloud.example.org/dav/files/ana/back%20ups", {"password": "pw"}),
        (
            form(Kind.WEBDAV, {**DAV, "address": "http://127.0.0.1:80/x"}),
            "webdav://ana%40x@127.0.0.1:80/x",
            {"password": "pw"},
        ),
    ],
)
def test_what_it_makes_is_what_the_settings_take(filled: CopyForm, url: str, secrets: dict[str, str]) -> None:
    assert not problems(filled, (), EN, encrypted=True)
    assert filled.url == url
    assert filled.secrets == secrets
    entry = filled.entry()
    assert not set(secrets.values()) & set(map(str, entry.values()))
    assert entries(entry).copies[0].url == url
    assert parse_address(url).options.get("host_key", "") == filled.host_key


def test_another_building_is_written_only_where_it_is_unusual() -> None:
    assert "off_site" not in form(Kind.FOLDER, {"folder": "/a"}).entry()
    assert form(Kind.FOLDER, {"folder": "/a"}, off_site=True).entry()["off_site"] is True
    assert form(Kind.WEBDAV, DAV, off_site=False).entry()["off_site"] is False
    assert "off_site" not in form(Kind.WEBDAV, DAV, off_site=True).entry()


def test_backups_that_are_not_encrypted_need_a_yes_for_a_server() -> None:
    assert set(problems(form(Kind.WEBDAV, DAV), (), EN, encrypted=False)) == {"unencrypted"}
    yes = form(Kind.WEBDAV, DAV, unencrypted=True)
    assert not problems(yes, (), EN, encrypted=False)
    assert yes.entry()["unencrypted"] is True
    assert not problems(form(Kind.FOLDER, {"folder": "/a"}), (), EN, encrypted=False)
    assert "unencrypted" not in form(Kind.FOLDER, {"folder": "/a"}, unencrypted=True).entry()


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_needed_is_missed(kind: Kind) -> None:
    found = problems(CopyForm(kind, "nas"), (), EN, encrypted=True)
    assert set(found) == {each.key for each in FIELDS[kind] if each.needed}


@pytest.mark.parametrize(
    ("filled", "where"),
    [
        (form(Kind.FOLDER, {"folder": "backups"}), "folder"),
        (form(Kind.FOLDER, {"folder": "/a/../b"}), "place"),
        (form(Kind.SFTP, {**SFTP, "host": "sftp://nas"}), "host"),
        (form(Kind.SFTP, {**SFTP, "host": "ana@nas"}), "host"),
        (form(Kind.SFTP, {**SFTP, "host": "nas:99999"}), "place"),
        (form(Kind.WEBDAV, {**DAV, "address": "cloud.example.org"}), "address"),
        (form(Kind.WEBDAV, {**DAV, "address": "https://ana:pw@cloud.example.org/x"}), "address"),
        (form(Kind.WEBDAV, {**DAV, "address": "https://[::1/x"}), "place"),
        (form(Kind.S3, {**S3, "endpoint": "s3.example.org"}), "endpoint"),
        (form(Kind.S3, {**S3, "folder": "a b"}), "place"),
    ],
)
def test_what_cannot_be_is_said_where_it_stands(filled: CopyForm, where: str) -> None:
    assert set(problems(filled, (), EN, encrypted=True)) == {where}


@pytest.mark.parametrize("name", ["", "a b", "../x", "NAS2", "-a"])
def test_a_name_is_a_name_of_its_own(name: str) -> None:
    filled = CopyForm(Kind.FOLDER, name, (("folder", "/a"),))
    assert set(problems(filled, ["nas2"], EN, encrypted=True)) == {"name"}


def test_a_name_is_proposed() -> None:
    assert free_name(Kind.FOLDER, []) == "drive"
    assert free_name(Kind.WEBDAV, ["Cloud", "cloud2"]) == "cloud3"


def test_another_server_must_be_trusted_anew() -> None:
    known = form(Kind.SFTP, SFTP, host_key="SHA256:x")
    assert known.put("password", "q").host_key == "SHA256:x"
    assert known.put("host", "other").host_key == ""


@pytest.mark.parametrize(
    ("found", "tones", "insist"),
    [
        (ProbeResult(Content.EMPTY), [Tone.OK], False),
        (ProbeResult(Content.EMPTY, same_device=True), [Tone.OK, Tone.WARN], False),
        (ProbeResult(Content.OURS, 3, exclusive=False), [Tone.OK, Tone.CALM], False),
        (ProbeResult(Content.OTHER), [Tone.BAD], False),
        (ProbeResult(Content.HERE, same_device=True), [Tone.BAD], False),
        (ProbeResult(code="unreachable"), [Tone.BAD], True),
        (ProbeResult(code="usage"), [Tone.BAD], False),
        (ProbeResult(code="wrong_server", fingerprint="SHA256:x"), [Tone.WARN], False),
    ],
)
def test_what_a_look_found(found: ProbeResult, tones: list[Tone], insist: bool) -> None:
    lines = probe_lines(found, EN)
    assert [tone for tone, _ in lines] == tones
    assert all(text.endswith(".") for _, text in lines)
    assert may_insist(found) is insist
