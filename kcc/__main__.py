"""The `kcc` command; the work is in cli.py and its neighbours."""

from __future__ import annotations

import sys


def main() -> int:
    """Entry point of the console script; returns the exit status."""
    from .cli import run_command

    return run_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
