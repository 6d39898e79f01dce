"""Windows: register encodings, mapping rules, bounds."""

from __future__ import annotations

import pytest

from kcc.device.soc.commands import Op, Reg, command
from kcc.device.soc.memory import HOST, hart_unit
from kcc.device.soc.windows import PER_HART, SHARED, decode_scale, encode_mode, encode_scale

BASE, TARGET = 0x5000, 0x4800_0000


def program(index=0, *, base=BASE, target=TARGET, mode=SHARED, size=0x1000, scale=0, active=1):
    words = []
    for reg, value in (
        (Reg.WINDOW_BASE0, base),
        (Reg.WINDOW_TARGET0, target),
        (Reg.WINDOW_SCALE0, encode_scale(scale)),
        (Reg.WINDOW_MODE0, encode_mode(size, mode) - (not active)),
    ):
        words += command(Op.WRITE_REG64, value, inline=reg + index)
    return words


def write_reg(reg: int, value: int) -> list[int]:
    return command(Op.WRITE_REG64, value, inline=reg)


def peek(device, addr, size=1, unit=HOST):
    data = bytearray(size)
    return bytes(data) if device.read_into(memoryview(data), addr, unit) else None


def test_register_values():
    assert encode_mode(0xF0000, SHARED) == 0x000EFFFF00000001
    assert encode_mode(0x7FF0000, SHARED) == 0x07FEFFFF00000001
    assert encode_mode(0x80000, PER_HART) == 0x0007FFFF00000003
    assert encode_scale(0x80000) == 0x0007FFFF00000001


@pytest.mark.parametrize("scale", [0, 1, 3, 0x80000, 1 << 32])
def test_any_scale_can_be_encoded(scale):
    assert decode_scale(encode_scale(scale)) == scale


@pytest.mark.parametrize(
    ("value", "scale"), [(0, 0), (1, 1), (2, 2), (31, 1 << 30), (5 | 2 << 32, 48)]
)
def test_scale_is_a_power_of_two_times_b_plus_one(value, scale):
    assert decode_scale(value) == scale


def test_shared_window_shows_the_target_to_all(commands):
    device = commands.device
    assert commands.run(*program()).error is None
    device.write(BASE + 16, b"hello")
    assert peek(device, TARGET + 16, 5) == b"hello"
    assert peek(device, BASE + 16, 5, hart_unit(3)) == b"hello"
    device.view(BASE, 4)[:] = b"abcd"
    assert peek(device, TARGET, 4) == b"abcd"


def test_window_bounds_are_exact(commands):
    device = commands.device
    commands.run(*program())
    assert peek(device, BASE + 0xFFF) is not None
    assert peek(device, BASE + 0xFFF, 2) is None
    assert peek(device, BASE + 0x1000) is None
    assert device.view(BASE, 0x1001) is None


def test_per_hart_window_shows_each_hart_its_own(commands):
    device = commands.device
    commands.run(*program(mode=PER_HART, size=0x40, scale=0x40))
    for hart in range(4):
        assert device.write(BASE, bytes([hart + 1]), hart_unit(hart))
    assert [peek(device, TARGET + 0x40 * h) for h in range(4)] == [b"\1", b"\2", b"\3", b"\4"]
    assert peek(device, BASE) is None  # the host has no hart's copy
    assert peek(device, BASE, 1, hart_unit(4)) is None
    assert peek(device, BASE + 0x40, 1, hart_unit(0)) is None  # not the next hart's
    assert device.view(BASE, 1) is None


def test_harts_see_windows_too(commands, e):
    commands.run(*program(mode=PER_HART, size=0x1000, scale=0x1000))
    commands.code(
        e("lui", rd=5, upper20=BASE),
        e("sw", rs2=10, rs1=5, store12=8),
        e("jalr", rd=0, rs1=1, imm12=0),
    )
    # Mapped before and after the machine is made, and unmapped while it exists.
    run = command(Op.RUN_INSTANCES, 4, inline=4)
    assert commands.run(*commands.setup(), *run).error is None
    assert [commands.word(TARGET + 0x1000 * h + 8) for h in range(4)] == [0, 1, 2, 3]
    off = write_reg(Reg.WINDOW_MODE0, 0)
    status = commands.run(*off, *commands.setup(), *run)
    assert status.result.fault.tval == BASE + 8
    again = program(mode=PER_HART, size=0x1000, scale=0x2000)
    assert commands.run(*again, *commands.setup(), *run).error is None
    assert commands.word(TARGET + 0x6008) == 3


def test_a_change_unmaps_until_mode_is_written_again(commands):
    device = commands.device
    commands.run(*program())
    commands.run(*write_reg(Reg.WINDOW_TARGET0, TARGET + 0x1000))
    assert peek(device, BASE) is None
    mode = encode_mode(0x1000, SHARED)
    commands.run(*write_reg(Reg.WINDOW_MODE0, mode))
    device.write(BASE, b"x")
    assert peek(device, TARGET + 0x1000) == b"x"
    commands.run(*write_reg(Reg.WINDOW_MODE0, encode_mode(0x2000, SHARED)))  # active, but a change
    assert peek(device, BASE) is None
    commands.run(*write_reg(Reg.WINDOW_MODE0, encode_mode(0x2000, SHARED)))
    assert peek(device, BASE + 0x1FFF) is not None


def test_writing_what_is_there_changes_nothing(commands):
    commands.run(*program())
    assert commands.run(*program()).error is None
    assert peek(commands.device, BASE) is not None


def test_inactive_mode_does_not_map(commands):
    assert commands.run(*program(active=0)).error is None
    assert peek(commands.device, BASE) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": 0x3000_0000}, "cannot show"),
        ({"target": BASE}, "cannot show"),
        ({"mode": 4}, "mode"),
        ({"mode": 6}, "mode"),
        ({"base": 0x1000_0000}, "overlap"),
        ({"base": 0x0FFF_F800}, "overlap"),
        ({"base": 0xFFFF_FFFF_FFFF_F000}, "address space"),
    ],
)
def test_windows_that_cannot_be(commands, options, message):
    status = commands.run(*program(**options))
    assert message in status.error
    assert status.offset == 8 * 6
    assert commands.device.processor.registers[Reg.WINDOW_MODE0] == 0


def test_a_window_on_a_window_is_refused(commands):
    assert commands.run(*program()).error is None
    assert commands.run(*program(1, base=0x9000, target=BASE)).error is not None


def test_a_window_may_end_behind_its_target(commands):
    device = commands.device
    commands.run(*program(target=0x103F_F800, size=0x1000))
    assert peek(device, BASE + 0x7FF) is not None
    assert peek(device, BASE + 0x800) is None


def test_a_window_onto_registers(commands):
    device = commands.device
    commands.run(*program(target=0x2000_2000, size=0x100))
    assert device.write(BASE + 0x18, (7).to_bytes(8, "little"), hart_unit(1))
    assert peek(device, 0x2000_2018, 8, hart_unit(1)) == (7).to_bytes(8, "little")
    assert peek(device, 0x2000_2018, 8) == bytes(8)
