"""Memory and bus: routing, bounds, guarding, and what untouched memory costs."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcc.device.sim.interface import BusError
from kcc.device.soc.m1_device import M1Device
from kcc.device.soc.memory import HOST, Bus, Ram, hart_unit, unit_id, unit_index, unit_kind

HART = hart_unit(0)


def resident_bytes() -> int:
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_untouched_memory_costs_nothing():
    before = resident_bytes()
    rams = [Ram(2 << 30) for _ in range(4)]
    assert resident_bytes() - before < 1 << 20
    rams[0].memory[0:4096] = b"x" * 4096
    assert rams[0].memory[1 << 30] == 0
    rams[0].discard()
    assert rams[0].memory[0] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the system decides")
def test_only_whole_pages_of_a_range_are_given_back():
    ram = Ram(16 << 12)
    ram.memory[:] = b"x" * ram.size
    ram.discard(4096 + 1, 3 * 4096)
    assert bytes(ram.memory) == b"x" * 8192 + bytes(8192) + b"x" * (12 << 12)
    ram.discard(5, 20)
    assert ram.memory[5] == ord("x")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_memory_of_a_device_does_not_stay():
    device = M1Device()
    before = resident_bytes()
    addr = device.alloc(64 << 20, 4096)
    assert device.write(addr, bytes(64 << 20))
    assert resident_bytes() - before > 60 << 20
    assert device.free(addr)
    assert resident_bytes() - before < 4 << 20


def test_units():
    assert unit_id(3, 7) == 0x0300_0007
    assert (unit_kind(0x0312_0007), unit_index(0x0312_0007)) == (3, 7)


def test_an_access_lies_inside_one_device():
    bus = Bus()
    bus.attach(0x1000, Ram(0x1000))
    bus.attach(0x2000, Ram(0x1000))
    bus.write(0x1FFC, b"abcd", HOST)
    assert bus.read(0x1FFC, 4, HOST) == b"abcd"
    assert bus.view(0x1FFE, 4, HOST) is None
    for call in (bus.read, lambda a, n, u: bus.write(a, bytes(n), u)):
        for addr in (0x1FFE, 0xFFF, 0x2FFE, 0x3000, -1):
            with pytest.raises(BusError):
                call(addr, 4, HOST)


@pytest.mark.parametrize(("base", "size"), [(0x1000, 1), (0xFFF, 2), (0x1FFF, 1), (0, 0x4000)])
def test_devices_do_not_overlap(base, size):
    bus = Bus()
    bus.attach(0x1000, Ram(0x1000))
    with pytest.raises(ValueError, match="overlap"):
        bus.attach(base, Ram(size))
    bus.detach(0x1000)
    bus.attach(base, Ram(size))


@given(
    ranges=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6),
    addr=st.integers(0, 90),
    size=st.integers(1, 12),
)
def test_guarded_memory_shows_harts_what_is_allowed(ranges, addr, size):
    ram = Ram(100)
    ram.guard()
    end = 0
    allowed = []
    for gap, length in ranges:
        start = end + gap % 10
        end = start + length
        if end > 100:
            break
        ram.allow(start, length)
        allowed.append((start, end))
    inside = any(a <= addr and addr + size <= b for a, b in allowed)
    assert (ram.view(addr, size, HART) is not None) == inside
    assert (ram.view(addr, size, HOST) is not None) == (addr + size <= 100)
    for start, _ in allowed:
        ram.forbid(start)
    assert ram.view(addr, size, HART) is None
