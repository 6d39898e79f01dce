"""The line table that `.file` and `.loc` make, against LLVM's assembler and by its readers."""

from __future__ import annotations

import io
import random
import re
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from kcc.backend.asm import assemble
from kcc.frontend.diag import CompileError, Diagnostics

HEAD = '.file 1 "a.cl"\n.file 2 "inc" "b.h"\n.text\nf:\n'


UNIT = """
.section .debug_abbrev,"",@progbits
.byte 1, 0x11, 0, 0x10, 0x17, 0, 0, 0
.section .debug_info,"",@progbits
.word 12
.half 4
.word 0
.byte 8, 1
.word 0
"""  # a unit whose lines are the table's


def rows(text: str) -> list[tuple[int, int, int, int, bool]]:
    """(address, file, line, column, is_stmt) of each row, as pyelftools reads them."""
    elf = ELFFile(io.BytesIO(assemble(text + UNIT, "t.s", Diagnostics())))
    if elf.get_section_by_name(".debug_line") is None:
        return []
    dwarf = elf.get_dwarf_info(relocate_dwarf_sections=False)
    (unit,) = dwarf.iter_CUs()
    states = [entry.state for entry in dwarf.line_program_for_CU(unit).get_entries()]
    return [(s.address, s.file, s.line, s.column, bool(s.is_stmt)) for s in states if s]


def test_an_instruction_gets_the_row_before_it() -> None:
    text = HEAD + ".loc 1 5 7\nnop\nnop\n.loc 2 3\nret\n"
    *lines, end = rows(text)
    assert lines == [(0, 1, 5, 7, True), (4, 2, 3, 0, True)]
    assert end[0] == 6


def test_what_is_a_statement_holds_on() -> None:
    text = HEAD + ".loc 1 5 7 is_stmt 0\nnop\n.loc 1 900 prologue_end\nnop\n.loc 1 1 is_stmt 1\nret"
    assert [row[2:] for row in rows(text)[:3]] == [(5, 7, False), (900, 0, False), (1, 0, True)]


def test_without_lines_there_is_no_table() -> None:
    assert rows('.file "a.cl"\n.file 1 "a.cl"\nnop\n') == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (".loc 1", "asm-syntax"),
        (".loc 3 1", "asm-value"),
        (".loc 1 4294967296", "asm-value"),
        (".loc 1 2 3 sometimes", "asm-directive"),
        (".loc 1 2 3 is_stmt", "asm-syntax"),
        (".file 1", "asm-syntax"),
    ],
)
def test_a_bad_line_is_an_error(text: str, code: str) -> None:
    diags = Diagnostics()
    with pytest.raises(CompileError):
        assemble(HEAD + text + "\nnop\n", "t.s", diags)
    assert [d.code for d in diags.seen] == [code]


def listing(seed: int) -> str:
    """Instructions of two sections, with lines now and then, near and far."""
    rng = random.Random(seed)
    lines = [HEAD]
    for _ in range(120):
        if rng.random() < 0.1:
            lines.append(f'.section {rng.choice((".text", ".text.g"))},"ax",@progbits')
        if rng.random() < 0.7:
            options = [f"discriminator {rng.randrange(9)}"] * (rng.random() < 0.2)
            options += [f"is_stmt {rng.randrange(2)}"] * (rng.random() < 0.3)
            options += ["prologue_end"] * (rng.random() < 0.2)
            options += ["epilogue_begin"] * (rng.random() < 0.1)
            line = rng.choice((0, rng.randrange(1, 30), rng.randrange(1 << 20)))
            lines.append(
                f".loc {rng.randint(1, 2)} {line} {rng.randrange(200)} {' '.join(options)}"
            )
        for _ in range(rng.choice((0, 1, 1, 2, 60))):
            lines.append(rng.choice(("nop", "lui a0, 74565")))
    return "\n".join(lines) + "\n"


def dumped(path: Path) -> list[str]:
    text = subprocess.run(
        ["llvm-dwarfdump", "--debug-line", path], capture_output=True, text=True, check=True
    ).stdout
    return [line.rstrip() for line in text.splitlines() if re.match(r"0x[0-9a-f]{16} ", line)]


@pytest.mark.oracle("clang-19", "llvm-dwarfdump")
def test_llvm_makes_the_same_table(tmp_path: Path) -> None:
    for seed in range(4):
        source, ours, theirs = (tmp_path / name for name in ("t.s", "ours.o", "theirs.o"))
        source.write_text(listing(seed))
        ours.write_bytes(assemble(source.read_text(), "t.s", Diagnostics()))
        clang = ["clang-19", "--target=riscv64", "-march=rv64gc", "-mno-relax", "-c"]
        subprocess.run([*clang, source, "-o", theirs], check=True)
        assert dumped(ours) == dumped(theirs)
        assert len(dumped(ours)) > 50
