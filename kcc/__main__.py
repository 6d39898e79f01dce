"""The `kcc` command; the work is in cli.py and its neighbours."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

# Trees and modules live as long as the command: looking for garbage among them is a waste.
GC_THRESHOLD = 100_000


def main() -> NoReturn:
    """Entry point of the console script: ends the process with the command's exit status."""
    from .cli import run_command

    gc.set_threshold(GC_THRESHOLD)
    status = run_command(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = status or 1
    # Everything is written; taking LLVM and the interpreter apart takes longer than linking.
    os._exit(status)


if __name__ == "__main__":
    main()
