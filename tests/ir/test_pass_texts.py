"""Each pass by its text: a small module, or what of it the pass looks at, before and after."""

from __future__ import annotations

import pytest

from kcc.ir.lower import LowerOptions
from kcc.ir.pipeline import BY_ITEMS, PIPELINE, parse
from pass_kernels import SUM, TURNS

SIZED = """
kernel void sized(global int *out, local int *tile) __attribute__((reqd_work_group_size(8, 2, 1))) {
    local int room[16];
    int x = get_local_id(0), kept = out[x];
    room[x] = kept;
    barrier(1);
    if (out[0] > 0) { tile[x] = room[x ^ 1]; barrier(1); }
    out[x] = tile[x] + kept;
}
"""
STRUCT = """
struct pair { int first; double second; };
kernel void twice(global int *out, struct pair given, local long *room, float4 v) {
    out[0] = given.first + (int)v.x;
}
"""
IDS = ("get_local_id", "get_global_id", "get_group_id")

# fmt: off
CASES = (
    # pass             kernel  and the symbols that show what it does
    ("workitem-ids",   SUM,    [f"__kcc.{name}" for name in IDS]),
    ("local-memory",   SUM,    ["sum.tile", "__kcc_item.sum"]),
    ("local-memory",   SIZED,  ["sized.room", "__kcc_item.sized"]),
    ("barriers",       TURNS,  ["__kcc_item.turns"]),
    ("barriers",       SIZED,  ["__kcc_item.sized"]),
    ("workitem-loops", SUM,    ["__kcc_item.sum", "__kcc_group.sum"]),
    ("workitem-loops", TURNS,  ["__kcc_group.turns"]),
    ("workitem-loops", SIZED,  ["__kcc_group.sized"]),
    ("hart-items",     SUM,    ["__kcc_group.sum"]),
    ("hart-items",     TURNS,  ["__kcc_item.turns", "__kcc_group.turns"]),
    ("trampoline",     SUM,    ["sum"]),
    ("trampoline",     STRUCT, ["twice"]),
    ("metadata",       STRUCT, ["__kcc_note", "llvm.used"]),
)
# fmt: on


def shown(unit, names) -> str:
    globals_ = unit.module.globals
    return "\n".join(str(globals_[name]) for name in names if name in globals_)


@pytest.mark.parametrize(
    ("name", "source", "symbols"),
    [
        pytest.param(*case, id=f"{case[0]}-{case[1].split('(')[0].split()[-1]}")
        for case in CASES
    ],
)  # fmt: skip
def test_pass_text(lowered, golden, request, name, source, symbols):
    by_items = name == "hart-items"
    unit = lowered(source, LowerOptions(by_items=by_items))
    before = after = ""
    for p in BY_ITEMS if by_items else PIPELINE:
        before = shown(unit, symbols)
        p.run(unit)
        parse(str(unit.module), p.name)
        after = shown(unit, symbols)
        if p.name == name:
            break
    assert after != before
    golden(f"{request.node.callspec.id}.ll", f"; before\n{before}\n; after\n{after}\n")


def test_every_pass_is_shown():
    assert {name for name, _, _ in CASES} == {p.name for p in (*PIPELINE, *BY_ITEMS)}
