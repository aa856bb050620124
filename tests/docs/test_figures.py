"""Figures in the explanations are those of the code: a constant that changes must change its page too."""

from __future__ import annotations

import pytest

from litekeep.blocks import compress, split
from litekeep.operations import backup, status
from litekeep.repository import changes, garbage, versions
from litekeep.retention import RetentionPolicy
from litekeep.sqlite import fingerprint
from litekeep.sqlite.capture import ATTEMPTS

from .pages import DOCS, read

MIB = 1 << 20
POLICY = RetentionPolicy()
WORDS = {2: "two", 3: "three", 7: "seven"}

FIGURES = [
    ("decisions/0003-delta-depth.md", f"reach {versions.BUDGET_BYTES // MIB} MiB less an eighth of the image"),
    ("decisions/0003-delta-depth.md", f"**Depth {versions.MAX_DEPTH}.**"),
    ("decisions/0003-delta-depth.md", f"**Level {compress.DELTA_LEVEL} for deltas, {compress.LEVEL} for plain"),
    ("decisions/0003-delta-depth.md", f"more than {versions.BULK_BYTES // MIB} MiB changed"),
    ("decisions/0003-delta-depth.md", f"More than {versions.MAX_DELTA_BLOCKS:,} changed blocks"),
    ("decisions/0004-scan-digests.md", f"images from {changes.SCAN_FROM_BYTES // MIB} MiB up"),
    ("decisions/0001-pages-and-frames.md", f"pages under {split.MIN_BLOCK_BYTES // 1024} KiB"),
    ("decisions/0001-pages-and-frames.md", f"A frame holds up to {split.FRAME_BYTES // MIB} MiB"),
    ("decisions/0007-compaction.md", f"when {garbage.WASTE_PERCENT} % of all stored bytes are waste"),
    ("decisions/0007-compaction.md", f"more than {garbage.PACK_WASTE_PERCENT} %"),
    ("decisions/0010-unchanged.md", f"at least {WORDS[int(fingerprint.RACY_SECONDS)]} seconds older"),
    ("decisions/0010-unchanged.md", f"within the last {fingerprint.FULL_READ_HOURS} hours"),
    ("decisions/0011-trash-before-forget.md", f"{WORDS[POLICY.trash_days].title()} days later"),
    ("storage-and-crashes.md", f"more than {garbage.WASTE_PERCENT} % of all stored bytes are waste"),
    ("storage-and-crashes.md", f"more than {garbage.PACK_WASTE_PERCENT} %"),
    ("verified.md", f"up to {backup.FULL_LIMIT_BYTES // MIB} MiB"),
    ("capture.md", f"{WORDS[ATTEMPTS]} times at most"),
    ("retention.md", f"| `--keep-days` | {POLICY.days} |"),
    ("retention.md", f"| `--keep-weeks` | {POLICY.weeks} |"),
    ("retention.md", f"| `--keep-months` | {POLICY.months} |"),
    ("retention.md", f"| `--keep-last` | {POLICY.keep_last} |"),
    ("../how-to/check-your-backups.md", f"no restore was tested for {status.PROOF_AGE.days} days"),
    ("../how-to/back-up-from-cron-or-systemd.md", f"instead of {status.MAX_AGE.total_seconds() / 3600:.0f}."),
]


@pytest.mark.parametrize(("page", "figure"), FIGURES)
def test_the_page_tells_the_figure_of_the_code(page: str, figure: str) -> None:
    assert figure in " ".join(read(DOCS / "explanation" / page).split())
