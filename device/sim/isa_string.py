"""ISA strings such as "rv64gc_zba_zbb": what extensions a hart has."""

from __future__ import annotations

import re

_SINGLE = {"i": "I", "m": "M", "a": "A", "f": "F", "d": "D", "c": "C"}
_MULTI = {
    name.lower(): name for name in ("Zicsr", "Zifencei", "Zfh", "Zba", "Zbb", "Zbc", "Zbs")
}  # as the instruction table spells them
_ALWAYS = frozenset({"I", "Zicsr", "Zifencei", "M-mode"})


def extensions_of(arch: str) -> frozenset[str]:
    """The extensions of an ISA string, as the instruction table names them.

    raises:  ValueError for anything but rv64 with extensions the simulator has.
    """
    match = re.fullmatch(r"rv64([ig])([a-y]*)((?:_?z[a-z]+)*)", arch.lower())
    if match is None:
        raise ValueError(f"'{arch}' is not an ISA string the simulator knows")
    found = set(_ALWAYS)
    letters = ("imafd" if match[1] == "g" else "i") + match[2]
    for letter in letters:
        if letter not in _SINGLE:
            raise ValueError(f"extension '{letter}' of '{arch}' is not supported")
        found.add(_SINGLE[letter])
    for name in re.findall(r"z[a-y]+", match[3]):
        if name not in _MULTI:
            raise ValueError(f"extension '{name}' of '{arch}' is not supported")
        found.add(_MULTI[name])
    return frozenset(found | ({"F"} if found & {"D", "Zfh"} else set()))


def misa_of(extensions: frozenset[str]) -> int:
    """The misa register: MXL = 64 bits, a bit for each single-letter extension."""
    letters = (e for e in extensions if len(e) == 1)
    return 2 << 62 | sum(1 << ord(e) - ord("A") for e in letters)
