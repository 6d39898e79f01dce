"""Debug information: what -g puts into a program, read back by others."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

import kcc
import programs
import smallkernels

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """\
#include "header.h"
enum Colour { RED, GREEN = 5, BLUE = -1 };
typedef struct Node { struct Node *next; enum Colour colour; float3 f; } Node;
struct Opaque;
typedef uint word;
typedef word pair[2];
constant word sizes[] = {1, 2, 3};
constant float pi = 3.0f;
static constant int table[2][3] = {{1}};
constant int unused = 4;
int helper(volatile global int *p, const int q) { return *p + q; }
kernel void all(global int *a, local float *l, constant int *c, global struct Opaque *o) {
    local short tile[4];
    constant int own = 7;
    Node node = {0};
    int x = header(a);
    word *in[2] = {0};
    pair both = {1, 2};
    for (int i = 0, j = 1; i < 3; i++) {
        int x = i;
        if (x) { long y = x + table[1][own - 7]; tile[x] = y; }
    }
    a[get_global_id(0)] = helper(a, x) + tile[0] + (int)l[0] + c[0] + node.colour + (int)pi
        + INC(x);
}
"""
BARRIERS = """\
kernel void reduce(global int *a, local int *tile) {
    size_t i = get_local_id(0);
    int mine = a[get_global_id(0)], later = mine * 3;
    tile[i] = mine;
    for (size_t step = get_local_size(0) / 2; step > 0; step /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        tile[i] += i < step ? tile[i + step] : later;
    }
    a[get_global_id(0)] = tile[0] + mine;
}
"""
SUB_GROUPS = """\
kernel void sums(global int *a) {
    local int tile[16];
    int mine = a[get_global_id(0)];
    tile[get_sub_group_id()] = sub_group_reduce_add(mine);
    work_group_barrier(CLK_LOCAL_MEM_FENCE);
    a[get_global_id(0)] = tile[0] + mine;
}
"""
HEADER = """\
#define INC(v) ((v) + 1)
static inline int header(global int *h) { int twice = h[get_global_id(0)]; return twice; }
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("debug")
    (folder / "main.cl").write_text(SOURCE)
    (folder / "header.h").write_text(HEADER)
    return folder


def dwarf(program: kcc.Program):
    return ELFFile(io.BytesIO(program.elf)).get_dwarf_info()


def name_of(die) -> str:
    name = die.attributes.get("DW_AT_name")
    return name.value.decode() if name else ""


def tree(die, tags: tuple[str, ...]) -> list:
    """The names of the DIEs with these tags, with those inside them."""
    return [
        [name_of(child), *tree(child, tags)] for child in die.iter_children() if child.tag in tags
    ]


def described(die) -> str:
    """A type, read from the outside in."""
    if "DW_AT_type" not in die.attributes:
        inner = "void"
    else:
        inner = described(die.get_DIE_from_attribute("DW_AT_type"))
    kind = die.tag.removeprefix("DW_TAG_").removesuffix("_type")
    if kind == "base":
        return name_of(die)
    if kind in ("structure", "union"):
        return f"{kind} {name_of(die)}"
    if kind == "array":
        bounds = [c.attributes["DW_AT_count"].value for c in die.iter_children()]
        return f"{bounds} of {inner}"
    if kind == "pointer":
        space = die.attributes.get("DW_AT_address_class")
        return f"pointer {space.value if space else 0} to {inner}"
    if kind in ("typedef", "enumeration"):
        return f"{kind} {name_of(die)} = {inner}"
    return f"{kind} {inner}"


def test_scopes_and_types_are_those_of_the_source(files: Path) -> None:
    unit = next(dwarf(kcc.compile(files / "main.cl", ["-g", "-O0"])).iter_CUs())
    top = unit.get_top_DIE()
    assert name_of(top) == str(files / "main.cl")
    named = {name_of(die): die for die in unit.iter_DIEs()}
    variables = ("DW_TAG_variable", "DW_TAG_formal_parameter", "DW_TAG_lexical_block")
    assert tree(named["all"], variables) == [
        *(["own"], ["a"], ["l"], ["c"], ["o"], ["tile"], ["__wg"], ["__local_id"]),
        *(["node"], ["x"], ["in"], ["both"], ["", ["i"], ["j"], ["", ["x"], ["", ["y"]]]]),
    ]
    assert tree(named["helper"], variables) == [["p"], ["q"], ["__wg"], ["__local_id"]]
    types = {
        name: described(named[name].get_DIE_from_attribute("DW_AT_type"))
        for name in "a l c o p q tile f colour next node table in both sizes".split()
    }
    assert types == {
        "a": "pointer 1 to int",
        "l": "pointer 3 to float",
        "c": "pointer 2 to int",
        "o": "pointer 1 to structure Opaque",
        "p": "pointer 1 to volatile int",
        "q": "const int",
        "tile": "[4] of short",
        "f": "typedef float3 = [3] of float",
        "colour": "enumeration Colour = int",
        "next": "pointer 0 to structure Node",
        "node": "typedef Node = structure Node",
        "in": "[2] of pointer 0 to typedef word = uint",
        "both": "typedef pair = [2] of typedef word = uint",
        "sizes": "[3] of typedef word = uint",
        "table": "[2, 3] of int",
    }
    constants = list(named["Colour"].iter_children())
    values = [(name_of(c), c.attributes["DW_AT_const_value"].value) for c in constants]
    assert values == [("RED", 0), ("GREEN", 5), ("BLUE", -1)]
    assert "DW_AT_external" in named["pi"].attributes
    assert "DW_AT_external" not in named["table"].attributes


@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_code_is_the_same_with_and_without(files: Path, level: str) -> None:
    """At -O0 hidden variables are kept for debuggers; nowhere else does -g change anything."""
    for source, *flags in ((files / "main.cl",), (BARRIERS,), (SUB_GROUPS, "-cl-std=CL2.0")):
        made = [kcc.compile(source, [level, *flags, *extra]) for extra in ((), ("-g",))]
        loaded = [
            {s.name: bytes(p.image.contents(s)) for s in p.image.sections if s.alloc and s.size}
            for p in made
        ]
        assert (loaded[0] == loaded[1]) is (level != "-O0")


@pytest.mark.oracle("llvm-dwarfdump", "addr2line", "llvm-addr2line")
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_others_understand_it(files: Path, level: str, capfd: pytest.CaptureFixture[str]) -> None:
    program = kcc.compile(files / "main.cl", ["-g", level, "-march=rv64gc"])
    assert capfd.readouterr().err == ""  # LLVM drops what is malformed, and says so here
    path = files / f"main{level}.elf"
    path.write_bytes(program.elf)
    verified = subprocess.run(
        ["llvm-dwarfdump", "--verify", path], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stdout
    lines = dwarf(program).line_program_for_CU(next(dwarf(program).iter_CUs()))
    rows = [e.state for e in lines.get_entries() if e.state and not e.state.end_sequence]
    header = lines.header.file_entry
    inside = next(r for r in rows if r.line == 2 and header[r.file - 1].name.endswith(b"header.h"))
    # GNU's takes the first of two functions that begin at one address, in optimised code.
    addr2line = "addr2line" if level == "-O0" else "llvm-addr2line"
    found = subprocess.run(
        [addr2line, "-f", "-i", "-e", path, hex(inside.address)],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert found[:2] == ["header", f"{files / 'header.h'}:2"]
    if level == "-O3":
        frames = [f"{name} {os.path.basename(at)}" for name, at in pairs(found[2:])]
        use, last = line_of("header(a)"), len(SOURCE.splitlines())
        assert frames[:2] == [f"all main.cl:{use}", f"all.group main.cl:{last}"]
        assert found[-1] == f"{files / 'main.cl'}:{last}"  # of the entry


def line_of(text: str) -> int:
    return SOURCE[: SOURCE.index(text)].count("\n") + 1


def pairs(items: list[str]) -> list[tuple[str, str]]:
    return list(zip(items[::2], items[1::2], strict=True))


@pytest.mark.slow
@pytest.mark.oracle("llvm-dwarfdump")
def test_random_programs_are_described(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for seed in range(0, 24, 3):
        for module in (programs, smallkernels):
            source = module.cl_program([seed, seed + 1, seed + 2])
            for level in ("-O0", "-O3"):
                program = kcc.compile(source, ["-g", "-w", level])
                program.save(tmp_path / "random.elf")
                verify = ["llvm-dwarfdump", "--verify", tmp_path / "random.elf"]
                done = subprocess.run(verify, capture_output=True, text=True, check=False)
                assert (done.returncode, capfd.readouterr().err) == (0, ""), (seed, done.stdout)
                assert program.source_lines
