"""Conversions between types: promotions, the usual arithmetic ones, assignment, casts.

Each function gives back a value with the `Convert` nodes it needs, or, after reporting, an
erroneous one. Source: C99 6.3, with OpenCL C 3.0 sections 6.4 and 6.7 for address spaces.
"""

from __future__ import annotations

from typing import Literal

from . import constant, tast
from .scope import Context
from .source import Span
from .types import (
    BOOL,
    ERROR,
    EVENT,
    HALF,
    INT,
    LONG,
    ULONG,
    VOID,
    AddrSpace,
    Array,
    Atomic,
    Enum,
    Function,
    Opaque,
    Pointer,
    Quals,
    Scalar,
    Struct,
    Type,
    Vector,
    enum_type,
    is_arithmetic,
    is_integer,
    is_scalar,
    is_void,
)

Operand = tast.Expr | tast.LValue


def error_value(span: Span) -> tast.Expr:
    return tast.Const(0, type=ERROR, span=span)


def failed(*operands: Operand) -> bool:
    """Whether an error was reported in any of these already."""
    return any(o.type is ERROR for o in operands)


def quoted(t: Type, quals: Quals | None = None) -> str:
    prefix = f"{quals} " if quals is not None and str(quals) else ""
    return f"'{prefix}{t}'"


def arithmetic_type(t: Type) -> Scalar:
    """The scalar an arithmetic type computes as."""
    if isinstance(t, Enum):
        return enum_type(t)
    assert isinstance(t, Scalar)
    return t


# -- plain arithmetic -----------------------------------------------------------------------------


def to_arithmetic(value: tast.Expr, target: Type, *, implicit: bool = True) -> tast.Expr:
    """Between arithmetic types; no checks, no node when nothing changes."""
    if value.type == target:
        return value
    to, source = arithmetic_type(target), arithmetic_type(value.type)
    kind: tast.ConvertKind
    if to.kind == "bool":
        kind = "to-bool"
    elif source.kind == "float":
        kind = "float" if to.kind == "float" else "float-to-int"
    else:
        kind = "int-to-float" if to.kind == "float" else "int"
    return tast.Convert(kind, value, implicit, type=target, span=value.span)


def promoted(t: Type) -> Scalar:
    """The type after the integer promotions (C99 6.3.1.1)."""
    scalar = arithmetic_type(t)
    return INT if scalar.kind != "float" and scalar.rank < INT.rank else scalar


def promote(value: tast.Expr) -> tast.Expr:
    return to_arithmetic(value, promoted(value.type))


def common_type(a: Type, b: Type) -> Scalar:
    """The type two arithmetic operands meet in (C99 6.3.1.8)."""
    return wider(promoted(a), promoted(b))


def wider(left: Scalar, right: Scalar) -> Scalar:
    """Where two arithmetic types meet that are not promoted first."""
    if "float" in (left.kind, right.kind) or left.signed == right.signed:
        return max(left, right, key=lambda t: t.rank)
    unsigned, signed = (right, left) if left.signed else (left, right)
    # A signed type of greater rank is wider, so it holds every value of the unsigned one.
    return signed if signed.rank > unsigned.rank else unsigned


def half_is_allowed(ctx: Context, span: Span, *operands: Type) -> bool:
    """Report arithmetic on half where it does not exist; half is then a storage type only."""
    if ctx.fp16 or HALF not in [t.element if isinstance(t, Vector) else t for t in operands]:
        return True
    message = "arithmetic on 'half' requires the extension cl_khr_fp16"
    hint = "vload_half and vstore_half convert between half in memory and float"
    ctx.diags.error("half-arithmetic", message, span, hint=hint)
    return False


def splat(ctx: Context, x: tast.Expr, t: Vector, *, implicit: bool = True) -> tast.Expr:
    """A scalar in every lane of a vector."""
    if failed(x) or not half_is_allowed(ctx, x.span, x.type, t):
        return error_value(x.span)
    lane = to_arithmetic(x, t.element, implicit=implicit)
    return tast.Convert("splat", lane, implicit, type=t, span=x.span)


def condition(ctx: Context, value: tast.Expr) -> tast.Expr:
    """What an `if`, a loop or a logical operator asks: `value != 0`, as a bool."""
    value = _read(value)
    if failed(value) or value.type == BOOL:
        return value
    if not is_scalar(value.type):
        message = f"a condition must be arithmetic or a pointer, not {quoted(value.type)}"
        of_vector = isinstance(value.type, Vector)
        hint = "any(x) and all(x) ask a vector's components" if of_vector else None
        ctx.diags.error("type-mismatch", message, value.span, hint=hint)
        return error_value(value.span)
    return tast.Convert("to-bool", value, type=BOOL, span=value.span)


def drop(value: tast.Expr) -> tast.Expr:
    if is_void(value.type) or failed(value):
        return value
    return tast.Convert("void", value, type=VOID, span=value.span)


# -- pointers -------------------------------------------------------------------------------------


_APART = frozenset({AddrSpace.CONSTANT, AddrSpace.MRAM})  # no generic pointer leads there


def overlaps(a: AddrSpace, b: AddrSpace) -> bool:
    """Whether pointers into the two spaces can be equal (OpenCL C 3.0, 6.7.9)."""
    return a == b or (AddrSpace.GENERIC in (a, b) and _APART.isdisjoint((a, b)))


def includes(outer: AddrSpace, inner: AddrSpace) -> bool:
    """Whether every pointer into `inner` is one into `outer`."""
    return outer == inner or (outer is AddrSpace.GENERIC and inner not in _APART)


def same_type(a: Type, b: Type) -> bool:
    """C's compatible types (C99 6.2.7): an array of unknown length fits any."""
    match a, b:
        case Array(element=x, count=m), Array(element=y, count=n):
            return (m is None or n is None or m == n) and same_type(x, y)
        case Pointer(pointee=x, quals=p), Pointer(pointee=y, quals=q):
            return p == q and same_type(x, y)
        case Function() as f, Function() as g if f.unspecified or g.unspecified:
            return same_type(f.result, g.result)
        case (Enum() as x, Scalar() as y) | (Scalar() as y, Enum() as x):
            return enum_type(x) == y
        case _:
            return a == b


def _signless(t: Type) -> Type:
    if is_integer(t) and t != BOOL:
        return Scalar("", "int", arithmetic_type(t).size)
    return t


PointerFit = Literal["same", "qualifiers", "sign", "incompatible", "nested-space"]


def _nested_spaces_differ(a: Type, b: Type) -> bool:
    while isinstance(a, Pointer) and isinstance(b, Pointer):
        if a.quals.space != b.quals.space:
            return True
        a, b = a.pointee, b.pointee
    return False


def pointer_fit(source: Pointer, target: Pointer) -> PointerFit:
    """How well one pointer becomes the other, address spaces of the pointees apart."""
    if _nested_spaces_differ(source.pointee, target.pointee):
        return "nested-space"
    untyped = is_void(source.pointee) or is_void(target.pointee)
    if not untyped and not same_type(source.pointee, target.pointee):
        alike = _signless(source.pointee) == _signless(target.pointee)
        return "sign" if alike else "incompatible"
    lost = (source.quals.const and not target.quals.const) or (
        source.quals.volatile and not target.quals.volatile
    )
    return "qualifiers" if lost else "same"


_FIT_WARNINGS = {
    "qualifiers": ("incompatible-pointer-types-discards-qualifiers", "discards qualifiers"),
    "sign": ("pointer-sign", "changes the sign of what it points to"),
    "incompatible": ("incompatible-pointer-types", "is between incompatible pointer types"),
}


_MRAM_HINT = "mram_read and mram_write copy between MRAM and WRAM; an integer can hold any address"


def _to_pointer(ctx: Context, value: tast.Expr, target: Pointer, what: str) -> tast.Expr:
    source = value.type
    if constant.is_null(value):
        if is_integer(source) and not isinstance(value, tast.Const):
            message = f"{what} takes an expression that is zero for a null pointer"
            ctx.diags.warning("non-literal-null-conversion", message, value.span)
        return tast.Const(0, type=target, span=value.span)
    if is_integer(source):
        message = f"{what} makes a pointer {quoted(target)} from the integer {quoted(source)}"
        ctx.diags.error("int-conversion", message, value.span, hint="write a cast if it is meant")
        return error_value(value.span)
    if not isinstance(source, Pointer):
        return _mismatch(ctx, value, target, what)
    fit = pointer_fit(source, target)
    if not includes(target.quals.space, source.quals.space) or fit == "nested-space":
        message = f"{what} changes the address space: {quoted(source)} to {quoted(target)}"
        ctx.diags.error("address-space", message, value.span, hint=_space_hint(source, target))
        return error_value(value.span)
    if fit == "incompatible" and isinstance(target.pointee, Function):
        message = f"{what} from {quoted(source)} to {quoted(target)} is between other functions"
        ctx.diags.error("incompatible-function-pointer-types", message, value.span)
        return error_value(value.span)
    if fit in _FIT_WARNINGS:
        code, effect = _FIT_WARNINGS[fit]
        message = f"{what} from {quoted(source)} to {quoted(target)} {effect}"
        ctx.diags.warning(code, message, value.span)
    return pointer_cast(value, target, implicit=True)


def _space_hint(source: Pointer, target: Pointer) -> str:
    if AddrSpace.MRAM in (source.quals.space, target.quals.space):
        return _MRAM_HINT
    if target.quals.space is AddrSpace.PRIVATE:
        without = "a pointer without an address space points to private memory"
        return f"{without}; {quoted(source)} could take it"
    return f"{quoted(source)} could take it"


def pointer_cast(value: tast.Expr, target: Type, *, implicit: bool) -> tast.Expr:
    if value.type == target:
        return value
    return tast.Convert("pointer", value, implicit, type=target, span=value.span)


# -- assignment -----------------------------------------------------------------------------------


def is_no_event(value: tast.Expr, target: Type) -> bool:
    """Whether `value` is the constant 0, which begins an event_t (OpenCL C 3.0, 6.15.11)."""
    return target == EVENT and is_integer(value.type) and constant.fold(value) == 0


def _mismatch(ctx: Context, value: tast.Expr, target: Type, what: str) -> tast.Expr:
    message = f"{what} cannot convert {quoted(value.type)} to {quoted(target)}"
    hint = None
    if isinstance(value.type, Vector) and isinstance(target, Vector):
        same = value.type.count == target.count
        hint = f"convert_{target} converts each component" if same else "pick components, like .xy"
    elif isinstance(value.type, Vector) and is_arithmetic(target):
        hint = "pick a component, like .x"
    ctx.diags.error("type-mismatch", message, value.span, hint=hint)
    return error_value(value.span)


def _read(value: tast.Expr) -> tast.Expr:
    """The value of an atomic object where it is converted, as clang does; of another, itself."""
    if not isinstance(value.type, Atomic) or not isinstance(value, tast.Load):
        return value
    x, span = value.source, value.span
    address = tast.Convert("address", x, type=Pointer(x.type, x.quals), span=span)
    return tast.BuiltinCall("atomic_load", (address,), type=value.type.base, span=span)


def assigned(ctx: Context, value: tast.Expr, target: Type, what: str) -> tast.Expr:
    """`value` as if assigned to an object of type `target` (C99 6.5.16.1).

    what: names the act in messages: "assignment", "argument 2 of 'f'", "initialisation".
    """
    if failed(value) or target is ERROR:
        return error_value(value.span)
    if target != value.type:
        value = _read(value)
    source = value.type
    if is_void(source) and not is_void(target):
        ctx.diags.error("void-value", f"{what} uses a value of type 'void'", value.span)
        return error_value(value.span)
    if isinstance(target, Pointer):
        return _to_pointer(ctx, value, target, what)
    if is_arithmetic(source) and is_arithmetic(target):
        if source != target and not half_is_allowed(ctx, value.span, source, target):
            return error_value(value.span)
        return to_arithmetic(value, target)
    if isinstance(source, Pointer) and is_integer(target):
        if target == BOOL:
            return tast.Convert("to-bool", value, type=BOOL, span=value.span)
        message = f"{what} makes an integer {quoted(target)} from the pointer {quoted(source)}"
        ctx.diags.error("int-conversion", message, value.span, hint="write a cast if it is meant")
        return error_value(value.span)
    if source == target and isinstance(target, Struct | Vector | Opaque):
        return value
    if isinstance(target, Opaque) and is_no_event(value, target):
        return tast.Const(0, type=target, span=value.span)
    if isinstance(target, Vector) and is_arithmetic(source):
        return splat(ctx, value, target)
    return _mismatch(ctx, value, target, what)


# -- casts ----------------------------------------------------------------------------------------


def cast(ctx: Context, value: tast.Expr, target: Type, span: Span) -> tast.Expr:
    """`(target)value` (C99 6.5.4; OpenCL C 3.0, 6.4.3 and 6.7.9)."""
    if failed(value) or target is ERROR:
        return error_value(span)
    value = _read(value)
    source = value.type
    if source == target and _aligned_alike(source, target):
        return value
    if is_void(target):
        return tast.Convert("void", value, False, type=VOID, span=span)
    if isinstance(target, Array | Struct | Function):
        ctx.diags.error("bad-cast", f"cannot cast to {quoted(target)}", span)
        return error_value(span)
    if isinstance(target, Vector) and is_arithmetic(source):
        return splat(ctx, value, target, implicit=False)
    if isinstance(target, Vector) and isinstance(source, Vector):
        message = f"cannot cast {quoted(source)} to {quoted(target)}"
        hint = f"convert_{target} converts each component, as_{target} keeps the bits"
        ctx.diags.error("bad-cast", message, span, hint=hint)
        return error_value(span)
    if is_arithmetic(source) and is_arithmetic(target):
        if not (source == target or half_is_allowed(ctx, span, source, target)):
            return error_value(span)
        return tast.Convert(_cast_kind(source, target), value, False, type=target, span=span)
    if isinstance(target, Pointer) and isinstance(source, Pointer):
        change = f"cast from {quoted(source)} to {quoted(target)} changes the address space"
        if not overlaps(source.quals.space, target.quals.space):
            apart = AddrSpace.MRAM in (source.quals.space, target.quals.space)
            ctx.diags.error("address-space", change, span, hint=_MRAM_HINT if apart else None)
            return error_value(span)
        if _nested_spaces_differ(source.pointee, target.pointee):
            # What lies behind the second pointer is the programmer's business, as with clang.
            ctx.diags.warning(
                "incompatible-pointer-types-discards-qualifiers",
                f"{change} of what is pointed to",
                span,
            )
        return tast.Convert("pointer", value, False, type=target, span=span)
    if isinstance(target, Pointer) and is_integer(source):
        wide = (
            to_arithmetic(value, ULONG) if source == BOOL else to_arithmetic(value, _word(source))
        )
        return tast.Convert("int-to-pointer", wide, False, type=target, span=span)
    if isinstance(source, Pointer) and is_integer(target):
        if target == BOOL:
            return tast.Convert("to-bool", value, False, type=BOOL, span=span)
        return tast.Convert("pointer-to-int", value, False, type=target, span=span)
    ctx.diags.error("bad-cast", f"cannot cast {quoted(source)} to {quoted(target)}", span)
    return error_value(span)


def _aligned_alike(a: Type, b: Type) -> bool:
    """Of equal types: whether they are pointers to differently aligned ones."""
    return not (isinstance(a, Pointer) and isinstance(b, Pointer)) or (
        a.quals.align == b.quals.align
    )


def _word(t: Type) -> Scalar:
    """The pointer-sized integer that keeps the sign of `t`."""
    return LONG if arithmetic_type(t).signed else ULONG


def _cast_kind(source: Type, target: Type) -> tast.ConvertKind:
    to, of = arithmetic_type(target), arithmetic_type(source)
    if to.kind == "bool":
        return "to-bool"
    if of.kind == "float":
        return "float" if to.kind == "float" else "float-to-int"
    return "int-to-float" if to.kind == "float" else "int"
