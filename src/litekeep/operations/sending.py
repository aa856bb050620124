"""Send objects to another storage, several at once: what sync and replicate have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from litekeep.errors import CorruptObject, LitekeepError, NoRepository, ObjectMissing, Refused, UnsupportedFormat
from litekeep.formats.repoconfig import KEY as CONFIG_KEY
from litekeep.formats.repoconfig import decode_config
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.repository import layout
from litekeep.repository.repository import HELPER_FILES, Repository
from litekeep.repository.soundness import require_sound
from litekeep.storage.base import Storage

AT_ONCE = 4
"""So many objects are under way at once; each is in memory meanwhile."""
_LOOK_SECONDS = 0.2
"""So often a wish to stop is looked for while nothing arrives."""


class Sender:
    """Sends objects of a repository; counts what arrived.

    total_bytes: of all that is to be sent, for progress. arrived(key, size in bytes): if given, told of each
    object, on the thread that called `send`.
    """

    def __init__(
        self,
        repository: Repository,
        target: Storage,
        total_bytes: int,
        monitor: Monitor,
        arrived: Callable[[str, int], None] | None = None,
    ) -> None:
        self._repository, self._target = repository, target
        self._total_bytes, self._done_bytes = total_bytes, 0
        self._monitor, self._arrived = monitor, arrived
        self.objects = 0
        self.bytes = 0

    def send(self, keys: Sequence[str]) -> dict[str, LitekeepError]:
        """Send these in any order; returns what cannot be sent because it is damaged or gone here, with the reason.

        Raises what the other storage raises, and Cancelled; what was under way then may have arrived.
        """
        failed: dict[str, LitekeepError] = {}
        if not keys:
            return failed
        with ThreadPoolExecutor(min(AT_ONCE, len(keys)), thread_name_prefix="litekeep-sync") as pool:
            waiting, left = dict[Future[int], str](), iter(keys)
            try:
                while True:
                    while len(waiting) < AT_ONCE and (key := next(left, None)) is not None:
                        waiting[pool.submit(self._send_one, key)] = key
                    if not waiting:
                        return failed
                    for future in wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED).done:
                        self._ended(waiting.pop(future), future, failed)
                    stop_if_cancelled(self._monitor)
            finally:
                for future in waiting:
                    future.cancel()

    def _send_one(self, key: str) -> int:
        data = self._repository.storage.get(key)
        require_sound(self._repository, key, data)
        self._target.put(key, data)
        return len(data)

    def _ended(self, key: str, future: Future[int], failed: dict[str, LitekeepError]) -> None:
        try:
            size = future.result()
        except (CorruptObject, UnsupportedFormat, ObjectMissing) as error:  # of ours: a put raises none of these
            failed[key] = error
            return
        self.objects += 1
        self.bytes += size
        self._done_bytes += size
        self._monitor.progress("sync", self._done_bytes, max(self._done_bytes, self._total_bytes), "bytes")
        if self._arrived:
            self._arrived(key, size)


def why_not(key: str, error: LitekeepError) -> str:
    """Why an object was not sent, in words that name it."""
    return error.message if key in error.message else f"{key}: {error.message}"


def tell_not_sent(reasons: Iterable[str], monitor: Monitor) -> None:
    """Warn of each object that was left out."""
    for reason in reasons:
        monitor.event("warning", code="not_copied", message=f"not sent: {reason}")


def foundation(keys: Iterable[str]) -> list[str]:
    """Of these keys those that every repository needs to be one, in the order in which they are sent."""
    present = set(keys)
    slots = sorted(key for key in present if key.startswith(layout.KEYS))
    return [key for key in (*HELPER_FILES, *slots, CONFIG_KEY) if key in present]


def refuse_other(repository: Repository, target: Storage, present: Iterable[str]) -> None:
    """Raise Refused if the place holds anything but this repository. present: the keys that it lists."""
    names = set(present)
    if CONFIG_KEY not in names:
        if any(key.startswith((layout.PACKS, layout.SNAPSHOTS)) for key in names):
            raise Refused(
                f"{target.description} holds backups but its repository.json is missing",
                safe="Nothing was sent, and nothing was changed there.",
                hint="Give the copy a folder or prefix of its own.",
            )
        return
    try:
        config = decode_config(target.get(CONFIG_KEY))
    except (CorruptObject, NoRepository, UnsupportedFormat) as error:
        raise Refused(
            f"what lies in {target.description} is not readable as a copy: {error.message}",
            safe="Nothing was sent, and nothing was changed there.",
            hint="Is it the right place, and does the log-in page of a network stand before it?",
        ) from error
    if config != repository.config:
        raise Refused(
            f"{target.description} holds another repository, made {config.created_at}",
            safe="Nothing was sent, and nothing was changed there.",
            hint="One place for one repository: give this one a folder or prefix of its own, such as "
            f"{target.description.rstrip('/')}/NAME-OF-THIS-COMPUTER. If the other one is this database's own history, "
            "from a computer or folder that is gone, get it back first: litekeep copy.",
        )
