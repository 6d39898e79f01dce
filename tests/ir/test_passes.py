"""Each pass by its text, and the whole pipeline on the target."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from kcc.backend.codegen import emit_object, target_machine
from kcc.frontend.diag import InternalError
from kcc.ir.abi import NOTE_SECTION, decode_metadata
from kcc.ir.lower import LowerOptions
from kcc.ir.passes import barriers, local_memory, metadata, workitem_loops
from kcc.ir.pipeline import BY_ITEMS, PASS_NAMES, PIPELINE, PipelineOptions, parse, run_pipeline
from pass_kernels import SUM, TURNS

EXAMPLES = Path(__file__).resolve().parents[2] / "kernels" / "examples"


def after(lowered, last, source=SUM):
    """The module after every pass up to `last`."""
    unit = lowered(source)
    for p in PIPELINE:
        p.run(unit)
        parse(str(unit.module), p.name)
        if p is last:
            return unit
    raise AssertionError(last)


def definition(unit, name):
    return str(unit.module.get_global(name))


def test_lowering_in_the_manner_of_clang(lowered, golden):
    golden("lower.ll", str(lowered(SUM).module))


def test_local_variables_get_a_place(lowered):
    unit = after(lowered, local_memory.PASS)
    assert "sum.tile" not in str(unit.module)
    assert unit.kernels[0].local_size == 16


def test_a_body_stops_at_its_barrier(lowered):
    unit = after(lowered, barriers.PASS, TURNS)
    made = unit.resumable["turns"]
    assert len(made.places) == 1
    assert made.stops == ((0, 1), (0, 1))
    assert made.shared_size == 4  # i
    assert [(k.name, k.size) for k in made.kept] == [("last.all", 8), ("sum.all", 4)]


def test_an_array_with_pointers_into_it_is_not_alone(lowered):
    source = """kernel void k(global int *a) {
        int i = a[0], plain[2] = {i, 1}, pointed[2] = {i, 1}, *p = &pointed[i & 1];
        barrier(1);
        *p = 5;
        a[i] = plain[i & 1] + pointed[0];
    }"""
    head = definition(after(lowered, barriers.PASS, source), "__kcc_item.k").partition("{")[0]
    assert re.search(r'ptr noalias [^,]*%"plain.all"', head)
    assert re.search(r'ptr align 4 %"pointed.all"', head)


def test_an_address_is_not_kept_where_it_is_known(lowered):
    source = """struct pair { int a, b[2]; };
    static int f(int v) { barrier(1); return v + 1; }
    kernel void k(global int *a) {
        struct pair p = {a[0], {a[1], a[2]}};
        p.b[1] += f(a[3]);
        a[0] = p.b[1] + p.a;
    }"""
    unit = after(lowered, barriers.PASS, source)
    assert [k.size for k in unit.resumable["k"].kept] == [12, 4]  # p and what f returns from
    assert 'noalias align 4 %"p.all"' in definition(unit, "__kcc_item.k")


def test_a_group_knows_where_its_items_can_stop(lowered):
    source = """kernel void k(global int *p, int n) {
        barrier(1);
        if (n > 1) barrier(1);
        while (n--) { barrier(1); if (n == 5) for (;;) p[0]++; }
        if (n == 7) { barrier(1); for (;;) p[0]++; }
        barrier(1);
    }"""
    unit = after(lowered, barriers.PASS, source)
    later = (3, 4, 5)
    assert unit.resumable["k"].stops == ((1,), (2, *later), later, later, (), (0,))


def test_only_shared_memory_is_called_parallel(lowered):
    unit = after(lowered, workitem_loops.PASS)
    for line in definition(unit, "__kcc_item.sum").splitlines():
        if re.search(r" (load|store) ", line):
            place = line.rpartition("ptr")[2]
            assert ("!llvm.access.group" in line) == ("addrspace(" in place), line


def test_the_note_describes_the_kernels(lowered):
    unit = after(lowered, metadata.PASS)
    note = unit.module.get_global("__kcc_note")
    assert note.section == NOTE_SECTION
    desc = bytes(note.initializer.constant)[16:].rstrip(b"\0")
    assert decode_metadata(desc) == unit.kernels
    (info,) = unit.kernels
    assert [(a.name, a.kind, a.offset, a.size) for a in info.args] == [
        ("in", "buffer", 0, 8),
        ("out", "buffer", 8, 8),
        ("scratch", "local", 16, 8),
        ("scale", "value", 24, 2),
    ]
    assert [a.const for a in info.args] == [True, False, False, False]
    assert info.args[0].type == "global const int *"


@pytest.mark.parametrize(
    ("by_items", "others"), [(False, {"hart-items"}), (True, {"barriers", "workitem-loops"})]
)
def test_the_observer_sees_every_pass(lowered, by_items, others):
    seen = []
    unit = lowered(SUM + TURNS, LowerOptions(by_items=by_items))
    run_pipeline(unit, target_machine(), observe=lambda name, text: seen.append((name, text)))
    assert {name for name, _ in seen} == {*PASS_NAMES} - others
    assert len({text for _, text in seen}) == len(seen)  # and each changed something


def test_a_hart_runs_an_item_of_every_group(lowered):
    """The body waits for other harts by calls with numbers."""
    unit = lowered(TURNS + SUM, LowerOptions(by_items=True))
    for p in BY_ITEMS:
        p.run(unit)
        parse(str(unit.module), p.name)
    assert 'call void @"__kcc_barrier"(i64 1)' in definition(unit, "__kcc_item.turns")
    assert str(unit.module.get_global("__kcc_local")) == (
        '@"__kcc_local" = internal addrspace(3) global [16 x i8] undef, section ".local", align 128'
    )
    assert "invariant.load" not in str(unit.module)
    assert all(info.by_items for info in unit.kernels)


@pytest.mark.parametrize("opt", [0, 1, 2, 3])
@pytest.mark.parametrize("arch", ["rv64gc", "rv64gcv_zba_zbb"])
def test_the_target_takes_what_comes_out(lowered, opt, arch):
    machine = target_machine(arch, opt)
    unit = lowered(SUM, LowerOptions(opt_level=opt))
    module = run_pipeline(unit, machine, PipelineOptions(opt, verify_each=True))
    assert emit_object(module, arch, opt)[:4] == b"\x7fELF"


def test_the_text_is_the_same_every_time(lowered):
    machine = target_machine()
    texts = {str(run_pipeline(lowered(SUM), machine)) for _ in range(3)}
    assert len(texts) == 1


def test_an_inner_loop_steps_pointers(lowered):
    source = """kernel void add(global const float *a, global const float *b, global float *c) {
        size_t i = get_global_id(0);
        c[i] = a[i] + b[i];
    }"""
    machine = target_machine("rv64gc")
    text = machine.emit_assembly(run_pipeline(lowered(source), machine))
    loops = re.findall(r"^(\.LBB\w+):((?:(?!^\.L).)*?b\w+\s[^\n]*\1\n)", text, re.M | re.S)
    inner = min((body for _, body in loops), key=len).strip().splitlines()
    assert len(inner) <= 9, inner  # three pointers, a count, two loads, an add, a store, a branch
    assert not any("mul" in line or "slli" in line for line in inner)


def test_a_kernel_becomes_one_function(lowered):
    source = (EXAMPLES / "blur.cl").read_text()
    module = run_pipeline(lowered(source), target_machine("rv64gc"))
    assert [f.name for f in module.functions if not f.is_declaration] == ["blur"]


def test_a_bad_module_is_our_fault():
    with pytest.raises(InternalError):
        parse("define i32 @f() { ret i64 0 }", "test")
    with pytest.raises(InternalError):
        parse(
            "define i32 @f(i1 %c) { br i1 %c, label %a, label %b\na: %x = add i32 1, 2\n"
            "br label %b\nb: ret i32 %x }",
            "test",
        )


def test_functions_of_several_inputs_meet(lowered):
    machine = target_machine()
    caller = lowered(
        "int twice(int x); extern constant int bias;\n"
        "kernel void k(global int *p) { *p = twice(*p) + bias; }"
    )
    callee = lowered("constant int bias = 3; int twice(int x) { return 2 * x + get_global_id(0); }")
    module = run_pipeline(caller, machine, PipelineOptions(2))
    module.link_in(run_pipeline(callee, machine, PipelineOptions(2)))
    module.verify()
    assert not module.get_function("twice").is_declaration


def test_a_function_may_have_a_library_name(lowered):
    text = str(lowered("void memset(int *p) { *p = 0; }").module)
    assert '@"user.memset"' in text


def test_library_functions_take_only_their_arguments(lowered):
    unit = lowered("void *memset(void *p, int v, ulong n) { return p; }",
                   LowerOptions(runtime=True))  # fmt: skip
    function = unit.module.get_global("memset")
    assert len(function.args) == 3
    assert '"no-builtins"' in str(function)


@pytest.mark.oracle("riscv64-unknown-elf-readelf")
@pytest.mark.parametrize("opt", [0, 3])
def test_debug_information_reaches_the_object(lowered, tmp_path, opt):
    source = """struct point { int x; float y[3]; };
kernel void walk(global int *p, struct point at) {
    size_t i = get_global_id(0);
    int local_name = p[i] * at.x;
    p[i] = local_name;
}"""
    unit = lowered(source, LowerOptions(opt_level=opt, debug=True))
    # In a vector loop a variable is many at once, and none for the debugger.
    module = run_pipeline(unit, target_machine("rv64gc"), PipelineOptions(opt, verify_each=True))
    path = tmp_path / "walk.o"
    path.write_bytes(emit_object(module))
    command = ["riscv64-unknown-elf-readelf", "--debug-dump=info,decodedline", str(path)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for word in ("walk", "local_name", "point", "DW_TAG_formal_parameter", "test.cl"):
        assert word in text
    lines = {int(m[1]) for m in re.finditer(r"^test\.cl +(\d+) +0x", text, re.M)}
    assert {4, 5} <= lines


def test_names_of_the_device_library_stay_its_own(lowered):
    source = """
        void __kcc_print_text(int a) { }
        kernel void k(int n) { __kcc_print_text(n); printf("%s", "a"); }
    """
    text = str(lowered(source).module)
    assert '@"user.__kcc_print_text"(i32' in text
    assert 'declare void @"__kcc_print_string"(' in text
