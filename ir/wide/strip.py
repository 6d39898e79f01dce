"""The loop over a row's strips, and what it knows of a strip before that starts.

    for (x = 0; x < n; x += vl) { vl = vsetvli(n - x); wide(args, x, y, z, vl); }

An id that the kernel cuts to 32 bits is taken to be affine there, too: a strip ends where it would
wrap.
"""

from __future__ import annotations

from ...frontend.record import record
from ..passes._resumable import SHARED as _SHARED
from .model import Function, Instr, rename
from .write import LENGTH

SHARED = f"%{_SHARED}"

_PURE = frozenset("add sub mul shl lshr ashr and or xor zext sext trunc select icmp".split())
_DEEPEST = 24  # operations, on the way from a value to the parameters
HALF = 1 << 31


class Code:
    """Lines being written, with names of their own."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.lines: list[str] = []

    def put(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def let(self, text: str) -> str:
        name = f"{self.prefix}.{len(self.lines)}"
        self.put(f"{name} = {text}")
        return name


class Ahead:
    """Which values of an item function follow from its parameters alone, and how.

    lanes: the parameters that differ between items.
    """

    def __init__(self, function: Function, lanes: set[str]) -> None:
        self._lanes = lanes
        self._differs: dict[str, bool] = {}
        self._instrs = function.definitions()
        self._params = {name for _, name in function.params}
        self._known: dict[str, bool] = {}

    def knows(self, value: str, depth: int = 0) -> bool:
        if not value.startswith("%") or value in self._params:
            return True
        if value not in self._known:
            instr = self._instrs[value]
            plain = instr.op in _PURE or instr.op == "getelementptr" or self._is_fixed(instr)
            self._known[value] = (
                plain and depth < _DEEPEST and all(self.knows(v, depth + 1) for v in instr.values)
            )
        return self._known[value]

    def differs(self, value: str) -> bool:
        """Whether a value that is known ahead may differ between items."""
        if value not in self._instrs:
            return value in self._lanes
        if value not in self._differs:
            self._differs[value] = any(map(self.differs, self._instrs[value].values))
        return self._differs[value]

    def write(self, value: str, names: dict[str, str], code: Code) -> str:
        """Compute `value` again; names: what locals are called there, which grows."""
        if not value.startswith("%") or value in names:
            return names.get(value, value)
        instr = self._instrs[value]
        for operand in instr.values:
            self.write(operand, names, code)
        _, _, text = rename(instr.text, names).partition(" = ")
        for flag in ("nuw", "nsw", "exact", "disjoint", "nneg", "samesign"):
            text = text.replace(f" {flag} ", " ")
        names[value] = code.let(text + instr.notes)
        return names[value]

    def _is_fixed(self, instr: Instr) -> bool:
        """Whether a load gives the same all the time that a row runs."""
        if instr.op != "load":
            return False
        if "!invariant.load" in instr.notes:
            return True
        # What the group keeps once over a barrier: its next contents have a place of their own.
        base = instr.operands[0][1]
        made = self._instrs.get(base)
        if made is not None and made.op == "getelementptr":
            base = made.operands[0][1]
        return base == SHARED


@record
class Row:
    """A row's function and its parameters by role; the function of its items.

    position: of its size, where an item function has x. wide: the function for strips; whole: the
    one for a row that fits into a register.
    """

    function: Function
    item: Function
    ahead: Ahead
    position: int
    wide: str
    whole: str

    @property
    def count(self) -> str:
        return self.function.params[self.position][1]

    @property
    def sizes(self) -> list[str]:
        """Of the group, along x, y and z."""
        return [self.count, *(name for _, name in self.function.params[-2:])]

    @property
    def debug(self) -> str:
        """The place of a call of an item."""
        calls = (i for b in self.function.blocks.values() for i in b.instrs if i.op == "call")
        return next(calls).debug

    @property
    def item_args(self) -> list[str]:
        """Names for the item function's parameters."""
        names = [name for _, name in self.function.params[:-2]]
        names[self.position] = "%kw.x"
        if len(names) > self.position + 3:
            names[self.position + 3] = "%kw.index"
        return names

    @property
    def first_args(self) -> list[str]:
        """The same for the first item of the group."""
        names = [name for _, name in self.function.params[:-2]]
        names[self.position : self.position + 3] = ["0"] * 3
        return names


def strip_loop(row: Row, ids: dict[str, int], vtype: tuple[int, int]) -> list[str]:
    """The blocks from %strips to %end that run the wide function, strip by strip.

    ids:   what must not wrap in a strip, and by how much it differs from item to item.
    vtype: SEW and LMUL of the vsetvli that says how long a strip is, as their fields are encoded.
    """
    names = dict(zip((name for _, name in row.item.params), row.item_args, strict=True))
    args = list(names.values())
    code = Code("%kw")
    if "%kw.index" in names.values():
        first = row.function.params[row.position + 3][1]
        code.put(f"%kw.index = add nuw nsw i64 {first}, %kw.x")
    rest = code.let(f"sub i64 {row.count}, %kw.x")
    for value, stride in ids.items():
        rest = _end_before_wrap(row.ahead.write(value, names, code), stride, rest, code)
    sew, lmul = vtype
    code.put(f"{LENGTH} = call i64 @llvm.riscv.vsetvli.i64(i64 {rest}, i64 {sew}, i64 {lmul})")
    value = "" if row.item.result == "void" else "%kw.result"
    _call(row, row.wide, [*args, LENGTH], value, code)
    code.put(f"%kw.next = add nuw nsw i64 %kw.x, {LENGTH}")
    code.put(f"%kw.more = icmp ult i64 %kw.next, {row.count}")
    code.put("br i1 %kw.more, label %strip, label %end")
    start = ["strips:", "  br label %strip", "strip:",
             "  %kw.x = phi i64 [ 0, %strips ], [ %kw.next, %strip ]"]  # fmt: skip
    return [*start, *code.lines, "end:", f"  ret {row.item.result} {value}".rstrip()]


def whole_row(row: Row, ids: dict[str, int], vtype: tuple[int, int], size: int) -> list[str]:
    """Blocks before %strips: run a row of a known size as one strip, if it fits into a register.

    Nothing depends on the strip then, so that LLVM can keep in registers what rows share.
    """
    names = dict(zip((name for _, name in row.item.params), row.item_args, strict=True))
    first = {"%kw.x": "0"}
    if "%kw.index" in names.values():
        first["%kw.index"] = row.function.params[row.position + 3][1]
    names = {name: first.get(value, value) for name, value in names.items()}
    args = list(names.values())
    code = Code("%kf")
    rest = str(size)
    for value, stride in ids.items():
        rest = _end_before_wrap(row.ahead.write(value, names, code), stride, rest, code)
    length = code.let(f"call i64 @llvm.riscv.vsetvli.i64(i64 {rest}, i64 {vtype[0]}, "
                      f"i64 {vtype[1]})")  # fmt: skip
    fits = code.let(f"icmp eq i64 {length}, {size}")
    code.put(f"br i1 {fits}, label %whole, label %strips")
    head = list(code.lines)
    code = Code("%kv")
    value = "" if row.item.result == "void" else "%kv.result"
    _call(row, row.whole, [*args, str(size)], value, code)
    return ["rows:", *head, "whole:", *code.lines, f"  ret {row.item.result} {value}".rstrip()]


def _call(row: Row, name: str, args: list[str], result: str, code: Code) -> None:
    types = [*(typ for typ, _ in row.item.params), "i64"]
    list_ = ", ".join(f"{typ} {arg}" for typ, arg in zip(types, args, strict=True))
    before = f"{result} = " if result else ""
    code.put(f"{before}call {row.item.result} @{name}({list_}){row.debug}")


def item_by_item(row: Row) -> list[str]:
    """The blocks from %items on, which run items as they were."""
    names = dict(zip((name for _, name in row.item.params), row.item_args, strict=True))
    args = ", ".join(
        f"{typ} {names[name]}".replace("%kw.", "%ki.") for typ, name in row.item.params
    )
    lines = ["items:", "  br label %item", "item:",
             "  %ki.x = phi i64 [ 0, %items ], [ %ki.next, %item ]"]  # fmt: skip
    if "%kw.index" in names.values():
        first = row.function.params[row.position + 3][1]
        lines.append(f"  %ki.index = add nuw nsw i64 {first}, %ki.x")
    result = "void" if row.item.result == "void" else f"{row.item.result} %ki.result"
    value = "" if row.item.result == "void" else "%ki.result = "
    return [*lines, f"  {value}call {row.item.result} @{row.item.name}({args}){row.debug}",
            "  %ki.next = add nuw nsw i64 %ki.x, 1",
            f"  %ki.more = icmp ult i64 %ki.next, {row.count}",
            "  br i1 %ki.more, label %item, label %items.end", "items.end:",
            f"  ret {result}"]  # fmt: skip


def _end_before_wrap(value: str, stride: int, rest: str, code: Code) -> str:
    """At most as many lanes as keep bits 31 and up of `value` as they are in lane 0."""
    low = code.let(f"and i64 {value}, {HALF - 1}")
    room = code.let(f"sub i64 {HALF + stride - 1}, {low}")
    count = code.let(f"udiv i64 {room}, {stride}")
    less = code.let(f"icmp ult i64 {count}, {rest}")
    return code.let(f"select i1 {less}, i64 {count}, i64 {rest}")
