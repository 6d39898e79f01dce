"""Faults of programs with debug information name their place in the source and work-item."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import kcc
from kcc.linker.source_lines import SourceLines, SourcePlace

SOURCE = """\
static inline int get(global int *p, int k) {
    return p[k];
}
__attribute__((noinline)) int far(global int *p, int k) { int v = p[k * 100000]; return v; }
kernel void bad(global int *a, int which) {
    size_t i = get_global_id(0) + get_global_id(1) * 8;
    printf("%d ", (int)i);
    if (i == 29)
        a[i] = which ? far(a, 1000) : get(a, 100000000);
    a[i] = i;
}
kernel void one(global int *a) {
    a[get_global_id(0) == 5 ? 1 << 26 : 0] = get(a, get_global_id(0) == 6 ? -(1 << 26) : 0);
}
kernel void big(global int *a) {
    int deep[30000];
    for (int i = 0; i < 30000; i++)
        deep[i] = a[0];
    a[1] = deep[a[2]] + get(a, a[3]);
}
kernel void barred(global int *a, local int *l) {
    size_t i = get_local_id(0);
    int mine = a[get_global_id(0)];
    l[i] = mine;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (l[3 - i] == 14)
        a[1 << 26] = mine;
}
kernel void endless(global int *a) {
    while (a[0] == 0)
        ((volatile global int *)a)[1]++;
}
"""
RANGE = {"global_size": (8, 4), "local_size": (4, 2), "global_offset": (0, 0)}


@pytest.fixture(scope="module")
def device():
    with kcc.Device() as opened:
        yield opened


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faults") / "bad.cl"
    path.write_text(SOURCE)
    return path


def fault(device, program: kcc.Program, kernel: str, *args: object, **sizes: object):
    with pytest.raises(kcc.GuestFault) as caught:
        device.load(program)[kernel](*args, **sizes)
    return caught.value


def test_a_fault_names_place_and_work_item(device, source: Path, capfd) -> None:
    program = kcc.compile(source, ["-g", "-O0"])
    a = np.zeros(32, np.int32)
    for which, function, line in ((0, "get", 2), (1, "far", 4)):
        caught = fault(device, program, "bad", a, np.int32(which), **RANGE)
        assert [(p.function, p.file, p.line) for p in caught.source] == [
            (function, str(source), line)
        ]
        assert (caught.work_item, caught.work_group) == ((5, 3, 0), (1, 1, 0))
        place = f"  at {source}:{line}:{caught.source[0].column} in '{function}'"
        assert str(caught).splitlines()[1:] == [place, "  in work-item (5, 3, 0)"]
        # What was printed before is there, in the order of the work-items of each group.
        printed = [int(word) for word in capfd.readouterr().out.split()]
        for group in {tuple(i // np.array([4, 2])) for i in np.ndindex(8, 4)}:
            x, y = (group[0] * 4, group[1] * 2)
            items = [x + i + 8 * (y + j) for j in range(2) for i in range(4)]
            mine = [n for n in printed if n in items]
            assert mine == items[: len(mine)]
        assert 29 in printed
    caught = fault(
        device, program, "barred", np.arange(16, dtype=np.int32), kcc.local(64),
        global_size=16, local_size=4,
    )  # fmt: skip
    assert (caught.source[0].line, caught.work_item) == (27, (13, 0, 0))
    moved = RANGE | {"global_offset": (8, 1)}
    a = np.zeros(64, np.int32)
    assert fault(device, program, "bad", a, np.int32(0), **moved).work_item == (13, 2, 0)


def test_where_items_may_be_mixed_the_group_is_named(device, source: Path) -> None:
    program = kcc.compile(source, ["-g", "-O2"])
    a = np.zeros(32, np.int32)
    caught = fault(device, program, "bad", a, np.int32(1), **RANGE)
    assert [p.function for p in caught.source] == ["far"]
    assert (caught.work_item, caught.work_group) == (None, (1, 1, 0))
    assert str(caught).endswith("\n  in work-group (1, 1, 0)")
    caught = fault(device, program, "one", a, global_size=8, local_size=1)
    assert [p.function for p in caught.source] == ["one"]
    assert caught.work_item == (5, 0, 0)  # a group of its own
    a[3] = 1 << 28
    caught = fault(device, program, "big", a, global_size=2, local_size=2)
    assert [(p.function, p.line) for p in caught.source] == [("get", 2), ("big", 19)]
    assert f"  inlined at {source}:19:" in str(caught)


def test_a_limit_names_the_place_alone(device, source: Path) -> None:
    program = kcc.compile(source, ["-g", "-O0"])
    a = np.zeros(2, np.int32)
    caught = fault(device, program, "endless", a, global_size=4, max_instructions=100_000)
    assert caught.work_item is None
    assert caught.source
    assert all(p.line in (30, 31) for p in caught.source)


def test_without_debug_information_nothing_is_said(device, source: Path) -> None:
    program = kcc.compile(source, ["-O0"])
    caught = fault(device, program, "bad", np.zeros(32, np.int32), np.int32(1), **RANGE)
    assert (caught.source, caught.work_item, caught.work_group) == ((), None, None)
    assert "\n" not in str(caught)
    assert not program.source_lines


def test_damaged_debug_information_is_none_or_some(source: Path) -> None:
    program = kcc.compile(source, ["-g", "-O2"])
    sections = [s for s in program.image.sections if s.name.startswith(".debug_")]
    draw = random.Random(5)
    for _ in range(12):
        data = bytearray(program.elf)
        for _ in range(draw.choice((1, 3, 30))):
            header = draw.choice(sections).header
            data[header.offset + draw.randrange(header.size)] = draw.randrange(256)
        lines = SourceLines(kcc.Program(bytes(data)).image)
        for addr in range(0x10000, 0x10200, 2):
            assert all(isinstance(p, SourcePlace) for p in lines.places(addr))
            lines.local_id_slot(addr)
        _ = lines.keeps_local_ids


def test_a_line_range_of_nothing_is_damage(source: Path) -> None:
    program = kcc.compile(source, ["-g", "-O2"])
    (lines,) = (s.header for s in program.image.sections if s.name == ".debug_line")
    data = bytearray(program.elf)
    data[lines.offset + 14] = 0  # what the program of the lines divides by (DWARF 4, 6.2.4)
    assert not SourceLines(kcc.Program(bytes(data)).image)
