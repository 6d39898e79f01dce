"""The search for code that reads the float flags."""

from __future__ import annotations

import random

import pytest

from kcc.backend.encode import decode, encode
from kcc.device.sim import flagreaders

NOP = encode("addi", rd=0, rs1=0, imm12=0)


def test_readers_are_told_from_others_as_the_decoder_does() -> None:
    rng = random.Random(1)
    for _ in range(4000):
        word = rng.choice((1, 2, 3, 3, 0x300)) << 20 | rng.getrandbits(13) << 7 | 0x73
        if rng.random() < 0.3:
            word &= ~(31 << 7)  # rd is x0
        d = decode(word)
        csr = d.operands.get("csr") if d else None
        reads = csr == 1 or (csr == 3 and d is not None and d.operands["rd"] != 0)
        assert flagreaders.reads_flags(word.to_bytes(4, "little")) is reads, hex(word)


def test_only_even_offsets_hold_instructions() -> None:
    code = encode("csrrs", rd=5, csr=1, rs1=0).to_bytes(4, "little")
    assert flagreaders.reads_flags(b"\1\0" + code)
    assert not flagreaders.reads_flags(b"\1" + code)


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (0, True),
        (flagreaders.CHUNK - 2, True),  # straddles two chunks
        (5 * flagreaders.CHUNK + 10, True),
        (9 * flagreaders.CHUNK, True),  # three empty chunks lie between
        (14 * flagreaders.CHUNK, False),  # four
    ],
)
def test_it_ends_where_nothing_is(at: int, found: bool) -> None:
    full = (0, 1, 2, 3, 4, 5, 9, 14)
    memory = bytearray(15 * flagreaders.CHUNK)
    for chunk in full:
        memory[chunk * flagreaders.CHUNK + 5] = 1
    memory[at : at + 4] = encode("csrrs", rd=5, csr=3, rs1=0).to_bytes(4, "little")
    seen: set[int] = set()
    start = 2 * flagreaders.CHUNK + 100
    assert flagreaders.near(memoryview(memory), start, seen) is found
    if not found:
        assert seen == {chunk * flagreaders.CHUNK for chunk in full[:-1]}


@pytest.mark.parametrize("distance", [20, 10_000])
def test_a_reader_that_is_translated_late_finds_every_flag(bench, distance: int) -> None:
    """inf * 0 + NaN, which no x86 host reports, by code that runs before its reader is known."""
    bench.put(
        [
            encode("jal", rd=5, jump21=16),
            encode("jal", rd=0, jump21=4 * distance),
            NOP,
            NOP,
            encode("lui", rd=6, upper20=0x7F800 << 12),  # infinity
            encode("fmv.w.x", rd=1, rs1=6),
            encode("fmv.w.x", rd=2, rs1=0),
            encode("lui", rd=6, upper20=0x7FC00 << 12),  # NaN
            encode("fmv.w.x", rd=3, rs1=6),
            encode("fmadd.s", rd=4, rs1=1, rs2=2, rs3=3),
            encode("jalr", rd=0, rs1=5, imm12=0),
        ]
    )
    reader = [encode("csrrs", rd=7, csr=1, rs1=0), encode("jalr", rd=0, rs1=1, imm12=0)]
    bench.put(reader, 0x4000_0004 + 4 * distance)
    assert bench.run().ok
    assert bench.machine.read_x(0, 7) == 16
