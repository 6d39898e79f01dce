"""Against other linkers: same inputs, same addresses and bytes; and the programs run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kcc.linker import elf
from kcc.linker.elf import read_elf
from kcc.linker.link import LinkInput, LinkOptions, default_script, link

START = """
long sys(long n, long a) {
  register long a7 __asm__("a7") = n; register long a0 __asm__("a0") = a;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory"); return a0;
}
extern int answer(int); extern int table[]; static int zeros[100]; int data = 5;
const char *text = "hello"; int common; __attribute__((weak)) extern int maybe(void);
extern char limit[]; int unused(void) { return 99; }
int (*volatile pointer)(int) = answer;
void _start(void) {
  int x = answer(3) + table[1] + data + zeros[3] + (text[1] == 'e') + common;
  zeros[x & 7] = x;
#ifdef WEAK
  if (&maybe) x += maybe();
#endif
  if (pointer(3) != 16) x = 1;
  sys(93, x + ((long)limit & 0));
  for (;;);
}
"""
LIBRARY = """
int table[4] = {1, 20, 3, 4}; extern int data; static long local_zero[8];
int answer(int x) {
  switch (x) {
    case 1: return 7; case 2: return 9; case 3: return 11 + data; case 4: return 5;
    case 5: return data * 3; case 6: return (int)local_zero[data & 7];
  }
  return 0;
}
"""
SCRIPTS = {
    "plain": """
        ENTRY(_start)
        SECTIONS {
          . = 0x20000;
          .text : { *(.text .text.*) }
          .rodata : ALIGN(0x1000) { *(.rodata .rodata.* .srodata .srodata.*) }
          . = ALIGN(0x1000);
          .data : { first = .; *(.data .data.* .sdata .sdata.*) . = ALIGN(8); last = .; }
          .bss : { *(.bss .bss.* .sbss .sbss.*) *(COMMON) }
          limit = .; size = SIZEOF(.data); half = (last - first) / 2;
          PROVIDE(unneeded = 1); PROVIDE(limit = 2);
          /DISCARD/ : { *(.comment .riscv.attributes) }
        }""",
    "regions": """
        ENTRY(_start)
        MEMORY { rom (rx) : ORIGIN = 64K, LENGTH = 1M  ram (rw!x) : org = 0x40000000, len = 256K }
        SECTIONS {
          .text : { KEEP(*(.text.init)) *(SORT_BY_NAME(.text.*)) *(.text) } > rom
          .rodata : { *(.rodata .rodata.* .srodata .srodata.*) . = ALIGN(4096); } > rom
          .data : { BYTE(1) SHORT(0x0302) LONG(4) QUAD(first) first = .; *(.data .sdata) } > ram
          .bss (NOLOAD) : { *(.bss .bss.* .sbss .sbss.*) *(COMMON) } > ram
          .stack : { . = . + 0x400; limit = .; } > ram
          ram_left = ORIGIN(ram) + LENGTH(ram) - limit;
          ASSERT(ram_left > 0, "no room")
          .comment 0 : { *(.comment) }
          /DISCARD/ : { *(.riscv.attributes) }
        }""",
    "phdrs": """
        ENTRY(_start)
        PHDRS { code PT_LOAD FILEHDR PHDRS FLAGS(5); values PT_LOAD; }
        SECTIONS {
          . = 0x50000 + SIZEOF_HEADERS;
          .text : { *(EXCLUDE_FILE(*b.o) .text .text._start) *(.text.*) } :code =0x00000013
          .rodata : { *(.rodata .rodata.* .srodata .srodata.*) } :code
          . = ALIGN(CONSTANT(MAXPAGESIZE)) + (. & (CONSTANT(MAXPAGESIZE) - 1));
          .data : { *(.data .sdata) FILL(0x11223344) . += 6; *(.more) } :values
          .bss : { *(.bss .bss.* .sbss .sbss.*) *(COMMON) }
          limit = MAX(ADDR(.bss), 4) + (DEFINED(nothing) ? 1 : 0);
          /DISCARD/ : { *(.comment .riscv.attributes) }
        }""",
}  # fmt: skip
CODE_MODELS = [
    ("-mrelax",),
    ("-mrelax", "-g"),
    ("-fPIC",),
    ("-O0", "-g"),
    ("-mcmodel=medany", "-falign-functions=16", "-mrelax"),
]
LINKERS = {
    "lld": ("ld.lld-19", "-O0", "--no-relax"),
    "gnu": ("riscv64-unknown-elf-ld", "--no-relax", "--no-warn-rwx-segments", "-z", "norelro"),
}


def objects(compile_c: Callable[..., bytes]) -> list[LinkInput]:
    flags = ("-fcommon", "-ffunction-sections")
    return [
        LinkInput("a.o", compile_c(START, *flags)),
        LinkInput("b.o", compile_c(LIBRARY, *flags)),
    ]


def judge(
    folder: Path, linker: str, inputs: list[LinkInput], script: str, *flags: str
) -> elf.ElfFile:
    """What another linker makes of the same inputs."""
    for one in inputs:
        (folder / one.name).write_bytes(one.data)
    (folder / "script.ld").write_text(script)
    names = [one.name for one in inputs]
    command = [*LINKERS[linker], *flags, "-T", "script.ld", *names, "-o", "judge.elf"]
    subprocess.run(command, cwd=folder, check=True)
    return read_elf((folder / "judge.elf").read_bytes())


def memory(file: elf.ElfFile) -> dict[str, tuple[int, int, bytes]]:
    """Address, size and bytes by section; whether zeros are stored is the linker's affair."""
    sections = [s for s in file.sections if s.alloc and s.size]
    return {s.name: (s.addr, s.size, file.contents(s).rstrip(b"\0")) for s in sections}


def symbols(file: elf.ElfFile) -> dict[str, int]:
    return {
        s.name: s.value
        for s in file.symbols
        if s.name and s.defined and s.name[0] not in "$." and s.type != elf.STT_FILE
    }


@pytest.mark.oracle("clang-19", "ld.lld-19", "riscv64-unknown-elf-ld")
@pytest.mark.parametrize("linker", ["lld", "gnu"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_addresses_symbols_and_bytes_are_those_of_other_linkers(name, linker, compile_c, tmp_path):
    inputs = objects(compile_c)
    theirs = judge(tmp_path, linker, inputs, SCRIPTS[name])
    ours = read_elf(link(inputs, SCRIPTS[name], LinkOptions(gc=False)).elf)
    assert memory(ours) == memory(theirs)
    mine, judged = symbols(ours), symbols(theirs)
    assert {n: hex(v) for n, v in mine.items()} == {n: hex(judged.get(n, -1)) for n in mine}
    assert judged.keys() - mine.keys() <= {"__global_pointer$", "limit"}
    assert ours.entry == theirs.entry


@pytest.mark.oracle("clang-19", "ld.lld-19")
def test_garbage_collection_keeps_what_lld_keeps(compile_c, tmp_path):
    inputs = objects(compile_c)
    theirs = judge(tmp_path, "lld", inputs, SCRIPTS["plain"], "--gc-sections")
    ours = read_elf(link(inputs, SCRIPTS["plain"], LinkOptions(roots=())).elf)
    assert memory(ours) == memory(theirs)
    assert ours.symbol("unused") is None
    assert ours.symbol("answer") is not None


@pytest.mark.oracle("clang-19", "qemu-riscv64")
@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("gc", [False, True])
def test_linked_programs_run(name, gc, compile_c, run_elf):
    options = LinkOptions(gc=gc, roots=())
    assert run_elf(link(objects(compile_c), SCRIPTS[name], options).elf) == 42


@pytest.mark.oracle("clang-19", "riscv64-unknown-elf-gcc", "qemu-riscv64")
@pytest.mark.parametrize("compiler", ["clang", "gcc"])
@pytest.mark.parametrize("flags", CODE_MODELS)
def test_code_of_every_model_runs(compiler, flags, compile_c, run_elf):
    inputs = [
        LinkInput("a.o", compile_c(START, "-DWEAK", *flags, compiler=compiler)),
        LinkInput("b.o", compile_c(LIBRARY, *flags, compiler=compiler)),
    ]
    result = link(inputs, None, LinkOptions(entry="_start", roots=(), defines=("limit = 8",)))
    assert run_elf(result.elf) == 42


@pytest.mark.oracle("clang-19", "riscv64-unknown-elf-readelf", "riscv64-unknown-elf-objdump")
@pytest.mark.parametrize("name", [*SCRIPTS, "default"])
def test_binutils_read_the_output_without_warnings(name, compile_c, tmp_path):
    script = SCRIPTS.get(name, default_script().text + "limit = 3;")
    inputs = objects(compile_c)
    path = tmp_path / "out.elf"
    path.write_bytes(link(inputs, script, LinkOptions(entry="_start", build_id=True)).elf)
    for command in (("readelf", "-aW"), ("objdump", "-dr"), ("objdump", "-x")):
        done = subprocess.run(
            [f"riscv64-unknown-elf-{command[0]}", command[1], str(path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        assert "arning" not in done.stdout


FAR = """
extern int low[]; extern long table[4]; extern int missing __attribute__((weak));
int get(int i) { return low[5] + (int)table[3]; }
void put(long v) { table[2] = v; table[3] = v + low[0]; }
int *where(void) { return &missing; }
"""
FAR_SCRIPT = """
    ENTRY(get)
    SECTIONS {
      .data 0x7f8 : { *(.data .data.* .bss .bss.* .sdata .sdata.* .sbss .sbss.*) }
      .got 0x1800 : { *(.got .got.plt) }
      .text 0x90000900 : { *(.text .text.*) }
      /DISCARD/ : { *(.comment .riscv.attributes) }
    }"""


@pytest.mark.oracle("clang-19", "riscv64-unknown-elf-ld")
def test_data_far_below_the_code_is_reached_from_zero_as_gnu_ld_does(compile_c, tmp_path):
    inputs = [
        LinkInput("a.o", compile_c(FAR, "-mcmodel=medany")),
        LinkInput("b.o", compile_c("int low[8] = {1, 2, 3, 4}; long table[4] = {5};")),
    ]
    theirs = judge(tmp_path, "gnu", inputs, FAR_SCRIPT)
    ours = read_elf(link(inputs, FAR_SCRIPT, LinkOptions(gc=False)).elf)
    assert memory(ours)[".data"] == memory(theirs)[".data"]
    mine, judged = (memory(file)[".text"] for file in (ours, theirs))
    where = ours.symbol("where").value - mine[0]
    assert mine[2][:where] == judged[2][:where]
    # The same instructions; the slot is another: GNU ld begins its table with one of its own.
    lui, load = (int.from_bytes(mine[2][where + i :][:4], "little") for i in (0, 4))
    assert lui.to_bytes(4, "little") == judged[2][where : where + 4]
    assert load & 0xFFFFF == int.from_bytes(judged[2][where + 4 :][:4], "little") & 0xFFFFF
