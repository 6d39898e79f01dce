"""The vectoriser by its text, and by what it says of a function."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import pytest

from kcc.backend.codegen import target_machine
from kcc.ir.pipeline import PIPELINE, PipelineOptions, parse, run_pipeline
from kcc.ir.wide.copies import expand_copies
from kcc.ir.wide.flow import Flow
from kcc.ir.wide.model import Function, Unvectorisable
from kcc.ir.wide.nobody import settle
from kcc.ir.wide.reader import read
from kcc.ir.wide.remarks import Outcome
from kcc.ir.wide.scalars import take_apart
from kcc.ir.wide.shapes import UNIFORM, Shape, Shapes
from kcc.ir.wide.vectorize import vectorize

EXAMPLES = Path(__file__).resolve().parents[2] / "kernels" / "examples"
SOURCE = """kernel void escape(global const float *start, global int *rounds, int limit) {
    int me = get_global_id(0), count = 0;
    for (float x = start[me]; x < 4.0f; x = x * x + 1.0f) {
        if (count == limit)
            break;
        count++;
    }
    rounds[me] = count;
}"""


def widened(lowered: Any, source: str) -> tuple[str, str, list[Outcome]]:
    """The module's text before and after, with LLVM's own passes over it in between."""
    unit = lowered(source)
    for p in PIPELINE:
        p.run(unit)
    machine = target_machine()
    unit.module.triple, unit.module.data_layout = machine.triple, str(machine.target_data)
    seen = []

    def run(passes: Any, module: Any) -> None:
        passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
        seen.append(str(module))

    module = parse(str(unit.module), "test")
    made, outcomes = vectorize(module, lambda text: parse(text, "vectorize"), run, halves=False)
    return seen[0], str(made), outcomes


def function(text: str, name: str) -> str:
    found = re.search(rf"^define [^\n]*@{re.escape(name)}\(.*?^}}\n", text, re.M | re.S)
    assert found is not None
    return re.sub(r" #\d+", "", found[0])


def test_an_item_becomes_a_strip(lowered, golden):
    before, after, (outcome,) = widened(lowered, SOURCE)
    golden("item.ll", function(before, "__kcc_item.escape"))
    golden("row.ll", function(after, "__kcc_row.escape"))
    golden("wide.ll", function(after, "__kcc_wide.escape"))
    assert (outcome.reason, outcome.loops, outcome.divergent, outcome.lanes) == ("", 1, 1, 8)
    assert outcome.counts == {"unit-stride": 2, "uniform": 3}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("while (atomic_inc(a) < 9);", "'atomicrmw' is for one work-item"),
        ('for (int i = 0; i < *a; i++) printf("%d", i);', "is for one work-item"),
        ("volatile global int *b = a; while (b[get_local_id(0)]);", "'load' is for one work-item"),
        ("for (;;) a[0]++;", "loop without an end"),
        ("int b[9999]; for (int i = 0; i < *a; i++) b[i * 7] = i; a[1] = b[*a];",
         "private variables of 39996 bytes"),
    ],
)  # fmt: skip
def test_what_stays_scalar_says_why(lowered, body, reason):
    before, after, (outcome,) = widened(lowered, f"kernel void k(global int *a) {{ {body} }}")
    assert reason in outcome.reason
    assert before == after


TEXT = """define internal void @f(ptr %p, i32 %n, i64 %lx) {
entry:
  %row = trunc i64 %lx to i32
  %c = icmp slt i32 %row, %n
  br i1 %c, label %then, label %join

then:
  br label %head

head:
  %i = phi i32 [ 0, %then ], [ %next, %head ]
  %at = add nsw i32 %row, %i
  %wide = sext i32 %at to i64
  %odd = zext i32 %at to i64
  %q = getelementptr float, ptr %p, i64 %wide
  %next = add nsw i32 %i, 1
  %v = load i32, ptr %q, align 4
  %more = icmp slt i32 %next, %v
  br i1 %more, label %head, label %exit

exit:
  %out = phi i32 [ %i, %head ]
  br label %join

join:
  %r = phi i32 [ 0, %entry ], [ %out, %exit ]
  ret void
}
"""


@pytest.fixture
def analysed() -> tuple[Function, Flow, Shapes]:
    function = read(TEXT)
    flow = Flow(function)
    return function, flow, Shapes(function, flow, {"%lx": Shape(1, True, True)}, lambda _: True)


def test_shapes_follow_operands_and_ways(analysed):
    _, _, shapes = analysed
    assert shapes.of("%n") == shapes.of("%i") == shapes.of("%next") == UNIFORM
    assert shapes.of("%at") == Shape(1, signed=True, unsigned=False)
    assert shapes.of("%wide").stride == 1
    assert shapes.of("%odd").is_varying  # it may wrap as an unsigned number
    assert shapes.of("%q") == Shape(4)
    assert shapes.of("%v").is_varying
    assert shapes.of("%out").is_varying  # lanes leave with different values of a uniform counter
    assert shapes.of("%r").is_varying


def test_ways_part_and_meet(analysed):
    _, flow, shapes = analysed
    assert flow.order == ["%entry", "%then", "%head", "%exit", "%join"]
    assert shapes.parting == {"%entry", "%head"}
    assert shapes.divergent == {"%head"}
    assert shapes.masked == {"%then", "%head", "%exit"}
    assert shapes.joins == {"%exit", "%join"}


def test_irreducible_loops_are_refused():
    text = TEXT.replace("br label %head\n", "br i1 %c, label %head, label %mid\n", 1)
    text = text.replace("exit:", "mid:\n  br i1 %c, label %head, label %then\n\nexit:", 1)
    with pytest.raises(Unvectorisable):
        Flow(read(text))


def test_copies_load_all_before_they_store():
    text = """define internal void @f(ptr %d, ptr %s) {
entry:
  call void @llvm.memmove.p0.p0.i64(ptr align 4 %d, ptr align 8 %s, i64 6, i1 false)
  call void @llvm.memset.p0.i64(ptr align 2 %d, i8 -1, i64 4, i1 false)
  call void @llvm.memcpy.p0.p0.i64(ptr align 8 %d, ptr align 8 %s, i64 4096, i1 false)
  ret void
}
"""
    made = read(text)
    expand_copies(made)
    assert [(i.op, i.type, i.align) for i in made.entry.instrs if i.op == "load"] == [
        ("load", "i16", 2)
    ] * 3
    stores = [i for i in made.entry.instrs if i.op == "store"]
    assert [i.operands[0] for i in stores[3:]] == [("i16", "65535")] * 2
    ops = [i.op for i in made.entry.instrs if i.op != "getelementptr"]
    assert ops == ["load"] * 3 + ["store"] * 5 + ["call"]


def test_vectors_of_the_source_are_taken_apart():
    text = """define internal void @f(ptr %p, float %x) {
entry:
  %v = load <2 x float>, ptr %p, align 8
  %w = insertelement <2 x float> %v, float %x, i64 1
  %s = shufflevector <2 x float> %w, <2 x float> %v, <2 x i32> <i32 1, i32 2>
  %a = fadd <2 x float> %s, splat (float 2.000000e+00)
  store <2 x float> %a, ptr %p, align 8
  ret void
}
"""
    made = read(text)
    take_apart(made, ["%entry"])
    adds = [i.operands for i in made.entry.instrs if i.op == "fadd"]
    assert adds == [
        [("float", "%x"), ("float", "2.000000e+00")],
        [("float", "%v.e0"), ("float", "2.000000e+00")],
    ]
    assert [i.align for i in made.entry.instrs if i.op == "store"] == [8, 4]
    with pytest.raises(Unvectorisable, match="element chosen at run time"):
        take_apart(read(text.replace("i64 1\n", "i64 %i\n")), ["%entry"])


NOBODY = """\
  %a = tail call i1 @llvm.vp.reduce.or.nxv8i1(i1 false, <vscale x 8 x i1> zeroinitializer, \
<vscale x 8 x i1> splat (i1 true), i32 %n)
  %b = call <vscale x 8 x float> @llvm.vp.load.nxv8f32.p1(ptr addrspace(1) align 4 %p, \
<vscale x 8 x i1> zeroinitializer, i32 %n), !dbg !3
  %c = call <vscale x 8 x i32> @llvm.experimental.vp.strided.load.nxv8i32.p1.i64(ptr %p, i64 8, \
<vscale x 8 x i1> zeroinitializer, i32 %n)
  call void @llvm.vp.scatter.nxv8f32.nxv8p1(<vscale x 8 x float> zeroinitializer, \
<vscale x 8 x ptr addrspace(1)> %q, <vscale x 8 x i1> zeroinitializer, i32 %n)
"""


def test_what_no_lane_does_goes() -> None:
    assert settle(NOBODY) == (
        "  %a = and i1 false, false\n"
        "  %b = bitcast <vscale x 8 x float> zeroinitializer to <vscale x 8 x float>\n"
        "  %c = bitcast <vscale x 8 x i32> zeroinitializer to <vscale x 8 x i32>\n"
    )
    some = NOBODY.replace("<vscale x 8 x i1> zeroinitializer", "<vscale x 8 x i1> %m")
    assert settle(some) is None


def test_no_mask_is_known_to_be_empty_in_the_end(lowered) -> None:
    """LLVM 22 gives the load of such a mask no register, and cannot print it."""
    source = EXAMPLES / "matrix_multiply.cl"
    machine = target_machine("rv64gcv_zvl512b", 3)
    module = run_pipeline(lowered(source.read_text()), machine, PipelineOptions(3, lanes=True))
    assert "llvm.vp.load" in str(module)
    assert "zeroinitializer, i32" not in str(module)
    assert "vfmacc" in machine.emit_assembly(module)
