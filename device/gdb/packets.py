"""Frames of GDB's remote serial protocol: bytes to packets, and back.

    $payload#cc   cc: the sum of the payload's bytes, modulo 256, in hexadecimal

In a payload, '}' and a byte stand for that byte with bit 5 inverted. Between frames there are
'+' and '-' for a frame that has arrived or was damaged, and 0x03, by which the other side
interrupts what runs. Source: GDB manual, appendix "GDB Remote Serial Protocol", "Overview".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

LONGEST = 0x4000  # bytes of a payload, as it comes; said in qSupported
_SPECIAL = re.compile(rb"[#$}*]")
_ESCAPE = re.compile(rb"\}(.)", re.DOTALL)
_HEX = frozenset(b"0123456789abcdefABCDEF")


class Signal(Enum):
    """What arrives and is no packet that can be obeyed."""

    INTERRUPT = "interrupt"
    RESEND = "resend"  # the frame we sent last was damaged
    DAMAGED = "damaged"  # theirs is
    TOO_LONG = "too long"


class Unframer:
    """Cuts a stream of bytes, in whatever pieces it comes, into payloads and signals."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._inside = False  # a frame: `pending` begins with its payload
        self._too_long = False

    def feed(self, data: bytes) -> Iterator[bytes | Signal]:
        self._pending += data
        while self._pending:
            found = self._frame() if self._inside else self._between()
            if found is None:
                return
            if found:
                yield from found

    def _between(self) -> list[bytes | Signal]:
        """Take all up to the next frame."""
        before, dollar, after = self._pending.partition(b"$")
        self._pending, self._inside = after, bool(dollar)
        meant = {0x03: Signal.INTERRUPT, ord("-"): Signal.RESEND}
        return [meant[byte] for byte in before if byte in meant]

    def _frame(self) -> list[bytes | Signal] | None:
        """Take a frame; None if it does not end yet."""
        payload, hash_sign, rest = self._pending.partition(b"#")
        again = payload.rfind(b"$") + 1
        if again:  # the one before was cut short
            del self._pending[:again]
            self._too_long = False
            return [Signal.DAMAGED]
        if len(payload) > LONGEST:
            self._too_long = True
            if not hash_sign:
                self._pending.clear()
                return None
        if not hash_sign or len(rest) < 2:
            return None
        self._pending, self._inside = rest[2:], False
        if self._too_long:
            self._too_long = False
            return [Signal.TOO_LONG]
        good = _HEX.issuperset(rest[:2]) and int(rest[:2], 16) == sum(payload) & 0xFF
        return [_unescape(payload) if good else Signal.DAMAGED]


def frame(payload: bytes) -> bytes:
    """The frame of a payload, which is escaped already where it has to be."""
    return b"$%b#%02x" % (payload, sum(payload) & 0xFF)


def escape(data: bytes) -> bytes:
    """Any bytes, as part of a payload."""
    return _SPECIAL.sub(lambda m: bytes((ord("}"), m[0][0] ^ 0x20)), data)


def _unescape(payload: bytes | bytearray) -> bytes:
    return _ESCAPE.sub(lambda m: bytes((m[1][0] ^ 0x20,)), bytes(payload))
