"""The program as a file that GDB reads from here, if it has not been told of one itself.

Source: GDB manual, "Host I/O Packets" and "struct stat".
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from .packets import LONGEST, escape

NO_ENTRY, BAD_FILE, INVALID, READ_ONLY = 2, 9, 22, 30  # errno, as the protocol numbers them
MOST_BYTES = LONGEST // 2 - 32  # read at once: all of them may have to be escaped
HANDLE = 3
REGULAR, READABLE = 0o100000, 0o444
_STAT = struct.Struct(">7I3Q3I")  # dev ino mode nlink uid gid rdev, size blksize blocks, times


@dataclass(frozen=True)
class Program:
    """path: absolute; it need not be there."""

    path: str
    data: bytes


class FileError(Exception):
    """An operation fails with an errno."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Files:
    """Answers vFile packets. There is one file, and it cannot be written."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def answer(self, operation: str, rest: str) -> bytes | None:
        """A packet vFile:operation:rest; None for what there is not."""
        action = _OPERATIONS.get(operation)
        if action is None:
            return None
        try:
            result, data = action(self, rest.split(","))
        except FileError as e:
            return b"F-1,%x" % e.number
        except (ValueError, IndexError):  # not what the operation takes
            return b"F-1,%x" % INVALID
        return b"F%x" % result if data is None else b"F%x;" % result + escape(data)

    def _choose_host(self, _arguments: list[str]) -> tuple[int, None]:
        return 0, None  # all of them see the same

    def _open(self, arguments: list[str]) -> tuple[int, None]:
        name, flags, _mode = arguments
        if bytes.fromhex(name) != self.program.path.encode():
            raise FileError(NO_ENTRY)
        if int(flags, 16):
            raise FileError(READ_ONLY)
        return HANDLE, None

    def _close(self, arguments: list[str]) -> tuple[int, None]:
        _check(arguments)
        return 0, None

    def _read(self, arguments: list[str]) -> tuple[int, bytes]:
        _check(arguments)
        size, offset = (int(n, 16) for n in arguments[1:3])
        if size < 0 or offset < 0:
            raise FileError(INVALID)
        data = self.program.data[offset : offset + min(size, MOST_BYTES)]
        return len(data), data

    def _describe(self, arguments: list[str]) -> tuple[int, bytes]:
        _check(arguments)
        size = len(self.program.data)
        blocks = size + 511 >> 9
        stat = _STAT.pack(0, 0, REGULAR | READABLE, 1, 0, 0, 0, size, 512, blocks, 0, 0, 0)
        return len(stat), stat


def _check(arguments: list[str]) -> None:
    if int(arguments[0], 16) != HANDLE:
        raise FileError(BAD_FILE)


_Action = Callable[[Files, list[str]], tuple[int, bytes | None]]
_OPERATIONS: dict[str, _Action] = {
    "setfs": Files._choose_host,
    "open": Files._open,
    "close": Files._close,
    "pread": Files._read,
    "fstat": Files._describe,
}
