"""The `kcc` command; the work is in cli.py and its neighbours."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

# Trees and modules live as long as the command: looking for garbage among them is a waste.
GC_THRESHOLD = 1_000_000


def main() -> NoReturn:
    """Entry point of the console script: ends the process with the command's exit status."""
    from .cli import run_command

    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_closed_streams()
    gc.set_threshold(GC_THRESHOLD)
    status = run_command(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = status or 1
    # Everything is written; taking LLVM and the interpreter apart takes longer than linking.
    os._exit(status)


def _open_closed_streams() -> None:
    """Give every standard stream that came closed (`kcc ... >&-`) to the null device.

    Otherwise the next file opened would take its number, and receive what is printed.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        name = ("stdin", "stdout", "stderr")[handle]
        setattr(sys, name, os.fdopen(handle, "w" if handle else "r", closefd=False))
    os.close(handle)


if __name__ == "__main__":
    main()
