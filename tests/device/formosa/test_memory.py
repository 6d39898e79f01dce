"""Buffers: copies in all directions, rows, maps; and every way to ask for what is not there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcc.device.formosa.driver import Driver
from kcc.device.formosa.errors import (
    DeviceNotAvailable,
    InvalidContext,
    InvalidMemObject,
    InvalidOperation,
    InvalidValue,
    MemCopyOverlap,
    MemObjectAllocationFailure,
)
from kcc.device.formosa.memory import MapFlags, MemFlags, Rect
from kcc.device.formosa.profile import HEAP_SIZE, Profile

RW = MemFlags.READ_WRITE
DATA = bytes(range(100))


@pytest.fixture
def driver():
    made = Driver()
    made.init()
    yield made
    made.uninit()


def read(driver, mem, offset=0, size=None) -> bytes:
    size = mem.size - offset if size is None else size
    host = bytearray(size)
    driver.read(host, mem, offset, size)
    return bytes(host)


# -- the device -------------------------------------------------------------------------------


def test_the_last_context_ends_the_device():
    driver = Driver(profile=Profile(cores=2, warps=8))
    assert driver.probe() == 1
    assert driver.device_name in driver.build_hash()
    info = driver.init()
    assert (info.max_compute_units, info.max_work_group_size) == (2, 256)
    assert driver.init() == info
    mem = driver.alloc_mem_obj(RW, 16)
    driver.init_context()
    driver.init_context()
    driver.free_context()
    assert read(driver, mem) == bytes(16)
    driver.free_context()
    with pytest.raises(InvalidContext):
        driver.free_context()
    driver.uninit()  # again
    driver.uninit()


def test_nothing_can_be_done_with_a_device_that_is_not_open(elf):
    from kcc.device.formosa.programs import Program
    from kcc.device.formosa.queue import Queue
    from kcc.device.formosa.run import Geometry

    driver = Driver()
    with pytest.raises(DeviceNotAvailable):
        driver.alloc_mem_obj(RW, 1)
    driver.init()
    mem, program = driver.alloc_mem_obj(RW, 16), Program(binary=elf)
    driver.post_build_program(program)
    kernel = driver.create_kernel(program, "add")
    region, sub = driver.map_mem(mem, 0, 4, 1), driver.alloc_subbuffer(mem, 0, 4)
    driver.uninit()
    for operation in (
        lambda: driver.read(bytearray(1), mem, 0, 1),
        lambda: driver.write(b"1", mem, 0, 1),
        lambda: driver.copy(mem, mem, 0, 8, 8),
        lambda: driver.memfill(mem, 4, 0, b"1"),
        lambda: driver.unmap_mem(region),
        lambda: driver.free(mem),
        lambda: driver.free_subbuffer(sub),
        lambda: driver.run(kernel, [mem] * 3, Geometry(1, (1,), (1,))),
        lambda: driver.free_program(program),
        lambda: driver.submit(Queue(), print),
        lambda: driver.join(Queue()),
        driver.init_context,
    ):
        with pytest.raises(DeviceNotAvailable):
            operation()
    driver.init()  # another device: what was on the first is not on it
    for operation in (
        lambda: driver.read(bytearray(1), mem, 0, 1),
        lambda: driver.free(mem),
    ):
        with pytest.raises(InvalidMemObject):
            operation()
    driver.uninit()


# -- buffers ----------------------------------------------------------------------------------


def test_a_buffer_is_made_with_the_hosts_bytes(driver):
    mem = driver.alloc_mem_obj(RW | MemFlags.COPY_HOST_PTR, 100, DATA)
    assert read(driver, mem) == DATA
    assert mem.address % 128 == 0
    assert read(driver, mem, 40, 3) == DATA[40:43]
    driver.write(memoryview(b"abcdef"), mem, 97, 3)
    assert read(driver, mem, 96) == DATA[96:97] + b"abc"
    driver.read(None, mem, 100, 0)
    driver.write(None, mem, 0, 0)


@pytest.mark.parametrize(
    ("flags", "size", "host"),
    [(0, 4, None), (3, 4, None), (RW | 64, 4, None), (RW, 0, None), (RW, -1, None),
     (RW | MemFlags.COPY_HOST_PTR, 4, None), (RW, 4, b"123")],
)  # fmt: skip
def test_buffers_that_cannot_be(driver, flags, size, host):
    with pytest.raises(InvalidValue):
        driver.alloc_mem_obj(flags, size, host)


def test_no_room_for_a_buffer(driver):
    with pytest.raises(MemObjectAllocationFailure):
        driver.alloc_mem_obj(RW, HEAP_SIZE + 1)
    whole = driver.alloc_mem_obj(RW, HEAP_SIZE)
    with pytest.raises(MemObjectAllocationFailure):
        driver.alloc_mem_obj(RW, 1)
    driver.free(whole)
    driver.alloc_mem_obj(RW, HEAP_SIZE)


@pytest.mark.parametrize(
    ("offset", "size"), [(0, 101), (101, 0), (1, 100), (-1, 2), (0, -1), (1 << 64, 1), (1, 1 << 64)]
)
def test_an_access_stays_in_its_buffer(driver, offset, size):
    mem = driver.alloc_mem_obj(RW, 100, DATA)
    host = bytearray(1000)
    for operation in (
        lambda: driver.read(host, mem, offset, size),
        lambda: driver.write(host, mem, offset, size),
        lambda: driver.copy(mem, mem, offset, 0, size),
        lambda: driver.memfill(mem, size, offset, b"1"),
        lambda: driver.map_mem(mem, offset, size or 1, 1),
        lambda: driver.alloc_subbuffer(mem, offset, size or 1),
    ):
        with pytest.raises(InvalidValue):
            operation()
    assert read(driver, mem) == DATA


def test_the_hosts_bytes_must_be_there(driver):
    mem = driver.alloc_mem_obj(RW, 100)
    for host in (None, bytearray(9)):
        for operation in (driver.read, driver.write):
            with pytest.raises(InvalidValue):
                operation(host, mem, 0, 10)


def test_freed_buffers_are_gone_with_their_parts(driver):
    mem = driver.alloc_mem_obj(RW, 100, DATA)
    part = driver.alloc_subbuffer(mem, 10, 20)
    assert read(driver, part) == DATA[10:30]
    with pytest.raises(InvalidMemObject):
        driver.alloc_subbuffer(part, 0, 1)
    with pytest.raises(InvalidMemObject):
        driver.free(part)  # it has no memory of its own
    other = driver.alloc_subbuffer(mem, 0, 1)
    driver.free_subbuffer(other)
    driver.free(mem)
    for gone in (mem, part, other):
        with pytest.raises(InvalidMemObject):
            driver.read(bytearray(1), gone, 0, 1)
    with pytest.raises(InvalidMemObject):
        driver.free(mem)
    with pytest.raises(InvalidMemObject):
        driver.free_subbuffer(part)


def test_a_buffer_of_another_device_is_none_of_ours(driver):
    other = Driver()
    other.init()
    mine, theirs = driver.alloc_mem_obj(RW, 8), other.alloc_mem_obj(RW, 8)
    assert mine.address == theirs.address
    for operation in (driver.free, lambda mem: driver.copy(mine, mem, 0, 0, 8)):
        with pytest.raises(InvalidMemObject):
            operation(theirs)
    other.uninit()


def test_copies_do_not_overlap(driver):
    mem = driver.alloc_mem_obj(RW, 100, DATA)
    for to, source in ((0, 9), (9, 0), (5, 5)):
        with pytest.raises(MemCopyOverlap):
            driver.copy(mem, mem, to, source, 10)
    part = driver.alloc_subbuffer(mem, 5, 20)
    with pytest.raises(MemCopyOverlap):
        driver.copy(part, mem, 0, 0, 10)
    driver.copy(mem, mem, 10, 0, 10)
    driver.copy(mem, mem, 50, 50, 0)
    assert read(driver, mem, 0, 20) == DATA[:10] * 2


def test_fills_repeat_whole_patterns(driver):
    mem = driver.alloc_mem_obj(RW, 3 << 20)
    driver.memfill(mem, 3 << 20, 0, b"abcd")
    driver.memfill(mem, 8, 4, b"12345678"[:4])
    assert read(driver, mem, 0, 16) == b"abcd12341234abcd"
    assert read(driver, mem, (3 << 20) - 4) == b"abcd"
    for size, offset, pattern in ((8, 0, b""), (6, 0, b"abcd"), (8, 2, b"abcd"), (9, 0, b"abc")):
        with pytest.raises(InvalidValue):
            driver.memfill(mem, size, offset, pattern)


# -- rows -------------------------------------------------------------------------------------

numbers = st.integers(0, 5)
regions = st.tuples(numbers, numbers, numbers)


def box(raw: bytes, at: Rect, region) -> np.ndarray:
    """The rows as NumPy has them."""
    row = at.row_pitch or region[0]
    slice_ = at.slice_pitch or row * region[1]
    x, y, z = at.origin
    start = z * slice_ + y * row + x
    flat = np.frombuffer(raw, np.uint8)[start:]
    shape, strides = region[::-1], (slice_, row, 1)
    return np.lib.stride_tricks.as_strided(flat, shape, strides)


@settings(max_examples=60, deadline=None)
@given(regions, regions, regions, numbers, numbers)
def test_rows_go_where_numpy_has_them(shared, region, origin, origin_host, more, more_slices):
    driver = shared.driver
    row = region[0] + more
    at = Rect(origin, row, row * (region[1] + more_slices) or 0)
    at_host = Rect(origin_host)
    mem = driver.alloc_mem_obj(RW, 4000, bytes(i * 7 % 256 for i in range(4000)))
    other = driver.alloc_mem_obj(RW, 4000)
    raw, host = read(driver, mem), bytearray(2000)
    driver.read_rect(host, mem, region, at, at_host)
    driver.copy_rect(other, mem, region, at_host, at)
    if 0 not in region:
        want = box(raw, at, region)
        assert (box(bytes(host), at_host, region) == want).all()
        assert (box(read(driver, other), at_host, region) == want).all()
    assert sum(map(bool, host)) <= region[0] * region[1] * region[2]
    driver.write_rect(host, other, region, at, at_host)
    if 0 not in region:
        assert (box(read(driver, other), at, region) == box(bytes(host), at_host, region)).all()
    driver.free(mem)
    driver.free(other)


@pytest.mark.parametrize(
    ("region", "at"),
    [
        ((4, 2, 1), Rect((0, 0, 0), 3)),
        ((4, 2, 2), Rect((0, 0, 0), 4, 7)),
        ((4, 2, 2), Rect((0, 0, 0), 4, 10)),
        ((-1, 1, 1), Rect()),
        ((1, 1), Rect()),
        ((4, 1, 1), Rect((0, -1, 0))),
        ((101, 1, 1), Rect()),
        ((10, 10, 1), Rect((0, 0, 1))),
        ((10, 10, 1), Rect((1, 0, 0), 10)),
        ((1, 1, 1), Rect((0, 0, 1 << 63), 1 << 63, 1 << 63)),
    ],
)
def test_rows_stay_in_their_buffer(driver, region, at):
    mem = driver.alloc_mem_obj(RW, 100, DATA)
    for operation in (driver.read_rect, driver.write_rect):
        with pytest.raises(InvalidValue):
            operation(bytearray(1000), mem, region, at)
    with pytest.raises(InvalidValue):
        driver.copy_rect(driver.alloc_mem_obj(RW, 1000), mem, region, Rect(), at)
    with pytest.raises(InvalidValue):
        driver.read_rect(bytearray(3), mem, (4, 1, 1))


def test_rows_that_meet_are_not_copied(driver):
    mem = driver.alloc_mem_obj(RW, 100, DATA)
    left, right = Rect((0, 0, 0), 10), Rect((5, 0, 0), 10)
    driver.copy_rect(mem, mem, (5, 10, 1), right, left)
    assert read(driver, mem, 0, 15) == DATA[:5] * 2 + DATA[10:15]
    for region, to in (((5, 2, 1), Rect((4, 0, 0), 10)), ((5, 2, 1), Rect((0, 1, 0), 10))):
        with pytest.raises(MemCopyOverlap):
            driver.copy_rect(mem, mem, region, to, left)


# -- maps -------------------------------------------------------------------------------------


def test_mapped_bytes_go_back_if_they_may(driver):
    mem = driver.alloc_mem_obj(RW, 100, DATA)
    for flags, seen, kept in (
        (MapFlags.READ, DATA[10:14], DATA[10:14]),
        (MapFlags.READ | MapFlags.WRITE, DATA[10:14], b"XYZW"),
        (MapFlags.WRITE_INVALIDATE_REGION, bytes(4), b"XYZW"),
    ):
        driver.write(DATA, mem, 0, 100)
        region = driver.map_mem(mem, 10, 4, flags)
        assert region.data == seen
        region.data[:] = b"XYZW"
        assert read(driver, mem) == DATA
        driver.unmap_mem(region)
        assert read(driver, mem, 10, 4) == kept
        with pytest.raises(InvalidValue):
            driver.unmap_mem(region)


@pytest.mark.parametrize(("size", "flags"), [(0, 1), (4, 0), (4, 8), (4, 6)])
def test_maps_that_cannot_be(driver, size, flags):
    with pytest.raises(InvalidValue):
        driver.map_mem(driver.alloc_mem_obj(RW, 8), 0, size, flags)


def test_maps_end_with_their_buffer_and_keep_their_size(driver):
    mem = driver.alloc_mem_obj(RW, 8)
    region = driver.map_mem(mem, 4, 4, MapFlags.WRITE)
    region.data += b"more"
    with pytest.raises(InvalidOperation):
        driver.unmap_mem(region)
    region = driver.map_mem(mem, 4, 4, MapFlags.WRITE)
    driver.free(mem)
    with pytest.raises(InvalidValue):
        driver.unmap_mem(region)
