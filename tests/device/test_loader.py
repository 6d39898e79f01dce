"""Programs: what is accepted, how they get into memory, names of addresses."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kcc.device.loader import LoadedProgram
from kcc.device.profile import Range
from kcc.linker.elf import ElfError

BASE, SIZE = 0x1_0000, 0x7FF_0000
WINDOW = Range(BASE, SIZE)
NOP, RET = 0x13, 0x8067


def loaded(data: bytes) -> LoadedProgram:
    return LoadedProgram(data, WINDOW)


def uploaded(program: LoadedProgram) -> dict[int, int]:
    """Every byte written, by address."""
    memory: dict[int, int] = {}

    def write(addr: int, data: memoryview) -> bool:
        memory.update(enumerate(data, addr))
        return True

    assert program.upload(write)
    return memory


def test_segments_are_written_and_the_rest_is_zeroed(build_elf):
    program = loaded(build_elf([NOP, RET], {"k": BASE}, data=b"data", bss=100))
    memory = uploaded(program)
    assert sorted(memory) == list(range(BASE, BASE + 12 + 100))
    text = bytes(memory[BASE + i] for i in range(12))
    assert text == NOP.to_bytes(4, "little") + RET.to_bytes(4, "little") + b"data"
    assert not any(memory[BASE + 12 + i] for i in range(100))


def test_a_large_bss_is_written_in_pieces(build_elf):
    program = loaded(build_elf([RET], {"k": BASE}, bss=(2 << 20) + 5))
    sizes = []

    def write(_addr: int, data: memoryview) -> bool:
        sizes.append(len(data))
        return True

    assert program.upload(write)
    assert sizes == [4, 1 << 20, 1 << 20, 5]


def test_a_failing_write_is_reported(build_elf):
    program = loaded(build_elf([RET], {"k": BASE}, bss=8))
    assert not program.upload(lambda _addr, _data: False)
    assert not program.upload(lambda addr, _data: addr == BASE)


def test_symbols(build_elf):
    program = loaded(build_elf([NOP, NOP, RET], {"first": BASE, "second": BASE + 8}))
    assert program.find("second") == BASE + 8
    assert program.find("third") == 0
    assert program.elf.symbolize(BASE) == "first"
    assert program.elf.symbolize(BASE + 4) == "first+0x4"
    assert program.elf.symbolize(BASE + 10) == "second+0x2"
    assert program.elf.symbolize(0x4000_0000) is None


@pytest.mark.parametrize(("base", "bss"), [(0x1000, 0), (0x800_0000, 0), (BASE, SIZE)])
def test_segments_must_lie_in_program_memory(build_elf, base, bss):
    with pytest.raises(ElfError, match="outside"):
        loaded(build_elf([RET], {"k": base}, base=base, bss=bss))


def test_the_last_byte_of_program_memory_can_be_used(build_elf):
    assert loaded(build_elf([RET], {"k": BASE}, bss=SIZE - 4)).find("k") == BASE


@pytest.mark.parametrize("data", [b"", b"not an ELF", b"\x7fELF" + bytes(60)])
def test_what_is_no_program_is_refused(data):
    with pytest.raises(ElfError):
        loaded(data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 900), value=st.integers(0, 255), cut=st.integers(0, 2000))
def test_damaged_files_load_or_are_refused(build_elf, at, value, cut):
    data = bytearray(build_elf([NOP, RET], {"k": BASE}, bss=16))
    data[at % len(data)] = value
    try:
        program = loaded(bytes(data[: len(data) - cut % 3 * cut]))
    except ElfError:
        return
    program.elf.symbolize(BASE)
    program.upload(lambda addr, data: addr >= BASE and addr + len(data) <= BASE + SIZE)
