"""`kcc cmdbuf dump`: what a command buffer holds."""

from __future__ import annotations

import sys

from .errors import DeviceError
from .options import UsageError, unknown_flag

USAGE = (
    "usage: kcc cmdbuf dump [--device NAME] FILE    the commands in a file ('-': standard input)\n"
    "FILE holds 64-bit words as the device has them, little-endian, or as text, in hexadecimal."
)


def cmdbuf_main(argv: list[str]) -> int:
    """The `cmdbuf` command; returns the exit status."""
    if "--help" in argv or "-h" in argv:
        print(USAGE)
        return 0
    if argv[:1] != ["dump"]:
        raise UsageError("'kcc cmdbuf' is followed by: dump FILE")
    device, path = _words(argv[1:])
    from kcc.device.cmdbuf import disassemble, parse_words
    from kcc.device.profile import Profile
    from kcc.device.soc.commands import CommandError

    from .compilecache import read_input
    from .devices import profile_of

    profile = profile_of(device)
    if not isinstance(profile, Profile) or profile.family != "M":
        raise DeviceError(f"'{device}' has no command processor")
    try:
        for line in disassemble(parse_words(read_input(path)), profile.memory):
            sys.stdout.write(line + "\n")
    except (CommandError, ValueError) as e:
        sys.stdout.flush()
        raise DeviceError(f"'{path}': {e}") from e
    return 0


def _words(words: list[str]) -> tuple[str, str]:
    """The device and the file of a command line."""
    device, files = "m1", []
    rest = iter(words)
    for word in rest:
        name, equals, joined = word.partition("=")
        if name == "--device":
            device = joined if equals else next(rest, "")
            if not device:
                raise UsageError("argument to '--device' is missing (expected NAME)")
        elif word.startswith("-") and word != "-":
            raise UsageError(unknown_flag(word, ["--device", "--help"]))
        else:
            files.append(word)
    if len(files) != 1:
        raise UsageError("'kcc cmdbuf dump' takes one file")
    return device, files[0]
