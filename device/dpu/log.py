"""What a DPU has printed: records in its MRAM, put into words.

kernels/rt/dpu/log.c writes them, and says what they are.
"""

from __future__ import annotations

import struct

from ...linker.call_frames import Read
from ..sim.interface import BusError
from . import cformat
from .device import Dpu
from .memory_map import WRAM

LOG_BYTES = 1 << 20
LOG, USED = "__dpu_log", "__dpu_log_used"  # symbols of programs that print
HEAD = 16  # bytes of a record before its words
NO_STRING = (1 << 64) - 1  # the length of a null pointer's


class LogError(Exception):
    """The log is not what the library writes: something else has written there."""


def log_of(dpu: Dpu) -> bytes | None:
    """What a DPU has printed since its last launch began; None where its program does not print.

    raises: LogError; RuntimeError without a program.
    """
    log, used = (dpu.image.elf.symbol(name) for name in (LOG, USED))
    if log is None or used is None:
        return None
    try:
        return read_log(dpu.read, log.value, used.value)
    except BusError as error:
        raise LogError(str(error)) from None


def read_log(read: Read, log_addr: int, used_addr: int) -> bytes:
    """What has been printed since the last launch began.

    read:      of an address as in the program's ELF file, and a count, the bytes there.
    log_addr:  of the symbol LOG; used_addr: of USED.
    raises:    LogError.
    """
    (used,) = struct.unpack("<Q", read(used_addr, 8))
    if used == 0:
        return b""
    if used > LOG_BYTES or used % 8:
        raise LogError(f"a log of {used} bytes")
    log = read(log_addr, used)
    wram = read(WRAM.base, WRAM.size)
    text, at = [], 0
    while at < used:
        (size,) = struct.unpack_from("<I", log, at + 4)
        if size < HEAD or size % 8 or at + size > used:
            raise LogError(f"a record of {size} bytes, {at} bytes behind the start of the log")
        text.append(_text(log[at : at + size], wram))
        at += size
    return b"".join(text)


def _text(record: bytes, wram: bytes) -> bytes:
    addr, _size, strings, *words = struct.unpack(f"<IIQ{(len(record) - HEAD) // 8}Q", record)
    end = wram.find(b"\0", addr) if WRAM.holds(addr, 1) else -1
    if end < 0:
        raise LogError(f"a format at {addr:#x}, where none is")
    pieces = cformat.parse(wram[addr:end])
    # A string takes two words: its length, and how much of it was to be read at most.
    wanted = [
        is_string
        for piece in pieces
        if not isinstance(piece, bytes)
        for is_string in (False,) * piece.stars
        + ((True, False) if piece.letter == "s" else (False,))
    ]
    if len(wanted) > len(words):
        raise LogError(f"{len(words)} words for the format at {addr:#x}, which takes {len(wanted)}")
    values: list[int | bytes | None] = []
    at = HEAD + 8 * len(wanted)
    for i, is_string in enumerate(wanted):
        if strings >> i & 1 != is_string:
            raise LogError(f"other strings than the format at {addr:#x} takes")
        if not is_string:
            if not (i and wanted[i - 1]):
                values.append(words[i])
        elif words[i] == NO_STRING:
            values.append(None)
        else:
            if at + words[i] > len(record):
                raise LogError(f"a string of {words[i]} bytes in a record of {len(record)}")
            values.append(record[at : at + words[i]])
            at += -(-words[i] // 8) * 8
    return cformat.format_c(pieces, values)
