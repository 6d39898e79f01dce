"""Programs for DPUs from assembly alone: what tests of the device itself run."""

from __future__ import annotations

import re
from functools import cache

from kcc.backend.asm import assemble
from kcc.device.dpu.image import ARCH
from kcc.frontend.diag import Diagnostics
from kcc.linker.link import LinkInput, LinkOptions, link

WRAM, MRAM, IRAM = 0, 0x0800_0000, 0x8000_0000
SCRIPT = """
ENTRY(_start)
SECTIONS {
  . = 8;
  .data : { *(.data) }
  .bss : { *(.bss) }
  . = 0x08000000;
  .mram : { *(.mram) }
  . = 0x80000000;
  .text : { *(.text) }
}
"""
_EXPANDED = {  # what a program may write besides instructions
    r"\bexit ([^\s;]+)": r"li a0, \1; li a7, 0; ecall",
    r"\bfault ([^\s;]+)": r"li a0, \1; li a7, 1; ecall",
    r"\bstop\b": "li a7, 2; ecall",
    r"\bresume ([^\s;]+)": r"li a0, \1; li a7, 3; ecall",
    r"\bwait ([^\s;]+)": r"li a0, \1; li a7, 4; ecall",
    r"\bcounter ([^\s;]+)": r"li a0, \1; li a7, 5; ecall",
    r"\bme ([^\s;]+)": r"csrr \1, mhartid",
}


@cache
def program(body: str, tasklets: int = 1) -> bytes:
    """An ELF: the body is at _start, on every tasklet, without a stack."""
    for name, meaning in _EXPANDED.items():
        body = re.sub(name, meaning, body)
    text = f".text\n.globl _start\n_start:\n{body}\n"
    text += f".globl NR_TASKLETS\n.set NR_TASKLETS, {tasklets}\n"
    obj = assemble(text, "test.S", Diagnostics(), ARCH)
    return link([LinkInput("test.o", obj)], SCRIPT, LinkOptions(gc=False)).elf
