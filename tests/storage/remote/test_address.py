"""URLs of places: what they mean, what is refused, and that no secret is ever told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.errors import UsageError
from litekeep.storage.local import LocalStorage
from litekeep.storage.opening import open_remote, open_storage
from litekeep.storage.remote.address import parse_address
from litekeep.testing import ManualClock


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://Bucket-1/a/b/?region=eu-1", ("s3", "", "Bucket-1", 0, "a/b", "s3://Bucket-1/a/b")),
        ("s3://bucket", ("s3", "", "bucket", 0, "", "s3://bucket")),
        ("az://box/p?account=me", ("az", "", "box", 0, "p", "az://box/p")),
        ("sftp://me@nas.local:2222/backups/", ("sftp", "me", "nas.local", 2222, "/backups", None)),
        ("sftp://nas.local/~/backups", ("sftp", "", "nas.local", 0, "backups", "sftp://nas.local/~/backups")),
        ("sftp://nas.local/~", ("sftp", "", "nas.local", 0, ".", "sftp://nas.local/~")),
        (
            "webdavs://me%40x@cloud/remote.php/dav/a%20b",
            ("webdavs", "me@x", "cloud", 0, "remote.php/dav/a b", "webdavs://me%40x@cloud/remote.php/dav/a%20b"),
        ),
        ("file:///mnt/nas", ("file", "", "", 0, "/mnt/nas", None)),
    ],
)
def test_what_urls_mean(url: str, expected: tuple[object, ...]) -> None:
    address = parse_address(url)
    found = (address.scheme, address.user, address.host, address.port, address.path)
    assert found == expected[:5]
    if expected[5]:
        assert address.shown == expected[5]


@pytest.mark.parametrize(
    "url",
    [
        "", "backups", "/mnt/nas", "ftp://host/x", "s3://", "s3:///x", "sftp:///x", "s3://b/x?endpont=https://h",
        "s3://b/../x", "s3://b/a b", "az://box", "sftp://h/x#y", "sftp://h:no/x", "file://nas/x", "s3://b?region=",
        "s3://b?region=a&region=b", "s3://b?checksum=md5", "webdavs://h:99999/x", "https://host/x",
        "gs://..", "gs://../", "s3://./x", "sftp://../x", "webdavs://./x", "s3://.b", "s3://bu cket", "gs://b%2e",
        "s3://b?endpoint=http://[", "sftp://h/caf\udce9", "webdavs://caf\udce9@h/x",
    ],
)  # fmt: skip
def test_what_is_no_place(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(url)
    assert caught.value.hint or caught.value.message


def test_a_plus_in_an_option_is_a_plus() -> None:
    address = parse_address("sftp://nas.local/b?host_key=SHA256:a+b/c&key_file=/my%20keys/id")
    assert address.options == {"host_key": "SHA256:a+b/c", "key_file": "/my keys/id"}


@pytest.mark.parametrize(
    "url",
    [
        "sftp://me:hunter2secret@host/x",
        "webdavs://me:hunter2secret@host/x",
        "s3://key:hunter2secret@bucket/x",
        "s3://bucket/x?secret_key=hunter2secret",
        "webdavs://host/x?password=hunter2secret",
        "az://box/x?account=a&sas=hunter2secret",
        "s3://bucket/x?aws_secret=hunter2secret",
    ],
)
def test_secrets_in_urls_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_storage(url, {}, clock=ManualClock())
    assert "hunter2" not in f"{caught.value} {caught.value.hint} {caught.value.safe}"


@given(st.text(max_size=60))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    for url in (text, f"s3://{text}", f"sftp://host/{text}", f"webdavs://host?{text}"):
        try:
            address = parse_address(url)
        except UsageError:
            continue
        assert "?" not in address.shown


def test_secrets_are_those_of_the_place() -> None:
    keys = {"access_key": "a", "secret_key": "hunter2secret"}
    clock = ManualClock()
    for url, secrets in (
        ("s3://bucket", {}),
        ("s3://bucket", {"access_key": "a"}),
        ("s3://bucket", {**keys, "password": "p"}),
        ("sftp://host/x", keys),
        ("gs://bucket", {}),
        ("az://box?account=a", {}),
        ("file:///x", keys),
        ("webdav://host/x", {"password": "hunter2secret"}),
    ):
        with pytest.raises(UsageError) as caught:
            open_storage(url, secrets, clock=clock)
        assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    for url, good in (
        ("s3://bucket", keys),
        ("az://box?account=a", {"account_key": "aGVsbG8="}),
        ("az://box?account=a", {"sas": "sv=2024&sig=x"}),
        ("webdav://127.0.0.1/x", {"password": "p"}),
        ("webdav://host/x", {}),
    ):
        assert open_remote(url, good, clock=clock).description.startswith(url.partition("?")[0])


def test_secrets_are_looked_up_once_when_a_place_is_opened() -> None:
    """A program that gives them may ask a person."""
    for url, secrets in (
        ("s3://bucket", {"access_key": "a", "secret_key": "b"}),
        ("sftp://host/x", {"password": "p"}),
        ("webdavs://host/x", {"password": "p"}),
        ("file:///x", {}),
    ):
        asked: list[str] = []

        def look_up(found: dict[str, str] = secrets, asked: list[str] = asked) -> dict[str, str]:
            asked.append("asked")
            return found

        open_storage(url, look_up, clock=ManualClock())
        assert asked == ["asked"]


def test_a_folder_is_a_place_too(tmp_path: Path) -> None:
    storage = open_storage((tmp_path / "new").as_uri(), clock=ManualClock(), create=True)
    assert isinstance(storage, LocalStorage)
    storage.put("a/b", b"x")
    assert (tmp_path / "new" / "a" / "b").read_bytes() == b"x"


def test_variables_of_the_environment_lead_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_... of another program: nothing but what was given is used."""
    from litekeep.storage.remote.objects import make_store

    for name, value in {
        "AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "other", "AWS_SESSION_TOKEN": "other",
        "AWS_ENDPOINT": "http://127.0.0.1:1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:2", "AWS_REGION": "other", "AWS_DEFAULT_REGION": "other",
        "AWS_SKIP_SIGNATURE": "true", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true", "AWS_S3_EXPRESS": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    address = parse_address("s3://bucket/x?endpoint=http://127.0.0.1:9&region=mine")
    store = make_store(address, {"access_key": "a", "secret_key": "b"}, 5)
    config = {str(key): str(value) for key, value in store.config.items()}
    assert "other" not in config.values()
    assert not [value for value in config.values() if value.endswith((":1", ":2"))]
    assert store.credential_provider() == {  # type: ignore[misc]
        "access_key_id": "a", "secret_access_key": "b", "token": None, "expires_at": None,
    }  # fmt: skip
