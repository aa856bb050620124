"""What every Storage promises, as tests; a new one is held to it by a subclass with a `storage` fixture.

`storage` is an empty storage to write to; `reader` the one to read with, the same unless a subclass says otherwise.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from litekeep.errors import Locked, ObjectExists, ObjectMissing, StorageError, UsageError
from litekeep.storage.base import Entry, Storage, check_key, is_key

BAD_KEYS = [
    "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", ".hidden", "a/.b", "a.", "a./b", "a b", "a\\b", "a\0b", "a\n",
    "é", "~$x", "C:x", "x" * 513, "lock", "LOCK", "lock/a", "con", "a/NUL.txt", "com1", "a/Thumbs.db", "desktop.ini",
]  # fmt: skip
GOOD_KEYS = ["b", "-", "_", "packs/ab/0f-1", "a.b..c", "a/lock", "locks", "console", "com10", "a/b/c/d/e/f", "x" * 200]

parts = st.from_regex(r"[a-z0-9_-]([a-z0-9._-]{0,20}[a-z0-9_-])?", fullmatch=True)
keys = st.lists(parts, min_size=1, max_size=4).map(lambda names: "/".join([*names[:-1], f"{names[-1]}-object"]))
keys = keys.filter(lambda key: is_key(key) and all(not part.endswith("-object") for part in key.split("/")[:-1]))


class Conformance:
    """The promises of storage/base.py, one by one."""

    @pytest.fixture
    def reader(self, storage: Storage) -> Storage:
        return storage

    def test_get_returns_what_was_put(self, storage: Storage, reader: Storage) -> None:
        storage.put("packs/ab/one", b"content")
        assert reader.get("packs/ab/one") == b"content"
        assert reader.size("packs/ab/one") == 7

    @pytest.mark.parametrize("length", [0, 1, 4096, 3_000_001])
    def test_any_length(self, storage: Storage, reader: Storage, length: int) -> None:
        content = bytes(range(256)) * (length // 256 + 1)
        storage.put("object", content[:length])
        assert reader.get("object") == content[:length]
        assert reader.list() == [Entry("object", length)]

    def test_any_buffer_and_none_is_kept(self, storage: Storage, reader: Storage) -> None:
        changing = bytearray(b"first")
        storage.put("a", changing)
        storage.put("b", memoryview(changing)[1:4])
        changing[:] = b"second, and longer"  # would fail if a view were kept
        assert (reader.get("a"), reader.get("b")) == (b"first", b"irs")

    def test_valid_keys(self, storage: Storage, reader: Storage) -> None:
        for key in GOOD_KEYS:
            storage.put(key, key.encode())
        assert {key: reader.get(key).decode() for key in GOOD_KEYS} == {key: key for key in GOOD_KEYS}
        assert [entry.key for entry in reader.list()] == sorted(GOOD_KEYS)

    def test_invalid_keys(self, storage: Storage, reader: Storage) -> None:
        for key in BAD_KEYS:
            for call in (
                check_key,
                reader.get,
                reader.size,
                storage.delete,
                lambda key: storage.put(key, b"x"),
                lambda key: reader.get_range(key, 0, 1),
            ):
                with pytest.raises(UsageError):
                    call(key)
        assert reader.list() == []

    def test_invalid_prefixes(self, reader: Storage) -> None:
        for prefix in ("a", "/", "../", "a//", ".a/", "a b/"):
            with pytest.raises(UsageError):
                reader.list(prefix)

    def test_put_again_with_equal_bytes_is_harmless(self, storage: Storage, reader: Storage) -> None:
        storage.put("a/b", b"same")
        storage.put("a/b", bytearray(b"same"))
        assert reader.list() == [Entry("a/b", 4)]

    @pytest.mark.parametrize("other", [b"tame", b"", b"longer than it"])
    def test_put_never_replaces(self, storage: Storage, reader: Storage, other: bytes) -> None:
        storage.put("a/b", b"same")
        with pytest.raises(ObjectExists) as caught:
            storage.put("a/b", other)
        assert caught.value.key == "a/b"
        assert reader.get("a/b") == b"same"
        assert reader.list() == [Entry("a/b", 4)]

    def test_missing_objects(self, storage: Storage, reader: Storage) -> None:
        storage.put("a/b", b"x")
        for key in ("c", "a/c", "d/e/f", "a/b-not"):
            for call in (reader.get, reader.size, lambda key: reader.get_range(key, 0, 1)):
                with pytest.raises(ObjectMissing) as caught:
                    call(key)
                assert caught.value.key == key
                assert key in str(caught.value)

    def test_ranges(self, storage: Storage, reader: Storage) -> None:
        storage.put("a/b", b"0123456789")
        assert reader.get_range("a/b", 0, 10) == b"0123456789"
        assert reader.get_range("a/b", 3, 4) == b"3456"
        assert reader.get_range("a/b", 10, 0) == b""

    def test_a_range_behind_the_end_is_never_shortened(self, storage: Storage, reader: Storage) -> None:
        storage.put("a/b", b"0123456789")
        for offset, length in ((0, 11), (10, 1), (11, 0), (5, 2**62)):
            with pytest.raises(StorageError) as caught:
                reader.get_range("a/b", offset, length)
            assert caught.value.key == "a/b"
            assert not isinstance(caught.value, ObjectMissing)

    def test_negative_ranges(self, storage: Storage, reader: Storage) -> None:
        storage.put("a/b", b"0123456789")
        for offset, length in ((-1, 2), (0, -1)):
            with pytest.raises(UsageError):
                reader.get_range("a/b", offset, length)

    def test_list_is_sorted_and_below_the_prefix(self, storage: Storage, reader: Storage) -> None:
        for key in ("b/a", "a/c", "a/b/c", "ab/c", "a-/c", "c"):
            storage.put(key, key.encode())
        assert [entry.key for entry in reader.list()] == ["a-/c", "a/b/c", "a/c", "ab/c", "b/a", "c"]
        assert [entry.key for entry in reader.list("a/")] == ["a/b/c", "a/c"]
        assert reader.list("a/b/") == [Entry("a/b/c", 5)]
        assert reader.list("nothing/here/") == []

    def test_delete(self, storage: Storage, reader: Storage) -> None:
        storage.put("a/b", b"x")
        storage.put("a/c", b"y")
        storage.delete("a/b")
        storage.delete("a/b")
        storage.delete("never/was")
        assert reader.list() == [Entry("a/c", 1)]
        with pytest.raises(ObjectMissing):
            reader.get("a/b")
        storage.put("a/b", b"another")
        assert reader.get("a/b") == b"another"

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.dictionaries(keys, st.tuples(st.binary(max_size=50), st.booleans()), max_size=6))
    def test_behaves_as_a_dictionary(
        self, storage: Storage, reader: Storage, objects: dict[str, tuple[bytes, bool]]
    ) -> None:
        for entry in reader.list():  # of the example before
            storage.delete(entry.key)
        for key, (content, _) in objects.items():
            storage.put(key, content)
        for key, (_, keep) in objects.items():
            if not keep:
                storage.delete(key)
        kept = {key: content for key, (content, keep) in objects.items() if keep}
        assert reader.list() == [Entry(key, len(kept[key])) for key in sorted(kept)]
        assert {key: reader.get(key) for key in kept} == kept

    def test_threads_that_put_one_key(self, storage: Storage, reader: Storage) -> None:
        contents = [bytes([number]) * 50_000 for number in range(8)]

        def attempt(content: bytes) -> bool:
            try:
                storage.put("a/one", content)
            except ObjectExists:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(attempt, contents))
        assert won.count(True) == 1
        assert reader.get("a/one") == contents[won.index(True)]

    def test_lock_excludes_and_names_its_holder(self, storage: Storage) -> None:
        with storage.lock("prune on host-a"):
            refusals = []

            def attempt() -> None:
                try:
                    with storage.lock("backup on host-b"):
                        pass
                except Locked as error:
                    refusals.append(str(error))

            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join()
            assert len(refusals) == 1
            assert "prune on host-a" in refusals[0]
        with storage.lock("backup on host-b"):
            pass

    def test_lock_is_freed_by_an_error_of_its_holder(self, storage: Storage) -> None:
        with pytest.raises(OSError, match="of the holder"), storage.lock("first"):
            raise OSError("of the holder")
        with storage.lock("second"):
            pass

    def test_the_lock_is_no_object(self, storage: Storage, reader: Storage) -> None:
        with storage.lock("someone"):
            assert reader.list() == []

    def test_free_space_and_description(self, reader: Storage) -> None:
        free = reader.free_bytes()
        assert free is None or free > 0
        assert reader.description
