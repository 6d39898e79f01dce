"""Warnings about changes whose order is not defined: `i = i++`, `a[i] = i++` (C99 6.5, 2)."""

from __future__ import annotations

from . import tast
from .diag import Diagnostics
from .flow import parts
from .source import Span
from .types import Vector


class _Effects:
    """The variables that an expression changes, and those it reads."""

    def __init__(self) -> None:
        self.changes: dict[tast.Var, Span] = {}
        self.reads: dict[tast.Var, Span] = {}

    def add(self, other: _Effects) -> None:
        self.changes |= other.changes
        self.reads |= other.reads


def check(diags: Diagnostics, root: tast.Expr, changes: int) -> None:
    """A full expression that holds a number of assignments and the like."""
    while isinstance(root, tast.Convert) and not isinstance(root.operand, tast.OBJECTS):
        root = root.operand
    if changes > 1 or not isinstance(root, tast.Assign | tast.Update):
        _Order(diags).of(root)


class _Order:
    def __init__(self, diags: Diagnostics) -> None:
        self.diags = diags
        self.told: set[tast.Var] = set()

    def unordered(self, *parts: _Effects) -> _Effects:
        """The effects of operands that may be evaluated in any order."""
        whole = _Effects()
        for part in parts:
            for var in part.changes.keys() & whole.changes.keys():
                self.tell(var, "changed twice", part.changes[var])
            for a, b in ((part, whole), (whole, part)):
                for var in a.changes.keys() & b.reads.keys() - b.changes.keys():
                    self.tell(var, "changed and read", a.changes[var])
            whole.add(part)
        return whole

    def tell(self, var: tast.Var, what: str, span: Span) -> None:
        if var not in self.told:
            self.told.add(var)
            message = f"'{var.name}' is {what} in one expression, in no defined order"
            self.diags.warning("unsequenced", message, span, hint="split the expression")

    def of(self, e: tast.Expr | tast.LValue | tast.Init) -> _Effects:
        match e:
            case tast.Load(source=tast.VarRef(var=var)):
                read = _Effects()
                read.reads[var] = e.span
                return read
            case tast.Binary():
                return self.chain(e)
            case tast.Comma(left=left, right=right):
                return self.ordered(left, right)
            case tast.Conditional(cond=cond, then=then, other=other):
                return self.ordered(cond, then, other)
            case tast.Assign(target=target, value=value) | tast.Update(target=target, value=value):
                place = _Effects() if isinstance(target, tast.VarRef) else self.of(target)
                whole = self.unordered(place, self.of(value))
                if isinstance(target, tast.VarRef):
                    if target.var in whole.changes:
                        self.tell(target.var, "changed twice", target.span)
                    whole.changes[target.var] = target.span
                return whole
            case tast.VectorSelect() | tast.Aggregate() | tast.CompoundRef():
                return _Effects()
            case _:
                return self.unordered(*map(self.of, parts(e)))

    def ordered(self, *parts: tast.Expr) -> _Effects:
        whole = _Effects()
        for part in parts:
            whole.add(self.of(part))
        return whole

    def chain(self, e: tast.Binary) -> _Effects:
        """Operators lean to the left: a loop walks that side."""
        spine = [e]
        first: tast.Expr = e.left
        while isinstance(first, tast.Binary):
            spine.append(first)
            first = first.left
        found = self.of(first)
        for node in reversed(spine):
            right = self.of(node.right)
            if node.op in ("land", "lor") and not isinstance(node.type, Vector):
                found.add(right)
            else:
                found = self.unordered(found, right)
        return found
