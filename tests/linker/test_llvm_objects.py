"""Objects as kcc's own code generator makes them, linked with the default layout."""

from __future__ import annotations

import llvmlite.binding as llvm
import pytest

from kcc.ir.abi import KernelInfo, encode_metadata
from kcc.linker.elf import read_elf
from kcc.linker.link import LinkInput, link
from kcc.linker.notes import read_kernels

MODULE = """
target triple = "riscv64-unknown-elf"
@note = constant [{size} x i8] c"{note}", section ".note.kcc", align 4
@table = internal constant [4 x i32] [i32 1, i32 2, i32 3, i32 4]
@tile = internal global [16 x i32] zeroinitializer, section ".local"
@llvm.used = appending global [1 x ptr] [ptr @note], section "llvm.metadata"
define void @{name}(ptr %args, ptr %group) {{
  %i = load i32, ptr %args
  %p = getelementptr [4 x i32], ptr @table, i32 0, i32 %i
  %v = load i32, ptr %p
  store i32 %v, ptr @tile
  %w = fmul double 3.25, 0.125
  store double %w, ptr %group
  ret void
}}
"""


@pytest.fixture(scope="module")
def emit():
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple("riscv64-unknown-elf").create_target_machine(
        cpu="generic-rv64", features="+m,+a,+f,+d,+c,-relax", abiname="lp64d", codemodel="medium"
    )

    def build(name: str) -> bytes:
        note = encode_metadata([KernelInfo(name, (), 0)])
        text = "".join(f"\\{b:02x}" for b in note)
        module = llvm.parse_assembly(MODULE.format(name=name, note=text, size=len(note)))
        module.verify()
        return machine.emit_object(module)

    return build


def test_kernels_of_several_objects_are_all_found(emit):
    inputs = [LinkInput(f"{name}.o", emit(name)) for name in ("first", "second")]
    # Both define @note; a linker would rightly object, so the second goes by another name.
    inputs[1] = LinkInput("second.o", inputs[1].data.replace(b"\0note\0", b"\0nota\0"))
    file = read_elf(link(inputs).elf)
    assert [k.name for k in read_kernels(file)] == ["first", "second"]
    first = file.symbol("first")
    assert first is not None
    assert file.entry == first.value == 0x10000
    tile = file.symbol("tile")
    assert tile is not None
    assert tile.value >= 0x10000000
    note = file.section(".note.kcc")
    assert note is not None
    assert not note.alloc
    assert {s.name for s in file.sections if s.alloc} >= {".text", ".rodata", ".local"}
