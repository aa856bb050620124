"""Let atheris look for inputs by coverage, and keep those that make a decoder answer in a way of their own.

    python -m pip install atheris
    python tests/torture/hunt.py FOLDER SECONDS [DECODER...]

What it tried is in FOLDER afterwards, one folder for each decoder, so that the next hunt goes on from there. Kept in
tests/torture/corpus is the shortest input of each answer that the good ones do not give. A crash ends the hunt of its
decoder; the input is in FOLDER, too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
LARGEST_BYTES = 2_000
"""Of an input that is kept."""
MOST_KEPT = 12
"""For each decoder."""


def hunt(name: str, folder: Path, seconds: int) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["litekeep"]):
        from torture import fuzz
    decoder = fuzz.decoder_named(name)
    for number, seed in enumerate([*decoder.seeds(), *fuzz.corpus(decoder)]):
        (folder / f"seed-{number}").write_bytes(seed)
    words = folder.parent / f"{folder.name}.dict"
    words.write_text("".join(f'"{escaped(token)}"\n' for token in decoder.tokens))
    scratch = Path(tempfile.mkdtemp(prefix="litekeep-hunt-"))

    def once(data: bytes) -> None:
        with suppress(*decoder.refusals):
            decoder.decode(decoder.seal(data) if decoder.seal is not None and len(data) % 2 else data, scratch)

    limits = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1500", "-max_len=4096", "-verbosity=0"]
    atheris.Setup([sys.argv[0], str(folder), f"-artifact_prefix={folder}/", f"-dict={words}", *limits], once)
    atheris.Fuzz()


def escaped(token: bytes) -> str:
    """As libFuzzer's lists of words have it."""
    return "".join(rf"\x{byte:02x}" for byte in token)


def keep(name: str, folder: Path) -> int:
    """Copy what answers in its own way; returns how many."""
    from torture import fuzz
    from torture.campaign import Tally

    decoder, scratch = fuzz.decoder_named(name), Path(tempfile.mkdtemp(prefix="litekeep-hunt-"))
    with fuzz.bounded():
        known = {fuzz.execute(decoder, seed, Tally(), scratch) for seed in [*decoder.seeds(), *fuzz.corpus(decoder)]}
        found: list[bytes] = []
        tried = sorted((path.read_bytes() for path in folder.iterdir()), key=len)
        for raw in tried:
            data = decoder.seal(raw) if decoder.seal is not None and len(raw) % 2 else raw
            outcome = fuzz.execute(decoder, data, Tally(), scratch) if len(data) <= LARGEST_BYTES else None
            if outcome is not None and outcome not in known and len(found) < MOST_KEPT:
                known.add(outcome)
                found.append(data)
    fuzz.keep(decoder, found)
    return len(found)


def main() -> None:
    """Each decoder in a process of its own."""
    root, seconds = Path(sys.argv[1]), int(sys.argv[2])
    if len(sys.argv) == 5 and sys.argv[4] == "alone":
        hunt(sys.argv[3], root, seconds)
    from torture.decoders import DECODERS

    for name in sys.argv[3:] or [each.name for each in DECODERS if each.weight]:
        folder = root / name.replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([sys.executable, __file__, str(folder), str(seconds), name, "alone"], check=False)
        print(f"{name}: ended with {done.returncode}, {keep(name, folder)} kept", flush=True)


if __name__ == "__main__":
    main()
