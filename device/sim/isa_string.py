"""ISA strings such as "rv64gcv_zba_zvl512b": what extensions a hart has."""

from __future__ import annotations

import re
from functools import cache

from .state import VLEN_MAX

_SINGLE = {"i": "I", "m": "M", "a": "A", "f": "F", "d": "D", "c": "C", "v": "V"}
_MULTI = {
    name.lower(): name
    for name in (
        "Xdpu",
        "Zicsr", "Zifencei", "Zicond", "Zicntr", "Zihpm", "Zba", "Zbb", "Zbc", "Zbs", "Zfh", "Zvfh",
    )
}  # as the instruction table spells them  # fmt: skip
_ALWAYS = frozenset({"I", "Zicsr", "Zifencei", "Zicntr", "Zihpm", "M-mode"})
_IMPLIED = {"Zvfh": ("V", "Zfh"), "V": ("D",), "D": ("F",), "Zfh": ("F",)}
VLEN_MIN = 128  # what V asks for (V 1.0, 18.3)
_VECTOR_LENGTH = re.compile(r"zvl([0-9]+)b")
_VECTOR_SUBSET = re.compile(r"zve(32[xf]|64[xfd])")  # all of which V has


def _parts(arch: str) -> tuple[str, list[str]]:
    """Letters, and names of several letters."""
    match = re.fullmatch(
        r"rv64([ig])([a-y]*)((?:_?z[a-z]+(?:[0-9]+[a-z])?|_x[a-y]+)*)", arch.lower()
    )
    if match is None:
        raise ValueError(f"'{arch}' is not an ISA string the simulator knows")
    letters = ("imafd" if match[1] == "g" else "i") + match[2]
    return letters, re.findall(r"z[a-y]+(?:[0-9]+[a-z])?|(?<=_)x[a-y]+", match[3])


def extensions_of(arch: str) -> frozenset[str]:
    """The extensions of an ISA string, as the instruction table names them.

    raises:  ValueError for anything but rv64 with extensions the simulator has.
    """
    letters, names = _parts(arch)
    found = set(_ALWAYS)
    for letter in letters:
        if letter not in _SINGLE:
            raise ValueError(f"extension '{letter}' of '{arch}' is not supported")
        found.add(_SINGLE[letter])
    for name in names:
        if _VECTOR_LENGTH.fullmatch(name) or ("V" in found and _VECTOR_SUBSET.fullmatch(name)):
            continue
        if name not in _MULTI:
            raise ValueError(f"extension '{name}' of '{arch}' is not supported")
        found.add(_MULTI[name])
    for extension, implied in _IMPLIED.items():  # what implies comes before what is implied
        if extension in found:
            found.update(implied)
    return frozenset(found)


def vlen_of(arch: str) -> int:
    """Bits of a vector register by the zvl names of an ISA string; 0 without V.

    raises:  ValueError for a length that is not a power of two from 128 to 1024.
    """
    _, names = _parts(arch)
    given = [int(m[1]) for m in map(_VECTOR_LENGTH.fullmatch, names) if m]
    if "V" not in extensions_of(arch):
        if given:
            raise ValueError(f"'{arch}' gives vectors a length, but has no V")
        return 0
    for vlen in given:
        if vlen & vlen - 1 or not 32 <= vlen <= VLEN_MAX:
            raise ValueError(f"vector registers of {vlen} bits are not supported")
    return max([VLEN_MIN, *given])


@cache
def misa_of(extensions: frozenset[str]) -> int:
    """The misa register: MXL = 64 bits, a bit for each single-letter extension."""
    letters = (e for e in extensions if len(e) == 1)
    return 2 << 62 | sum(1 << ord(e) - ord("A") for e in letters)
