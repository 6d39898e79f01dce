"""What DPUs print: formats as the C library prints them, and logs that are damaged."""

from __future__ import annotations

import ctypes
import random
import struct

import pytest

from kcc.device.dpu.cformat import MAX_WIDTH, format_c, parse
from kcc.device.dpu.log import LogError, read_log
from kcc.device.dpu.memory_map import MRAM, WRAM
from kcc.frontend import tast

LIBC = ctypes.CDLL(None)
INTEGERS = (0, 1, -1, 42, -(2**63), 2**63 - 1, 123456789, 8, 0o777)
DOUBLES = (
    0.0, -0.0, 1.0, -1.5, 0.1, 123456.0, 1234567.0, 1e-5, 9.9999995, 1e300, 5e-324, 2.5, 0.5,
    float("inf"), float("-inf"), float("nan"), 1 / 3, 1.9999999999999998, 2.2e-308, 0.03125,
)  # fmt: skip


def c_prints(spec: str, *args: object) -> bytes:
    room = ctypes.create_string_buffer(8192)
    size = LIBC.snprintf(room, ctypes.c_size_t(8192), spec.encode(), *args)
    return room.raw[:size]


def prints(spec: str, *values: int | bytes | None) -> bytes:
    return format_c(parse(spec.encode()), values)


def specs(letters: str, rng: random.Random, count: int) -> list[str]:
    choices = [
        "%" + "".join(flag for flag in "-+ #0" if bits >> "-+ #0".index(flag) & 1) + width + dot
        for bits in range(32)
        for width in ("", "1", "9", "25")
        for dot in ("", ".0", ".1", ".4", ".20")
    ]
    return [f"{rng.choice(choices)}{letter}" for letter in letters for _ in range(count)]


def test_numbers_print_as_in_c() -> None:
    rng = random.Random(11)
    for spec in specs("diuoxX", rng, 60):
        for value in INTEGERS:
            want = c_prints(f"{spec[:-1]}l{spec[-1]}", ctypes.c_long(value))
            assert prints(spec, value % 2**64) == want, (spec, value)
    for spec in specs("fFeEgGaA", rng, 60):
        for number in DOUBLES:
            (word,) = struct.unpack("<Q", struct.pack("<d", number))
            assert prints(spec, word) == c_prints(spec, ctypes.c_double(number)), (spec, number)


def test_texts_print_as_in_c() -> None:
    for spec in (f"%{f}{w}{d}s" for f in ("", "-") for w in ("", "9") for d in ("", ".0", ".4")):
        assert prints(spec, b"abcdef") == c_prints(spec, b"abcdef"), spec
    assert prints("%c|%-3c|%3c%%", 65, 66, 0x143) == b"A|B  |  C%"
    assert prints("%-*d|%*.*f", -5 % 2**64, 7, 8, 2, 0x4004000000000000) == b"7    |    2.50"
    assert prints("%.*s", -1 % 2**64, b"all") == b"all"
    assert prints("%s %.3s|", None, None) == b"(null) |"
    assert prints("%p", 0x80000010) == b"0x80000010"


def test_too_wide_prints_nothing() -> None:
    assert MAX_WIDTH == tast.MAX_WIDTH
    assert prints("a %*d", MAX_WIDTH, 1) == b"a " + b" " * (MAX_WIDTH - 1) + b"1"
    assert prints("a %*d", MAX_WIDTH + 1, 1) == prints("a %99999999999d", 1) == b""


FORMAT, LOG, USED = 0x100, MRAM.base, 0x80


def log_of(format_: bytes, *words: int, strings: int = 0, used: int | None = None) -> bytes:
    wram = bytearray(WRAM.size)
    record = struct.pack(f"<IIQ{len(words)}Q", FORMAT, 16 + 8 * len(words), strings, *words)
    wram[FORMAT : FORMAT + len(format_)] = format_
    struct.pack_into("<Q", wram, USED, len(record) if used is None else used)
    memories = {0: bytes(wram), MRAM.base >> 16: record.ljust(1 << 20, b"\0")}

    def read(addr: int, size: int) -> bytes:
        return memories[addr >> 16][addr & 0xFFFF :][:size]

    return read_log(read, LOG, USED)


def test_a_record_is_put_into_words() -> None:
    text = int.from_bytes(b"text", "little")
    assert log_of(b"%d %s.%s\n", 7, 4, 99, 2**64 - 1, 0, text, strings=10) == b"7 text.(null)\n"
    assert log_of(b"unused", used=0) == b""


@pytest.mark.parametrize(
    ("words", "strings", "used"),
    [
        ((1,), 0, 8),  # cut off
        ((1,), 0, 20),
        ((1,), 0, 1 << 21),
        ((1,), 0, 48),  # what follows has no size
        ((), 0, None),
        ((1,), 1, None),  # a string for %d
    ],
)
def test_damaged_logs_are_errors(words: tuple[int, ...], strings: int, used: int | None) -> None:
    with pytest.raises(LogError):
        log_of(b"%d", *words, strings=strings, used=used)


def test_a_string_that_is_too_long_is_an_error() -> None:
    with pytest.raises(LogError):
        log_of(b"%s", 9, 9, 0, strings=1)
