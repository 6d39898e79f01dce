"""Objects in MRAM: what programs read and write there, and the DMAs that takes.

The same C, with nothing special about the objects, is compiled for the host: both leave the same
bytes.
"""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest

from kcc.build import compile_inputs
from kcc.device.dpu.device import Dpu
from kcc.device.dpu.memory_map import MRAM
from kcc.linker.elf import ElfSymbol, read_elf
from kcc.options import parse_options

# The library's transfers, which count.
COUNTED = """
    .globl __dpu_ldma, __dpu_sdma, loads, stores
    .text
__dpu_ldma:
    la t0, loads
    lw t1, 0(t0)
    addi t1, t1, 1
    sw t1, 0(t0)
    dpu.ldma a1, a0, a2
    ret
__dpu_sdma:
    la t0, stores
    lw t1, 0(t0)
    addi t1, t1, 1
    sw t1, 0(t0)
    dpu.sdma a0, a1, a2
    ret
    .bss
    .balign 4
loads:  .zero 4
stores: .zero 4
"""
FIRST_STEPS = """
#include <mram.h>
extern int loads, stores;
__mram_noinit int array[4];
int input[4] = {0, 2, 4, 6}, output[4];
__dma_aligned unsigned char bytes[256], back[256];
__mram_noinit unsigned char direct[256];
__host int counts[12];
static int *at = counts;
static void count(void) { *at++ = loads, *at++ = stores, loads = stores = 0; }
int main(void) {
    for (int i = 0; i < 4; i++) array[i] = input[i];
    count();
    for (int i = 0; i < 4; i++) output[i] = array[i];
    count();
    for (int i = 0; i < 256; i++) bytes[i] = i;
    mram_write(bytes, direct, sizeof(bytes));
    mram_read(direct, back, sizeof(back));
    count();
    ((__mram_ptr long *)direct)[1] = 0x0f0e0d0c0b0a0908;
    count();
    array[1]++;
    count();
    for (int i = 0; i < 256; i++) if (back[i] != i) return 1;
    for (int i = 0; i < 4; i++) if (output[i] != input[i] + (i == 9)) return 2;
    return (unsigned long)DPU_MRAM_HEAP_POINTER & 7 ? 3 : 0;
}
"""
# Tasklets 0 to 7 each copy at an offset of their own, in pieces of many sizes.
UNALIGNED = """
#include <defs.h>
#include <mram_unaligned.h>
__mram_noinit unsigned char from[4096];
__mram_noinit unsigned char to[8][4096];
__mram int sum = 1, single[24];
__mram unsigned char small[24];
__dma_aligned static unsigned char buffer[8][2400];
static void add(int *value, int by) { *value += by; }
int main(void) {
    int offset = me();
    for (int i = 0; i < 1000; i++) {
        mram_update_int_atomic(&sum, add, i);
        mram_write_int_atomic(&single[me()], i);
        mram_write_byte_atomic(&small[me()], i);
    }
    if (offset >= 8) return 0;
    unsigned size = 1, at = 0;
    for (; at + 8 + size <= 4096; at += size, size = size * 2 % 2311 + 1) {
        unsigned char *got = mram_read_unaligned(&from[at + offset], buffer[me()], size);
        if ((unsigned long)got % 8 != (at + offset) % 8) return 1;
        mram_write_unaligned(got, &to[offset][at + offset], size);
    }
    return at < 3000;
}
"""


def built(flags: list[str], **sources: str) -> bytes:
    """The program that files make; `x_c` is x.c."""
    inputs = [(n.replace("_", "."), text.encode()) for n, text in sources.items()]
    options = parse_options(["-mdevice=dpu", *flags, "-o", "a.elf", *(name for name, _ in inputs)])
    return compile_inputs(options, inputs).files[0][1]


def symbols(elf: bytes) -> dict[str, ElfSymbol]:
    return {s.name: s for s in read_elf(elf).symbols}


def run(elf: bytes) -> Dpu:
    dpu = Dpu()
    dpu.load(elf)
    outcome = dpu.launch(limit=10_000_000)
    assert (outcome.fault, outcome.status) == (None, (0,))
    return dpu


@pytest.mark.parametrize("level", ["-O0", pytest.param("-O2", marks=pytest.mark.slow)])
def test_accesses_take_the_dmas_that_are_documented(level: str) -> None:
    elf = built([level], main_c=FIRST_STEPS, counted_S=COUNTED)
    dpu, known = run(elf), symbols(elf)
    raw = dpu.read(known["counts"].value, 40)
    counts = [int.from_bytes(raw[i : i + 4], "little") for i in range(0, 40, 4)]
    # An int: read, change, write back; its reading; a direct copy; a whole word; a change.
    assert counts == [4, 4, 4, 0, 1, 1, 0, 1, 2, 1]
    assert min(known["array"].value, known["direct"].value) == MRAM.base
    assert dpu.read(known["direct"].value, 256) == bytes(range(256))
    assert dpu.read(known["array"].value, 16) == b"\0\0\0\0\3\0\0\0\4\0\0\0\6\0\0\0"


def test_any_bytes_move_and_neighbours_stay() -> None:
    elf = built(["-DNR_TASKLETS=16", "-DSTACK_SIZE_DEFAULT=512"], main_c=UNALIGNED)
    dpu, known = Dpu(), symbols(elf)
    dpu.load(elf)
    image = random.Random(4).randbytes(4096)
    dpu.write(known["from"].value, image)
    dpu.write(known["to"].value, bytes([0xAA]) * (8 * 4096))
    outcome = dpu.launch(limit=10_000_000)
    assert (outcome.fault, outcome.status) == (None, (0,) * 16)
    pieces, at, size = [], 0, 1
    while at + 8 + size <= 4096:
        pieces.append(size)
        at, size = at + size, size * 2 % 2311 + 1
    for offset in range(8):
        moved = dpu.read(known["to"].value + 4096 * offset, 4096)
        end = offset + sum(pieces)
        assert moved == b"\xaa" * offset + image[offset:end] + b"\xaa" * (4096 - end)
    assert int.from_bytes(dpu.read(known["sum"].value, 4), "little") == 1 + 16 * 499500
    assert dpu.read(known["small"].value, 24) == bytes([999 % 256] * 16 + [0] * 8)
    assert dpu.read(known["single"].value, 96) == b"\xe7\3\0\0" * 16 + bytes(32)


# -- against the host -----------------------------------------------------------------------------

TYPES = {
    "char": 1, "unsigned char": 1, "short": 2, "unsigned short": 2, "int": 4, "unsigned": 4,
    "long": 8, "unsigned long": 8, "float": 4, "double": 8, "_Bool": 1,
}  # fmt: skip


def declared(draw: random.Random, name: str) -> str:
    """Fields of all kinds, in an order of their own."""
    fields = [f"{t} f{i}{draw.choice(['', '[3]'])};" for i, t in enumerate(TYPES)]
    draw.shuffle(fields)
    packed = draw.choice(["", "__attribute__((packed)) "])
    return f"struct {packed}{name} {{ {' '.join(fields)} }};"


def statements(draw: random.Random, struct: str, count: int) -> list[str]:
    arrays = set(re.findall(r"(f\d+)\[3\]", struct))
    names = [f"f{i}" for i in range(len(TYPES))]
    floats = {f"f{i}" for i, t in enumerate(TYPES) if t in ("float", "double")}

    def scalar() -> tuple[str, str]:
        name = draw.choice(names)
        base = draw.choice(["one", "many[1]", "many[i]", "(*to)", "local", "to[1]"])
        index = f"[{draw.choice(['0', '1', '2', 'i'])}]" if name in arrays else ""
        return f"{base}.{name}{index}", name

    made = []
    for _ in range(count):
        (target, name), (source, _) = scalar(), scalar()
        kind = draw.randrange(8)
        whole = draw.sample(["one", "many[0]", "many[2]", "local", "*to", "to[i]"], 2)
        if kind == 0:
            made.append(f"{whole[0]} = {whole[1]};")
        elif kind == 1:
            made.append(f"to = &many[{draw.randrange(2)}];")
        elif kind == 2:
            made.append(f"local = changed({whole[0]});")
        elif kind == 3 and name not in floats:
            made.append(f"{target} {draw.choice(['+=', '^=', '|='])} {draw.randrange(200)};")
        elif kind == 4 and name not in floats:
            made.append(f"{target}{draw.choice(['++', '--'])};")
        elif kind == 5:
            made.append(f"{target} = (int){draw.randrange(-100, 100)};")
        else:
            made.append(f"{target} = (signed char)({source} * 3 + {draw.randrange(9)});")
    return made


def program(seed: int, count: int) -> str:
    draw = random.Random(seed)
    struct = declared(draw, "s")
    lines = "\n    ".join(statements(draw, struct, count))
    return f"""
#ifdef __dpu__
#include <attributes.h>
#else
#include <stdio.h>
#define __mram_ptr
#define __mram
#define __mram_noinit
#endif
{struct}
__mram struct s one = {{1, 2, 3}};
__mram struct s many[4];
__mram_ptr struct s *to = many;
volatile int i = 1;
static struct s changed(struct s v) {{ v.f4{"[0]" if "f4[3]" in struct else ""} += 5; return v; }}
int main(void) {{
    static struct s local;
    local = one;
    {lines}
    many[3] = local;
#ifndef __dpu__
    fwrite(&one, sizeof(one), 1, stdout);
    fwrite(many, sizeof(many), 1, stdout);
#endif
    return 0;
}}
"""


def by_clang(text: str, folder: Path) -> bytes:
    (folder / "p.c").write_text(text)
    flags = ["-fsigned-char", "-fwrapv", "-w", "-O1"]
    command = ["clang-19", *flags, str(folder / "p.c"), "-o", str(folder / "p")]
    subprocess.run(command, check=True)
    return subprocess.run([str(folder / "p")], check=True, capture_output=True).stdout


@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize(
    ("seed", "level"),
    [
        (1, "-O2"),
        *(pytest.param(s, f"-O{s % 4}", marks=pytest.mark.slow) for s in range(2, 6)),
    ],
)
def test_objects_hold_what_the_host_puts_there(seed: int, level: str, tmp_path: Path) -> None:
    text = program(seed, 30 if seed == 1 else 120)
    elf = built([level, "-DSTACK_SIZE_DEFAULT=16384"], main_c=text)
    dpu, known = run(elf), symbols(elf)
    found = b"".join(dpu.read(known[n].value, known[n].size) for n in ("one", "many"))
    assert found == by_clang(text, tmp_path)
