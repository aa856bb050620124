"""`python -m litekeep.worker`: the helper process of an application; of no use to people."""

from __future__ import annotations

from litekeep.worker.serve import main

if __name__ == "__main__":
    main()
