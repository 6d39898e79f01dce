"""The paths of a function as a graph: blocks of reads, settings and declarations of variables, with
edges where control can go; an edge that a constant condition rules out is left out.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Literal, TypeAlias

from . import constant, tast
from .source import Span
from .types import Pointer, Scalar, Struct, Vector

# "use": its value is read; "set": it gets one; "new": it comes to life without one
Event: TypeAlias = tuple[Literal["use", "set", "new"], int, Span]


class Block:
    """A stretch without branches. `branch`: what decides on the way out of it, in words."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.events: list[Event] = []
        self.next: list[Block] = []
        self.before: list[Block] = []
        self.branch: tuple[str, Span] | None = None
        self.case: Span | None = None  # of the label that the block begins with, in a switch
        self.is_default = False
        self.first: Span | None = None  # of its statements
        self.behind_jump = False  # it begins behind a `return` and the like

    def to(self, *others: Block) -> None:
        for other in others:
            self.next.append(other)
            other.before.append(self)


# What control that never comes is worth a word about.
_VISIBLE = (tast.ExprStmt, tast.If, tast.Loop, tast.Switch, tast.Return)


def _ends_here(expr: tast.Expr) -> bool:
    """Whether a statement calls what never returns."""
    if isinstance(expr, tast.BuiltinCall):
        return expr.key in ("trap", "unreachable")
    return isinstance(expr, tast.Call) and expr.function.attrs.noreturn


def is_tracked(var: tast.Var) -> bool:
    """Whether what happens to a variable can be followed."""
    followed = var.storage == "auto" and not var.quals.volatile
    return followed and isinstance(var.type, Scalar | Vector | Pointer | Struct)


class Graph:
    """The paths through a body, seen by what they do to some variables.

    fallthroughs: where `__attribute__((fallthrough));` stands.
    """

    def __init__(
        self,
        body: tast.Stmt,
        tracked: Iterable[tast.Var] = (),
        fallthroughs: Container[int] = (),
    ) -> None:
        self.tracked = list(tracked)
        self.fallthroughs = fallthroughs
        self.annotated = False  # the statement before was one of these
        self.falls: list[tuple[Block, Span]] = []  # into a case, from the statements above it
        self.numbers = {var: n for n, var in enumerate(self.tracked)}
        self.blocks: list[Block] = []
        self.labels: dict[str, Block] = {}
        self.breaks: list[Block] = []
        self.continues: list[Block] = []
        self.switches: list[tuple[Block, list[bool]]] = []
        self.entry = self.at = self.block()
        self.end = self.block()  # reached by falling off the end
        self.statement(body)
        self.at.to(self.end)

    def block(self) -> Block:
        made = Block(len(self.blocks))
        self.blocks.append(made)
        return made

    def go(self, block: Block) -> None:
        """From where we are into a block, and on from there."""
        self.at.to(block)
        self.at = block

    def reached(self) -> set[Block]:
        """The blocks that control can come to."""
        seen = {self.entry}
        todo = [self.entry]
        while todo:
            for block in todo.pop().next:
                if block not in seen:
                    seen.add(block)
                    todo.append(block)
        return seen

    # -- statements -----------------------------------------------------------------------------

    def statement(self, e: tast.Stmt) -> None:
        self.annotated = self.annotated and isinstance(e, tast.Case)
        if self.at.first is None and isinstance(e, _VISIBLE):
            self.at.first = e.span
        match e:
            case tast.Block(items=items):
                self.annotated = not items and e.span.start in self.fallthroughs
                for item in items:
                    self.statement(item)
            case tast.VarDecl(var=var, init=init):
                number = self.numbers.get(var)
                if number is not None:
                    self.at.events.append(("new", number, e.span))
                if init is not None and not _is_itself(init, var):
                    self.expression(init)
                    if number is not None:
                        self.at.events.append(("set", number, e.span))
            case tast.ExprStmt(expr=expr):
                self.expression(expr)
                if _ends_here(expr):
                    self.at = self.block()
                    self.at.behind_jump = True
            case tast.If():
                self.branching(e)
            case tast.Loop():
                self.loop(e)
            case tast.Switch():
                self.switch(e)
            case tast.Case():
                self.case(e)
            case tast.Label(name=name, body=body):
                self.go(self.label(name))
                self.statement(body)
            case tast.Return(value=value):
                if value is not None:
                    self.expression(value)
                self.at = self.block()
                self.at.behind_jump = True
            case tast.Break():
                self.jump(self.breaks[-1])
            case tast.Continue():
                self.jump(self.continues[-1])
            case tast.Goto(label=name):
                self.jump(self.label(name))

    def jump(self, target: Block) -> None:
        self.at.to(target)
        self.at = self.block()
        self.at.behind_jump = True

    def label(self, name: str) -> Block:
        if name not in self.labels:
            self.labels[name] = self.block()
        return self.labels[name]

    def branching(self, e: tast.If) -> None:
        behind = self.block()
        last: tast.Stmt | None = e
        while isinstance(last, tast.If):  # `else if` chains lean to the right
            then, other = self.block(), self.block()
            self.condition(last.cond, then, other, "'if' condition is {}")
            self.at = then
            self.statement(last.then)
            self.at.to(behind)
            self.at = other
            last = last.other
        if last is not None:
            self.statement(last)
        self.go(behind)

    def loop(self, e: tast.Loop) -> None:
        if e.init is not None:
            self.statement(e.init)
        top, body, step, behind = (self.block() for _ in range(4))
        name = "'for'" if e.step is not None or e.init is not None else "'while'"
        words = f"{name} condition is {{}}" if e.test_first else "'do' condition is {}"
        self.go(top if e.test_first else body)
        self.breaks.append(behind)
        self.continues.append(step)
        for part in ("test", "body") if e.test_first else ("body", "test"):
            if part == "test":
                self.at = top
                if e.cond is None:
                    self.at.to(body)
                else:
                    self.condition(e.cond, body, behind, words)
            else:
                self.at = body
                self.statement(e.body)
                self.go(step)
                if e.step is not None:
                    self.expression(e.step)
                self.at.to(top)
        self.breaks.pop()
        self.continues.pop()
        self.at = behind

    def switch(self, e: tast.Switch) -> None:
        self.expression(e.value)
        behind, head = self.block(), self.at
        head.branch = "switch", e.value.span
        has_default = [False]
        self.switches.append((head, has_default))
        self.breaks.append(behind)
        self.at = self.block()
        self.statement(e.body)
        self.at.to(behind)
        self.breaks.pop()
        self.switches.pop()
        if not has_default[0]:
            head.to(behind)
        self.at = behind

    def case(self, e: tast.Case) -> None:
        # `case 1: case 2: ...` leans to the right.
        if not self.annotated:
            self.falls.append((self.at, e.span))
        last: tast.Stmt = e
        while isinstance(last, tast.Case):
            head, has_default = self.switches[-1]
            label = self.block()
            label.case, label.is_default = last.span, last.low is None
            has_default[0] = has_default[0] or label.is_default
            head.to(label)
            self.go(label)
            last = last.body
        self.statement(last)

    # -- expressions ----------------------------------------------------------------------------

    def condition(self, e: tast.Expr, yes: Block, no: Block, words: str) -> None:
        """Go to `yes` or `no`, and nowhere else."""
        while True:
            match e:
                case tast.Convert(kind="to-bool" | "int", operand=inner) if not isinstance(
                    inner, tast.OBJECTS
                ):
                    e = inner
                case tast.Unary(op="lnot", operand=inner):
                    # The words speak of the condition as written.
                    yes, no, e = no, yes, inner
                    words = f"!{words}" if words[0] != "!" else words[1:]
                case _:
                    break
        if isinstance(e, tast.Binary) and e.op in ("land", "lor") and isinstance(e.type, Scalar):
            op = "'&&'" if e.op == "land" else "'||'"
            first, second = _operands(e, e.op)
            for part in first:
                mid = self.block()
                targets = (mid, no) if e.op == "land" else (yes, mid)
                self.condition(part, *targets, f"{op} condition is {{}}")
                self.at = mid
            self.condition(second, yes, no, words)
            return
        known = constant.fold(e)
        if known is not None:
            self.at.to(yes if known else no)
            return
        self.expression(e)
        self.at.branch = words, e.span
        self.at.to(yes, no)

    def expression(self, root: tast.Init) -> None:
        """Events in the order of evaluation."""
        if not self.tracked:
            return
        todo: list[tast.Init | tast.LValue | Event] = [root]
        while todo:
            e = todo.pop()
            match e:
                case tuple():
                    self.at.events.append(e)
                case tast.Load(source=tast.VarRef(var=var)):
                    if var in self.numbers:
                        self.at.events.append(("use", self.numbers[var], e.span))
                case tast.Convert(kind="void", implicit=False, operand=tast.Load()):
                    pass  # `(void)x` only says that x is known to be unused
                case tast.VarRef(var=var):
                    # Its address is taken: what happens there is not followed.
                    if var in self.numbers:
                        self.at.events.append(("set", self.numbers[var], e.span))
                case (
                    tast.Assign(target=target, value=value)
                    | tast.Update(target=target, value=value)
                ):
                    place = target
                    while isinstance(place, tast.LanesRef):
                        place = place.base
                    if isinstance(place, tast.VarRef) and place.var in self.numbers:
                        number = self.numbers[place.var]
                        todo.append(("set", number, e.span))
                        if isinstance(e, tast.Update):
                            todo.append(("use", number, target.span))
                        todo.append(value)
                    else:
                        todo += (target, value)
                case tast.Load(source=tast.LanesRef(base=base)):
                    while isinstance(base, tast.LanesRef):
                        base = base.base
                    todo.append(tast.Load(base, type=base.type, span=e.span))
                case tast.Binary(op="land" | "lor") if isinstance(e.type, Scalar):
                    behind = self.block()
                    self.condition(e, behind, behind, "")
                    self.at = behind
                case tast.Conditional(cond=cond, then=then, other=other):
                    yes, no, behind = (self.block() for _ in range(3))
                    self.condition(cond, yes, no, "'?:' condition is {}")
                    for block, arm in ((yes, then), (no, other)):
                        self.at = block
                        self.expression(arm)
                        self.at.to(behind)
                    self.at = behind
                case _:
                    todo += reversed(parts(e))


def _is_itself(init: tast.Init, var: tast.Var) -> bool:
    """`int x = x;`, which says that x is left without a value on purpose."""
    match init:
        case tast.Load(source=tast.VarRef(var=other)):
            return other is var
        case _:
            return False


def _operands(e: tast.Binary, op: str) -> tuple[list[tast.Expr], tast.Expr]:
    """What `a && b && c` joins: (all but the last, the last)."""
    first: list[tast.Expr] = []
    left: tast.Expr = e.left
    while True:
        inner = left
        while isinstance(inner, tast.Convert) and not isinstance(inner.operand, tast.OBJECTS):
            inner = inner.operand
        if not (isinstance(inner, tast.Binary) and inner.op == op):
            first.append(left)
            return first[::-1], e.right
        first.append(inner.right)
        left = inner.left


def parts(e: tast.Init | tast.LValue) -> tuple[tast.Init | tast.LValue, ...]:
    """The expressions right inside of one, where each is evaluated whenever it is."""
    match e:
        case (
            tast.Binary(left=a, right=b)
            | tast.PointerDiff(left=a, right=b)
            | tast.Comma(left=a, right=b)
            | tast.PointerAdd(pointer=a, index=b)
        ):
            return a, b
        case tast.VectorSelect(cond=cond, then=then, other=other):
            return cond, then, other
        case tast.Call(args=args) | tast.BuiltinCall(args=args) | tast.Printf(args=args):
            return args
        case tast.CallPointer(callee=callee, args=args):
            return callee, *args
        case tast.VectorBuild(parts=parts):
            return parts
        case tast.Aggregate(entries=entries):
            return tuple(value for _path, value in entries)
        case tast.CompoundRef(init=init):
            return (init,)
        case (
            tast.Convert(operand=inner)
            | tast.Unary(operand=inner)
            | tast.Shuffle(operand=inner)
            | tast.ConvertCall(operand=inner)
            | tast.Reinterpret(operand=inner)
            | tast.ValueMember(operand=inner)
            | tast.Load(source=inner)
            | tast.Deref(pointer=inner)
            | tast.MemberRef(base=inner)
            | tast.LanesRef(base=inner)
        ):
            return (inner,)
        case _:
            return ()
