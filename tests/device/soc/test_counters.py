"""Performance counters: who may see them, widths, and what they count."""

from __future__ import annotations

import pytest

from kcc.device.soc.commands import Op, command
from kcc.device.soc.memory import CMP, HOST, hart_unit

BASE = 0x2010_0000
GLOBAL = BASE + 0x100
H0, H1 = hart_unit(0), hart_unit(1)


@pytest.fixture
def read(m1_device):
    def get(addr: int, unit: int, size: int = 8) -> int | None:
        data = bytearray(size)
        if not m1_device.read_into(memoryview(data), addr, unit):
            return None
        return int.from_bytes(data, "little")

    return get


def test_retired_instructions_of_the_golden_loop(commands, read, e):
    commands.code(
        e("addi", rd=5, rs1=0, imm12=1000),
        e("addi", rd=5, rs1=5, imm12=-1),
        e("bne", rs1=5, rs2=0, branch13=-4),
        e("jalr", rd=0, rs1=1, imm12=0),
    )
    run = command(Op.RUN_INSTANCES, 1, inline=1)
    status = commands.run(*commands.setup(), *run)
    assert status.retired == (2002, 0, 0, 0)
    assert [read(BASE + 8 * k, H0) for k in range(4)] == [2002, 0, 2002, 0]
    assert read(BASE, H1) == 0
    assert read(BASE, hart_unit(9)) == 0  # a hart there is not
    commands.run(*commands.setup(), *run)
    assert read(BASE, H0) == 4004  # they run on between launches


def test_copy_mem_reads_a_harts_counters(commands, m1_device):
    assert m1_device.write(BASE + 8 * 2, (77).to_bytes(8, "little"), H1)
    status = commands.run(*command(Op.COPY_MEM64, BASE, 0x4200_0000, H1, inline=32))
    assert status.error is None
    assert commands.word(0x4200_0010) == 77


def test_a_hart_sets_and_reads_its_own(commands, e):
    commands.code(
        e("lui", rd=5, upper20=BASE),
        e("sd", rs2=0, rs1=5, store12=0),
        e("ld", rd=6, rs1=5, imm12=0),
        e("lui", rd=5, upper20=0x4200_0000),
        e("sd", rs2=6, rs1=5, store12=0),
        e("jalr", rd=0, rs1=1, imm12=0),
    )
    assert commands.run(*commands.setup(), *command(Op.RUN_INSTANCES, 1, inline=1)).error is None
    assert commands.word(0x4200_0000) in (0, 1, 2)  # since the store


@pytest.mark.parametrize("unit", [HOST, CMP, 0])
def test_only_harts_see_per_hart_counters(m1_device, read, unit):
    assert read(BASE, unit) is None
    assert not m1_device.write(BASE, bytes(8), unit)


def test_global_counters_are_storage_for_all(m1_device, read):
    assert m1_device.write(GLOBAL + 8, (5 << 32 | 6).to_bytes(8, "little"), HOST)
    assert read(GLOBAL + 8, H1) == 5 << 32 | 6
    assert read(GLOBAL + 8, CMP, 4) == 6
    assert read(GLOBAL, CMP, 16) == (5 << 32 | 6) << 64
    assert m1_device.write(GLOBAL + 8, (9).to_bytes(4, "little"), H0)
    assert read(GLOBAL + 8, HOST) == 9


@pytest.mark.parametrize(("offset", "size"), [(0, 1), (0, 2), (0, 3), (4, 4), (0, 12), (0xF8, 16)])
def test_other_widths_fail(read, offset, size):
    assert read(GLOBAL + offset, HOST, size) is None


@pytest.mark.parametrize(("offset", "size"), [(0, 1), (4, 4), (0, 16)])
def test_other_widths_cannot_be_written(m1_device, offset, size):
    assert not m1_device.write(GLOBAL + offset, bytes(size), HOST)
