"""Vector, half-precision and conditional-zero instructions: GNU's and LLVM's bytes are ours."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcc.backend.asm import assemble
from kcc.backend.disasm import disassemble, render
from kcc.backend.encode import decode, encode
from kcc.backend.isa import TABLE
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.linker.objfile import read_object

ARCH = "rv64gcv_zfh_zvfh_zicond"
GNU = ("riscv64-unknown-elf-as", "-march=rv64gcv_zfh", "-mabi=lp64d", "-mno-relax")
LLVM = ("clang-19", "--target=riscv64-unknown-elf", f"-march={ARCH}", "-mno-relax", "-c")


def code(data: bytes) -> bytes:
    """The bytes of an object's .text."""
    return next(bytes(s.data) for s in read_object("t.o", data).sections if s.name == ".text")


def ours(source: str, arch: str = ARCH) -> bytes:
    return code(assemble(source, "test.S", Diagnostics(), arch))


def theirs(source: str, command: tuple[str, ...], tmp_path: Path) -> bytes:
    (tmp_path / "t.s").write_text(source)
    out = tmp_path / "t.o"
    subprocess.run([*command, "-o", str(out), str(tmp_path / "t.s")], check=True)
    return code(out.read_bytes())


def check(lines: list[str], command: tuple[str, ...], tmp_path: Path) -> None:
    source = "\n".join([*lines, ""])
    mine, other = ours(source), theirs(source, command, tmp_path)
    if mine != other:
        for a, b in zip(disassemble(mine, 0, {}), disassemble(other, 0, {}), strict=True):
            assert str(a) == str(b)
    assert mine == other


@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize(
    "seed", [0, *[pytest.param(n, marks=pytest.mark.slow) for n in range(1, 8)]]
)
def test_every_row_has_llvms_bytes(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    lines = []
    for row in TABLE.values():
        if row.ext not in ("V", "Zfh", "Zicond"):
            continue
        for _ in range(3):
            word = row.match | rng.getrandbits(32) & ~row.mask
            # Groups of eight that do not overlap, none of them the mask: nothing LLVM refuses.
            groups = rng.sample([8, 16, 24], 3)
            for _, field in row.fields:
                if field.kind == "vreg":
                    word = word & ~field.mask | field.place(groups.pop())
            hit = decode(word)
            if hit is not None:
                lines.append(render(hit, 0, alias=rng.random() < 0.5))
    check(lines, LLVM, tmp_path)


def with_masks(*texts: str) -> list[str]:
    return [line for text in texts for line in (text, f"{text}, v0.t")]


# What stands for another instruction, or for several.
PSEUDO = [
    *with_masks(
        "vneg.v v8, v16", "vnot.v v8, v16", "vwcvt.x.x.v v8, v16", "vwcvtu.x.x.v v8, v16",
        "vncvt.x.x.w v8, v16", "vfneg.v v8, v16", "vfabs.v v8, v16",
        "vmsgt.vv v8, v16, v24", "vmsgtu.vv v8, v16, v24", "vmsge.vv v8, v16, v24",
        "vmsgeu.vv v8, v16, v24", "vmfgt.vv v8, v16, v24", "vmfge.vv v8, v16, v24",
        "vmslt.vi v8, v16, -15", "vmslt.vi v8, v16, 16", "vmsge.vi v8, v16, 3 + 4",
        "vmsltu.vi v8, v16, 16", "vmsltu.vi v8, v16, 0", "vmsgeu.vi v8, v16, 1",
        "vmsgeu.vi v8, v16, 0", "vmsge.vx v8, v16, a0", "vmsgeu.vx v8, v16, a0",
        "vpopc.m a0, v8", "vfredsum.vs v8, v16, v24",
    ),
    "vmsge.vx v0, v16, a0, v0.t, v24",
    "vmsgeu.vx v0, v16, a0, v0.t, v24",
    "vmsge.vx v8, v16, a0, v0.t, v24",
    "vmsgeu.vx v8, v16, a0, v0.t, v24",
    "vmmv.m v1, v2",
    "vmclr.m v1",
    "vmset.m v1",
    "vmnot.m v1, v2",
    "vmandnot.mm v1, v2, v3",
    "vmornot.mm v1, v2, v3",
    "vle1.v v1, (a0)",
    "vse1.v v1, (a0)",
    *(f"vl{n}r.v v8, (a0)" for n in (1, 2, 4, 8)),
    "vle32.v v8, 0(a0)",
    "vsuxseg2ei16.v v8, 0(a0), v24, v0.t",
    "csrr a0, vl",
    "csrr a0, vtype",
    "csrr a0, vlenb",
    "csrw vstart, a0",
    "csrw vxsat, a0",
    "csrwi vxrm, 2",
    "csrw vcsr, a0",
    "flh fa0, 2(a0)",
    "fsh fa0, -2(a0)",
    "fmv.h fa0, fa1",
    "fneg.h fa0, fa1",
    "fabs.h fa0, fa1",
    "fgt.h a0, fa1, fa2",
    "fge.h a0, fa1, fa2",
]  # fmt: skip
# Only GNU knows these: names from drafts of the specification.
OLD = [
    *with_masks("vfrece7.v v8, v16", "vfrsqrte7.v v8, v16", "vfwredsum.vs v8, v16, v24"),
    "vmcpy.m v1, v2",
]


@pytest.mark.oracle("clang-19")
def test_pseudo_instructions_have_llvms_bytes(tmp_path: Path) -> None:
    check(PSEUDO, LLVM, tmp_path)


# A vtype may leave out what is 0; LLVM wants all of it.
SHORT_VTYPES = [
    "vsetvli a0, a1, e32",
    "vsetvli a0, a1, m2",
    "vsetvli a0, a1, e16, mf4",
    "vsetvli a0, a1, e64, ta",
    "vsetvli a0, a1, e64, m8, ma",
    "vsetvli a0, a1, 0x7ff",
    "vsetivli a0, 31, e8, mf8, tu",
]


@pytest.mark.oracle("riscv64-unknown-elf-as")
def test_pseudo_instructions_have_gnus_bytes(tmp_path: Path) -> None:
    compares = [line for line in PSEUDO + OLD if "v0.t, v24" not in line]
    check([*compares, *SHORT_VTYPES], GNU, tmp_path)


@given(sew=st.sampled_from([8, 16, 32, 64]), lmul=st.integers(-3, 3), bits=st.integers(0, 3))
def test_vtypes_read_as_they_are_written(sew: int, lmul: int, bits: int) -> None:
    vtype = bits << 6 | (sew.bit_length() - 4) << 3 | lmul & 7
    word = encode("vsetvli", rd=10, rs1=11, zimm11=vtype)
    group = f"m{1 << lmul}" if lmul >= 0 else f"mf{1 << -lmul}"
    policy = f"{'ta' if bits & 1 else 'tu'},{'ma' if bits & 2 else 'mu'}"
    text = f"vsetvli\ta0,a1,e{sew},{group},{policy}"
    hit = decode(word)
    assert hit is not None
    assert render(hit, 0) == text
    assert ours(text) == word.to_bytes(4, "little")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("vadd.vv v1, v2, a0", "'a0' is not a vector register"),
        ("vadd.vx v1, v2, v3", "'v3' is not an integer register"),
        ("vadd.vv v1, v2, v3, v1.t", "a mask is v0.t"),
        ("vadd.vv v1, v2, v32", "'v32' is not a vector register"),
        ("vadd.vi v1, v2, 16", "16 is not in the range -16 to 15"),
        ("vsll.vi v1, v2, 32", "32 is not in the range 0 to 31"),
        ("vadc.vvm v1, v2, v3, v4", "this register must be v0"),
        ("vadc.vvm v1, v2, v3", "takes 4 operands, not 3"),
        ("vmv.v.v v1, v2, v0.t", "takes 2 operands, not 3"),
        ("vle32.v v1, 4(a0)", "takes no offset"),
        ("vsetvli a0, a1, e32, ma, m1", "a vtype is written as e32,m1,ta,ma"),
        ("vsetvli a0, a1, e128", "an address does not fit here"),
        ("vsetvli a0, a1", "an operand is missing"),
        ("vsetvli a0, a1, 2048", "2048 is not in the range 0 to 2047"),
        ("vmsge.vx v0, v1, a0, v0.t", "needs a register more"),
        ("vmsge.vx v2, v1, a0, v3, v4", "a mask is v0.t"),
        ("vmsltu.vi v1, v2, 17", "16 is not in the range -16 to 15"),
        ("vmclr.m v1, v0.t", "'vmclr.m' takes 1 operands, not 2"),
    ],
)
def test_errors_say_what_is_wrong(source: str, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        ours(source)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("source", "extension"),
    [("vadd.vv v1, v2, v3", "V"), ("fadd.h fa0, fa0, fa0", "Zfh"), ("czero.eqz a0, a0, a0", "Zic")],
)
def test_instructions_need_their_extension(source: str, extension: str) -> None:
    with pytest.raises(CompileError, match=f"needs the extension {extension}"):
        ours(source, "rv64gc")


WORDS = ["v0", "v0.t", "v8", "a0", ",", "(", ")", "0", "-1", "e32", "m2", "ta", "$2", "%lo", "x"]


@pytest.mark.slow
@settings(max_examples=2000)
@given(
    line=st.sampled_from([*PSEUDO, *OLD, *SHORT_VTYPES, "vadc.vvm v1, v2, v3, v0"]),
    edits=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["", *WORDS])), max_size=3),
)
def test_damaged_lines_end_in_an_object_or_errors(line: str, edits: list[tuple[int, str]]) -> None:
    words = line.replace(",", " , ").split()
    for at, word in edits:
        words[at : at + (at % 2)] = [word]
    try:
        assemble(" ".join(words), "test.S", Diagnostics(), ARCH)
    except CompileError:
        pass


INTEGERS = [
    f"{sign} {t}" for sign in ("signed", "unsigned") for t in ("char", "short", "int", "long")
]
FLOATS = ["_Float16", "float", "double"]
ANY = ["a[i] + b[i]", "a[i] * b[i] - c[i]", "a[i] > b[i] ? a[i] : b[i]", "b[i] / c[i]", "-a[i]",
       "a[3*i] + b[3*i+1] * c[3*i+2]", "a[x[i]]", "b[i] == c[i] ? a[i] : 7", "a[n-i]"]  # fmt: skip
INTEGER = ["a[i] >> 3", "a[i] << (b[i] & 7)", "~a[i] ^ (b[i] | c[i])", "a[i] % 7"]
FLOATING = ["__builtin_fabs(a[i])", "__builtin_copysign(a[i], b[i])"]


def loops() -> str:
    """C that clang turns into most kinds of vector code, a function a loop."""
    found = []
    for t in INTEGERS + FLOATS:
        bodies = [f"d[i] = {e};" for e in ANY + (FLOATING if t in FLOATS else INTEGER)]
        bodies += [f"d[i] = (({u} *)a)[i];" for u in INTEGERS + FLOATS]
        bodies += ["s += a[i];", "if (c[i] > 2) { d[2*i] = a[2*i+1]; d[2*i+1] = a[2*i]; }"]
        found += [
            f"{t} f{len(found) + k}({t} *restrict d, const {t} *restrict a, const {t} *restrict b,"
            f"const {t} *restrict c, const int *restrict x, long n)"
            f"{{ {t} s = 0; for (long i = 0; i < n; i++) {{ {body} }} return s; }}"
            for k, body in enumerate(bodies)
        ]
    return "\n".join(found)


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize("arch", [ARCH, "rv64gcv_zvl512b_zba_zbb_zbs"])
def test_what_clang_prints_assembles_to_what_it_emits(arch: str, tmp_path: Path) -> None:
    (tmp_path / "loops.c").write_text(loops())
    command = [*LLVM[:2], f"-march={arch}", "-mno-relax", "-O3", "-ffast-math", "loops.c"]
    subprocess.run([*command, "-S", "-o", "loops.s"], cwd=tmp_path, check=True)
    subprocess.run([*command, "-c", "-o", "loops.o"], cwd=tmp_path, check=True)
    mine = ours((tmp_path / "loops.s").read_text(), arch)
    assert mine == code((tmp_path / "loops.o").read_bytes())
    names = {line.text.split("\t")[0] for line in disassemble(mine, 0, {})}
    assert not {name for name in names if name.startswith(".")}
    assert len({name for name in names if name.startswith("v")}) > 90
