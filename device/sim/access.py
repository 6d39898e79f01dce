"""Accesses as IR: the check against a remembered region, the place, and the slow path beside.

A remembered region is (base, size, bias = host - base). Accesses share one by groups (webs.py).
In loops it lives in host registers, elsewhere in the hart's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import state
from .fastloops import Walk
from .marks import BITS, Access, DefV, signed
from .writer import count_event


class Groups:
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
        return self.slot(access.group) << state.SITE_GUESS_SHIFT | rw | log2_of(access.type)

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


def size_of(access: Access) -> tuple[int, int]:
    return log2_of(access.type), access.count


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


def log2_of(kind: str) -> int:
    return (BITS[kind] // 8).bit_length() - 1


def lines(a: Access, groups: Groups) -> Iterator[str | DefV]:
    """An access, or what comes before that of a span."""
    if a.twin is not None:
        a.group = a.twin.group
    yield from _check(a, groups)
    if a.kind == "span" and a.twin is None:
        yield from _slow_span(a, groups)
    yield from _place(a, groups)
    if a.twin is not None:
        yield from _bare_access(a, f"%{a.tag}")
    elif a.kind != "span":
        yield from _access(a, groups)


def _check(a: Access, groups: Groups) -> Iterator[str]:
    """The check.

    Counting in elements makes one comparison do for bounds and alignment: low bits of a
    misaligned offset become high bits of the rotated one.
    """
    tag, group, log2 = a.tag, a.group, log2_of(a.type)
    if groups.held[group]:
        yield f"%{tag}.base = load i64, ptr %g{group}.base"
        yield f"%{tag}.limit = load i64, ptr %g{group}.{_limit(*size_of(a))}"
    else:
        yield f"%{tag}.base = load i64, ptr %g{group}.base.at, !tbaa !2"
        yield f"%{tag}.size = load i64, ptr %g{group}.size.at, !tbaa !2"
        yield from _limit_from_size(tag, f"%{tag}.limit", *size_of(a))
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


def _place(a: Access, groups: Groups) -> Iterator[str]:
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


def _access(a: Access, groups: Groups) -> Iterator[str | DefV]:
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


def _slow_span(a: Access, groups: Groups) -> Iterator[str | DefV]:
    tag = a.tag
    yield f"{tag}.slow:"
    yield f"%{tag}.site = add i64 {groups.site(a)}, 0"
    yield from _left(a)
    yield from _uncounted(a, a.slow)
    if groups.held[a.group]:
        yield from groups.reload(a.group, f"{tag}.re")
    yield f"br label %{tag}.next"


def _uncounted(a: Access, slow: Iterable[str | DefV]) -> Iterator[str | DefV]:
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


def _slow(a: Access, groups: Groups) -> Iterator[str]:
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
