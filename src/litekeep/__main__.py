"""`python -m litekeep`: the same as the `litekeep` command."""

from __future__ import annotations

from litekeep.cli.main import run

if __name__ == "__main__":
    run()
