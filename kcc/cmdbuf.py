"""`kcc cmdbuf dump`: what a command buffer holds."""

from __future__ import annotations

import sys

from .errors import DeviceError
from .options import UsageError, unknown_flag

USAGE = (
    "usage: kcc cmdbuf dump FILE    the commands in a file ('-': standard input)\n"
    "FILE holds 64-bit words as the device has them, little-endian, or as text, in hexadecimal."
)


def cmdbuf_main(argv: list[str]) -> int:
    """The `cmdbuf` command; returns the exit status."""
    if argv in (["--help"], ["-h"], ["dump", "--help"], ["dump", "-h"]):
        print(USAGE)
        return 0
    if argv[:1] != ["dump"]:
        raise UsageError("'kcc cmdbuf' is followed by: dump FILE")
    for word in argv[1:]:
        if word.startswith("-") and word != "-":
            raise UsageError(unknown_flag(word, ["--help"]))
    if len(argv) != 2:
        raise UsageError("'kcc cmdbuf dump' takes one file")
    from kcc.device.cmdbuf import disassemble, parse_words
    from kcc.device.soc.commands import CommandError

    from .compilecache import read_input

    path = argv[1]
    try:
        for line in disassemble(parse_words(read_input(path))):
            sys.stdout.write(line + "\n")
    except (CommandError, ValueError) as e:
        sys.stdout.flush()
        raise DeviceError(f"'{path}': {e}") from e
    return 0
