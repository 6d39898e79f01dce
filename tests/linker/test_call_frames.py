"""Callers by .debug_frame: what readelf makes of the same section, and chains of calls."""

from __future__ import annotations

import random
import re
import subprocess

import pytest

from kcc.linker.call_frames import MAX_CALLS, CallFrames
from kcc.linker.elf import read_elf
from kcc.linker.link import LinkInput, link

SOURCE = """
long leaf(long x) { return x * 3; }
extern long other(long *);
long middle(long x) { long room[9]; room[x] = leaf(x); return other(room) + room[1]; }
long other(long *p) { return p[0] ? middle(p[0]) + p[2] : p[1]; }
void _start(void) { middle(1); for (;;) ; }
"""
SP, RA, ZEROS = 0x8000, 0x7_0000_0000, bytes(8)


@pytest.fixture(scope="module")
def program(compile_c, tmp_path_factory):
    """(the ELF, readelf's rows: function's bounds, then address, frame size, where ra is)"""
    data = link([LinkInput("a.o", compile_c(SOURCE, "-g", "-fno-inline"))]).elf
    path = tmp_path_factory.mktemp("frames") / "a.elf"
    path.write_bytes(data)
    command = ["riscv64-unknown-elf-readelf", "--debug-dump=frames-interp", str(path)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    functions = []
    for part in re.split(r"\n(?=\w{8} \w{16} )", text):
        bounds = re.search(r" FDE .* pc=(\w+)\.\.(\w+)", part)
        rows = re.findall(r"^(\w{16}) sp\+(\d+)(?: +(u|c-\d+))?", part, re.MULTILINE)
        if bounds is not None:  # without rows it never has a frame
            rows = rows or [(bounds[1], "0", "u")]
            functions.append(((int(bounds[1], 16), int(bounds[2], 16)), rows))
    return data, functions


@pytest.mark.oracle("clang-19", "riscv64-unknown-elf-readelf")
def test_frames_are_what_readelf_says(program):
    data, functions = program
    frames = CallFrames(read_elf(data))
    assert len(functions) == 4
    for (_, end), rows in functions:
        starts = [int(row[0], 16) for row in rows]
        for (start, size, place), following in zip(rows, [*starts[1:], end], strict=True):
            for pc in range(int(start, 16), following, 2):
                asked = []

                def read(addr, count, asked=asked):
                    asked.append((addr, count))
                    return ZEROS

                found = list(frames.callers(pc, RA, SP, read))
                saved = place.startswith("c-")
                assert found == ([] if saved else [RA])
                where = SP + int(size) - int(place[2:]) if saved else 0
                assert asked == ([(where, 8)] if saved else [])


@pytest.mark.oracle("clang-19", "riscv64-unknown-elf-readelf")
def test_a_chain_ends_where_nothing_is_described_and_does_not_go_on_for_ever(program):
    data, _ = program
    file = read_elf(data)
    frames = CallFrames(file)
    leaf, middle = (file.symbol(name) for name in ("leaf", "middle"))
    inside = middle.value + middle.size // 2
    assert list(frames.callers(leaf.value, 0x1234, SP, lambda *_: ZEROS)) == [0x1234]
    back = inside.to_bytes(8, "little")
    assert list(frames.callers(inside, 1, SP, lambda *_: back)) == [inside] * MAX_CALLS
    assert list(frames.callers(leaf.value, inside, SP, lambda *_: ZEROS)) == [inside]


@pytest.mark.oracle("clang-19")
def test_a_chain_ends_at_a_frame_that_is_not_by_sp(compile_c):
    source = """
        long leaf(volatile char *p) { return *p * 3; }
        void _start(void) { _Alignas(64) volatile char room[64] = {1}; leaf(room); for (;;) ; }
    """
    data = link([LinkInput("a.o", compile_c(source, "-g", "-fno-inline"))]).elf
    file = read_elf(data)
    leaf, start = (file.symbol(name) for name in ("leaf", "_start"))
    inside = start.value + start.size - 2  # behind the call
    for pc, ra, found in (start.value, RA, [RA]), (inside, RA, []), (leaf.value, inside, [inside]):
        assert list(CallFrames(file).callers(pc, ra, SP, lambda *_: ZEROS)) == found


@pytest.mark.oracle("clang-19", "riscv64-unknown-elf-readelf")
def test_damage_ends_chains_and_raises_nothing(program):
    data, functions = program
    (section,) = (s for s in read_elf(data).sections if s.name == ".debug_frame")
    pick = random.Random(3)
    for _ in range(30):
        spoilt = bytearray(data)
        for _ in range(pick.randrange(1, 8)):
            at = section.header.offset + pick.randrange(section.size)
            spoilt[at] = pick.randrange(256)
        frames = CallFrames(read_elf(bytes(spoilt)))
        for (start, end), _ in functions:
            assert len(list(frames.callers((start + end) // 2, RA, SP, lambda *_: ZEROS))) <= 1
