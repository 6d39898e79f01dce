"""Whether a program reads the float flags, told from its bytes before any of it runs.

What is translated first cannot wait for the code that reads flags to be reached. So the code
around it is searched for such instructions as bytes: in whole chunks, up to where the region ends
or nothing but zeros is. Data that looks like one does no harm: flags cost a little time.
"""

from __future__ import annotations

import re

CHUNK = 1 << 14
REACH = 64  # chunks in each direction
GAP = 4  # empty chunks that end the search: more than segments of a program lie apart


def _bytes(*members: int) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % m for m in members) + b"]"


# csrrw, csrrs and so on, which have any funct3 but 0 and 4, of fflags or fcsr.
_SYSTEM = _bytes(*(b for b in range(256) if b >> 4 & 3))
_CSR = re.compile(rb"[\x73\xf3]%s[\x10-\x1f\x30-\x3f]\x00" % _SYSTEM, re.DOTALL)


def reads_flags(code: bytes) -> bool:
    """True if an instruction in the bytes, at an even offset, reads or clears fflags."""
    found = _CSR.search(code)
    while found:
        at = found.start()
        word = int.from_bytes(code[at : at + 4], "little")
        # Clearing fflags announces that they will be read; setting fcsr is but good manners.
        if at % 2 == 0 and (word >> 20 == 1 or word >> 7 & 31):
            return True
        found = _CSR.search(code, at + 1)
    return False


def near(memory: memoryview, offset: int, seen: set[int]) -> bool:
    """True if code around an offset of a region reads flags.

    seen:  offsets of chunks that were searched in vain; those searched now are added.
    """
    middle = offset & -CHUNK
    for step in (1, -1):
        empty = 0
        for at in range(middle, middle + step * REACH * CHUNK, step * CHUNK):
            if at < 0 or empty == GAP:
                break
            if at in seen:
                continue
            # An instruction may begin with a chunk's last two bytes.
            data = bytes(memory[at : at + CHUNK + 2])
            if data.count(0, 0, CHUNK) == len(data[:CHUNK]):
                empty += 1
                continue
            if reads_flags(data):
                return True
            empty = 0
            seen.add(at)
    return False
