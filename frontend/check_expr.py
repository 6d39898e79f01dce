"""Expressions: what each one means, its type, and every conversion in it as a node."""

from __future__ import annotations

from typing import assert_never

from . import (
    ast,
    builtins,
    check_call,
    check_decl,
    check_init,
    check_literal,
    check_operator,
    check_place,
    check_vector,
    constant,
    tast,
    warn,
)
from .builtin_rows import ENUMERATORS
from .convert import (
    Operand,
    cast,
    condition,
    drop,
    error_value,
    failed,
    half_is_allowed,
    promote,
    quoted,
)
from .foreign import STATEMENT_WORDS, misspelt
from .record import record
from .scope import Context, EnumConstant, Typedef, Written
from .source import doubly_parenthesised
from .types import (
    BOOL,
    CHAR,
    ERROR,
    HALF,
    INT,
    SIZE_T,
    AddrSpace,
    Array,
    Enum,
    Pointer,
    Quals,
    Vector,
    alignof,
    is_arithmetic,
    is_complete,
    is_float,
    is_integer,
    is_void,
    sizeof,
)

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
    if not ctx.fp16 and HALF in (x.type, x.type.element if isinstance(x.type, Vector) else None):
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
    return condition(ctx, _tested(ctx, e))


def _tested(ctx: Context, e: ast.Expr) -> tast.Expr:
    if isinstance(e, ast.Assign) and e.op == "=" and not doubly_parenthesised(e.span):
        message = "an assignment as a condition; is '==' meant?"
        ctx.diags.warning("parentheses", message, e.span)
    return value(ctx, e)


def unevaluated(ctx: Context, e: ast.Expr) -> Operand:
    """For sizeof and the like: only the type counts."""
    ctx.unevaluated += 1
    try:
        return operand(ctx, e)
    finally:
        ctx.unevaluated -= 1


def folded(ctx: Context, e: ast.Expr) -> tast.Expr:
    """An expression that is to be constant, and of which no more than its value stays."""
    ctx.folding += 1
    try:
        x = value(ctx, e)
    finally:
        ctx.folding -= 1
    if not failed(x):
        warn.initialiser(ctx, x)
    return x


def int_constant(ctx: Context, e: ast.Expr, what: str) -> int | None:
    """An integer constant expression; None, with an error, if it is none."""
    x = folded(ctx, e)
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
            return check_literal.number(ctx, e)
        case ast.CharConst():
            return check_literal.character(ctx, e)
        case ast.String():
            return check_literal.string(ctx, e)
        case ast.Binary() | ast.Comma():
            return _chain(ctx, e)
        case ast.Unary():
            return _unary(ctx, e)
        case ast.Postfix(op=op):
            return check_place.step(ctx, e.operand, op, "old", e.span)
        case ast.Assign():
            return check_place.assign(ctx, e)
        case ast.Conditional():
            return _conditional(ctx, e)
        case ast.Call():
            return check_call.call(ctx, e)
        case ast.Index():
            return check_place.index(ctx, e)
        case ast.Member():
            return check_place.field(ctx, e)
        case ast.Cast():
            return _cast(ctx, e)
        case ast.VectorLiteral(target=target, parts=parts):
            written = check_decl.type_name(ctx, target)
            values = [value(ctx, part) for part in parts]
            if isinstance(written.type, Vector):
                return check_vector.literal(ctx, written.type, values, e.span)
            if written.type is not ERROR:
                message = f"{quoted(written.type)} is no vector type: it takes one value"
                ctx.diags.error("vector-literal", message, e.span)
            return error_value(e.span)
        case ast.CompoundLiteral():
            return _compound_literal(ctx, e)
        case ast.TypeQuery():
            return _type_query(ctx, e)
        case ast.OffsetOf():
            from . import check_gnu  # few programs of C, and none of OpenCL C, have one

            return check_gnu.offset_of(ctx, e)
        case ast.StatementExpr():
            ctx.unsupported("statement expressions '({ ... })' are", e.span)
            return error_value(e.span)
        case _:
            assert_never(e)


_NAMES_OF_FUNCTION = ("__func__", "__FUNCTION__")


def _ident(ctx: Context, e: ast.Ident) -> Operand:
    symbol = ctx.scope.find(e.name)
    match symbol:
        case tast.Var():
            (ctx.measured if ctx.unevaluated or ctx.folding else ctx.used).add(symbol)
            return tast.VarRef(symbol, type=symbol.type, quals=symbol.quals, span=e.span)
        case EnumConstant(value=number, type=t):
            return tast.Const(number, type=t, span=e.span)
        case tast.Function() as function if ctx.is_c:
            if not ctx.unevaluated:
                ctx.program.addressed.append((function, e.span))
            return tast.FunctionAddress(function, type=Pointer(function.type), span=e.span)
        case tast.Function():
            message = f"function '{e.name}' used as a value; OpenCL C has no function pointers"
            ctx.diags.error("function-pointer", message, e.span)
        case Typedef():
            message = f"'{e.name}' is a type; an expression is wanted"
            ctx.diags.error("unexpected-type", message, e.span)
        case None if e.name in _NAMES_OF_FUNCTION and ctx.is_c and ctx.function is not None:
            data = ctx.function.function.name.encode() + b"\0"
            text = Array(CHAR, len(data))
            return tast.StringRef(data, type=text, quals=Quals(const=True), span=e.span)
        case None if e.name in ("true", "false") and not ctx.is_c:
            return tast.Const(int(e.name == "true"), type=BOOL, span=e.span)
        case None if ctx.options.version >= 200 and e.name in ENUMERATORS:
            return tast.Const(ENUMERATORS[e.name], type=INT, span=e.span)
        case None if not ctx.is_c and builtins.is_builtin(e.name):
            message = f"builtin function '{e.name}' used as a value"
            ctx.diags.error("function-pointer", message, e.span)
        case None if e.name in ctx.doubtful:
            pass
        case None:
            known = ctx.scope.visible() | STATEMENT_WORDS
            hint, fixes = misspelt(e.name, e.span, known, ctx.is_c)
            message = f"'{e.name}' is not declared"
            ctx.diags.error("undeclared", message, e.span, hint=hint, fixes=fixes)
            _silence(ctx, e.name)
    return error_value(e.span)


def _silence(ctx: Context, name: str) -> None:
    """Say once per function that a name is not declared."""
    if ctx.function is not None:
        missing = tast.Var(name, ERROR, Quals(), "auto")
        ctx.function.body_scope.names[name] = missing
        ctx.used.add(missing)


# -- binary operators -----------------------------------------------------------------------------


@record
class _Truth:
    """What constants tell of a condition; None: nothing."""

    value: int | float | None

    def goes_on(self, op: str) -> bool:
        """Whether the right side of && or || may be evaluated."""
        return self.value is None or bool(self.value) == (op == "&&")

    def then(self, op: str, right: tast.Expr) -> _Truth:
        """Of the whole `left op right`."""
        if self.value is None or not self.goes_on(op):
            return self
        return _Truth(constant.fold(right))


def _chain(ctx: Context, e: ast.Binary | ast.Comma) -> tast.Expr:
    """Binary operators and commas. They lean to the left, so a loop walks that side."""
    spine: list[ast.Binary | ast.Comma] = []
    first: ast.Expr = e
    while isinstance(first, ast.Binary | ast.Comma):
        spine.append(first)
        first = first.left
    left = operand(ctx, first)
    known: _Truth | None = None  # of what stands left, if that is one of && and ||
    for node in reversed(spine):
        if isinstance(node, ast.Comma):
            known = None
            right = value(ctx, node.right)
            dropped = drop(loaded(ctx, left))
            if failed(dropped, right):
                left = error_value(node.span)
            else:
                left = tast.Comma(dropped, right, type=right.type, span=node.span)
        else:
            left = loaded(ctx, left)
            if node.op not in ("&&", "||"):
                right, known = value(ctx, node.right), None
            else:
                # Of a chain of thousands only each operand is looked at.
                known = known or _Truth(constant.fold(left))
                with ctx.reached(known.goes_on(node.op)):
                    right = value(ctx, node.right)
                known = known.then(node.op, right)
            left = check_operator.binary(ctx, node.op, left, right, node.span)
    assert not isinstance(left, tast.OBJECTS)
    return left


# -- unary operators ------------------------------------------------------------------------------


def _unary(ctx: Context, e: ast.Unary) -> Operand:
    match e.op:
        case "++" | "--":
            return check_place.step(ctx, e.operand, e.op, "new", e.span)
        case "&":
            return check_place.address(ctx, e)
        case "*":
            return check_place.deref(ctx, value(ctx, e.operand), e.span)
        case "!":
            x = value(ctx, e.operand)
            if isinstance(x.type, Vector):
                return check_vector.unary(ctx, e.op, x, e.span)
            x = condition(ctx, x)
            if failed(x):
                return error_value(e.span)
            return tast.Unary("lnot", x, type=INT, span=e.span)
        case "+" | "-" | "~":
            x = value(ctx, e.operand)
            if isinstance(x.type, Vector):
                return check_vector.unary(ctx, e.op, x, e.span)
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
            node = tast.Unary("neg" if e.op == "-" else "not", x, type=x.type, span=e.span)
            return check_operator.computed(ctx, node)
        case _:
            assert_never(e.op)


# -- the rest -------------------------------------------------------------------------------------


def _conditional(ctx: Context, e: ast.Conditional) -> tast.Expr:
    # They lean to the right: `a ? x : b ? y : ...`
    chain: list[tuple[ast.Conditional, tast.Expr, tast.Expr]] = []
    last: ast.Expr = e
    goes_on = True
    while isinstance(last, ast.Conditional):
        with ctx.reached(goes_on):
            cond = _tested(ctx, last.cond)
            if is_float(cond.type) and not ctx.is_c:
                message = f"what stands before '?' must not be floating: {quoted(cond.type)}"
                ctx.diags.error("type-mismatch", message, last.cond.span, hint="compare it with 0")
                cond = error_value(last.cond.span)
            if not isinstance(cond.type, Vector):
                cond = condition(ctx, cond)
            known = constant.fold(cond)
            with ctx.reached(known != 0):
                chain.append((last, cond, value(ctx, last.then)))
        goes_on = goes_on and not known
        last = last.other
    with ctx.reached(goes_on):
        result = value(ctx, last)
    for node, cond, then in reversed(chain):
        result = check_operator.choose(ctx, cond, then, result, node.span)
    return result


def _cast(ctx: Context, e: ast.Cast) -> tast.Expr:
    written = check_decl.type_name(ctx, e.target)
    x = operand(ctx, e.operand)
    if is_void(written.type) and isinstance(x, tast.OBJECTS) and is_void(x.type):
        return drop(tast.Convert("address", x, type=Pointer(x.type, x.quals), span=e.span))
    v = loaded(ctx, x)
    if written.type == HALF and not half_is_allowed(ctx, e.span, HALF):
        return error_value(e.span)
    return cast(ctx, v, written.type, e.span)


def _compound_literal(ctx: Context, e: ast.CompoundLiteral) -> Operand:
    written = check_decl.type_name(ctx, e.target)
    if not check_decl.object_type(ctx, written, "compound literal", e.target.span):
        return error_value(e.span)
    if ctx.function is None:
        return _static_literal(ctx, e, written)
    if written.quals.space is not AddrSpace.PRIVATE:
        message = f"a compound literal cannot lie in {written.quals.space.memory}"
        ctx.diags.error("address-space", message, e.span)
        return error_value(e.span)
    t, init = check_init.initialiser(ctx, written.type, e.init)
    if init is None:
        return error_value(e.span)
    var = tast.Var("", t, written.quals, "auto", e.span)
    return tast.CompoundRef(var, init, type=t, quals=written.quals, span=e.span)


def _static_literal(ctx: Context, e: ast.CompoundLiteral, written: Written) -> Operand:
    """A compound literal at program scope: an unnamed object that lives as long."""
    t, init = check_init.initialiser(ctx, written.type, e.init)
    if init is None:
        return error_value(e.span)
    reduced = constant.static_init(init)
    if reduced is None:
        message = "a compound literal at program scope holds constants"
        ctx.diags.error("not-constant", message, e.span)
        return error_value(e.span)
    var = tast.Var("", t, written.quals, "static", e.span, init=reduced, is_static=True)
    return tast.VarRef(var, type=t, quals=written.quals, span=e.span)


def _type_query(ctx: Context, e: ast.TypeQuery) -> tast.Expr:
    if isinstance(e.operand, ast.TypeName):
        written = check_decl.type_name(ctx, e.operand)
        t, align = written.type, written.quals.align
    else:
        x = unevaluated(ctx, e.operand)
        t, align = x.type, check_place.alignment(x)
    if t is ERROR:
        return error_value(e.span)
    if e.op == "vec_step":
        if not (isinstance(t, Vector) or is_arithmetic(t) or is_void(t)) or isinstance(t, Enum):
            message = f"'vec_step' is of scalars and vectors, not of {quoted(t)}"
            ctx.diags.error("type-mismatch", message, e.span)
            return error_value(e.span)
        count = t.count if isinstance(t, Vector) else 1
        return tast.Const(4 if count == 3 else count, type=INT, span=e.span)
    is_function = isinstance(e.operand, ast.Ident) and isinstance(x, tast.FunctionAddress)
    if is_function or not is_complete(t):
        message = f"'{e.op}' of {quoted(t)}, which is not complete"
        ctx.diags.error("incomplete-type", message, e.span)
        return error_value(e.span)
    number = sizeof(t) if e.op == "sizeof" else align or alignof(t)
    return tast.Const(number, type=SIZE_T, span=e.span)


# -- calls ----------------------------------------------------------------------------------------
