"""Position-independent programs: what is left to relocate, as another linker has it."""

from __future__ import annotations

import subprocess

import pytest

from kcc.frontend.diag import CompileError
from kcc.linker import elf
from kcc.linker.dynamic import DYN
from kcc.linker.elf import RELA, read_elf
from kcc.linker.link import LinkInput, LinkOptions, link

RELATIVE, NONE = 3, 0
CODE = """
extern int other[4]; extern int maybe __attribute__((weak)); extern char limit[], number[];
int mine = 5; static int hidden[2]; int f(int x) { return x + other[1] + hidden[x & 1]; }
struct { int *a, *b, *c; int (*d)(int); const char *e; int *f; } table =
    {&mine, other + 3, hidden + 1, f, "text", &maybe};
char *ends[2] = {limit, number};
"""
OTHER = "int other[4] = {1, 2, 3, 4}; int *back = other + 2; const int fixed = 3;"
SCRIPT = """
    SECTIONS {
      .text : { *(.text .text.*) } .rodata : { *(.rodata .rodata.* .srodata .srodata.*) }
      . = ALIGN(0x1000);
      .data : { *(.data .data.* .sdata .sdata.* .data.rel.*) *(.got .got.*) }
      .bss : { *(.bss .bss.* .sbss .sbss.*) } limit = .; }
    number = ABSOLUTE(7);
"""


def words(file: elf.ElfFile) -> set[tuple[str, str]]:
    """(what a relocated word lies in, what it points to), each as symbol + offset."""

    def place(addr: int) -> str:
        shown = [s for s in file.symbols if s.name and s.type in (elf.STT_OBJECT, elf.STT_FUNC)]
        for s in shown:
            if s.value <= addr < s.value + s.size:
                return f"{s.name}+{addr - s.value}"
        # A string has no symbol, and sections' ends no size.
        return "limit" if addr == file.symbol("limit").value else "?"

    return {
        (place(r.offset), place(r.addend))
        for s in file.sections
        if s.header.type == elf.SHT_RELA
        for r in RELA.read_all(file.contents(s))
        if r.info == RELATIVE
    }


@pytest.mark.oracle("clang-19", "ld.lld-19")
def test_the_same_words_are_left_as_lld_leaves(compile_c, tmp_path):
    objects = [compile_c(text, "-mcmodel=medany") for text in (CODE, OTHER)]
    made = link(
        [LinkInput(f"{i}.o", data) for i, data in enumerate(objects)],
        SCRIPT,
        LinkOptions(pie=True, gc=False, entry="f"),
    )
    ours = read_elf(made.elf)
    paths = [tmp_path / f"{i}.o" for i in range(2)]
    for path, data in zip(paths, objects, strict=True):
        path.write_bytes(data)
    (tmp_path / "x.ld").write_text(SCRIPT)
    command = ["ld.lld-19", "-pie", "--no-dynamic-linker", "-T", "x.ld", "-e", "f", *paths]
    subprocess.run([*command, "-o", "a.out"], cwd=tmp_path, check=True)
    theirs = words(read_elf((tmp_path / "a.out").read_bytes()))
    assert words(ours) == theirs
    assert ("ends+0", "limit") in theirs
    assert ours.header.type == elf.ET_DYN

    section = ours.section(".rela.dyn")
    entries = RELA.read_all(ours.contents(section))
    assert {e.info for e in entries} == {RELATIVE, NONE}  # `number` and `maybe` move nowhere
    (dynamic,) = (p for p in ours.segments if p.type == elf.PT_DYNAMIC)
    tags = dict(DYN.iter_unpack(bytes(ours.segment_data(dynamic))))
    assert tags[7] == section.addr
    assert tags[8] == section.size == 24 * len(entries)
    # The words hold what they are for a base of 0 already.
    for e in entries:
        if e.info == RELATIVE:
            load = next(p for p in ours.loads() if p.vaddr <= e.offset < p.vaddr + p.memsz)
            at = load.offset + e.offset - load.vaddr
            assert int.from_bytes(ours.data[at : at + 8], "little") == e.addend


@pytest.mark.oracle("clang-19")
def test_code_that_holds_addresses_in_less_than_a_word_is_refused(compile_c):
    code = compile_c("extern int x; int *f(void) { return &x; } int x = 1;", "-mcmodel=medlow")
    with pytest.raises(CompileError) as caught:
        link([LinkInput("a.o", code)], SCRIPT, LinkOptions(pie=True, gc=False, entry="f"))
    (found,) = caught.value.diagnostics
    assert found.code == "relocation-absolute"
    assert "R_RISCV_HI20 at a.o:(.text+0x0) in function 'f' against 'x'" in found.message


def test_addresses_of_numbers_are_no_addresses(maker):
    """lui of a symbol that the script makes a number: the same wherever the program is."""
    m = maker()
    text = m.text(bytes.fromhex("37050000"))
    m.symbol("f", text, size=4)
    m.reloc(text, 0, 26, "number")
    made = link([LinkInput("a.o", m.build())], SCRIPT, LinkOptions(pie=True, entry="f"))
    assert read_elf(made.elf).contents(read_elf(made.elf).section(".text"))[:4].hex() == "37050000"
