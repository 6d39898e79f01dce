"""Warnings about operators: what binds otherwise than it reads, and what is always true."""

from __future__ import annotations

from . import constant, tast
from .convert import arithmetic_type
from .diag import Diagnostics, Fix
from .source import Span, doubly_parenthesised
from .types import BOOL, Enum, Pointer, Scalar, is_float, is_integer

BINARY = (
    "parentheses",
    "bitwise-op-parentheses",
    "logical-op-parentheses",
    "shift-op-parentheses",
    "logical-not-parentheses",
    "constant-logical-operand",
    "xor-used-as-pow",
    "float-equal",
    "tautological-compare",
    "tautological-constant-compare",
    "tautological-bitwise-compare",
    "tautological-overlap-compare",
    "tautological-constant-out-of-range-compare",
    "tautological-type-limit-compare",
    "tautological-unsigned-zero-compare",
)
_SPELLING = {name: op for op, name in tast.OPERATORS.items()}
_MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}
_COMPARISONS = frozenset(_MIRRORED)
_ORDER = frozenset({"lt", "gt", "le", "ge"})
_BITWISE = ("and", "xor", "or")  # from the tightest to the loosest


def binary(diags: Diagnostics, node: tast.Binary) -> None:
    op = node.op
    if op in _COMPARISONS:
        inner = _bare(node, node.left)
        if inner is not None and op in _ORDER and inner.op in _ORDER:
            message = "a chain of comparisons compares the first one's result, 0 or 1"
            hint = "write 'a < b && b < c' for what mathematics means"
            diags.warning("parentheses", message, node.span, hint=hint)
        _negated_operand(diags, node)
        _compared(diags, node)
    elif op in ("land", "lor"):
        _logical(diags, node)
    elif op in _BITWISE:
        _bitwise(diags, node)
    elif op in ("shl", "shr"):
        for side in (node.left, node.right):
            inner = _bare(node, side)
            if inner is not None and inner.op in ("add", "sub"):
                _precedence(diags, "shift-op-parentheses", node, inner)


# -- precedence -----------------------------------------------------------------------------------


def _plain(e: tast.Expr) -> tast.Expr:
    """Without conversions that nobody wrote."""
    while isinstance(e, tast.Convert) and e.implicit and not isinstance(e.operand, tast.OBJECTS):
        e = e.operand
    return e


def _bare(outer: tast.Binary, side: tast.Expr) -> tast.Binary | None:
    """An operand that is an operation without parentheses around it."""
    inner = _plain(side)
    if not isinstance(inner, tast.Binary):
        return None
    a, b = outer.span, inner.span
    if a.file is not b.file or a.expanded_from is not b.expanded_from:
        return None
    # A span ends where an operand's parentheses end, but an operation is without its own.
    flush = a.start == b.start if side is outer.left else a.end == b.end
    return inner if flush else None


def around(span: Span) -> tuple[Fix, ...]:
    """What puts parentheses around a span."""
    head, tail = Span(span.file, span.start, span.start), Span(span.file, span.end, span.end)
    return () if span.expanded_from is not None else ((head, "("), (tail, ")"))


def _precedence(diags: Diagnostics, code: str, outer: tast.Binary, inner: tast.Binary) -> None:
    tight, loose = _SPELLING[inner.op], _SPELLING[outer.op]
    message = f"'{tight}' without parentheses inside of '{loose}': it is evaluated first"
    hint = f"put parentheses around the '{tight}' expression"
    diags.warning(code, message, inner.span, hint=hint, fixes=around(inner.span))


def _bitwise(diags: Diagnostics, node: tast.Binary) -> None:
    left, right = _bare(node, node.left), _bare(node, node.right)
    for inner in (left, right):
        looser = _BITWISE[: _BITWISE.index(node.op)]
        if inner is not None and inner.op in looser:
            _precedence(diags, "bitwise-op-parentheses", node, inner)
    compared = [x for x in (left, right) if x is not None and x.op in _COMPARISONS]
    others = [_plain(x) for x, y in ((node.left, left), (node.right, right)) if y not in compared]
    if len(compared) == 1 and not any(
        isinstance(x, tast.Binary) and x.op in _BITWISE for x in others
    ):
        _precedence(diags, "parentheses", node, compared[0])
    if node.op == "xor":
        _power(diags, node)
    if node.op == "and":
        _negated_operand(diags, node)


def _power(diags: Diagnostics, node: tast.Binary) -> None:
    span = node.span
    if span.expanded_from is not None:
        return
    base, _, power = span.file.text[span.start : span.end].replace(" ", "").partition("^")
    if base not in ("2", "10") or not power.isdecimal() or power.startswith("0"):
        return
    meant = f"1 << {power}" if base == "2" else f"1e{power}"
    message = f"{base} ^ {power} is exclusive or, not a power"
    diags.warning("xor-used-as-pow", message, span, hint=f"did you mean '{meant}'?")


def _negated_operand(diags: Diagnostics, node: tast.Binary) -> None:
    left = _plain(node.left)
    if not (isinstance(left, tast.Unary) and left.op == "lnot") or _is_truth(_plain(node.right)):
        return
    same = left.span.file is node.span.file and left.span.start == node.span.start
    if not same or _is_truth(_plain(left.operand)):
        return
    message = f"'!' applies to the left operand of '{_SPELLING[node.op]}' only"
    hint = "put parentheses around the comparison, or around the '!' and its operand"
    diags.warning("logical-not-parentheses", message, node.span, hint=hint)


def _is_truth(e: tast.Expr) -> bool:
    """Whether a value is 0 or 1 because of how it is made."""
    e = _plain(e)
    if e.type == BOOL:
        return True
    if isinstance(e, tast.Unary):
        return e.op == "lnot"
    return isinstance(e, tast.Binary) and (e.op in _COMPARISONS or e.op in ("land", "lor"))


def _logical(diags: Diagnostics, node: tast.Binary) -> None:
    if node.op == "lor":
        left, right = _bare(node, node.left), _bare(node, node.right)
        for inner in (left, right):
            if inner is not None and inner.op == "land":
                _precedence(diags, "logical-op-parentheses", node, inner)
    operand, other = _plain(node.right), _plain(node.left)
    if not isinstance(operand, tast.Const) or operand.type == BOOL or operand.value in (0, 1):
        pass
    elif is_integer(other.type) and other.type != BOOL and not _is_truth(other):
        op = _SPELLING[node.op]
        message = f"'{op}' with a constant: it is always {str(bool(operand.value)).lower()}"
        hint = f"did you mean '{op[0]}'?"
        diags.warning("constant-logical-operand", message, node.span, hint=hint)
    _overlap(diags, node)


# -- comparisons that have one outcome ------------------------------------------------------------


def _compared(diags: Diagnostics, node: tast.Binary) -> None:
    left, right = _plain(node.left), _plain(node.right)
    if is_float(node.left.type):
        same = _same_object(left, right)
        if node.op in ("eq", "ne") and not (same or _is_exact(left) or _is_exact(right)):
            message = "comparing floating-point values for equality"
            diags.warning("float-equal", message, node.span)
        return
    if not isinstance(node.left.type, Pointer) and not is_integer(node.left.type):
        return
    if node.span.expanded_from is None and _same_object(left, right):
        _always(diags, "tautological-compare", node, node.op in ("eq", "le", "ge"), "with itself")
        return
    if isinstance(node.left.type, Pointer):
        return
    op = node.op
    # In a chain, `a < b < c ...`, the left operand is all that came before.
    a = constant.fold(node.left) if not isinstance(left, tast.Binary) else None
    b = constant.fold(node.right)
    if b is not None and a is None:
        _against(diags, node, left, op, int(b))
    elif a is not None and b is None:
        _against(diags, node, right, _MIRRORED[op], int(a))


def _is_exact(e: tast.Expr) -> bool:
    """A constant that is written as it is held: 0.5, not 0.1."""
    return isinstance(e, tast.Const) and (float(e.value) * 2**30).is_integer()


def _always(diags: Diagnostics, code: str, node: tast.Binary, truth: bool, what: str) -> None:
    message = f"this comparison {what} is always {str(truth).lower()}"
    diags.warning(code, message, node.span)


def _same_object(a: tast.Expr, b: tast.Expr) -> bool:
    match a, b:
        case tast.Load(source=x), tast.Load(source=y):
            return _same_place(x, y)
        case tast.Convert(kind="decay", operand=x), tast.Convert(kind="decay", operand=y):
            assert isinstance(x, tast.OBJECTS)
            assert isinstance(y, tast.OBJECTS)
            return _same_place(x, y)
        case tast.PointerAdd(pointer=p, index=i), tast.PointerAdd(pointer=q, index=j):
            at, other = constant.fold(i), constant.fold(j)
            return at is not None and at == other and a.negate is b.negate and _same_object(p, q)
        case _:
            return False


def _same_place(x: tast.LValue, y: tast.LValue) -> bool:
    if x.quals.volatile:
        return False
    match x, y:
        case tast.VarRef(var=v), tast.VarRef(var=w):
            return v is w
        case tast.MemberRef(base=p, index=i), tast.MemberRef(base=q, index=j):
            return i == j and _same_place(p, q)
        case tast.Deref(pointer=p), tast.Deref(pointer=q):
            return _same_object(p, q)
        case _:
            return False


def _against(diags: Diagnostics, node: tast.Binary, value: tast.Expr, op: str, limit: int) -> None:
    """`value op limit`, for what the type of `value` can hold."""
    if isinstance(value, tast.Binary) and value.op in ("and", "or") and op in ("eq", "ne"):
        _masked(diags, node, value, op, limit)
    t = value.type
    truth = _is_truth(value)
    common = arithmetic_type(node.left.type)
    if isinstance(t, Enum) or (arithmetic_type(t).signed and not common.signed):
        return
    assert isinstance(t, Scalar)
    least, most = 0, 1
    if not truth:
        bits = 8 * t.size - t.signed
        least, most = -(1 << bits) if t.signed else 0, (1 << bits) - 1
    outcome = _outcome(op, least, most, limit)
    if outcome is None:
        return
    if t == BOOL and least <= limit <= most:
        what = "of a bool with a constant"
        _always(diags, "tautological-constant-compare", node, outcome, what)
    elif limit < least or limit > most:
        what = "with a constant no value of its type equals"
        _always(diags, "tautological-constant-out-of-range-compare", node, outcome, what)
    elif not truth and limit == 0 and not t.signed:
        what = "of an unsigned value with 0"
        _always(diags, "tautological-unsigned-zero-compare", node, outcome, what)
    elif not truth:
        what = "with a limit of its type"
        _always(diags, "tautological-type-limit-compare", node, outcome, what)


def _outcome(op: str, least: int, most: int, limit: int) -> bool | None:
    """What `x op limit` is for every x from least to most, if it is one thing."""
    match op:
        case "lt":
            return True if most < limit else False if least >= limit else None
        case "le":
            return True if most <= limit else False if least > limit else None
        case "gt":
            return True if least > limit else False if most <= limit else None
        case "ge":
            return True if least >= limit else False if most < limit else None
        case _:
            return None if least <= limit <= most else op == "ne"


def _masked(diags: Diagnostics, node: tast.Binary, value: tast.Binary, op: str, limit: int) -> None:
    mask = constant.fold(value.right)
    if mask is None:
        return
    found = int(mask) & limit if value.op == "and" else int(mask) | limit
    if found != limit:
        what = f"of what '{_SPELLING[value.op]}' gives"
        _always(diags, "tautological-bitwise-compare", node, op == "ne", what)


def _overlap(diags: Diagnostics, node: tast.Binary) -> None:
    """`x < 1 && x > 5`, `x != 1 || x != 2`."""
    first, second = _limit(node.left), _limit(node.right)
    if first is None or second is None or first[0] is not second[0]:
        return
    points = {limit + by for _v, _op, limit in (first, second) for by in (-1, 0, 1)}
    both = all if node.op == "land" else any
    results = {
        both(constant.binary(op, x, n, BOOL, BOOL) == 1 for _v, op, n in (first, second))
        for x in points
    }
    if len(results) == 1:
        what = "together with the other one"
        _always(diags, "tautological-overlap-compare", node, results.pop(), what)


def _limit(e: tast.Expr) -> tuple[tast.Var, str, int] | None:
    """(variable, operator, constant) of a comparison of these."""
    e = _plain(e)
    if not isinstance(e, tast.Binary) or e.op not in _COMPARISONS:
        return None
    for x, y, op in ((e.left, e.right, e.op), (e.right, e.left, _MIRRORED[e.op])):
        match _plain(x):
            case tast.Load(source=tast.VarRef(var=var)) if is_integer(var.type):
                if (value := _constant(y)) is not None:
                    return var, op, value
    return None


def _constant(e: tast.Expr) -> int | None:
    value = constant.fold(e) if is_integer(e.type) else None
    return None if value is None else int(value)


# -- assignments and conditions -------------------------------------------------------------------


def assign(diags: Diagnostics, node: tast.Assign) -> None:
    match node.target, node.value:
        case tast.VarRef(var=var, quals=quals), tast.Load(source=tast.VarRef(var=other)):
            if var is other and not quals.volatile and node.span.expanded_from is None:
                message = f"variable '{var.name}' is assigned to itself"
                diags.warning("self-assign", message, node.span)


def branch(diags: Diagnostics, node: tast.If) -> None:
    condition(diags, node.cond)
    inner = node.then
    while isinstance(inner, tast.Loop | tast.Label):
        inner = inner.body
    if node.other is None and isinstance(inner, tast.If):
        while isinstance(inner.other, tast.If):
            inner = inner.other
        if inner.other is not None:
            message = "this 'else' belongs to the 'if' nearest to it"
            hint = "put braces around the outer 'if's statement"
            diags.warning("dangling-else", message, _else(inner), hint=hint)


def _else(node: tast.If) -> Span:
    """Where the word `else` stands."""
    assert node.other is not None
    a, b = node.then.span, node.other.span
    if a.file is b.file and a.expanded_from is b.expanded_from is None:
        at = a.file.text.rfind("else", a.end, b.start)
        if at >= 0:
            return Span(a.file, at, at + 4)
    return b


def condition(diags: Diagnostics, cond: tast.Expr) -> None:
    """`if ((x == 1))`: the second parentheses say that an assignment is meant."""
    e = _plain(cond)
    if not isinstance(e, tast.Binary) or e.op != "eq" or e.span.expanded_from is not None:
        return
    target = _plain(e.left)
    if not isinstance(target, tast.Load) or not doubly_parenthesised(e.span):
        return
    if target.source.quals.const:
        return
    message = "an equality in two pairs of parentheses"
    hint = "take one pair away, or write '=' if an assignment is meant"
    diags.warning("parentheses-equality", message, e.span, hint=hint)
