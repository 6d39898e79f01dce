"""The layout of programs for DPUs: against GNU ld, and what cannot be laid out."""

from __future__ import annotations

import re
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from kcc.backend.asm import assemble
from kcc.backend.target import DPU_ARCH
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.ir.abi import DpuCall
from kcc.linker.elf import SHT_NOBITS, read_elf
from kcc.linker.link import LinkInput, LinkOptions, default_script, link

START = Path(str(resources.files("kcc.linker"))) / "start" / "dpu"
# Variables of every kind, each with a byte more than a multiple of 4.
PLACES = {
    "text": "@progbits", "rodata.c": "@progbits", "bss.z": "@nobits", "bss.launch": "@nobits",
    "data.d": "@progbits", "dpu_host": "@progbits", "mram": "@progbits", "mram.keep": "@progbits",
    "bss.mram": "@nobits", "bss.mram.keep": "@nobits", "bss.atomic": "@nobits",
}  # fmt: skip
FLAGS = {"text": "ax", "rodata.c": "a"}


def program(**sizes: int) -> list[LinkInput]:
    """The start code, and a `main` that has variables of these sizes in those sections."""
    lines = [".globl main", "main: la a0, v_data_d", "la a1, v_mram", "la a2, __sys_wram_end"]
    for name, kind in PLACES.items():
        label, size = "v_" + name.replace(".", "_"), sizes.get(name.replace(".", "_"), 5)
        lines += [
            f'.section .{name},"{FLAGS.get(name, "aw")}",{kind}', f".globl {label}",
            f".type {label}, @object", f".size {label}, {size}",
            f"{label}: .zero {size}",
        ]  # fmt: skip
    sources = {path.name: path.read_text() for path in sorted(START.glob("*.S"))}
    sources["main.S"] = "\n".join(lines) + "\n"
    return [
        LinkInput(name, assemble(text, name, Diagnostics(), DPU_ARCH))
        for name, text in sources.items()
    ]


def linked(inputs: list[LinkInput], *defines: str, **options: Any):
    settings = LinkOptions(defines=defines, **options)
    return read_elf(link(inputs, default_script("dpu"), settings).elf)


@pytest.mark.oracle("riscv64-unknown-elf-ld")
def test_gnu_ld_makes_the_same_of_the_script(tmp_path):
    inputs = program()
    defines = ("NR_TASKLETS=3", "STACK_SIZE_DEFAULT=512", "STACK_SIZE_TASKLET_1=24")
    for one in inputs:
        (tmp_path / one.name).write_bytes(one.data)
    (tmp_path / "dpu.ld").write_text(default_script("dpu").text)
    command = ["riscv64-unknown-elf-ld", "--no-relax", "--no-warn-rwx-segments"]
    command += [f"--defsym={text}" for text in defines]
    command += ["-T", "dpu.ld", *(one.name for one in inputs), "-o", "judge.elf"]
    subprocess.run(command, cwd=tmp_path, check=True)
    theirs = read_elf((tmp_path / "judge.elf").read_bytes())
    ours = linked(inputs, *defines, gc=False)
    for file in (ours, theirs):
        assert file.entry == 0x8000_0000
    memory = [
        {s.name: (s.addr, s.size, file.contents(s)) for s in file.sections if s.alloc and s.size}
        for file in (ours, theirs)
    ]
    assert memory[0] == memory[1]
    symbols = [
        {s.name: (s.value, s.size) for s in file.symbols if s.defined and s.name[:1].isalpha()}
        for file in (ours, theirs)
    ]
    assert symbols[0].keys() == symbols[1].keys() - {"main.S"}
    assert all(symbols[1][name] == place for name, place in symbols[0].items())


def test_everything_is_where_it_belongs():
    file = linked(program(), "NR_TASKLETS=3", "STACK_SIZE_DEFAULT=512", "STACK_SIZE_TASKLET_1=24")
    at = {s.name: s.value for s in file.symbols}
    # WRAM: nothing at 0, then constants, zeros, data, the host's, stacks, the heap.
    order = ["v_rodata_c", "__sys_stack_table", "v_bss_launch", "v_bss_z", "v_data_d", "v_dpu_host"]
    order += ["__sys_stack_0", "__sys_stack_1", "__sys_stack_2", "__sys_stack_3"]
    places = [at[name] for name in order]
    assert places == sorted(set(places))
    assert places[0] == 8
    assert at["__sys_launch_zero"] == at["v_bss_launch"]
    assert at["__sys_launch_zero_end"] - at["__sys_launch_zero"] == 8
    assert at["v_dpu_host"] % 8 == at["__sys_stack_0"] % 8 == 0
    assert at["__sys_stack_1"] - at["__sys_stack_0"] == 512
    assert at["__sys_stack_2"] - at["__sys_stack_1"] == 24
    assert at["__sys_heap_pointer_reset"] == at["__sys_stack_3"] == at["__sys_stack_2"] + 512
    assert at["__sys_wram_end"] == 0x10000
    # MRAM: what has no value first.
    assert at["v_bss_mram_keep"] == 0x0800_0000
    mram = ["v_bss_mram_keep", "v_bss_mram", "v_mram_keep", "v_mram", "__sys_used_mram_end"]
    assert [at[name] for name in mram] == sorted(at[name] for name in mram)
    assert at["__sys_used_mram_end"] % 8 == 0
    assert next(s for s in file.sections if s.name == ".mram.noinit").header.type == SHT_NOBITS
    # Lock bits, which nothing is loaded into.
    assert at["v_bss_atomic"] == 0xF000_0000 + 200
    assert not next(s for s in file.sections if s.name == ".atomic").alloc
    assert at["NR_TASKLETS"] == 3


RUNS = "a multiple of 8 and not 0 where the tasklet runs, else 0"


@pytest.mark.parametrize(
    ("defines", "sizes", "message"),
    [
        (["NR_TASKLETS=25"], {}, "NR_TASKLETS: a DPU has 24 tasklets"),
        (["STACK_SIZE_DEFAULT=1020"], {}, f"STACK_SIZE_TASKLET_0: {RUNS}"),
        (["NR_TASKLETS=2", "STACK_SIZE_TASKLET_1=0"], {}, f"STACK_SIZE_TASKLET_1: {RUNS}"),
        (["NR_TASKLETS=23", "STACK_SIZE_TASKLET_23=8"], {}, f"STACK_SIZE_TASKLET_23: {RUNS}"),
        (["STACK_SIZE_DEFAULT=65536"], {}, "'.stack' does not fit into memory region 'wram': 4"),
        ([], {"data_d": 65536}, "'.data' does not fit into memory region 'wram': 4"),
        ([], {"text": 32768}, "'.text' does not fit into memory region 'iram': 1"),
        ([], {"bss_mram": 65536}, "'.mram.noinit' does not fit into memory region 'mram': 5 b"),
        ([], {"mram_keep": 65536}, "'.mram' does not fit into memory region 'mram': 24 b"),
        ([], {"bss_atomic": 57}, "more than 56 mutexes: a DPU has no more lock bits for them"),
    ],
)
def test_what_does_not_fit_is_refused(defines, sizes, message):
    with pytest.raises(CompileError, match=re.escape(message)):
        linked(program(**sizes), *defines, regions={"mram": (0x0800_0000, 65536)})


def test_no_tasklets_and_all_of_them():
    none = linked(program(), "NR_TASKLETS=0")
    assert none.symbol("__sys_stack_0").value == none.symbol("__sys_heap_pointer_reset").value
    full = linked(program(bss_atomic=56), "NR_TASKLETS=24", "STACK_SIZE_DEFAULT=2048")
    room = full.symbol("__sys_heap_pointer_reset").value - full.symbol("__sys_stack_0").value
    assert room == 24 * 2048


def test_start_code_makes_the_calls_that_the_device_knows():
    text = "\n".join(path.read_text() for path in START.glob("*.S"))
    calls = {}
    for body in text.split(".section")[1:]:
        number = re.search(r"li\s+a7, (\d+)", body)
        if number is not None:
            calls[re.search(r"\.globl\s+(\w+)", body)[1]] = int(number[1])
    assert calls == {
        "_start": DpuCall.EXIT, "__dpu_fault": DpuCall.FAULT, "__dpu_stop": DpuCall.STOP,
        "__dpu_resume": DpuCall.RESUME, "__dpu_acquire": DpuCall.WAIT,
        "__dpu_counter": DpuCall.COUNTER,
    }  # fmt: skip


def test_a_program_has_a_main():
    start = next(one for one in program() if one.name == "start.S")
    with pytest.raises(CompileError, match="undefined symbol 'main'"):
        linked([start])
