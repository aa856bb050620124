"""Read blocks back: plan which frames are needed, then decode each exactly once, bases before the frames built on them.

`plan_read` walks from the wanted blocks to their frames, and on to the bases of delta frames, until nothing new turns
up. The result is a graph; a frame is decoded when all frames that hold its bases are done. Work is therefore the number
of frames involved, however long the chains of versions are, and memory is a few frames plus the bases still waited for
(spool). Bases lie in packs of lower sequence; a hostile repository whose frames need each other in a circle breaks that
rule and is refused.

Each frame is checked three times: its seal (it is the frame that was written there), its length, and the name of every
block that is used, which is what the source's page hashed to when it was read. Nothing unchecked reaches the sink,
unless the caller checks the whole afterwards.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from litekeep.blocks.compress import decompress
from litekeep.blocks.identity import HASH_BYTES
from litekeep.errors import CorruptObject, ObjectMissing
from litekeep.formats.manifest import Run
from litekeep.formats.pack import Frame, PackIndex
from litekeep.monitor import Monitor, stop_if_cancelled
from litekeep.records import dataclass
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.repository.spool import Spool

FrameId = tuple[bytes, int]
Sink = Callable[[int, memoryview], None]
"""Takes the position of a block in the image, and the bytes of that block and perhaps of the ones right behind it."""

THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The runs wanted of one pack, by first number; `reach` is the highest end among a run and all before it."""

    runs: list[tuple[int, int, int]]  # first, count, position in the image
    firsts: list[int]
    reach: list[int]

    @classmethod
    def of(cls, runs: list[tuple[int, int, int]]) -> _Wanted:
        runs = sorted(runs)
        reach, highest = [], 0
        for first, count, _ in runs:
            highest = max(highest, first + count)
            reach.append(highest)
        return cls(runs, [run[0] for run in runs], reach)

    def overlapping(self, low: int, high: int) -> Iterable[tuple[int, int, int]]:
        """The parts of the runs within the numbers low..high (inclusive)."""
        at = bisect_right(self.firsts, high) - 1
        while at >= 0 and self.reach[at] > low:
            first, count, position = self.runs[at]
            start, end = max(first, low), min(first + count, high + 1)
            if start < end:
                yield start, end - start, position + start - first
            at -= 1


@dataclass(slots=True)
class ReadPlan:
    """Which frames to decode, in which order, and what to do with each.

    frames: with the frames that each is built on. base_uses: for a frame, index positions of the blocks that others are
    built on, and how often.
    """

    frames: dict[FrameId, set[FrameId]] = field(default_factory=dict)
    base_uses: dict[FrameId, dict[int, int]] = field(default_factory=dict)
    wanted: dict[bytes, _Wanted] = field(default_factory=dict)
    decode_bytes: int = 0


def plan_read(table: PackTable, runs: Iterable[Run]) -> ReadPlan:
    """What it takes to read the blocks of `runs`; positions count blocks from 0 in the order of the runs.

    Raises CorruptObject when a pack or a block is missing.
    """
    plan, by_pack, position = ReadPlan(), dict[bytes, list[tuple[int, int, int]]](), 0
    for run in runs:
        by_pack.setdefault(run.pack, []).append((run.first, run.count, position))
        position += run.count
    todo: list[FrameId] = []
    for pack, pack_runs in by_pack.items():
        plan.wanted[pack] = _Wanted.of(pack_runs)
        seen = set[int]()
        for first, count, _ in pack_runs:
            index, at = table.locate(pack, first, count)
            seen.update(range(index.frame_of(at), index.frame_of(at + count - 1) + 1))
        todo.extend((pack, frame) for frame in sorted(seen, reverse=True))
    _follow_bases(table, plan, todo)
    return plan


def _follow_bases(table: PackTable, plan: ReadPlan, todo: list[FrameId]) -> None:
    while todo:
        pack, number = todo.pop()
        if (pack, number) in plan.frames:
            continue
        index = table.index(pack)
        frame = index.frames[number]
        plan.decode_bytes += frame.plain_bytes
        needs = set()
        for base in index.bases(frame):
            base_index, position = table.locate(*base)
            if base_index.sequence >= index.sequence:
                raise CorruptObject(index.key, "needs a pack that is not older than itself")
            if base_index.block_bytes != index.block_bytes:  # or a frame could ask for a prefix of any length
                raise CorruptObject(index.key, "is built on blocks of another size")
            base_frame = (base[0], base_index.frame_of(position))
            uses = plan.base_uses.setdefault(base_frame, {})
            uses[position] = uses.get(position, 0) + 1
            needs.add(base_frame)
        plan.frames[pack, number] = needs
        todo.extend(needs - plan.frames.keys())


@dataclass(frozen=True, slots=True)
class _Job:
    """One frame to decode. pieces: (first index position, blocks, position in the image) of what the sink wants."""

    id: FrameId
    index: PackIndex
    frame: Frame
    pieces: list[tuple[int, int, int]]
    base_uses: dict[int, int]
    prefix: bytes


class BlockReader:
    """Executes read plans. check_names False: only for a caller who proves the result as a whole (rebuild)."""

    def __init__(
        self, repository: Repository, table: PackTable, scratch: Path | None = None, *, check_names: bool = True
    ) -> None:
        self._repository = repository
        self._check_names = check_names
        self._table = table
        self._scratch = scratch

    def read(self, plan: ReadPlan, sink: Sink, monitor: Monitor, phase: str = "read") -> None:
        """Hand every wanted block to the sink, on this thread, in no particular order.

        Raises CorruptObject, StorageError, Cancelled; what the sink got before is right all the same.
        """
        waiting = {frame: len(needs) for frame, needs in plan.frames.items()}
        dependents: dict[FrameId, list[FrameId]] = {}
        for frame, needs in plan.frames.items():
            for base in needs:
                dependents.setdefault(base, []).append(frame)
        ready = deque(frame for frame, count in waiting.items() if count == 0)
        finished: SimpleQueue[tuple[_Job, Future[bytes]]] = SimpleQueue()
        running = done = 0
        with Spool(self._scratch) as spool, ThreadPoolExecutor(THREADS) as pool:
            try:
                while ready or running:
                    while ready and running < 2 * THREADS:
                        job = self._job(plan, ready.popleft(), spool)
                        pool.submit(self._decode, job).add_done_callback(partial(_report, finished, job))
                        running += 1
                    job, decoded = finished.get()
                    running -= 1
                    _publish(job, decoded.result(), sink, spool)
                    done += 1
                    for dependent in dependents.get(job.id, ()):
                        waiting[dependent] -= 1
                        if waiting[dependent] == 0:
                            ready.append(dependent)
                    monitor.progress(phase, done, len(plan.frames), "frames")
                    stop_if_cancelled(monitor)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _job(self, plan: ReadPlan, frame_id: FrameId, spool: Spool) -> _Job:
        pack, index = frame_id[0], self._table.index(frame_id[0])
        frame = index.frames[frame_id[1]]
        low, high = index.numbers[frame.first], index.numbers[frame.first + frame.blocks - 1]
        wanted, pieces = plan.wanted.get(pack), []
        for first, count, position in wanted.overlapping(low, high) if wanted else ():
            pieces.append((self._table.locate(pack, first, count)[1], count, position))
        prefix = b"".join(spool.take(base) for base in index.bases(frame))
        return _Job(frame_id, index, frame, pieces, plan.base_uses.get(frame_id, {}), prefix)

    def _decode(self, job: _Job) -> bytes:
        index, frame = job.index, job.frame
        try:
            sealed = self._repository.storage.get_range(index.key, frame.offset, frame.stored_bytes)
        except ObjectMissing as error:
            raise CorruptObject(index.key, "is missing") from error
        plain = open_frame(index, frame, sealed, job.prefix)
        spans = [(first, count) for first, count, _ in job.pieces]
        spans += [(position, 1) for position in job.base_uses]
        if sum(count for _, count in spans) >= frame.blocks:
            spans = [(frame.first, frame.blocks)]
        if self._check_names:
            require_names(self._repository, index, frame, plain, spans)
        return plain


def _report(finished: SimpleQueue[tuple[_Job, Future[bytes]]], job: _Job, decoded: Future[bytes]) -> None:
    finished.put((job, decoded))


def _publish(job: _Job, plain: bytes, sink: Sink, spool: Spool) -> None:
    view, offsets, first = memoryview(plain), frame_offsets(job.index, job.frame), job.frame.first
    for start, count, position in job.pieces:
        sink(position, view[offsets[start - first] : offsets[start - first + count]])
    for position, uses in job.base_uses.items():
        address = (job.id[0], job.index.numbers[position])
        spool.put(address, view[offsets[position - first] : offsets[position - first + 1]], uses)


def frame_offsets(index: PackIndex, frame: Frame) -> list[int] | range:
    """Where in a frame's plain bytes each block begins, and the end of the last one."""
    if frame.plain_bytes == frame.blocks * index.block_bytes:
        return range(0, frame.plain_bytes + 1, index.block_bytes)
    offsets = [0]
    for position in index.frame_blocks(frame):
        offsets.append(offsets[-1] + index.lengths[position])
    return offsets


def open_frame(index: PackIndex, frame: Frame, sealed: bytes | memoryview, prefix: bytes) -> bytes:
    """The plain bytes of one frame, its seal and length checked, but not yet its blocks; raises CorruptObject."""
    try:
        return decompress(index.parts.open(frame.part, sealed), frame.plain_bytes, prefix)
    except ValueError as error:
        raise CorruptObject(index.key, f"frame {frame.part}: {error}") from error


def require_names(
    repository: Repository, index: PackIndex, frame: Frame, plain: bytes, spans: Iterable[tuple[int, int]]
) -> None:
    """Raise CorruptObject unless the blocks at these (first index position, count) are the ones that were written."""
    view, offsets, identity = memoryview(plain), frame_offsets(index, frame), repository.identity
    for first, count in spans:
        places = range(first - frame.first, first - frame.first + count)
        if isinstance(offsets, range):
            names = identity.names(view[offsets[places.start] : offsets[places.stop]], index.block_bytes)
        else:
            names = b"".join(identity.name(view[offsets[place] : offsets[place + 1]]) for place in places)
        if names != index.names[first * HASH_BYTES : (first + count) * HASH_BYTES]:
            raise CorruptObject(index.key, f"frame {frame.part}: its blocks are not the ones that were written")
