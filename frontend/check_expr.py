"""Expressions: what each one means, its type, and every conversion in it as a node."""

from __future__ import annotations

from typing import assert_never

from . import ast, builtins, check_decl, check_init, constant, tast
from .check_printf import check_printf
from .convert import (
    Operand,
    assigned,
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
from .literals import LiteralError, parse_char, parse_number, parse_string
from .scope import Context, EnumConstant, Typedef, suggestion
from .source import Span
from .types import (
    BOOL,
    CHAR,
    DOUBLE,
    ERROR,
    FLOAT,
    HALF,
    INT,
    LONG,
    PTRDIFF_T,
    SIZE_T,
    AddrSpace,
    Array,
    Pointer,
    Quals,
    Scalar,
    Struct,
    Type,
    Vector,
    alignof,
    is_arithmetic,
    is_complete,
    is_float,
    is_integer,
    is_scalar,
    is_void,
    sizeof,
)

# fmt: off
_BINARY: dict[str, tast.BinaryOp] = {
    "*": "mul", "/": "div", "%": "rem", "+": "add", "-": "sub", "<<": "shl", ">>": "shr",
    "<": "lt", ">": "gt", "<=": "le", ">=": "ge", "==": "eq", "!=": "ne",
    "&": "and", "^": "xor", "|": "or", "&&": "land", "||": "lor",
}
# fmt: on
_INTEGER_ONLY = frozenset({"rem", "and", "xor", "or", "shl", "shr"})
_COMPARISONS = frozenset({"lt", "gt", "le", "ge", "eq", "ne"})


# -- ways to ask for an expression ----------------------------------------------------------------


def value(ctx: Context, e: ast.Expr) -> tast.Expr:
    """The expression's value: objects are loaded, arrays become pointers."""
    return loaded(ctx, operand(ctx, e))


def loaded(ctx: Context, x: Operand) -> tast.Expr:
    if not isinstance(x, tast.OBJECTS):
        return x
    if x.type is ERROR:
        return error_value(x.span)
    if isinstance(x.type, Array):
        pointer = Pointer(x.type.element, x.quals)
        return tast.Convert("decay", x, type=pointer, span=x.span)
    if isinstance(x.type, Vector):
        ctx.unsupported(f"vector types ('{x.type}') are", x.span)
        return error_value(x.span)
    if x.type == HALF and not ctx.fp16:
        message = "reading a 'half' requires the extension cl_khr_fp16"
        ctx.diags.error("half-arithmetic", message, x.span, hint="vload_half reads it as a float")
        return error_value(x.span)
    if is_void(x.type) or not is_complete(x.type):
        message = f"an object of type {quoted(x.type)} has no value"
        ctx.diags.error("incomplete-type", message, x.span)
        return error_value(x.span)
    return tast.Load(x, type=x.type, span=x.span)


def effect(ctx: Context, e: ast.Expr) -> tast.Expr:
    """An expression whose value is not used."""
    x = operand(ctx, e)
    if isinstance(x, tast.OBJECTS) and is_void(x.type):
        return drop(tast.Convert("address", x, type=Pointer(x.type, x.quals), span=x.span))
    return drop(loaded(ctx, x))


def truth(ctx: Context, e: ast.Expr) -> tast.Expr:
    """A condition, as bool."""
    if isinstance(e, ast.Assign) and e.op == "=":
        message = "an assignment as a condition; is '==' meant?"
        ctx.diags.warning("parentheses", message, e.span)
    return condition(ctx, value(ctx, e))


def unevaluated(ctx: Context, e: ast.Expr) -> Operand:
    """For sizeof and the like: only the type counts."""
    ctx.unevaluated += 1
    try:
        return operand(ctx, e)
    finally:
        ctx.unevaluated -= 1


def int_constant(ctx: Context, e: ast.Expr, what: str) -> int | None:
    """An integer constant expression; None, with an error, if it is none."""
    x = value(ctx, e)
    if failed(x):
        return None
    if not is_integer(x.type):
        message = f"{what} must be an integer constant, not of type {quoted(x.type)}"
        ctx.diags.error("type-mismatch", message, e.span)
        return None
    number = constant.fold(x)
    if number is None:
        ctx.diags.error("not-constant", f"{what} must be an integer constant", e.span)
        return None
    return int(number)


# -- the expressions ------------------------------------------------------------------------------


def operand(ctx: Context, e: ast.Expr) -> Operand:
    """An expression as it stands: an object stays an object."""
    match e:
        case ast.Ident():
            return _ident(ctx, e)
        case ast.Number():
            return _number(ctx, e)
        case ast.CharConst():
            return _char(ctx, e)
        case ast.String():
            return _string(ctx, e)
        case ast.Binary() | ast.Comma():
            return _chain(ctx, e)
        case ast.Unary():
            return _unary(ctx, e)
        case ast.Postfix(op=op):
            return _step(ctx, e.operand, op, "old", e.span)
        case ast.Assign():
            return _assign(ctx, e)
        case ast.Conditional():
            return _conditional(ctx, e)
        case ast.Call():
            return _call(ctx, e)
        case ast.Index():
            return _index(ctx, e)
        case ast.Member():
            return _member(ctx, e)
        case ast.Cast():
            return _cast(ctx, e)
        case ast.VectorLiteral(target=target, parts=parts):
            written = check_decl.type_name(ctx, target)
            for part in parts:
                value(ctx, part)
            if written.type is not ERROR:
                ctx.unsupported(f"vector literals ('{written.type}') are", e.span)
            return error_value(e.span)
        case ast.CompoundLiteral():
            return _compound_literal(ctx, e)
        case ast.TypeQuery():
            return _type_query(ctx, e)
        case ast.StatementExpr():
            ctx.unsupported("statement expressions '({ ... })' are", e.span)
            return error_value(e.span)
        case _:
            assert_never(e)


def _ident(ctx: Context, e: ast.Ident) -> Operand:
    symbol = ctx.scope.find(e.name)
    match symbol:
        case tast.Var():
            if not ctx.unevaluated:
                ctx.used.add(symbol)
            return tast.VarRef(symbol, type=symbol.type, quals=symbol.quals, span=e.span)
        case EnumConstant(value=number):
            return tast.Const(number, type=INT, span=e.span)
        case tast.Function():
            message = f"function '{e.name}' used as a value; OpenCL C has no function pointers"
            ctx.diags.error("function-pointer", message, e.span)
        case Typedef():
            message = f"'{e.name}' is a type; an expression is wanted"
            ctx.diags.error("unexpected-type", message, e.span)
        case None if e.name in ("true", "false"):
            return tast.Const(int(e.name == "true"), type=BOOL, span=e.span)
        case None if e.name in builtins.TABLE or builtins.is_planned(e.name):
            message = f"builtin function '{e.name}' used as a value"
            ctx.diags.error("function-pointer", message, e.span)
        case None:
            hint = suggestion(e.name, ctx.scope.visible())
            message = f"'{e.name}' is not declared"
            ctx.diags.error("undeclared", message, e.span, hint=hint)
            _silence(ctx, e.name)
    return error_value(e.span)


def _silence(ctx: Context, name: str) -> None:
    """Say once per function that a name is not declared."""
    if ctx.function is not None:
        missing = tast.Var(name, ERROR, Quals(), "auto")
        ctx.function.body_scope.names[name] = missing
        ctx.used.add(missing)


def _literal_error(ctx: Context, error: LiteralError, span: Span) -> tast.Expr:
    ctx.diags.error(error.code, error.message, _inside(span, error.offset))
    return error_value(span)


def _inside(span: Span, offset: int) -> Span:
    if 0 < offset < span.end - span.start:
        return Span(span.file, span.start + offset, span.end, span.expanded_from)
    return span


def _number(ctx: Context, e: ast.Number) -> tast.Expr:
    try:
        literal = parse_number(e.text, ctx.options.single_precision_constant)
    except LiteralError as error:
        return _literal_error(ctx, error, e.span)
    for code, message, offset in literal.warnings:
        ctx.diags.warning(code, message, _inside(e.span, offset))
    if literal.type == DOUBLE and not ctx.options.fp64:
        message = "a constant of type double requires cl_khr_fp64; it is taken as a float"
        ctx.diags.warning("double-constant", message, e.span, hint="write the suffix 'f'")
        return tast.Const(constant.round_to(literal.value, FLOAT), type=FLOAT, span=e.span)
    if literal.type == HALF and not half_is_allowed(ctx, e.span, HALF):
        return error_value(e.span)
    return tast.Const(literal.value, type=literal.type, span=e.span)


def _char(ctx: Context, e: ast.CharConst) -> tast.Expr:
    try:
        literal = parse_char(e.text)
    except LiteralError as error:
        return _literal_error(ctx, error, e.span)
    for code, message, offset in literal.warnings:
        ctx.diags.warning(code, message, _inside(e.span, offset))
    return tast.Const(literal.value, type=INT, span=e.span)


def string_bytes(ctx: Context, e: ast.String) -> bytes | None:
    """A string's bytes with its final NUL; None, with an error, for a malformed one."""
    try:
        return b"".join(parse_string(part) for part in e.parts) + b"\0"
    except LiteralError as error:
        _literal_error(ctx, error, e.span)
        return None


def _string(ctx: Context, e: ast.String) -> Operand:
    data = string_bytes(ctx, e)
    if data is None:
        return error_value(e.span)
    quals = Quals(AddrSpace.CONSTANT)
    return tast.StringRef(data, type=Array(CHAR, len(data)), quals=quals, span=e.span)


# -- binary operators -----------------------------------------------------------------------------


def _chain(ctx: Context, e: ast.Binary | ast.Comma) -> tast.Expr:
    """Binary operators and commas. They lean to the left, so a loop walks that side."""
    spine: list[ast.Binary | ast.Comma] = []
    first: ast.Expr = e
    while isinstance(first, ast.Binary | ast.Comma):
        spine.append(first)
        first = first.left
    left = operand(ctx, first)
    for node in reversed(spine):
        if isinstance(node, ast.Comma):
            right = value(ctx, node.right)
            dropped = drop(loaded(ctx, left))
            if failed(dropped, right):
                left = error_value(node.span)
            else:
                left = tast.Comma(dropped, right, type=right.type, span=node.span)
        else:
            left = binary(ctx, node.op, loaded(ctx, left), value(ctx, node.right), node.span)
    assert not isinstance(left, tast.OBJECTS)
    return left


def binary(ctx: Context, op: str, left: tast.Expr, right: tast.Expr, span: Span) -> tast.Expr:
    """`left op right` for values, conversions added."""
    if failed(left, right):
        return error_value(span)
    name = _BINARY[op]
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
        return _shift(ctx, name, promote(left), promote(right), span)
    common = common_type(left.type, right.type)
    a, b = to_arithmetic(left, common), to_arithmetic(right, common)
    if name in _COMPARISONS:
        _warn_of_tautology(ctx, name, left, right, common)
        return tast.Binary(name, a, b, type=INT, span=span)
    if name in ("div", "rem") and not is_float(common) and constant.fold(b) == 0:
        ctx.diags.warning("division-by-zero", "the divisor is zero", right.span)
    return tast.Binary(name, a, b, type=common, span=span)


def _bad_operands(
    ctx: Context, op: str, left: tast.Expr, right: tast.Expr, span: Span
) -> tast.Expr:
    message = f"no '{op}' for operands of type {quoted(left.type)} and {quoted(right.type)}"
    ctx.diags.error("type-mismatch", message, span)
    return error_value(span)


def _shift(
    ctx: Context, name: tast.BinaryOp, left: tast.Expr, right: tast.Expr, span: Span
) -> tast.Expr:
    count = constant.fold(right)
    width = 8 * sizeof(left.type)
    if count is not None and not 0 <= count < width:
        taken = int(count) % width
        message = f"shift by {count} of a type with {width} bits; {taken} is what counts"
        ctx.diags.warning("shift-count", message, right.span)
    return tast.Binary(name, left, right, type=left.type, span=span)


def _warn_of_tautology(
    ctx: Context, name: str, left: tast.Expr, right: tast.Expr, common: Scalar
) -> None:
    """`unsigned < 0` and `unsigned >= 0`, which clang has under -Wextra as well."""
    if common.signed or is_float(common):
        return
    if name in ("lt", "ge") and constant.fold(right) == 0 and constant.fold(left) is None:
        always = "false" if name == "lt" else "true"
        message = f"this comparison of an unsigned value with 0 is always {always}"
        ctx.diags.warning("type-limits", message, left.span.to(right.span))


def _element_known(ctx: Context, pointer: Pointer, span: Span) -> bool:
    if is_void(pointer.pointee):
        message = "arithmetic on a pointer to void counts in bytes"
        ctx.diags.warning("pointer-arith", message, span)
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
    if not _element_known(ctx, left.type, span):
        return error_value(span)
    return offset(left, right, name == "sub", span)


def offset(pointer: tast.Expr, index: tast.Expr, negate: bool, span: Span) -> tast.Expr:
    by = to_arithmetic(promote(index), LONG)
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
    if not _element_known(ctx, a, span):
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
        ctx.diags.warning("distinct-pointer-types", message, span)
    space = a.quals.space if a.quals.space == b.quals.space else AddrSpace.GENERIC
    quals = Quals(space, a.quals.const or b.quals.const, a.quals.volatile or b.quals.volatile)
    if is_void(a.pointee) or is_void(b.pointee):
        pointee = a.pointee if is_void(a.pointee) else b.pointee
    else:
        pointee = a.pointee
    return Pointer(pointee, quals)


# -- unary operators ------------------------------------------------------------------------------


def _unary(ctx: Context, e: ast.Unary) -> Operand:
    match e.op:
        case "++" | "--":
            return _step(ctx, e.operand, e.op, "new", e.span)
        case "&":
            return _address(ctx, e)
        case "*":
            return _deref(ctx, value(ctx, e.operand), e.span)
        case "!":
            x = condition(ctx, value(ctx, e.operand))
            if failed(x):
                return error_value(e.span)
            return tast.Unary("lnot", x, type=INT, span=e.span)
        case "+" | "-" | "~":
            x = value(ctx, e.operand)
            fits = is_integer(x.type) if e.op == "~" else is_arithmetic(x.type)
            if not failed(x) and not fits:
                message = f"no unary '{e.op}' for an operand of type {quoted(x.type)}"
                ctx.diags.error("type-mismatch", message, e.span)
                return error_value(e.span)
            if failed(x) or not half_is_allowed(ctx, e.span, x.type):
                return error_value(e.span)
            x = promote(x)
            if e.op == "+":
                return x
            return tast.Unary("neg" if e.op == "-" else "not", x, type=x.type, span=e.span)
        case _:
            assert_never(e.op)


def _deref(ctx: Context, pointer: tast.Expr, span: Span) -> Operand:
    if failed(pointer):
        return error_value(span)
    if not isinstance(pointer.type, Pointer):
        message = f"'*' needs a pointer, not {quoted(pointer.type)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    t = pointer.type
    return tast.Deref(pointer, type=t.pointee, quals=t.quals, span=span)


def _address(ctx: Context, e: ast.Unary) -> tast.Expr:
    x = operand(ctx, e.operand)
    if failed(x):
        return error_value(e.span)
    if not isinstance(x, tast.OBJECTS):
        message = f"'&' needs an object, not a value of type {quoted(x.type)}"
        ctx.diags.error("not-an-lvalue", message, e.span)
        return error_value(e.span)
    return tast.Convert("address", x, False, type=Pointer(x.type, x.quals), span=e.span)


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
        ctx.diags.error("assign-to-const", message, span, notes=notes)
        return None
    if target.quals.const:
        message = f"cannot {act} an object of type {quoted(target.type, target.quals)}"
        ctx.diags.error("assign-to-const", message, span, notes=notes)
        return None
    if isinstance(target.type, Struct) and _has_const(target.type):
        message = f"cannot {act} a {quoted(target.type)}: it has a const field"
        ctx.diags.error("assign-to-const", message, span, notes=notes)
        return None
    if isinstance(target.type, Vector):
        ctx.unsupported(f"vector types ('{target.type}') are", span)
        return None
    if target.type == HALF and not ctx.fp16:
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


def _step(ctx: Context, e: ast.Expr, op: str, result: str, span: Span) -> tast.Expr:
    """++ and --, before or after."""
    act = "increment" if op == "++" else "decrement"
    target = _modifiable(ctx, operand(ctx, e), span, act)
    if target is None:
        return error_value(span)
    if not is_scalar(target.type):
        message = f"cannot {act} a value of type {quoted(target.type)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    one: tast.Expr = tast.Const(1, type=INT, span=span)
    updated = _combined(ctx, op[0], target, one, span)
    if failed(updated):
        return updated
    which = "old" if result == "old" else "new"
    return tast.Update(target, updated, which, type=target.type, span=span)  # type: ignore[arg-type]


def _combined(ctx: Context, op: str, target: tast.LValue, x: tast.Expr, span: Span) -> tast.Expr:
    """`target op x`, converted back to the target's type, as an Update wants it."""
    current = tast.Current(type=target.type, span=target.span)
    combined = binary(ctx, op, current, x, span)
    if failed(combined):
        return combined
    if isinstance(target.type, Pointer):
        if combined.type == target.type:
            return combined
        message = f"'{op}=' makes a {quoted(combined.type)} of a {quoted(target.type)}"
        ctx.diags.error("type-mismatch", message, span)
        return error_value(span)
    if isinstance(combined.type, Pointer):
        return assigned(ctx, combined, target.type, f"'{op}='")
    return to_arithmetic(combined, target.type)


def _assign(ctx: Context, e: ast.Assign) -> tast.Expr:
    # Assignments lean to the right: `a = b = c = ...`
    chain: list[ast.Assign] = []
    last: ast.Expr = e
    while isinstance(last, ast.Assign):
        chain.append(last)
        last = last.value
    targets = [operand(ctx, node.target) for node in chain]
    right = value(ctx, last)
    for node, target in zip(reversed(chain), reversed(targets), strict=True):
        right = _assign_one(ctx, node, target, right)
    return right


def _assign_one(ctx: Context, e: ast.Assign, x: Operand, right: tast.Expr) -> tast.Expr:
    target = _modifiable(ctx, x, e.span, "assign to")
    if target is None or failed(right):
        return error_value(e.span)
    if e.op == "=":
        converted = assigned(ctx, right, target.type, "assignment")
        if failed(converted):
            return error_value(e.span)
        return tast.Assign(target, converted, type=target.type, span=e.span)
    updated = _combined(ctx, e.op[:-1], target, right, e.span)
    if failed(updated):
        return error_value(e.span)
    return tast.Update(target, updated, "new", type=target.type, span=e.span)


# -- the rest -------------------------------------------------------------------------------------


def _conditional(ctx: Context, e: ast.Conditional) -> tast.Expr:
    # They lean to the right: `a ? x : b ? y : ...`
    chain: list[tuple[ast.Conditional, tast.Expr, tast.Expr]] = []
    last: ast.Expr = e
    while isinstance(last, ast.Conditional):
        chain.append((last, truth(ctx, last.cond), value(ctx, last.then)))
        last = last.other
    result = value(ctx, last)
    for node, cond, then in reversed(chain):
        result = _choose(ctx, cond, then, result, node.span)
    return result


def _choose(
    ctx: Context, cond: tast.Expr, then: tast.Expr, other: tast.Expr, span: Span
) -> tast.Expr:
    if failed(cond, then, other):
        return error_value(span)
    t: Type
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


def _index(ctx: Context, e: ast.Index) -> Operand:
    base, index = value(ctx, e.base), value(ctx, e.index)
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
        ctx.diags.error("type-mismatch", message, e.index.span)
        return error_value(e.span)
    if is_void(base.type.pointee):
        ctx.diags.error("incomplete-type", "'[]' on a pointer to 'void'", e.span)
        return error_value(e.span)
    if not _element_known(ctx, base.type, e.span):
        return error_value(e.span)
    _warn_of_bounds(ctx, base, index)
    return _deref(ctx, offset(base, index, False, e.span), e.span)


def _warn_of_bounds(ctx: Context, base: tast.Expr, index: tast.Expr) -> None:
    if not (isinstance(base, tast.Convert) and base.kind == "decay"):
        return
    array, at = base.operand.type, constant.fold(index)
    assert isinstance(array, Array)
    if at is None or array.count is None or 0 <= at < array.count:
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


def _member(ctx: Context, e: ast.Member) -> Operand:
    if e.arrow:
        pointer = value(ctx, e.base)
        if not failed(pointer) and not isinstance(pointer.type, Pointer):
            hint = "use '.'" if isinstance(pointer.type, Struct) else None
            message = f"'->' needs a pointer to a struct, not {quoted(pointer.type)}"
            ctx.diags.error("type-mismatch", message, e.span, hint=hint)
            return error_value(e.span)
        base = _deref(ctx, pointer, e.base.span)
    else:
        base = operand(ctx, e.base)
    if failed(base):
        return error_value(e.span)
    struct = base.type
    if isinstance(struct, Vector):
        ctx.unsupported(f"components of vectors ('.{e.name}') are", e.span)
        return error_value(e.span)
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
    if path is None:
        hint = suggestion(e.name, {f.name for f in struct.fields if f.name})
        note = (f"'{struct}' is defined here", ctx.tag_spans.get(struct))
        message = f"{quoted(struct)} has no field '{e.name}'"
        ctx.diags.error("no-such-field", message, e.name_span, notes=(note,), hint=hint)
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


def _cast(ctx: Context, e: ast.Cast) -> tast.Expr:
    written = check_decl.type_name(ctx, e.target)
    x = operand(ctx, e.operand)
    if is_void(written.type) and isinstance(x, tast.OBJECTS) and is_void(x.type):
        return drop(tast.Convert("address", x, type=Pointer(x.type, x.quals), span=e.span))
    v = loaded(ctx, x)
    if isinstance(written.type, Vector):
        ctx.unsupported(f"vector types ('{written.type}') are", e.span)
        return error_value(e.span)
    if written.type == HALF and not half_is_allowed(ctx, e.span, HALF):
        return error_value(e.span)
    return cast(ctx, v, written.type, e.span)


def _compound_literal(ctx: Context, e: ast.CompoundLiteral) -> Operand:
    written = check_decl.type_name(ctx, e.target)
    if not check_decl.object_type(ctx, written, "compound literal", e.target.span):
        return error_value(e.span)
    if ctx.function is None:
        ctx.unsupported("compound literals outside of functions are", e.span)
        return error_value(e.span)
    if written.quals.space is not AddrSpace.PRIVATE:
        message = f"a compound literal lies in private memory, not in {written.quals.space}"
        ctx.diags.error("address-space", message, e.span)
        return error_value(e.span)
    t, init = check_init.initialiser(ctx, written.type, e.init)
    if init is None:
        return error_value(e.span)
    var = tast.Var("", t, written.quals, "auto", e.span)
    return tast.CompoundRef(var, init, type=t, quals=written.quals, span=e.span)


def _type_query(ctx: Context, e: ast.TypeQuery) -> tast.Expr:
    if isinstance(e.operand, ast.TypeName):
        t = check_decl.type_name(ctx, e.operand).type
    else:
        t = unevaluated(ctx, e.operand).type
    if t is ERROR:
        return error_value(e.span)
    if e.op == "vec_step":
        count = t.count if isinstance(t, Vector) else 1
        return tast.Const(4 if count == 3 else count, type=INT, span=e.span)
    if not is_complete(t):
        message = f"'{e.op}' of {quoted(t)}, which is not complete"
        ctx.diags.error("incomplete-type", message, e.span)
        return error_value(e.span)
    number = sizeof(t) if e.op == "sizeof" else alignof(t)
    return tast.Const(number, type=SIZE_T, span=e.span)


# -- calls ----------------------------------------------------------------------------------------


def _call(ctx: Context, e: ast.Call) -> tast.Expr:
    if not isinstance(e.callee, ast.Ident):
        callee = operand(ctx, e.callee)
        _arguments(ctx, e)
        if not failed(callee):
            message = f"a value of type {quoted(callee.type)} is called like a function"
            ctx.diags.error("not-a-function", message, e.callee.span)
        return error_value(e.span)
    name = e.callee.name
    match ctx.scope.find(name):
        case tast.Function() as function:
            return _call_function(ctx, e, function)
        case None:
            return _call_builtin(ctx, e, name)
        case tast.Var(type=t) if t is ERROR:
            _arguments(ctx, e)
        case symbol:
            _arguments(ctx, e)
            note = (f"'{name}' is declared here", symbol.span)
            message = f"'{name}' is called, but it is no function"
            ctx.diags.error("not-a-function", message, e.callee.span, notes=(note,))
    return error_value(e.span)


def _arguments(ctx: Context, e: ast.Call) -> list[tast.Expr]:
    return [value(ctx, argument) for argument in e.args]


def _call_function(ctx: Context, e: ast.Call, function: tast.Function) -> tast.Expr:
    args = _arguments(ctx, e)
    if ctx.function is None:
        message = f"a call of '{function.name}' outside of a function"
        ctx.diags.error("not-constant", message, e.span)
        return error_value(e.span)
    converted = _passed(ctx, e, function, args, function.span)
    if converted is None:
        return error_value(e.span)
    if not ctx.unevaluated:
        ctx.calls.setdefault(ctx.function.function, []).append((function, e.span))
    return tast.Call(function, converted, type=function.type.result, span=e.span)


def _passed(
    ctx: Context,
    e: ast.Call,
    callee: tast.Function | builtins.Builtin,
    args: list[tast.Expr],
    declared: Span | None = None,
) -> tuple[tast.Expr, ...] | None:
    """The arguments converted to the callee's parameters; None after an error."""
    name = callee.name
    params = callee.type.params if isinstance(callee, tast.Function) else callee.params
    if len(args) != len(params):
        plural = "" if len(params) == 1 else "s"
        message = f"'{name}' takes {len(params)} argument{plural}, not {len(args)}"
        notes = ((f"'{name}' is declared here", declared),) if declared is not None else ()
        ctx.diags.error("argument-count", message, e.span, notes=notes)
        return None
    converted = tuple(
        assigned(ctx, arg, param, f"argument {number} of '{name}'")
        for number, (arg, param) in enumerate(zip(args, params, strict=True), 1)
    )
    return None if failed(*converted) else converted


def _call_builtin(ctx: Context, e: ast.Call, name: str) -> tast.Expr:
    if name == "printf" and ctx.options.version >= 120:
        return check_printf(ctx, e)
    rows = [r for r in builtins.TABLE.get(name, ()) if r.since <= ctx.options.version]
    args = _arguments(ctx, e)
    if rows:
        fitting = [r for r in rows if len(r.params) == len(args)]
        row = (fitting or rows)[0]
        converted = _passed(ctx, e, row, args)
        if converted is None:
            return error_value(e.span)
        return tast.BuiltinCall(row.key, converted, type=row.result, span=e.span)
    span = e.callee.span
    if name in builtins.TABLE:
        since = min(r.since for r in builtins.TABLE[name])
        message = f"'{name}' needs OpenCL C {since // 100}.{since // 10 % 10}"
        hint = f"compile with -cl-std=CL{since // 100}.{since // 10 % 10}"
        ctx.diags.error("undeclared", message, span, hint=hint)
    elif builtins.is_planned(name):
        ctx.unsupported(f"builtin function '{name}' is", span)
    else:
        known = builtins.available(ctx.options.version) | {
            n for n in ctx.scope.visible() if isinstance(ctx.scope.find(n), tast.Function)
        }
        message = f"function '{name}' is not declared"
        ctx.diags.error("undeclared", message, span, hint=suggestion(name, known | {"printf"}))
        _silence(ctx, name)
    return error_value(e.span)
