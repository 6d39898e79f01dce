"""Targets and code generation: what an object says of itself, and what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from kcc.backend.codegen import emit_assembly, emit_object, target_machine
from kcc.backend.disasm import disassemble
from kcc.backend.target import DATA_LAYOUT, DEFAULT_ARCH, TRIPLE, parse_target
from kcc.frontend.diag import InternalError

MODULE = """
@table = internal constant [4 x double] [double 1.0, double 2.5, double 3.0, double 4.25]
define double @f(double %a, i64 %i) {
  %p = getelementptr [4 x double], ptr @table, i64 0, i64 %i
  %v = load double, ptr %p
  %m = fmul double %v, 3.25
  %s = fadd double %m, %a
  ret double %s
}
declare i64 @callee(i64)
define i64 @g(i64 %x) {
  %c = icmp slt i64 %x, 0
  br i1 %c, label %neg, label %pos
neg:
  %n = sub i64 0, %x
  br label %out
pos:
  %y = call i64 @callee(i64 %x)
  br label %out
out:
  %r = phi i64 [ %n, %neg ], [ %y, %pos ]
  ret i64 %r
}
"""


def module(text: str = MODULE) -> llvm.ModuleRef:
    return llvm.parse_assembly(text)


def test_the_layout_is_llvms_own() -> None:
    assert str(target_machine().target_data) == DATA_LAYOUT
    assert target_machine().triple == TRIPLE


def test_objects_are_reproducible_and_leave_the_module_alone() -> None:
    m = module()
    before = str(m)
    first = emit_object(m)
    assert emit_object(m) == first == emit_object(module())
    assert str(m) == before


def test_objects_are_riscv_with_the_double_abi() -> None:
    data = emit_object(module())
    assert data[:5] == b"\x7fELF\x02"
    assert int.from_bytes(data[18:20], "little") == 243
    assert int.from_bytes(data[48:52], "little") == 5  # RVC, doubles in registers


def test_relocations_ask_for_no_relaxation() -> None:
    data = emit_object(module())
    assert b".rela.text" in data
    relocs = reloc_types(data)
    assert relocs
    assert 51 not in relocs  # R_RISCV_RELAX


def reloc_types(data: bytes) -> set[int]:
    """Relocation types of an object, by walking its section headers."""
    table, count = int.from_bytes(data[40:48], "little"), int.from_bytes(data[60:62], "little")
    found = set()
    for n in range(count):
        head = data[table + 64 * n : table + 64 * (n + 1)]
        if int.from_bytes(head[4:8], "little") != 4:
            continue
        start, size = (int.from_bytes(head[at : at + 8], "little") for at in (24, 32))
        found |= {
            int.from_bytes(data[at + 8 : at + 12], "little")
            for at in range(start, start + size, 24)
        }
    return found


def test_assembly_is_text() -> None:
    assert "fmul.d" in emit_assembly(module())


@pytest.mark.parametrize(
    ("arch", "expected"),
    [
        (DEFAULT_ARCH, "i m a f d c v zicsr zifencei zvl32b zvl64b zvl128b"),
        ("rv64gc", "i m a f d c zicsr zifencei"),
        ("rv64imafd", "i m a f d zicsr"),
        ("RV64GC_Zba_Zbb", "i m a f d c zicsr zifencei zba zbb"),
        ("rv64gczbc", "i m a f d c zicsr zifencei zbc"),
        ("rv64gc_b", "i m a f d c zicsr zifencei zba zbb zbs"),
        ("rv64gv", "i m a f d v zicsr zifencei zvl32b zvl64b zvl128b"),
        ("rv64g_zfh_zicond_zihpm", "i m a f d zicsr zifencei zfh zicond zihpm"),
        ("rv64g_zvfh", "i m a f d v zicsr zifencei zvl32b zvl64b zvl128b zfh zvfh"),
    ],
)
def test_architecture_strings(arch: str, expected: str) -> None:
    assert parse_target(arch).extensions == set(expected.split())
    assert emit_object(module(), arch)


@pytest.mark.parametrize(
    ("arch", "why"),
    [
        ("rv32gc", "not an RV64"),
        ("rv64", "not an RV64"),
        ("", "not an RV64"),
        ("rv64gc_", "not an RV64"),
        ("rv64gc zba", "not an RV64"),
        ("rv64gch", "'h' is not supported"),
        ("rv64gc_zfoo", "'zfoo' is not supported"),
        ("rv64imac", "lacks f, d"),
        ("rv64gc_zvl256b", "has no v"),
        ("rv64gcv_zvl2048b", "'zvl2048b' is not supported"),
    ],
)
def test_bad_architecture_strings(arch: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_target(arch)


def test_extensions_reach_the_code() -> None:
    text = "define i64 @f(i64 %a, i64 %b) { %n = xor i64 %b, -1 %r = and i64 %a, %n ret i64 %r }"
    assert "andn" not in emit_assembly(module(text))
    assert "andn" in emit_assembly(module(text), "rv64gc_zbb")
    text = "define i64 @f(i1 %c, i64 %a) { %r = select i1 %c, i64 %a, i64 0 ret i64 %r }"
    assert "czero.eqz" in emit_assembly(module(text), "rv64gc_zicond")
    text = "define half @f(half %a, half %b) { %r = fadd half %a, %b ret half %r }"
    assert "fadd.h" in emit_assembly(module(text), "rv64gc_zfh")
    text = "define <4 x half> @f(<4 x half> %a) { %r = fadd <4 x half> %a, %a ret <4 x half> %r }"
    assert "vfadd.vv" in emit_assembly(module(text), "rv64gc_zvfh")


def test_unsound_modules_are_refused_before_llvm_aborts() -> None:
    bad = module("define i64 @f() { ret i64 0 }")
    block = next(iter(next(iter(bad.functions)).blocks))
    assert block is not None
    text = "define void @f() { entry: br label %entry }"  # the entry block has a predecessor
    with pytest.raises(RuntimeError):
        llvm.parse_assembly(text).verify()
    with pytest.raises((InternalError, RuntimeError)):
        emit_object(llvm.parse_assembly(text))


@pytest.mark.oracle("riscv64-unknown-elf-objdump")
def test_our_listing_of_an_object_is_objdumps(tmp_path: Path) -> None:
    path = tmp_path / "m.o"
    path.write_bytes(emit_object(module()))
    out = subprocess.run(
        ["riscv64-unknown-elf-objdump", "-d", "--no-show-raw-insn", str(path)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    theirs = [row.split("\t", 2)[1] for row in out.splitlines() if row.startswith("  ")]
    subprocess.run(
        ["riscv64-unknown-elf-objcopy", "-O", "binary", "-j", ".text", str(path), f"{path}.bin"],
        check=True,
    )
    code = Path(f"{path}.bin").read_bytes()
    short = {"addi": "add", "slli": "sll"}
    ours = [line.text.split("\t")[0] for line in disassemble(code, 0, {})]
    assert [short.get(m, m) for m in ours] == theirs


def test_what_one_module_keeps_is_nothing_to_the_next() -> None:
    # The next module's globals often lie where those of the last one were.
    texts = "".join(f'@s{i} = private constant [2 x i8] c"{i}\\00"\n' for i in range(8))
    uses = ", ".join(f"ptr @s{i}" for i in range(8))
    keeps = """
        @note = internal constant [4 x i8] c"note", section ".note.x"
        @llvm.used = appending global [1 x ptr] [ptr @note], section "llvm.metadata"
    """
    text = f"{texts}@table = constant [8 x ptr] [{uses}]\n{keeps}"
    assert len({emit_object(module(text)) for _ in range(100)}) == 1
