"""Operators on values: their types, the conversions they call for, pointer arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from operator import add, mul, sub

from . import (
    check_vector,
    constant,
    tast,
)
from .convert import (
    cast,
    common_type,
    condition,
    drop,
    error_value,
    failed,
    half_is_allowed,
    overlaps,
    pointer_cast,
    pointer_fit,
    promote,
    quoted,
    same_type,
    to_arithmetic,
)
from .scope import Context
from .source import Span
from .types import (
    INT,
    LONG,
    PTRDIFF_T,
    AddrSpace,
    Pointer,
    Quals,
    Scalar,
    Type,
    Vector,
    is_arithmetic,
    is_complete,
    is_float,
    is_integer,
    is_void,
    sizeof,
)

_EXACT: dict[str, Callable[[int, int], int]] = {"add": add, "sub": sub, "mul": mul}
_INTEGER_ONLY = frozenset({"rem", "and", "xor", "or", "shl", "shr"})
_COMPARISONS = frozenset({"lt", "gt", "le", "ge", "eq", "ne"})


def binary(ctx: Context, op: str, left: tast.Expr, right: tast.Expr, span: Span) -> tast.Expr:
    """`left op right` for values, conversions added."""
    if failed(left, right):
        return error_value(span)
    name = tast.OPERATORS[op]
    if isinstance(left.type, Vector) or isinstance(right.type, Vector):
        return check_vector.binary(ctx, op, left, right, span)
    if name in ("land", "lor"):
        a, b = condition(ctx, left), condition(ctx, right)
        if failed(a, b):
            return error_value(span)
        return tast.Binary(name, a, b, type=INT, span=span)
    if isinstance(left.type, Pointer) or isinstance(right.type, Pointer):
        if name in _COMPARISONS:
            return _compare_pointers(ctx, name, left, right, span)
        if name in ("add", "sub"):
            return _pointer_arithmetic(ctx, name, left, right, span)
    if not (is_arithmetic(left.type) and is_arithmetic(right.type)):
        return _bad_operands(ctx, op, left, right, span)
    if name in _INTEGER_ONLY and (is_float(left.type) or is_float(right.type)):
        return _bad_operands(ctx, op, left, right, span)
    if not half_is_allowed(ctx, span, left.type, right.type):
        return error_value(span)
    if name in ("shl", "shr"):
        return computed(ctx, _shift(ctx, name, promote(left), promote(right), span))
    common = common_type(left.type, right.type)
    a, b = to_arithmetic(left, common), to_arithmetic(right, common)
    if name in _COMPARISONS:
        return tast.Binary(name, a, b, type=INT, span=span)
    if name in ("div", "rem") and not is_float(common) and constant.fold(b) == 0 and ctx.executed:
        ctx.diags.warning("division-by-zero", "the divisor is zero", right.span)
    return computed(ctx, tast.Binary(name, a, b, type=common, span=span))


def computed(ctx: Context, node: tast.Binary | tast.Unary) -> tast.Expr:
    """`node`, after a warning if it is of constants and its integer type does not hold its value.

    What a constant subexpression is worth is kept, so that a long one takes linear time.
    """
    t = node.type
    if not isinstance(t, Scalar) or t.kind != "int":
        return node
    if isinstance(node, tast.Unary):
        value = _known(ctx, node.operand)
        if value is None:
            return node
        exact = -value if node.op == "neg" else ~value
    else:
        left = _known(ctx, node.left)
        right = None if left is None else _known(ctx, node.right)
        if left is None or right is None:
            return node
        folded = constant.binary(node.op, left, right, node.left.type, t)
        if folded is None:
            return node
        exact = int(folded) if node.op not in _EXACT else _EXACT[node.op](left, right)
    wrapped = constant.wrap(exact, t)
    ctx.folded[id(node)] = node, wrapped
    if wrapped != exact and t.signed and not ctx.unevaluated:
        message = f"the result, {exact}, overflows {quoted(t)} and becomes {wrapped}"
        hint = "compute in long: write the suffix 'L'" if t == INT else None
        ctx.diags.warning("integer-overflow", message, node.span, hint=hint)
    return node


def _known(ctx: Context, x: tast.Expr) -> int | None:
    """The value of a constant integer operand that was computed before, or needs no computing."""
    if isinstance(x, tast.Convert) and x.kind == "int" and not isinstance(x.operand, tast.OBJECTS):
        inner = _known(ctx, x.operand)
        return None if inner is None else constant.wrap(inner, x.type)
    if isinstance(x, tast.Const | tast.Load) and is_integer(x.type):
        value = constant.fold(x)
        return None if value is None else int(value)
    known = ctx.folded.get(id(x))
    return None if known is None else known[1]


def _bad_operands(
    ctx: Context, op: str, left: tast.Expr, right: tast.Expr, span: Span
) -> tast.Expr:
    message = f"no '{op}' for operands of type {quoted(left.type)} and {quoted(right.type)}"
    hint = "fmod(x, y) is the remainder of floating-point values" if op == "%" else None
    ctx.diags.error("type-mismatch", message, span, hint=hint)
    return error_value(span)


def _shift(
    ctx: Context, name: tast.BinaryOp, left: tast.Expr, right: tast.Expr, span: Span
) -> tast.Binary:
    count = constant.fold(right)
    width = 8 * sizeof(left.type)
    if count is not None and not 0 <= count < width and ctx.executed:
        taken = int(count) % width
        message = f"shift by {count} of a type with {width} bits; {taken} is what counts"
        code = "shift-count-negative" if count < 0 else "shift-count-overflow"
        ctx.diags.warning(code, message, right.span)
    return tast.Binary(name, left, right, type=left.type, span=span)


def element_known(ctx: Context, pointer: Pointer, span: Span) -> bool:
    if is_void(pointer.pointee):
        message = "arithmetic on a pointer to void counts in bytes"
        ctx.diags.warning("gnu-pointer-arith", message, span)
        return True
    if not is_complete(pointer.pointee):
        message = f"arithmetic on a pointer to {quoted(pointer.pointee)}, which is not complete"
        ctx.diags.error("incomplete-type", message, span)
        return False
    return True


def _pointer_arithmetic(
    ctx: Context, name: str, left: tast.Expr, right: tast.Expr, span: Span
) -> tast.Expr:
    if isinstance(left.type, Pointer) and isinstance(right.type, Pointer):
        if name == "sub":
            return _pointer_difference(ctx, left, right, span)
        return _bad_operands(ctx, "+", left, right, span)
    if name == "add" and isinstance(right.type, Pointer):
        left, right = right, left
    if not (isinstance(left.type, Pointer) and is_integer(right.type)):
        return _bad_operands(ctx, "+" if name == "add" else "-", left, right, span)
    if not element_known(ctx, left.type, span):
        return error_value(span)
    return offset(left, right, name == "sub", span)


def offset(pointer: tast.Expr, index: tast.Expr, negate: bool, span: Span) -> tast.Expr:
    # No conversion of C's: an index is a signed 64-bit number of the target's.
    by = to_arithmetic(promote(index), LONG, implicit=False)
    return tast.PointerAdd(pointer, by, negate, type=pointer.type, span=span)


def _pointer_difference(ctx: Context, left: tast.Expr, right: tast.Expr, span: Span) -> tast.Expr:
    a, b = left.type, right.type
    assert isinstance(a, Pointer)
    assert isinstance(b, Pointer)
    if not same_type(a.pointee, b.pointee):
        message = f"difference of pointers to {quoted(a.pointee)} and to {quoted(b.pointee)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    if not overlaps(a.quals.space, b.quals.space):
        message = f"difference of pointers into different address spaces: {quoted(a)}, {quoted(b)}"
        ctx.diags.error("address-space", message, span)
        return error_value(span)
    if not element_known(ctx, a, span):
        return error_value(span)
    if sizeof(a.pointee) == 0:
        ctx.diags.error("type-mismatch", "difference of pointers to empty objects", span)
        return error_value(span)
    return tast.PointerDiff(left, right, type=PTRDIFF_T, span=span)


def _compare_pointers(
    ctx: Context, name: tast.BinaryOp, left: tast.Expr, right: tast.Expr, span: Span
) -> tast.Expr:
    left, right = _integer_as_pointer(ctx, left, right), _integer_as_pointer(ctx, right, left)
    met = _meeting_pointer(ctx, left, right, span, "comparison")
    if met is None:
        return error_value(span)
    voids = [isinstance(x.type, Pointer) and is_void(x.type.pointee) for x in (left, right)]
    if name not in ("eq", "ne") and any(voids) and not all(voids):
        message = f"ordering of distinct pointer types {quoted(left.type)} and {quoted(right.type)}"
        ctx.diags.warning("compare-distinct-pointer-types", message, span)
    a, b = _as_pointer(left, met), _as_pointer(right, met)
    return tast.Binary(name, a, b, type=INT, span=span)


def _integer_as_pointer(ctx: Context, x: tast.Expr, other: tast.Expr) -> tast.Expr:
    """An integer that is compared with a pointer: a constraint violation that all let pass."""
    if not is_integer(x.type) or constant.is_null(x) or not isinstance(other.type, Pointer):
        return x
    message = f"comparison of an integer, {quoted(x.type)}, and a pointer, {quoted(other.type)}"
    ctx.diags.warning("pointer-integer-compare", message, x.span, hint="write a cast")
    return cast(ctx, x, other.type, x.span)


def _as_pointer(x: tast.Expr, target: Pointer) -> tast.Expr:
    if constant.is_null(x):
        return tast.Const(0, type=target, span=x.span)
    return pointer_cast(x, target, implicit=True)


def _meeting_pointer(
    ctx: Context, left: tast.Expr, right: tast.Expr, span: Span, what: str
) -> Pointer | None:
    """The pointer type both operands of a comparison or conditional become."""
    for x, other in ((left, right), (right, left)):
        if constant.is_null(x) and isinstance(other.type, Pointer):
            return other.type
    a, b = left.type, right.type
    if not (isinstance(a, Pointer) and isinstance(b, Pointer)):
        message = f"{what} of {quoted(a)} and {quoted(b)}"
        ctx.diags.error("type-mismatch", message, span, hint="write a cast if it is meant")
        return None
    fit = pointer_fit(a, b)
    if not overlaps(a.quals.space, b.quals.space) or fit == "nested-space":
        message = f"{what} of pointers into different address spaces: {quoted(a)}, {quoted(b)}"
        ctx.diags.error("address-space", message, span)
        return None
    if fit in ("incompatible", "sign"):
        message = f"{what} of distinct pointer types {quoted(a)} and {quoted(b)}"
        compared = what == "comparison"
        code = "compare-distinct-pointer-types" if compared else "pointer-type-mismatch"
        ctx.diags.warning(code, message, span)
    space = a.quals.space if a.quals.space == b.quals.space else AddrSpace.GENERIC
    quals = Quals(space, a.quals.const or b.quals.const, a.quals.volatile or b.quals.volatile)
    if is_void(a.pointee) or is_void(b.pointee):
        pointee = a.pointee if is_void(a.pointee) else b.pointee
    else:
        pointee = a.pointee
    return Pointer(pointee, quals)


def choose(
    ctx: Context, cond: tast.Expr, then: tast.Expr, other: tast.Expr, span: Span
) -> tast.Expr:
    if failed(cond, then, other):
        return error_value(span)
    t: Type
    if any(isinstance(x.type, Vector) for x in (cond, then, other)):
        return check_vector.select(ctx, cond, then, other, span)
    if is_arithmetic(then.type) and is_arithmetic(other.type):
        if then.type != other.type and not half_is_allowed(ctx, span, then.type, other.type):
            return error_value(span)
        t = common_type(then.type, other.type)
        then, other = to_arithmetic(then, t), to_arithmetic(other, t)
    elif is_void(then.type) or is_void(other.type):
        then, other = drop(then), drop(other)
        t = then.type
    elif then.type == other.type:
        t = then.type
    elif isinstance(then.type, Pointer) or isinstance(other.type, Pointer):
        met = _meeting_pointer(ctx, then, other, span, "conditional")
        if met is None:
            return error_value(span)
        t, then, other = met, _as_pointer(then, met), _as_pointer(other, met)
    else:
        message = f"the arms have types {quoted(then.type)} and {quoted(other.type)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    return tast.Conditional(cond, then, other, type=t, span=span)
