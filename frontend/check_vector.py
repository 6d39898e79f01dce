"""Vectors: components, literals, and operators that work lane by lane.

Source: OpenCL C 3.0, sections 6.3.7 (components), 6.4.5 (literals), 6.4.6 (a scalar beside a
vector is widened), 6.5 (operators). A comparison gives a vector of signed integers as wide as
the operands' elements: -1 where it holds, 0 elsewhere.
"""

from __future__ import annotations

from . import ast, constant, tast
from .convert import (
    Operand,
    arithmetic_type,
    error_value,
    failed,
    half_is_allowed,
    quoted,
    splat,
    to_arithmetic,
    wider,
)
from .scope import Context
from .source import Span
from .types import (
    CHAR,
    INT,
    LONG,
    SHORT,
    Pointer,
    Quals,
    Scalar,
    Type,
    Vector,
    is_arithmetic,
    is_float,
    is_integer,
    sizeof,
)

_LETTERS = ({c: i for i, c in enumerate("xyzw")}, {c: i for i, c in enumerate("rgba")})
_HALVES = frozenset({"lo", "hi", "even", "odd"})
_SIGNED = {1: CHAR, 2: SHORT, 4: INT, 8: LONG}
_COUNTS = (1, 2, 3, 4, 8, 16)


def mask_type(t: Vector) -> Vector:
    """What a comparison of two such vectors gives."""
    return Vector(_SIGNED[sizeof(t.element)], t.count)


def has_float(t: Type) -> bool:
    return is_float(t.element if isinstance(t, Vector) else t)


# -- components -----------------------------------------------------------------------------------


def _lanes(name: str, count: int) -> tuple[int, ...] | str:
    """The lanes that a component name picks, or what is wrong with it."""
    if name in _HALVES:
        half = (count + 1) // 2  # of a 3-vector, .hi and .odd have a lane of no value
        if name in ("lo", "hi"):
            return tuple(range(half) if name == "lo" else range(half, 2 * half))
        return tuple(range(name == "odd", 2 * half, 2))
    if name[0] in "sS" and len(name) > 1:
        digits = name[1:]
        bad = next((c for c in digits if c not in "0123456789abcdefABCDEF"), None)
        lanes = () if bad else tuple(int(c, 16) for c in digits)
    else:
        letters = next((row for row in _LETTERS if name[0] in row), _LETTERS[0])
        bad = next((c for c in name if c not in letters), None)
        lanes = () if bad else tuple(letters[c] for c in name)
    if bad is not None:
        return f"'{bad}' in '.{name}' names no component"
    if len(lanes) not in _COUNTS:
        return f"'.{name}' picks {len(lanes)} components; a vector has 2, 3, 4, 8 or 16"
    if max(lanes) >= count:
        return f"'.{name}' is beyond the {count} components"
    return lanes


def _of_lanes(t: Vector, count: int) -> Type:
    return t.element if count == 1 else Vector(t.element, count)


def component(ctx: Context, base: Operand, e: ast.Member) -> Operand:
    """v.xy, of a vector object or value."""
    t = base.type
    assert isinstance(t, Vector)
    lanes = _lanes(e.name, t.count)
    if isinstance(lanes, str):
        ctx.diags.error("no-such-component", f"{lanes} of {quoted(t)}", e.name_span)
        return error_value(e.span)
    result = _of_lanes(t, len(lanes))
    if isinstance(base, tast.OBJECTS):
        return tast.LanesRef(base, lanes, type=result, quals=base.quals, span=e.span)
    return tast.Shuffle(base, lanes, type=result, span=e.span)


def indexed(ctx: Context, base: Operand, index: tast.Expr, span: Span) -> Operand:
    """v[i]: clang has it too."""
    t = base.type
    assert isinstance(t, Vector)
    if not is_integer(index.type):
        message = f"an index must be an integer, not {quoted(index.type)}"
        ctx.diags.error("type-mismatch", message, index.span)
        return error_value(span)
    lane = constant.fold(index)
    if lane is not None and 0 <= lane < t.count:
        if isinstance(base, tast.OBJECTS):
            return tast.LanesRef(base, (int(lane),), type=t.element, quals=base.quals, span=span)
        return tast.Shuffle(base, (int(lane),), type=t.element, span=span)
    if lane is not None:
        message = f"index {lane} is beyond the {t.count} components"
        ctx.diags.warning("array-bounds", message, index.span)
    if not isinstance(base, tast.OBJECTS) or isinstance(base, tast.LanesRef):
        # What has no place in memory gets one: the index is known at run time only.
        held = tast.Load(base, type=t, span=span) if isinstance(base, tast.LanesRef) else base
        base = tast.CompoundRef(tast.Var("", t, Quals(), "auto", span), held, type=t, span=span)
    first = tast.Convert("address", base, type=Pointer(t.element, base.quals), span=span)
    at = tast.PointerAdd(first, to_arithmetic(index, LONG), False, type=first.type, span=span)
    return tast.Deref(at, type=t.element, quals=base.quals, span=span)


def is_component(x: Operand) -> bool:
    """Whether an object is part of a vector: it has no address then."""
    if isinstance(x, tast.LanesRef):
        return True
    if not (isinstance(x, tast.Deref) and isinstance(x.pointer, tast.PointerAdd)):
        return False
    first = x.pointer.pointer
    return isinstance(first, tast.Convert) and isinstance(first.operand.type, Vector)


# -- literals -------------------------------------------------------------------------------------


def literal(ctx: Context, t: Vector, parts: list[tast.Expr], span: Span) -> tast.Expr:
    """(float4)(a, b.xy, 1): scalars are converted, vectors must have the element's type."""
    if failed(*parts):
        return error_value(span)
    if len(parts) == 1:
        if parts[0].type == t:
            return parts[0]
        if is_arithmetic(parts[0].type):
            return splat(ctx, parts[0], t, implicit=False)
    lanes = 0
    converted: list[tast.Expr] = []
    for part in parts:
        if isinstance(part.type, Vector):
            if part.type.element != t.element:
                message = f"a part of type {quoted(part.type)} in a literal of type {quoted(t)}"
                hint = f"convert_{t.element}{part.type.count} converts it"
                ctx.diags.error("type-mismatch", message, part.span, hint=hint)
                return error_value(span)
            lanes += part.type.count
            converted.append(part)
            continue
        if not is_arithmetic(part.type):
            message = f"a part of type {quoted(part.type)} in a literal of type {quoted(t)}"
            ctx.diags.error("type-mismatch", message, part.span)
            return error_value(span)
        if not half_is_allowed(ctx, part.span, part.type, t):
            return error_value(span)
        lanes += 1
        converted.append(to_arithmetic(part, t.element))
    if lanes != t.count:
        few = "few" if lanes < t.count else "many"
        message = f"too {few} components for {quoted(t)}: {lanes}"
        ctx.diags.error("vector-literal", message, span)
        return error_value(span)
    return tast.VectorBuild(tuple(converted), type=t, span=span)


# -- operators ------------------------------------------------------------------------------------


def binary(ctx: Context, op: str, left: tast.Expr, right: tast.Expr, span: Span) -> tast.Expr:
    """An operator of which an operand is a vector."""
    name = tast.OPERATORS[op]
    integers_only = name in ("rem", "and", "or", "xor", "shl", "shr")
    shifts = name in ("shl", "shr")
    wrong = integers_only and (has_float(left.type) or has_float(right.type))
    if wrong or (shifts and not isinstance(left.type, Vector)):
        return _no_operator(ctx, op, left, right, span)
    if not half_is_allowed(ctx, span, left.type, right.type):
        return error_value(span)
    if shifts:
        return _shift(ctx, op, left, right, span)
    met = _meet(ctx, op, left, right, span)
    if met is None:
        return error_value(span)
    a, b = met
    t = a.type
    assert isinstance(t, Vector)
    if name in ("eq", "ne", "lt", "gt", "le", "ge", "land", "lor"):
        t = mask_type(t)
    return tast.Binary(name, a, b, type=t, span=span)


def _no_operator(ctx: Context, op: str, left: tast.Expr, right: tast.Expr, span: Span) -> tast.Expr:
    message = f"no '{op}' for operands of type {quoted(left.type)} and {quoted(right.type)}"
    ctx.diags.error("type-mismatch", message, span)
    return error_value(span)


def _shift(ctx: Context, op: str, left: tast.Expr, right: tast.Expr, span: Span) -> tast.Expr:
    t = left.type
    assert isinstance(t, Vector)
    if isinstance(right.type, Vector):
        if right.type.count != t.count:
            return _no_operator(ctx, op, left, right, span)
    elif not is_integer(right.type):
        return _no_operator(ctx, op, left, right, span)
    else:
        right = splat(ctx, right, t)  # what it loses does not count: amounts are taken modulo
    return tast.Binary(tast.OPERATORS[op], left, right, type=t, span=span)


def _meet(
    ctx: Context, op: str, left: tast.Expr, right: tast.Expr, span: Span
) -> tuple[tast.Expr, tast.Expr] | None:
    """Both operands as vectors of one type; None, with an error, if that cannot be."""
    if isinstance(left.type, Vector) and isinstance(right.type, Vector):
        if left.type == right.type:
            return left, right
        message = f"'{op}' of {quoted(left.type)} and {quoted(right.type)}"
        hint = "no vector becomes another by itself: write convert_ or as_"
        ctx.diags.error("type-mismatch", message, span, hint=hint)
        return None
    vector, scalar = (left, right) if isinstance(left.type, Vector) else (right, left)
    t = vector.type
    assert isinstance(t, Vector)
    if not is_arithmetic(scalar.type):
        _no_operator(ctx, op, left, right, span)
        return None
    if not _may_widen(arithmetic_type(scalar.type), t.element):
        message = f"a scalar of type {quoted(scalar.type)} has a greater rank than the elements"
        hint = f"write a cast: ({t.element})"
        ctx.diags.error("type-mismatch", f"{message} of {quoted(t)}", scalar.span, hint=hint)
        return None
    wide = splat(ctx, scalar, t)
    return (vector, wide) if vector is left else (wide, vector)


def _may_widen(scalar: Scalar, element: Scalar) -> bool:
    if is_float(scalar):
        return is_float(element) and sizeof(scalar) <= sizeof(element)
    if is_float(element):
        return True
    return (scalar.rank, not scalar.signed) <= (element.rank, not element.signed)


def unary(ctx: Context, op: str, x: tast.Expr, span: Span) -> tast.Expr:
    """+ - ~ ! of a vector."""
    t = x.type
    assert isinstance(t, Vector)
    if op == "~" and is_float(t.element):
        message = f"no unary '~' for an operand of type {quoted(t)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    if not half_is_allowed(ctx, span, t):
        return error_value(span)
    match op:
        case "+":
            return x
        case "!":
            return tast.Unary("lnot", x, type=mask_type(t), span=span)
        case _:
            return tast.Unary("neg" if op == "-" else "not", x, type=t, span=span)


def select(
    ctx: Context, cond: tast.Expr, then: tast.Expr, other: tast.Expr, span: Span
) -> tast.Expr:
    """cond ? then : other, of which one at least is a vector (OpenCL C 3.0, 6.5.9)."""
    if failed(cond, then, other):
        return error_value(span)
    mask = cond.type if isinstance(cond.type, Vector) else None
    if mask is not None and not (isinstance(then.type, Vector) or isinstance(other.type, Vector)):
        wide = _as_wide_as(ctx, mask, then, other, span)
        if wide is None:
            return error_value(span)
        then, other = wide
    met = _meet(ctx, "?:", then, other, span)
    if met is None:
        return error_value(span)
    then, other = met
    t = then.type
    assert isinstance(t, Vector)
    if mask is None:
        return tast.Conditional(cond, then, other, type=t, span=span)
    if is_float(mask.element) or mask_type(mask) != mask_type(t):
        message = f"a condition of type {quoted(mask)} chooses between values of type {quoted(t)}"
        hint = f"it takes integers of the same size and number, such as {mask_type(t)}"
        ctx.diags.error("type-mismatch", message, span, hint=hint)
        return error_value(span)
    return tast.VectorSelect(cond, then, other, type=t, span=span)


def _as_wide_as(
    ctx: Context, mask: Vector, then: tast.Expr, other: tast.Expr, span: Span
) -> tuple[tast.Expr, tast.Expr] | None:
    """Two scalars that a vector condition chooses between: each in every lane."""
    if not (is_arithmetic(then.type) and is_arithmetic(other.type)):
        _no_operator(ctx, "?:", then, other, span)
        return None
    t = Vector(wider(arithmetic_type(then.type), arithmetic_type(other.type)), mask.count)
    return splat(ctx, then, t), splat(ctx, other, t)
