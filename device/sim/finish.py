"""From a unit's blocks to the text of its function: what only the whole unit can tell.

    before:  blocks of IR lines with marks for float writes, accesses and spills
    after:   define { i64, i64 } @unit(ptr %hart, i64 %entry, i64 %budget)

A unit takes the index of the entry and the instructions left in the turn; it returns where to
go on and what is left. Registers are loaded once at the head, and stored at exits if a path
to there may have written them.

Accesses are checked against a remembered region (base, size, bias = host - base). Which accesses
share one is decided by the guest's own data flow: those whose address comes from the same
pointer. In loops the remembered region lives in host registers; elsewhere in the hart's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from . import calls, floatops, state
from .build import (
    BITS,
    NAN_BITS,
    NAN_VALUE,
    TYPE_OF_VIEW,
    VCONFIG,
    Access,
    BlockCode,
    Builder,
    Call,
    DefF,
    DefX,
    FloatOp,
    Item,
    Least,
    Reload,
    Spill,
    UseX,
    View,
    box,
    count_event,
    signed,
)
from .fastguard import guard
from .fastloops import Walk
from .flow import Node

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


def finish(b: Builder, name: str) -> str:
    """The module with the unit's function as LLVM IR text."""
    groups = _group(b)
    used = _used(b)
    written = _written(b.blocks)
    body: list[str] = []
    for block in b.blocks:
        body.append(f"{block.label}:")
        expand = partial(_expand, b, groups, used, written[block.node])
        if block.fast:
            before, after = guard(block.fast, groups.slots, _slots(b, block))
            body += [*before, *expand(block.fast.body), *after, *expand(block.fast.end)]
        elif block.node in block.targets:
            body.append(f"br label %slow.{block.label}")
        if block.node in block.targets:
            body.append(f"slow.{block.label}:")
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
            _META,
        )
    )


def _expand(
    b: Builder, groups: _Groups, used: _Used, written: tuple[int, int, int], items: list[Item]
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
            case Access(twin=Access() as twin):
                item.group = twin.group
                yield from _check(item, groups)
                yield from _place(item, groups)
                yield from _bare_access(item, f"%{item.tag}")
            case Access(kind="span"):
                yield from _check(item, groups)
                yield from _slow_span(item, groups)
                yield from _place(item, groups)
            case Access():
                yield from _check(item, groups)
                yield from _place(item, groups)
                yield from _access(item, groups)
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
    for reg in _bits(x):
        yield f"%{tag}.x{reg} = load i64, ptr %x{reg}"
        yield f"store i64 %{tag}.x{reg}, ptr %x{reg}.at, !tbaa !2"
    for reg in _bits(f):
        yield f"%{tag}.f{reg} = load i64, ptr %f{reg}.bits"
        yield f"store i64 %{tag}.f{reg}, ptr %f{reg}.at, !tbaa !2"
    for reg in _bits(v):
        kind, slot = _vector_slot(b, reg)
        yield f"%{tag}.{slot} = load {kind}, ptr %{slot}"
        yield f"store {kind} %{tag}.{slot}, ptr %{slot}.at, align 8, !tbaa !2"


def _vector_slot(b: Builder, reg: int) -> tuple[str, str]:
    """Type and name of a vector register's slot, or of vtype's and such."""
    if reg >= 32:
        return "i64", VCONFIG[reg - 32]
    return f"<{b.mode.vlen // 8} x i8>", f"v{reg}"


def _bits(mask: int) -> Iterator[int]:
    reg = 0
    while mask:
        if mask & 1:
            yield reg
        mask >>= 1
        reg += 1


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


def _slots(b: Builder, block: BlockCode) -> list[tuple[str, str]]:
    """Slots of the x and f registers that a block writes, and their types."""
    found = [(f"%x{reg}", "i64") for reg in _bits(block.written_x)]
    for reg in _bits(block.written_f):
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
        yield f"store {kind} %{tag}.{slot}, ptr %{slot}"


def _head(b: Builder, groups: _Groups, used: _Used) -> Iterator[str]:
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
        yield f"%{slot}.at = getelementptr i8, ptr %hart, i64 {offset}"
    yield from _reload(b, used, "in")
    yield from groups.head()
    cases = " ".join(f"i64 {i}, label %{n.label}" for i, n in enumerate(b.unit.entries))
    yield f"switch i64 %entry, label %nowhere [ {cases} ]"
    yield "nowhere:"
    yield "unreachable"


# -- memory ---------------------------------------------------------------------------------------


class _Groups:
    """Accesses by remembered region. Each group has a place in the hart's state."""

    def __init__(self, count: int, seed: int) -> None:
        self._seed = seed
        self.writable = [False] * count  # some access stores: remember writable regions only
        self.held = [False] * count  # used in a loop: kept in registers
        # Of accesses: log2 of an element's size, and how many elements.
        self.sizes: list[set[tuple[int, int]]] = [set() for _ in range(count)]

    def slot(self, group: int) -> int:
        """Units share places, but what only loads remember never serves a store."""
        half = state.GUESSES // 2
        return (self._seed + group) % half + (half if self.writable[group] else 0)

    def site(self, access: Access) -> int:
        """What the slow path must know of an access, in one number."""
        rw = state.SITE_WRITABLE if self.writable[access.group] else 0
        return self.slot(access.group) << state.SITE_GUESS_SHIFT | rw | _log2(access.type)

    def slots(self, walk: Walk) -> tuple[str, str, str]:
        """Where base, limit and bias for a walk's accesses are held."""
        at = f"%g{walk.access.group}"
        return f"{at}.base", f"{at}.{_limit(walk.log2, walk.count)}", f"{at}.bias"

    def head(self) -> Iterator[str]:
        for group, held in enumerate(self.held):
            if held:
                yield f"%g{group}.base = alloca i64"
                yield f"%g{group}.bias = alloca ptr"
                for size in sorted(self.sizes[group]):
                    yield f"%g{group}.{_limit(*size)} = alloca i64"
        for group in range(len(self.held)):
            at = state.HART.offset("guesses", self.slot(group) * state.GUESS_SIZE // 8)
            for k, part in enumerate(("base", "size", "bias")):
                yield f"%g{group}.{part}.at = getelementptr i8, ptr %hart, i64 {at + 8 * k}"
            if self.held[group]:
                yield from self.reload(group, f"g{group}.in")

    def reload(self, group: int, tag: str) -> Iterator[str]:
        """From the state to the slots."""
        yield f"%{tag}.base = load i64, ptr %g{group}.base.at, !tbaa !2"
        yield f"%{tag}.size = load i64, ptr %g{group}.size.at, !tbaa !2"
        yield f"%{tag}.bias = load ptr, ptr %g{group}.bias.at, !tbaa !2"
        yield f"store i64 %{tag}.base, ptr %g{group}.base"
        yield f"store ptr %{tag}.bias, ptr %g{group}.bias"
        for size in sorted(self.sizes[group]):
            limit = _limit(*size)
            yield from _limit_from_size(tag, f"%{tag}.{limit}", *size)
            yield f"store i64 %{tag}.{limit}, ptr %g{group}.{limit}"


def _size(access: Access) -> tuple[int, int]:
    return _log2(access.type), access.count


def _limit(log2: int, count: int) -> str:
    """What the limit for so many elements in a row is called."""
    return f"limit{log2}" if count == 1 else f"limit{log2}.{count}"


def _limit_from_size(tag: str, out: str, log2: int, count: int) -> Iterator[str]:
    """How many places a row of elements has in a region of `tag`.size bytes."""
    if count == 1:
        yield f"{out} = lshr i64 %{tag}.size, {log2}"
    else:
        yield f"{out}.one = lshr i64 %{tag}.size, {log2}"
        yield f"{out} = call i64 @llvm.usub.sat.i64(i64 {out}.one, i64 {count - 1})"


def _log2(kind: str) -> int:
    return (BITS[kind] // 8).bit_length() - 1


def _check(a: Access, groups: _Groups) -> Iterator[str]:
    """The check.

    Counting in elements makes one comparison do for bounds and alignment: low bits of a
    misaligned offset become high bits of the rotated one.
    """
    tag, group, log2 = a.tag, a.group, _log2(a.type)
    if groups.held[group]:
        yield f"%{tag}.base = load i64, ptr %g{group}.base"
        yield f"%{tag}.limit = load i64, ptr %g{group}.{_limit(*_size(a))}"
    else:
        yield f"%{tag}.base = load i64, ptr %g{group}.base.at, !tbaa !2"
        yield f"%{tag}.size = load i64, ptr %g{group}.size.at, !tbaa !2"
        yield from _limit_from_size(tag, f"%{tag}.limit", *_size(a))
    ok = a.also
    yield f"%{tag}.off = sub i64 {a.addr}, %{tag}.base"
    if not a.apart:
        ok = f"%{tag}.ok"
        index = f"%{tag}.off"
        if log2:
            index = f"%{tag}.index"
            yield f"{index} = call i64 @llvm.fshr.i64(i64 %{tag}.off, i64 %{tag}.off, i64 {log2})"
        yield f"{ok} = icmp ult i64 {index}, %{tag}.limit"
    if a.check:
        yield from a.check
        if not a.apart:
            ok = f"%{tag}.both"
            yield f"{ok} = and i1 %{tag}.ok, {a.also}"
    slow = a.leave or f"{tag}.slow"
    yield f"br i1 {ok}, label %{tag}.fast, label %{slow}, !prof !6"


def _place(a: Access, groups: _Groups) -> Iterator[str]:
    """Where the access is on the host, now that its check has succeeded."""
    tag, group = a.tag, a.group
    yield f"{tag}.fast:"
    place = f"%g{group}.bias" + ("" if groups.held[group] else ".at, !tbaa !2")
    yield f"%{tag}.bias = load ptr, ptr {place}"
    yield f"%{tag}.at = getelementptr i8, ptr %{tag}.bias, i64 {a.addr}"


def _bare_access(a: Access, loaded: str) -> Iterator[str]:
    if a.kind == "load":
        yield f"{loaded} = load {a.type}, ptr %{a.tag}.at, align 1, !tbaa !4"
    elif a.kind == "store":
        yield f"store {a.type} {a.value}, ptr %{a.tag}.at, align 1, !tbaa !4"


def _access(a: Access, groups: _Groups) -> Iterator[str]:
    """The access itself, after its check, and the slow path beside it."""
    tag = a.tag
    yield from _bare_access(a, f"%{tag}.hit")
    yield f"br label %{tag}.next"
    yield f"{tag}.slow:"
    yield from _uncounted(a, _slow(a, groups))
    yield f"br label %{tag}.next"
    yield f"{tag}.next:"
    if a.kind == "load":
        yield f"%{tag} = phi {a.type} [ %{tag}.hit, %{tag}.fast ], [ %{tag}.miss, %{tag}.slow ]"
    elif a.kind == "locate":
        yield f"%{tag} = phi ptr [ %{tag}.at, %{tag}.fast ], [ %{tag}.miss, %{tag}.slow ]"


def _slow_span(a: Access, groups: _Groups) -> Iterator[str]:
    tag = a.tag
    yield f"{tag}.slow:"
    yield f"%{tag}.site = add i64 {groups.site(a)}, 0"
    yield from _left(a)
    yield from _uncounted(a, a.slow)
    if groups.held[a.group]:
        yield from groups.reload(a.group, f"{tag}.re")
    yield f"br label %{tag}.next"


def _uncounted(a: Access, slow: Iterable[str]) -> Iterator[str]:
    """Code that may trap, or let a device look at the counters: without what comes after it."""
    for number, count in a.uncounted:
        yield from count_event(f"{a.tag}.c{number}", number, "sub", str(count))
    yield from slow
    for number, count in a.uncounted:
        yield from count_event(f"{a.tag}.r{number}", number, "add", str(count))


def _left(a: Access) -> Iterator[str]:
    """Instructions left in the turn, this one and those after it not counted as done."""
    yield f"%{a.tag}.budget = load i64, ptr %budget"
    yield f"%{a.tag}.left = add i64 %{a.tag}.budget, {a.undone}"


def _slow(a: Access, groups: _Groups) -> Iterator[str]:
    tag = a.tag
    function = {"load": "load_miss", "store": "store_miss", "locate": "locate"}[a.kind]
    yield f"%{tag}.fp = getelementptr i8, ptr %hart, i64 {state.HART.offset(function)}"
    yield f"%{tag}.f = load ptr, ptr %{tag}.fp, !tbaa !2"
    yield from _left(a)
    common = f"ptr %hart, i64 {a.addr}, i64 {signed(a.pc)}, i64 %{tag}.left, i64 {groups.site(a)}"
    if a.kind == "load":
        yield f"%{tag}.wide = call preserve_mostcc i64 %{tag}.f({common})"
        yield from _convert_in(a, tag)
    elif a.kind == "locate":
        yield f"%{tag}.miss = call preserve_mostcc ptr %{tag}.f({common}, i64 {a.value})"
    else:
        yield from _convert_out(a, tag)
        yield f"call preserve_mostcc void %{tag}.f({common}, i64 %{tag}.wide)"
    if groups.held[a.group]:
        yield from groups.reload(a.group, f"{tag}.re")


def _convert_in(a: Access, tag: str) -> Iterator[str]:
    bits = BITS[a.type]
    if a.type == "i64":
        yield f"%{tag}.miss = add i64 %{tag}.wide, 0"
    elif a.type.startswith("i"):
        yield f"%{tag}.miss = trunc i64 %{tag}.wide to {a.type}"
    elif a.type == "double":
        yield f"%{tag}.miss = bitcast i64 %{tag}.wide to double"
    else:
        yield f"%{tag}.narrow = trunc i64 %{tag}.wide to i{bits}"
        yield f"%{tag}.miss = bitcast i{bits} %{tag}.narrow to {a.type}"


def _convert_out(a: Access, tag: str) -> Iterator[str]:
    bits = BITS[a.type]
    if a.type == "i64":
        yield f"%{tag}.wide = add i64 {a.value}, 0"
    elif a.type.startswith("i"):
        yield f"%{tag}.wide = zext {a.type} {a.value} to i64"
    elif a.type == "double":
        yield f"%{tag}.wide = bitcast double {a.value} to i64"
    else:
        yield f"%{tag}.narrow = bitcast {a.type} {a.value} to i{bits}"
        yield f"%{tag}.wide = zext i{bits} %{tag}.narrow to i64"


# -- groups: webs of pointers ---------------------------------------------------------------------


class _Union:
    """Disjoint sets of small integers."""

    def __init__(self) -> None:
        self._parent: list[int] = []

    def new(self) -> int:
        self._parent.append(len(self._parent))
        return len(self._parent) - 1

    def find(self, a: int) -> int:
        parent = self._parent
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    def join(self, a: int, b: int) -> None:
        self._parent[self.find(a)] = self.find(b)


def _group(b: Builder) -> _Groups:
    """Number the accesses' groups: one for each web of definitions that a pointer flows through.

    A web joins a register's definitions that reach a common use, and a definition with the
    register it was stepped from. Only registers alive at a block's start carry webs into it.
    """
    live = _live(b.blocks)
    union = _Union()
    entering = {
        block.node: {reg: union.new() for reg in _bits(live[block.node])} for block in b.blocks
    }
    roots: list[tuple[Access, int, bool]] = []
    loops = _loops(b.blocks)
    for block in b.blocks:
        webs = dict(entering[block.node])
        for item in block.items:
            if isinstance(item, DefX):
                origin = webs.get(item.origin) if item.origin is not None else None
                webs[item.reg] = union.new() if origin is None else origin
            elif isinstance(item, Access):
                web = webs.setdefault(item.base, union.new()) if item.base else -1
                roots.append((item, web, block.node in loops))
        for target in block.targets:
            for reg, web in entering[target].items():
                if reg in webs:
                    union.join(webs[reg], web)
    numbers: dict[int, int] = {}
    for access, web, _ in roots:
        access.group = numbers.setdefault(union.find(web) if web >= 0 else -1, len(numbers))
    groups = _Groups(len(numbers), seed=b.blocks[0].node.pc >> 1)
    for access, _, looping in roots:
        groups.writable[access.group] |= access.writes
        groups.held[access.group] |= looping
        groups.sizes[access.group].add(_size(access))
    for walk in (w for block in b.blocks if block.fast for w in block.fast.walks):
        groups.sizes[walk.access.group].add((walk.log2, walk.count))
    return groups


def _live(blocks: list[BlockCode]) -> dict[Node, int]:
    """Masks of the x registers that each block or a later one reads before writing."""
    uses: dict[Node, int] = {}
    defs: dict[Node, int] = {}
    for block in blocks:
        use = define = 0
        for item in block.items:
            if isinstance(item, UseX):
                use |= 1 << item.reg & ~define
            elif isinstance(item, DefX):
                define |= 1 << item.reg
        uses[block.node], defs[block.node] = use, define
    live = dict(uses)
    changed = True
    while changed:
        changed = False
        for block in reversed(blocks):
            out = 0
            for target in block.targets:
                out |= live[target]
            new = uses[block.node] | (out & ~defs[block.node])
            if new != live[block.node]:
                live[block.node] = new
                changed = True
    return live


def _loops(blocks: list[BlockCode]) -> set[Node]:
    """Blocks that a backward branch jumps over: near enough to "in a loop"."""
    spans = [
        (t.pc, block.node.pc) for block in blocks for t in block.targets if t.pc <= block.node.pc
    ]
    return {block.node for block in blocks for low, high in spans if low <= block.node.pc <= high}
