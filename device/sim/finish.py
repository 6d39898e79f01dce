"""From a unit's blocks to the text of its function: what only the whole unit can tell.

    before:  blocks of IR lines with marks for float writes, accesses and spills
    after:   define { i64, i64 } @unit(ptr %hart, i64 %entry, i64 %budget)

A unit takes the index of the entry and the instructions left in the turn; it returns where to
go on and what is left. Registers are loaded once at the head, and stored at exits if a path
to there may have written them.

How accesses are made is in access.py; which of them share a remembered region, in webs.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

from . import access, calls, floatops, state, webs
from .access import Groups
from .build import Builder
from .fastguard import guard
from .flow import Node
from .marks import (
    BITS,
    NAN_BITS,
    NAN_VALUE,
    TYPE_OF_VIEW,
    VCONFIG,
    Access,
    BlockCode,
    Call,
    DefF,
    DefV,
    DefX,
    FloatOp,
    Item,
    Least,
    Reload,
    Spill,
    UseX,
    View,
    box,
)

_INTRINSICS = {
    "declare i64 @llvm.fshr.i64(i64, i64, i64)",
    "declare i64 @llvm.umin.i64(i64, i64)",
    "declare i64 @llvm.umax.i64(i64, i64)",
    "declare i64 @llvm.smax.i64(i64, i64)",
    "declare i64 @llvm.usub.sat.i64(i64, i64)",
}
_META = """
!0 = !{!"kcc"}
!1 = !{!"branch_weights", i32 1, i32 100000}
!2 = !{!3, !3, i64 0}
!3 = !{!"state", !0, i64 0}
!4 = !{!5, !5, i64 0}
!5 = !{!"guest", !0, i64 0}
!6 = !{!"branch_weights", i32 100000, i32 1}
"""
_META += f'!7 = !{{!"{calls.STACK_POINTER}"}}\n'
_META += '!8 = !{!"llvm.loop.unroll.count", i32 4}\n'
FREE = 9  # the first number of metadata that is not in use


def finish(b: Builder, name: str) -> str:
    """The module with the unit's function as LLVM IR text."""
    groups = webs.groups(b)
    used = _used(b)
    written = _written(b.blocks)
    body: list[str] = []
    meta = _META
    unrolled = count(FREE)
    for block in b.blocks:
        body.append(f"{block.label}:")
        expand = partial(_expand, b, groups, used, written[block.node])
        if block.fast:
            hint = ""
            if block.fast.bare:
                number = next(unrolled)
                hint = f", !llvm.loop !{number}"
                meta += f"!{number} = distinct !{{!{number}, !8}}\n"
            before, after = guard(block.fast, groups.slots, _slots(b, block), hint)
            body += [*before, *expand(block.fast.body), *after, *expand(block.fast.end)]
        elif block.loops:
            body.append(f"br label %{block.start}")
        if block.loops:
            body.append(f"{block.start}:")
        body.extend(expand(block.items))
    head = _head(b, groups, used)
    externals = sorted(b.externals | _INTRINSICS)
    return "\n".join(
        (
            f"define {{ i64, i64 }} @{name}(ptr noalias %hart, i64 %entry, i64 %budget.in)"
            f" nounwind{' strictfp' if b.strict_floats else ''} {{",
            *head,
            *body,
            "}",
            *externals,
            meta,
        )
    )


def _expand(
    b: Builder, groups: Groups, used: _Used, written: tuple[int, int, int], items: list[Item]
) -> Iterator[str]:
    for item in items:
        match item:
            case str():
                yield item
            case FloatOp():
                line, declaration = (floatops.strict if b.strict_floats else floatops.plain)(item)
                b.externals.update([declaration] if declaration else [])
                yield line
            case DefF():
                yield from _write_float(b, item)
            case DefV():
                yield from _store_vector(b, item.reg, item.whole, item.raw, item.tag)
            case Access():
                yield from _expand(b, groups, used, written, list(access.lines(item, groups)))
            case Spill():
                yield from _spill(b, *written, item)
            case Call():
                b.externals.add(calls.DECLARATION)
                yield from calls.lines(item)
            case Reload():
                yield from _reload(b, used, item.tag)
            case UseX() | DefX() | Least():
                pass


# -- registers ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Used:
    """Registers that the unit has slots for, by number; VCONFIG's follow the vector registers."""

    x: list[int]
    f: list[int]
    v: list[int]


def _used(b: Builder) -> _Used:
    items = [item for block in b.blocks for item in block.items]
    x = {i.reg for i in items if isinstance(i, UseX | DefX)}
    f = {i.reg for i in items if isinstance(i, DefF)} | {reg for reg, _ in b.views}
    return _Used(sorted(x), sorted(f), sorted(b.used_v))


def _written(blocks: list[BlockCode]) -> dict[Node, tuple[int, int, int]]:
    """For each block, masks of the x, f and v registers written on some path to its end."""
    before = {block.node: (0, 0, 0) for block in blocks}
    after: dict[Node, tuple[int, int, int]] = {}
    by_node = {block.node: block for block in blocks}
    work = [block.node for block in reversed(blocks)]
    while work:
        block = by_node[work.pop()]
        x, f, v = before[block.node]
        new = (x | block.written_x, f | block.written_f, v | block.written_v)
        if after.get(block.node) == new:
            continue
        after[block.node] = new
        for target in block.targets:
            tx, tf, tv = before[target]
            before[target] = (tx | new[0], tf | new[1], tv | new[2])
            work.append(target)
    return after


def _spill(b: Builder, x: int, f: int, v: int, mark: Spill) -> Iterator[str]:
    tag = mark.tag
    for reg in webs.numbers(x):
        yield f"%{tag}.x{reg} = load i64, ptr %x{reg}"
        yield f"store i64 %{tag}.x{reg}, ptr %x{reg}.at, !tbaa !2"
    for reg in webs.numbers(f):
        yield f"%{tag}.f{reg} = load i64, ptr %f{reg}.bits"
        yield f"store i64 %{tag}.f{reg}, ptr %f{reg}.at, !tbaa !2"
    for reg in webs.numbers(v):
        kind, slot = _vector_slot(b, reg)
        yield f"%{tag}.{slot} = load {kind}, ptr %{slot}"
        yield f"store {kind} %{tag}.{slot}, ptr %{slot}.at, align 8, !tbaa !2"


def _vector_slot(b: Builder, reg: int) -> tuple[str, str]:
    """Type and name of a vector register's slot, or of vtype's and such."""
    if reg >= 32:
        return "i64", VCONFIG[reg - 32]
    return f"<{b.mode.vlen // 8} x i8>", f"v{reg}"


def _write_float(b: Builder, item: DefF) -> Iterator[str]:
    """Store a float register's views: the bits always, the others if anything reads them."""
    tag, reg = item.tag, item.reg
    have = dict(item.given)
    if "bits" not in have:
        (view,) = have
        yield from _bits_of_value(view, have[view], item.exact, tag)
        have["bits"] = f"%{tag}.bits"
    yield from _store_views(b, reg, have, tag)


def _store_views(b: Builder, reg: int, have: dict[View, str], tag: str) -> Iterator[str]:
    for view, kind in TYPE_OF_VIEW.items():
        if view != "bits" and (reg, view) not in b.views:
            continue
        if view not in have:
            yield from _value_of_bits(view, have["bits"], tag)
        yield f"store {kind} {have.get(view, f'%{tag}.{view}')}, ptr %f{reg}.{view}"


def _bits_of_value(view: View, value: str, exact: bool, tag: str) -> Iterator[str]:
    """Boxed; canonical if it came out of arithmetic."""
    kind = TYPE_OF_VIEW[view]
    if not exact:
        yield f"%{tag}.nan = fcmp uno {kind} {value}, 0.0"
        value, given = f"%{tag}.sel", value
        yield f"{value} = select i1 %{tag}.nan, {kind} {NAN_VALUE[view]}, {kind} {given}"
    if view == "d":
        yield f"%{tag}.bits = bitcast double {value} to i64"
        return
    yield f"%{tag}.raw = bitcast {kind} {value} to i{BITS[kind]}"
    yield f"%{tag}.wide = zext i{BITS[kind]} %{tag}.raw to i64"
    yield f"%{tag}.bits = or i64 %{tag}.wide, {box(view)}"


def _value_of_bits(view: View, bits: str, tag: str) -> Iterator[str]:
    """Unboxed: a NaN if the bits above are not all set."""
    kind, out = TYPE_OF_VIEW[view], f"%{tag}.{view}"
    if view == "d":
        yield f"{out} = bitcast i64 {bits} to double"
        return
    narrow = f"i{BITS[kind]}"
    yield f"{out}.boxed = icmp uge i64 {bits}, {box(view)}"
    yield f"{out}.low = trunc i64 {bits} to {narrow}"
    yield f"{out}.sel = select i1 {out}.boxed, {narrow} {out}.low, {narrow} {NAN_BITS[view]}"
    yield f"{out} = bitcast {narrow} {out}.sel to {kind}"


def _views_of(b: Builder, reg: int) -> list[str]:
    """The views of a vector register that anything reads, besides its bytes."""
    return [kind for kind in TYPE_OF_VIEW.values() if (reg, kind) in b.views_v]


def _store_vector(
    b: Builder, reg: int, whole: str, raw: tuple[str, str] | None, tag: str
) -> Iterator[str]:
    """Store a vector register's views."""
    yield f"store {b.whole('i8')} {whole}, ptr %v{reg}"
    for kind in _views_of(b, reg):
        value = f"%{tag}.{kind}"
        if raw and raw[0] == kind:
            value = raw[1]
        else:
            yield f"{value} = bitcast {b.whole('i8')} {whole} to {b.whole(kind)}"
        yield f"store {b.whole(kind)} {value}, ptr %v{reg}.{kind}"


def _slots(b: Builder, block: BlockCode) -> list[tuple[str, str]]:
    """Slots of the x and f registers that a block writes, and their types."""
    found = [(f"%x{reg}", "i64") for reg in webs.numbers(block.written_x)]
    for reg in webs.numbers(block.written_f):
        for view, kind in TYPE_OF_VIEW.items():
            if view == "bits" or (reg, view) in b.views:
                found.append((f"%f{reg}.{view}", kind))
    return found


def _reload(b: Builder, used: _Used, tag: str) -> Iterator[str]:
    """From the state to the slots."""
    for reg in used.x:
        yield f"%{tag}.x{reg} = load i64, ptr %x{reg}.at, !tbaa !2"
        yield f"store i64 %{tag}.x{reg}, ptr %x{reg}"
    for reg in used.f:
        yield f"%{tag}.f{reg} = load i64, ptr %f{reg}.at, !tbaa !2"
        yield from _store_views(b, reg, {"bits": f"%{tag}.f{reg}"}, f"{tag}.f{reg}")
    for reg in used.v:
        kind, slot = _vector_slot(b, reg)
        yield f"%{tag}.{slot} = load {kind}, ptr %{slot}.at, align 8, !tbaa !2"
        if reg < 32:
            yield from _store_vector(b, reg, f"%{tag}.{slot}", None, f"{tag}.{slot}")
        else:
            yield f"store {kind} %{tag}.{slot}, ptr %{slot}"


def _head(b: Builder, groups: Groups, used: _Used) -> Iterator[str]:
    """Slots for everything, filled from the state, and the jump to the entry."""
    yield "head:"
    yield "%budget = alloca i64"
    yield "store i64 %budget.in, ptr %budget"
    for reg in used.x:
        yield f"%x{reg} = alloca i64"
        yield f"%x{reg}.at = getelementptr i8, ptr %hart, i64 {state.HART.offset('x', reg)}"
    for reg in used.f:
        for view, kind in TYPE_OF_VIEW.items():
            if view == "bits" or (reg, view) in b.views:
                yield f"%f{reg}.{view} = alloca {kind}"
        yield f"%f{reg}.at = getelementptr i8, ptr %hart, i64 {state.HART.offset('f', reg)}"
    for reg in used.v:
        kind, slot = _vector_slot(b, reg)
        offset = state.v_offset(b.mode.vlen, reg) if reg < 32 else state.HART.offset(slot)
        yield f"%{slot} = alloca {kind}"
        for element in _views_of(b, reg):
            yield f"%{slot}.{element} = alloca {b.whole(element)}"
        yield f"%{slot}.at = getelementptr i8, ptr %hart, i64 {offset}"
    yield from _reload(b, used, "in")
    yield from groups.head()
    cases = " ".join(f"i64 {i}, label %{n.label}" for i, n in enumerate(b.unit.entries))
    yield f"switch i64 %entry, label %nowhere [ {cases} ]"
    yield "nowhere:"
    yield "unreachable"
