"""The ELF reader: agrees with another reader on sound files, refuses damaged ones."""

from __future__ import annotations

import io
import random
from contextlib import suppress

import pytest
from elftools.elf.elffile import ELFFile

from kcc.ir.abi import ElementType, KernelArg, KernelInfo, encode_metadata
from kcc.linker import elf
from kcc.linker.elf import EHDR, PHDR, ElfError, Phdr, read_elf, read_notes
from kcc.linker.link import LinkInput, LinkOptions, link
from kcc.linker.notes import read_kernels

KERNEL = KernelInfo(
    "copy",
    (KernelArg("out", "global int *", "buffer", "global", ElementType("int", 4), 8, 8, 0),),
    8,
)


@pytest.fixture
def program(maker):
    """A linked program with code, data, zeros, local memory and a kernel."""
    m = maker()
    text = m.text(bytes.fromhex("13000000 67800000"))
    data = m.section(".data", b"\1\2\3\4", flags=elf.SHF_ALLOC | elf.SHF_WRITE)
    m.section(".bss", size=64, type=elf.SHT_NOBITS, flags=elf.SHF_ALLOC | elf.SHF_WRITE)
    m.section(".local", size=32, type=elf.SHT_NOBITS, flags=elf.SHF_ALLOC | elf.SHF_WRITE)
    m.section(".note.kcc", encode_metadata([KERNEL]), type=elf.SHT_NOTE)
    m.symbol("copy", text, size=8)
    m.symbol("value", data, type=elf.STT_OBJECT, size=4)
    return link([LinkInput("a.o", m.build())]).elf


def test_reader_agrees_with_pyelftools(program):
    ours, theirs = read_elf(program), ELFFile(io.BytesIO(program))
    assert ours.entry == theirs.header.e_entry == 0x10000
    assert [s.name for s in ours.sections] == [s.name for s in theirs.iter_sections()]
    assert [s.addr for s in ours.sections] == [s["sh_addr"] for s in theirs.iter_sections()]
    for mine, other in zip(ours.segments, theirs.iter_segments(), strict=True):
        assert (mine.offset, mine.vaddr, mine.memsz) == (
            other["p_offset"], other["p_vaddr"], other["p_memsz"],
        )  # fmt: skip
        assert bytes(ours.segment_data(mine)) == other.data()
    table = theirs.get_section_by_name(".symtab")
    assert [(s.name, s.value, s.size) for s in ours.symbols] == [
        (s.name, s["st_value"], s["st_size"]) for s in table.iter_symbols()
    ]
    for s in ours.sections:
        if s.header.type not in (elf.SHT_NULL, elf.SHT_NOBITS):
            assert ours.contents(s) == theirs.get_section(s.index).data()


def test_kernels_are_read_from_the_note(program):
    assert read_kernels(read_elf(program)) == (KERNEL,)


def test_note_takes_no_device_memory(program):
    file = read_elf(program)
    note = file.section(".note.kcc")
    assert note is not None
    assert not note.alloc
    assert sum(s.filesz for s in file.loads()) == 0x1000 + 4 - 0x1000 + 8


def test_nearest_symbol_stays_in_its_section(program):
    file = read_elf(program)
    symbol = file.symbol_at(0x10004)
    assert symbol is not None
    assert symbol.name == "copy"
    assert file.symbol_at(0x10008) is None
    assert file.symbol_at(0xFFFF) is None


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (0, b"\x7fBAD", "not an ELF file"),
        (4, b"\1", "not a 64-bit"),
        (5, b"\2", "little-endian"),
        (16, b"\1\0", "relocatable object"),
        (18, b"\x3e\0", "another machine"),
        (32, b"\xff" * 8, "truncated"),
        (40, b"\xff" * 8, "truncated"),
        (54, b"\x20\0", "program headers of 32 bytes"),
        (62, b"\xff\0", "no section names"),
    ],
)
def test_damaged_header_is_refused_with_its_reason(program, offset, value, reason):
    damaged = program[:offset] + value + program[offset + len(value) :]
    with pytest.raises(ElfError, match=reason):
        read_elf(damaged)


def with_segment(program: bytes, index: int, **changes: int) -> bytes:
    at = EHDR.read(program, 0).phoff + index * PHDR.size
    changed = PHDR.pack(PHDR.read(program, at)._replace(**changes))
    return program[:at] + changed + program[at + PHDR.size :]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"filesz": 1 << 40}, "ends outside the file"),
        ({"offset": (1 << 64) - 4}, "ends outside the file"),
        ({"memsz": 2}, "more bytes in the file"),
        ({"memsz": 1 << 63, "vaddr": 1 << 63 | 0x1000}, "ends outside the address space"),
        ({"memsz": 1 << 32}, "overlap"),
        ({"align": 3}, "not a power of two"),
    ],
)
def test_insane_segment_is_refused(program, changes, reason):
    with pytest.raises(ElfError, match=reason):
        read_elf(with_segment(program, 0, **changes))


def test_every_truncation_is_refused(program):
    for size in range(len(program)):
        with pytest.raises(ElfError):
            read_elf(program[:size])


def read_everything(data: bytes) -> None:
    """All that loader and tools do with a file."""
    file = read_elf(data)
    for s in file.sections:
        file.contents(s)
    for p in file.loads():
        file.segment_data(p)
    read_kernels(file)
    file.symbol_at(file.entry)


@pytest.mark.parametrize("seed", range(4))
def test_mutated_programs_are_read_or_refused(program, seed):
    random_bytes = random.Random(seed)
    for _ in range(300):
        damaged = bytearray(program)
        for _ in range(random_bytes.randint(1, 4)):
            damaged[random_bytes.randrange(len(damaged))] = random_bytes.randrange(256)
        with suppress(ElfError):
            read_everything(bytes(damaged))


def test_notes_with_wrong_sizes_are_refused():
    good = encode_metadata([KERNEL])
    assert [n.owner for n in read_notes(good * 2, 4)] == ["kcc", "kcc"]
    padding = len(good) - len(good.rstrip(b"\0"))
    for size in range(1, len(good) - padding):
        with pytest.raises(ElfError):
            read_notes(good[:size], 4)


def test_kernel_described_twice_is_refused(maker):
    m = maker()
    m.section(".note.kcc", encode_metadata([KERNEL]) * 2, type=elf.SHT_NOTE)
    with pytest.raises(ElfError, match="twice"):
        read_kernels(read_elf(link([LinkInput("a.o", m.build())]).elf))


def test_header_layouts_have_the_sizes_of_the_specification():
    assert (EHDR.size, PHDR.size) == (64, 56)
    assert (elf.SHDR.size, elf.SYM.size, elf.RELA.size) == (64, 24, 24)
    assert isinstance(PHDR.read(bytes(56), 0), Phdr)


def test_stripped_program_has_no_symbols(maker):
    m = maker()
    m.symbol("f", m.text())
    file = read_elf(link([LinkInput("a.o", m.build())], options=LinkOptions(strip=True)).elf)
    assert file.symbols == ()
    assert file.section(".text") is not None
