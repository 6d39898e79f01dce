"""Operands at the edges, for every differential test here."""

from __future__ import annotations

import random
import struct

# Zeros, subnormals, the ends of the normal range, halves, integers' ends, infinities, NaNs.
SINGLES = (
    0x0000_0000, 0x8000_0000, 0x0000_0001, 0x8000_0001, 0x007F_FFFF, 0x0080_0000, 0x8080_0000,
    0x0080_0001, 0x3F80_0000, 0xBF80_0000, 0x3F80_0001, 0x3F00_0000, 0xBF00_0000, 0x3EFF_FFFF,
    0x3FC0_0000, 0x4020_0000, 0xC020_0000, 0x4B00_0001, 0x4F00_0000, 0xCF00_0000, 0x4EFF_FFFF,
    0x4F80_0000, 0x4F7F_FFFF, 0x5F00_0000, 0xDF00_0000, 0x5F80_0000, 0xBF7F_FFFF, 0x7F7F_FFFF,
    0xFF7F_FFFF, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0xFFC1_2345, 0x7F80_0001, 0xFFBF_FFFF,
    0x3380_0000, 0x0C80_0000, 0x1F80_0000, 0x2000_0000, 0x5FC0_0000,
    # Around the ends of halves, and halfway between two of them.
    0x3300_0000, 0x3300_0001, 0x3340_0000, 0x387F_F000, 0x387F_EFFF, 0x387F_E000, 0x3880_0000,
    0x477F_EFFF, 0x477F_F000, 0x4780_0000, 0x3F80_1000, 0x3F80_1001, 0x3F80_3000, 0xBF80_1000,
)  # fmt: skip
DOUBLES = (
    *(struct.unpack("<Q", struct.pack("<d", x))[0] for x in (
        0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e300, -1e300, 1e-300, 2.0**31,
        2.0**31 - 1, -(2.0**31), -(2.0**31) - 1, 2.0**32, 2.0**32 - 0.5, 2.0**63, -(2.0**63),
        2.0**64, -0.99999, 2.0**52 + 0.5, 2.0**53 - 1, 3.4028235677973366e38, 1.4e-45, 7e-46,
        2.0**-149, 2.0**-150, 2.0**-126, 1.1754943e-38, 2.0**-512, 2.0**512, 1.0 + 2.0**-24,
        1.0 + 2.0**-23, 1.0 + 3 * 2.0**-24, 2.0**-24, 2.0**-25, 2.0**-25 + 2.0**-50,
        2.0**-14 - 2.0**-26, 65519.99, 65520.0, 1.0 + 2.0**-11, 1.0 + 2.0**-11 + 2.0**-40,
    )),
    0x0000_0000_0000_0001, 0x8000_0000_0000_0001, 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000,
    0x0010_0000_0000_0001, 0x7FEF_FFFF_FFFF_FFFF, 0xFFEF_FFFF_FFFF_FFFF, 0x7FF0_0000_0000_0000,
    0xFFF0_0000_0000_0000, 0x7FF8_0000_0000_0000, 0xFFF8_1234_5678_9ABC, 0x7FF0_0000_0000_0001,
    0xFFF7_FFFF_FFFF_FFFF, 0x3FEF_FFFF_FFFF_FFFF, 0x3FF0_0000_0000_0001,
)  # fmt: skip
HALVES = (
    *(struct.unpack("<H", struct.pack("<e", x))[0] for x in (
        0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 127.5, 128.0, -128.0, -129.0, 255.5,
        32767.0, 32768.0, -32768.0, 2048.0, 2049.0, 65504.0, -65504.0, 1024.5, 0.33325195,
        2.0**-14, 2.0**-15, 2.0**-24, -(2.0**-24), 2.0**-12, 1.0 + 2.0**-10, 1.0 - 2.0**-11,
    )),
    0x03FF, 0x0401, 0x83FF, 0x8400, 0x7C00, 0xFC00, 0x7E00, 0xFE12, 0x7C01, 0xFDFF,
)  # fmt: skip
FLOATS = {16: HALVES, 32: SINGLES, 64: DOUBLES}


def integers(width: int) -> tuple[int, ...]:
    """Zero, one and minus one, the ends of both ranges and of the narrower ones, as bits."""
    found = [0, 1, 2, -1, -2, width - 1, width, 0x5555_5555_5555_5555, 0x3333_3333_3333_3333]
    for bits in (4, 8, 16, 32, 64):
        if bits <= width:
            found += [1 << bits - 1, (1 << bits - 1) - 1, (1 << bits) - 1, -(1 << bits - 1)]
    return tuple(dict.fromkeys(n & (1 << width) - 1 for n in found))


def boxed(rng: random.Random) -> int:
    """The bits of a float register: an edge of one of the formats, mostly boxed."""
    width = rng.choice((16, 32, 32, 64, 64))
    bits = rng.choice(FLOATS[width]) if rng.random() < 0.7 else rng.getrandbits(width)
    if width < 64 and rng.random() < 0.9:
        bits |= (1 << 64) - (1 << width)
    return bits


def integer(rng: random.Random) -> int:
    """The bits of an integer register, often an edge."""
    width = rng.choice((8, 16, 32, 64, 64))
    bits = rng.choice(integers(width)) if rng.random() < 0.5 else rng.getrandbits(width)
    return bits - (rng.randrange(2) << width) & (1 << 64) - 1
