"""Unsigned arithmetic of 32 bits that does not wrap in a row, if its numbers are as small as usual.

    before:  %i = mul i32 %row, %n          ; uint: it may wrap, so zext(%i + %x) is not affine
    after:   %i = mul nuw i32 %row, %n      ; and each row checks the largest value first

Addresses are made of such numbers: zext i32 to i64. For each of them the largest value that a term
can have in the row follows from parameters and the limits of loops. Where all of those stay below
2**32, nothing wraps; a row that fails the check runs item by item.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...frontend.record import record
from .flow import Flow, Loop
from .intrinsics import wide_name
from .model import Function, Instr, bits
from .strip import Ahead, Code

LIMIT = 1 << 32
_DEEPEST = 24
_MOST = 32  # operations worth checking


@record
class Bound:
    """The largest value of a term, as 64 bits have it.

    op: "number", "value" (known ahead, of 32 bits), "ids" (the same, of 64 bits, and one more in
        each item along `dim`), or an operation on others.
    """

    op: str
    value: str = ""
    dim: int = 0
    of: tuple[Bound, ...] = ()


class Bounds:
    """Marks what does not wrap in `function`.

    ids:     the parameters that are local ids: x, y and z.
    checked: bounds that have to be below 2**32, by the value that they are of.
    """

    def __init__(self, function: Function, flow: Flow, ahead: Ahead, ids: list[str]) -> None:
        self._function, self._flow, self._ahead, self._ids = function, flow, ahead, ids
        self._instrs = function.definitions()
        self._found: dict[str, Bound | None] = {}
        self._checks: dict[str, dict[str, Bound]] = {}
        self.checked: dict[str, Bound] = {}
        for instr in list(self._instrs.values()):
            if instr.op == "zext" and instr.type == "i64" and "nneg" not in instr.flags:
                self._take(instr)

    def _take(self, instr: Instr) -> None:
        typ, value = instr.operands[0]
        if typ != "i32" or not value.startswith("%"):
            return
        checks: dict[str, Bound] = {}
        if self._bound(value, checks, 0) is None or len(self.checked | checks) > _MOST:
            return
        for name in checks:
            flags = self._instrs[name].flags
            if "nuw" not in flags:
                flags.append("nuw")
                made = self._instrs[name]
                made.text = made.text.replace(f"= {made.op} ", f"= {made.op} nuw ", 1)
        self.checked |= checks

    def _bound(self, value: str, checks: dict[str, Bound], depth: int) -> Bound | None:
        """The largest that a value may be, if that is known, and what must not wrap for that."""
        if not value.startswith("%"):
            return (
                Bound("number", str(int(value) % LIMIT)) if value.lstrip("-").isdecimal() else None
            )
        if value not in self._found:
            self._found[value] = None  # a value that depends on itself, but for loops' counters
            own: dict[str, Bound] = {}
            bound = self._of(value, own, depth) if depth < _DEEPEST else None
            self._found[value], self._checks[value] = bound, own
        checks |= self._checks.get(value, {})
        return self._found[value]

    def _of(self, value: str, checks: dict[str, Bound], depth: int) -> Bound | None:
        if self._ahead.knows(value) and not self._ahead.differs(value):
            return Bound("value", value)
        instr = self._instrs.get(value)
        if instr is None or instr.type != "i32":
            return None
        if instr.op == "phi":
            return self._phi(instr, checks, depth)
        if instr.op == "trunc":
            return self.id_bound(instr.operands[0][1])
        if instr.op == "zext":
            return Bound("number", str((1 << bits(instr.operands[0][0])) - 1))
        if instr.op == "call" and wide_name(instr.detail) not in ("umin", "umax"):
            return None
        if instr.op in ("icmp", "load", "fcmp"):
            return None
        own: list[dict[str, Bound]] = [{} for _ in instr.operands]
        of = [
            self._bound(v, c, depth + 1) if t == "i32" else None
            for (t, v), c in zip(instr.operands, own, strict=True)
        ]
        bound = self._operation(instr, of)
        if bound is not None:
            for used in own:
                checks |= used
            if instr.op in ("add", "mul", "shl"):
                checks[value] = bound
        return bound

    @staticmethod
    def _operation(instr: Instr, of: list[Bound | None]) -> Bound | None:
        first, last = of[0], of[-1]
        number = last is not None and last.op == "number"
        known = tuple(bound for bound in of if bound is not None)
        match instr.op:
            case "add" | "mul" if first and last:
                return Bound(instr.op, of=(first, last))
            case "shl" | "lshr" if first and last and number and int(last.value) < 32:
                return Bound(instr.op, of=(first, last))
            case "lshr" | "udiv" if first:
                return first
            case "and" if known:
                return known[-1] if len(known) == 1 else Bound("umin", of=known)
            case "urem" if last:
                return last
            case "select" if len(known) == 2:
                return Bound("umax", of=known)
            case "call" if wide_name(instr.detail) == "umin" and known:
                return known[0] if len(known) == 1 else Bound("umin", of=known)
            case "call" if len(known) == 2:
                return Bound("umax", of=known)
        return None

    def id_bound(self, value: str) -> Bound | None:
        """Of a local id, or one and what is the same for all items of the group."""
        if value in self._ids:
            return Bound("ids", value, self._ids.index(value))
        instr = self._instrs.get(value)
        if instr is None or instr.op != "add" or not self._ahead.knows(value):
            return None
        varying = [v for _, v in instr.operands if self._ahead.differs(v)]
        if len(varying) == 1 and varying[0] in self._ids:
            return Bound("ids", value, self._ids.index(varying[0]))
        return None

    def _phi(self, instr: Instr, checks: dict[str, Bound], depth: int) -> Bound | None:
        loop = self._flow.loop_of[instr.block]
        if loop is not None and loop.header == instr.block:
            return self._counter(instr, loop, checks, depth)
        own: dict[str, Bound] = {}
        of = [self._bound(v, own, depth + 1) for v in instr.incoming.values()]
        known = tuple(bound for bound in of if bound is not None)
        if len(known) < len(of):
            return None
        checks |= own
        return known[0] if len(known) == 1 else Bound("umax", of=known)

    def _counter(
        self, phi: Instr, loop: Loop, checks: dict[str, Bound], depth: int
    ) -> Bound | None:
        """A loop's counter that goes up to a limit.

        The loop goes on while the counter, or the counter's next value, is below the limit, so the
        counter is at most the limit, and one step more where it is tested last.
        """
        following = self._instrs.get(phi.incoming[loop.latch])
        if following is None or following.op != "add" or following.operands[0][1] != phi.name:
            return None
        step = following.operands[1][1]
        limit = self._limit(loop, (phi.name, following.name))
        if not step.isdecimal() or limit is None:
            return None
        own: dict[str, Bound] = {}
        start = next(v for b, v in phi.incoming.items() if b != loop.latch)
        bounds = [self._bound(v, own, depth + 1) for v in (start, limit, step)]
        first, last, by = bounds
        if first is None or last is None or by is None:
            return None
        bound = Bound("umax", of=(first, Bound("add", of=(last, by))))
        checks |= own
        checks[following.name] = Bound("add", of=(bound, by))
        return bound

    def _limit(self, loop: Loop, counters: tuple[str, str]) -> str | None:
        """What every round, or every further one, has the counter below."""
        for name in (loop.header, loop.latch):
            end = self._function.blocks[name].end
            if len(end.targets) != 2:
                continue
            test = self._instrs.get(end.operands[0][1])
            if test is None or test.op != "icmp" or test.operands[0][1] not in counters:
                continue
            goes_on = "ult" if end.targets[0] in loop.blocks else "uge"
            inside = [target in loop.blocks for target in end.targets]
            if test.detail == goes_on and inside.count(True) == 1:
                return test.operands[1][1]
        return None


class BoundText:
    """Writes bounds for a group. sizes: of it, by dimension; names: of its first item's locals.

    Nothing depends on the row, so that LLVM can ask once for all of them.
    """

    def __init__(self, ahead: Ahead, sizes: list[str], names: dict[str, str], code: Code) -> None:
        self._ahead, self._sizes, self._names, self._code = ahead, sizes, names, code
        self._known: dict[Bound, str] = {}

    def write(self, bound: Bound) -> str:
        if bound not in self._known:
            self._known[bound] = self._write(bound)
        return self._known[bound]

    def _write(self, bound: Bound) -> str:
        if bound.op == "number":
            return bound.value
        if bound.op == "ids":
            return self._ids(bound, LIMIT)
        if bound.op == "value":
            value = self._ahead.write(bound.value, self._names, self._code)
            return self._code.let(f"zext i32 {value} to i64")
        a, b = (self.write(part) for part in bound.of)
        if bound.op in ("umin", "umax"):
            less = self._code.let(f"icmp {'ult' if bound.op == 'umin' else 'ugt'} i64 {a}, {b}")
            return self._code.let(f"select i1 {less}, i64 {a}, i64 {b}")
        return self._code.let(f"{bound.op} i64 {a}, {b}")

    def _ids(self, bound: Bound, limit: int) -> str:
        """The last item's id, if the first one's is taken modulo `limit`."""
        value = self._ahead.write(bound.value, self._names, self._code)
        low = self._code.let(f"and i64 {value}, {limit - 1}")
        last = self._code.let(f"add i64 {self._sizes[bound.dim]}, -1")
        return self._code.let(f"add i64 {low}, {last}")

    def all_fit(self, bounds: Iterable[Bound], ids: Iterable[Bound]) -> str:
        """A condition: bounds are below 2**32, and bit 31 of an id is the same for all items."""
        found = [(self.write(bound), LIMIT) for bound in dict.fromkeys(bounds)]
        found += [(self._ids(bound, LIMIT // 2), LIMIT // 2) for bound in dict.fromkeys(ids)]
        good = "true"
        for value, limit in found:
            fits = self._code.let(f"icmp ult i64 {value}, {limit}")
            good = fits if good == "true" else self._code.let(f"and i1 {good}, {fits}")
        return good
