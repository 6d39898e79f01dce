"""Objects: what designates one (`*p`, `a[i]`, `s.f`), and what changes one."""

from __future__ import annotations

from typing import Literal, TypeGuard

from . import (
    ast,
    check_expr,
    check_operator,
    check_vector,
    constant,
    tast,
)
from .convert import (
    Operand,
    assigned,
    error_value,
    failed,
    quoted,
    to_arithmetic,
)
from .foreign import misspelt
from .scope import Context
from .source import Span
from .types import (
    HALF,
    INT,
    AddrSpace,
    Array,
    Atomic,
    Function,
    Opaque,
    Pointer,
    Quals,
    Struct,
    Type,
    Vector,
    field_align,
    is_arithmetic,
    is_complete,
    is_integer,
    is_scalar,
    is_void,
)


def deref(ctx: Context, pointer: tast.Expr, span: Span) -> Operand:
    if failed(pointer):
        return error_value(span)
    if not isinstance(pointer.type, Pointer):
        message = f"'*' needs a pointer, not {quoted(pointer.type)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    t = pointer.type
    if isinstance(t.pointee, Function):
        return pointer  # what it leads to is, as a value, the pointer
    return tast.Deref(pointer, type=t.pointee, quals=t.quals, span=span)


def address(ctx: Context, e: ast.Unary) -> tast.Expr:
    x = check_expr.operand(ctx, e.operand)
    if failed(x):
        return error_value(e.span)
    if isinstance(x, tast.FunctionAddress) or _leads_to_function(x, e.operand):
        return x
    if not isinstance(x, tast.OBJECTS):
        message = f"'&' needs an object, not a value of type {quoted(x.type)}"
        ctx.diags.error("not-an-lvalue", message, e.span)
        return error_value(e.span)
    if check_vector.is_component(x):
        message = "a component of a vector has no address"
        ctx.diags.error("not-an-lvalue", message, e.span)
        return error_value(e.span)
    return tast.Convert("address", x, False, type=Pointer(x.type, x.quals), span=e.span)


def _leads_to_function(x: Operand, written: ast.Expr) -> TypeGuard[tast.Expr]:
    """`*p` of a pointer to a function."""
    is_pointer = isinstance(x.type, Pointer) and isinstance(x.type.pointee, Function)
    return is_pointer and isinstance(written, ast.Unary) and written.op == "*"


def _modifiable(ctx: Context, target: Operand, span: Span, act: str) -> tast.LValue | None:
    if failed(target):
        return None
    if not isinstance(target, tast.OBJECTS):
        message = f"cannot {act} a value of type {quoted(target.type)}; it is not an object"
        ctx.diags.error("not-an-lvalue", message, span)
        return None
    notes: tuple[tuple[str, Span | None], ...] = ()
    if isinstance(target, tast.VarRef):
        notes = ((f"'{target.var.name}' is declared here", target.var.span),)
    if isinstance(target.type, Array):
        ctx.diags.error("not-an-lvalue", f"cannot {act} an array", span, notes=notes)
        return None
    if target.quals.space is AddrSpace.CONSTANT:
        message = f"cannot {act} an object in constant memory"
        hint = "constant memory is only read: use global, local or private memory"
        ctx.diags.error("assign-to-const", message, span, notes=notes, hint=hint)
        return None
    if target.quals.const:
        message = f"cannot {act} an object of type {quoted(target.type, target.quals)}"
        ctx.diags.error("assign-to-const", message, span, notes=notes)
        return None
    if isinstance(target.type, Struct) and _has_const(target.type):
        message = f"cannot {act} a {quoted(target.type)}: it has a const field"
        ctx.diags.error("assign-to-const", message, span, notes=notes)
        return None
    if isinstance(target, tast.LanesRef) and len(set(target.lanes)) < len(target.lanes):
        message = f"cannot {act} components that repeat"
        ctx.diags.error("not-an-lvalue", message, span)
        return None
    lane = target.type.element if isinstance(target.type, Vector) else target.type
    if lane == HALF and not ctx.fp16:
        message = "writing a 'half' requires the extension cl_khr_fp16"
        ctx.diags.error("half-arithmetic", message, span, hint="vstore_half writes a float to it")
        return None
    if not is_complete(target.type):
        message = f"cannot {act} an object of type {quoted(target.type)}"
        ctx.diags.error("incomplete-type", message, span)
        return None
    return target


def _has_const(t: Type) -> bool:
    while isinstance(t, Array):
        t = t.element
    if not isinstance(t, Struct):
        return False
    return any(f.quals.const or _has_const(f.type) for f in t.fields or ())


def step(
    ctx: Context, e: ast.Expr, op: str, result: Literal["old", "new"], span: Span
) -> tast.Expr:
    """++ and --, before or after."""
    act = "increment" if op == "++" else "decrement"
    target = _modifiable(ctx, check_expr.operand(ctx, e), span, act)
    if target is None:
        return error_value(span)
    lanes = isinstance(target.type, Vector) and not check_vector.has_float(target.type)
    if not (is_scalar(target.type) or lanes):
        message = f"cannot {act} a value of type {quoted(target.type)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    unit = target.type.element if isinstance(target.type, Vector) else INT
    one: tast.Expr = tast.Const(1, type=unit, span=span)
    updated = _combined(ctx, op[0], target, one, span)
    if failed(updated):
        return updated
    return tast.Update(target, updated, result, type=target.type, span=span)


def _combined(ctx: Context, op: str, target: tast.LValue, x: tast.Expr, span: Span) -> tast.Expr:
    """`target op x`, converted back to the target's type, as an Update wants it."""
    current = tast.Current(type=target.type, span=target.span)
    combined = check_operator.binary(ctx, op, current, x, span)
    if failed(combined):
        return combined
    if isinstance(target.type, Pointer):
        if combined.type == target.type:
            return combined
        message = f"'{op}=' makes a {quoted(combined.type)} of a {quoted(target.type)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    if isinstance(combined.type, Pointer | Vector):
        return assigned(ctx, combined, target.type, f"'{op}='")
    return to_arithmetic(combined, target.type)


def assign(ctx: Context, e: ast.Assign) -> tast.Expr:
    # Assignments lean to the right: `a = b = c = ...`
    chain: list[ast.Assign] = []
    last: ast.Expr = e
    while isinstance(last, ast.Assign):
        chain.append(last)
        last = last.value
    targets = [check_expr.operand(ctx, node.target) for node in chain]
    right = check_expr.value(ctx, last)
    for node, target in zip(reversed(chain), reversed(targets), strict=True):
        right = _assign_one(ctx, node, target, right)
    return right


def _assign_one(ctx: Context, e: ast.Assign, x: Operand, right: tast.Expr) -> tast.Expr:
    target = _modifiable(ctx, x, e.span, "assign to")
    if target is None or failed(right):
        return error_value(e.span)
    if e.op == "=":
        if isinstance(target.type, Atomic):
            message = f"{quoted(target.type)} is assigned to by functions only"
            ctx.diags.error("type-mismatch", message, e.span, hint="atomic_store does it")
            return error_value(e.span)
        if isinstance(target.type, Opaque) and right.type != target.type:
            message = f"assignment cannot convert {quoted(right.type)} to {quoted(target.type)}"
            ctx.diags.error("type-mismatch", message, right.span)
            return error_value(e.span)
        converted = assigned(ctx, right, target.type, "assignment")
        if failed(converted):
            return error_value(e.span)
        return tast.Assign(target, converted, type=target.type, span=e.span)
    updated = _combined(ctx, e.op[:-1], target, right, e.span)
    if failed(updated):
        return error_value(e.span)
    return tast.Update(target, updated, "new", type=target.type, span=e.span)


def index(ctx: Context, e: ast.Index) -> Operand:
    whole = check_expr.operand(ctx, e.base)
    if isinstance(whole.type, Vector):
        position = check_expr.value(ctx, e.index)
        if failed(position):
            return error_value(e.span)
        return check_vector.indexed(ctx, whole, position, e.span)
    base, index = check_expr.loaded(ctx, whole), check_expr.value(ctx, e.index)
    if failed(base, index):
        return error_value(e.span)
    if isinstance(index.type, Pointer):
        base, index = index, base  # 2[a]
    if not isinstance(base.type, Pointer):
        message = f"'[]' needs an array or a pointer, not {quoted(base.type)}"
        ctx.diags.error("type-mismatch", message, e.span)
        return error_value(e.span)
    if not is_integer(index.type):
        message = f"an index must be an integer, not {quoted(index.type)}"
        hint = "(int) drops the fraction" if is_arithmetic(index.type) else None
        ctx.diags.error("type-mismatch", message, e.index.span, hint=hint)
        return error_value(e.span)
    if is_void(base.type.pointee):
        ctx.diags.error("incomplete-type", "'[]' on a pointer to 'void'", e.span)
        return error_value(e.span)
    if not check_operator.element_known(ctx, base.type, e.span):
        return error_value(e.span)
    _warn_of_bounds(ctx, base, index)
    return deref(ctx, check_operator.offset(base, index, False, e.span), e.span)


def _warn_of_bounds(ctx: Context, base: tast.Expr, index: tast.Expr) -> None:
    if not (isinstance(base, tast.Convert) and base.kind == "decay"):
        return
    array, at = base.operand.type, constant.fold(index)
    assert isinstance(array, Array)
    if at is None or not array.count or 0 <= at < array.count or not ctx.executed:
        return
    message = f"index {at} is outside the array of {array.count} elements"
    ctx.diags.warning("array-bounds", message, index.span)


def find_field(struct: Struct, name: str) -> tuple[int, ...] | None:
    """The way to a field, through anonymous structs and unions."""
    for number, field in enumerate(struct.fields or ()):
        if field.name == name:
            return (number,)
        if not field.name and isinstance(field.type, Struct):
            inner = find_field(field.type, name)
            if inner is not None:
                return (number, *inner)
    return None


def alignment(x: Operand) -> int:
    """An object's alignment as its declaration asks for it; 0: that of its type."""
    match x:
        case tast.VarRef(var=var):
            return var.align
        case tast.MemberRef(base=base, index=number):
            assert isinstance(base.type, Struct)
            assert base.type.fields is not None
            return field_align(base.type, base.type.fields[number])
        case tast.Deref(quals=quals):
            return quals.align
        case _:
            return 0


def field(ctx: Context, e: ast.Member) -> Operand:
    if e.arrow:
        pointer = check_expr.value(ctx, e.base)
        if not failed(pointer) and not isinstance(pointer.type, Pointer):
            hint = "use '.'" if isinstance(pointer.type, Struct) else None
            message = f"'->' needs a pointer to a struct, not {quoted(pointer.type)}"
            ctx.diags.error("type-mismatch", message, e.span, hint=hint)
            return error_value(e.span)
        base = deref(ctx, pointer, e.base.span)
    else:
        base = check_expr.operand(ctx, e.base)
    if failed(base):
        return error_value(e.span)
    struct = base.type
    if isinstance(struct, Vector):
        return check_vector.component(ctx, base, e)
    if not isinstance(struct, Struct):
        to_struct = isinstance(struct, Pointer) and isinstance(struct.pointee, Struct)
        message = f"'{e.name}' is asked of {quoted(struct)}, which is no struct or union"
        hint = "use '->'" if to_struct else None
        ctx.diags.error("type-mismatch", message, e.span, hint=hint)
        return error_value(e.span)
    if struct.fields is None:
        note = (f"'{struct}' is declared here", ctx.tag_spans.get(struct))
        message = f"{quoted(struct)} is not complete: its fields are not known"
        ctx.diags.error("incomplete-type", message, e.span, notes=(note,))
        return error_value(e.span)
    path = find_field(struct, e.name)
    if path is None and e.name in ctx.doubtful:
        return error_value(e.span)
    if path is None:
        fields = {f.name for f in struct.fields if f.name}
        hint, fixes = misspelt(e.name, e.name_span, fields, ctx.is_c)
        note = (f"'{struct}' is defined here", ctx.tag_spans.get(struct))
        message = f"{quoted(struct)} has no field '{e.name}'"
        ctx.diags.error(
            "no-such-field", message, e.name_span, notes=(note,), hint=hint, fixes=fixes
        )
        return error_value(e.span)
    for number in path:
        base = member(base, number, e.span)
    return base


def member(base: Operand, number: int, span: Span) -> Operand:
    assert isinstance(base.type, Struct)
    assert base.type.fields is not None
    field = base.type.fields[number]
    if not isinstance(base, tast.OBJECTS) and isinstance(field.type, Array):
        # An array needs an object to point into: the value gets one.
        temporary = tast.Var("", base.type, Quals(), "auto", span)
        base = tast.CompoundRef(temporary, base, type=base.type, span=span)
    if not isinstance(base, tast.OBJECTS):
        return tast.ValueMember(base, number, type=field.type, span=span)
    quals = Quals(
        base.quals.space,
        base.quals.const or field.quals.const,
        base.quals.volatile or field.quals.volatile,
        field.quals.restrict,
    )
    return tast.MemberRef(base, number, type=field.type, quals=quals, span=span)
