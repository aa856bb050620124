"""`python tests/torture`: see torture/__init__.py."""

import os
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
if "LITEKEEP_STATE_FOLDER" not in os.environ:  # nothing of this is the business of whoever runs it
    os.environ["LITEKEEP_STATE_FOLDER"] = os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="litekeep-state-")

if __name__ == "__main__":
    from torture.run import main

    sys.exit(main())
