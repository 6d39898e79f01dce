"""Statements, and the declarations among them."""

from __future__ import annotations

from typing import Literal, assert_never

from . import (
    ast,
    check,
    check_attribute,
    check_decl,
    check_expr,
    check_global,
    check_init,
    check_literal,
    check_pragma,
    check_switch,
    constant,
    tast,
)
from .convert import assigned, failed, quoted
from .record import replace
from .scope import Context, FunctionState, Written
from .source import Span
from .types import (
    ERROR,
    AddrSpace,
    Array,
    Function,
    Scalar,
    is_integer,
    is_void,
)

# -- statements -----------------------------------------------------------------------------------


def block(ctx: Context, e: ast.Compound) -> tast.Block:
    with ctx.block():
        return items(ctx, e)


def items(ctx: Context, e: ast.Compound) -> tast.Block:
    """What stands between braces, in the scope that is current."""
    done: list[tast.Stmt] = []
    unroll: int | None = None
    contract: tast.Contraction | None = None
    for at, item in enumerate(e.items, 1):
        match item:
            case ast.Declaration():
                done += declaration(ctx, item)
            case ast.StaticAssert():
                static_assert(ctx, item)
            case ast.Pragma():
                match check_pragma.pragma(ctx, item):
                    case check_pragma.Contract(mode):
                        contract = mode
                        if not all(isinstance(i, ast.Pragma) for i in e.items[:at]):
                            message = "'FP_CONTRACT' stands at the start of a block, or outside"
                            ctx.diags.error("bad-pragma", message, item.span)
                    case check_pragma.Unroll(factor):
                        if unroll is not None:
                            message = "two pragmas ask to unroll one loop"
                            ctx.diags.error("bad-pragma", message, item.span)
                        unroll = factor
                continue
            case _:
                done.append(statement(ctx, item, unroll))
                if isinstance(item, ast.For | ast.While) and _is_empty(item.body):
                    for following in e.items[at : at + 1]:
                        _warn_of_empty_loop(ctx, item, following)
        if unroll is not None and not isinstance(_loop_of(item), ast.For | ast.While | ast.DoWhile):
            message = "an unroll pragma stands before a loop; this is none"
            ctx.diags.error("bad-pragma", message, item.span)
        unroll = None
    if unroll is not None:
        ctx.diags.error("bad-pragma", "an unroll pragma stands before a loop", e.span)
    return tast.Block(tuple(done), contract, span=e.span)


def _loop_of(item: ast.BlockItem) -> ast.BlockItem:
    while isinstance(item, ast.AttributedStmt | ast.Label):
        item = item.body
    return item


def statement(ctx: Context, e: ast.Stmt, unroll: int | None = None) -> tast.Stmt:
    match e:
        case ast.Compound():
            return block(ctx, e)
        case ast.ExprStmt(expr=None):
            return tast.Block((), span=e.span)
        case ast.ExprStmt(expr=expr):
            assert expr is not None
            return _expression(ctx, expr)
        case ast.If():
            return _if(ctx, e)
        case ast.While() | ast.DoWhile() | ast.For():
            return _loop(ctx, e, unroll)
        case ast.Switch():
            return check_switch.switch(ctx, e)
        case ast.Case():
            return check_switch.case(ctx, e)
        case ast.Default():
            return check_switch.default(ctx, e)
        case ast.Break():
            if ctx.function is None or not ctx.function.breakable:
                message = "'break' outside of a loop or switch"
                hint = "'return' leaves the function"
                ctx.diags.error("misplaced-statement", message, e.span, hint=hint)
            return tast.Break(span=e.span)
        case ast.Continue():
            if ctx.function is None or not ctx.function.loops:
                ctx.diags.error("misplaced-statement", "'continue' outside of a loop", e.span)
            return tast.Continue(span=e.span)
        case ast.Return():
            return _return(ctx, e)
        case ast.Goto():
            function_state(ctx).gotos.append(e)
            return tast.Goto(e.label, span=e.span)
        case ast.Label():
            return _label(ctx, e, unroll)
        case ast.Asm():
            ctx.diags.error("unsupported", "inline assembly is not supported", e.span)
            return tast.Block((), span=e.span)
        case ast.AttributedStmt():
            return _attributed(ctx, e, unroll)
        case ast.Pragma():
            check_pragma.pragma(ctx, e)
            return tast.Block((), span=e.span)
        case _:
            assert_never(e)


def function_state(ctx: Context) -> FunctionState:
    assert ctx.function is not None, "statements stand in functions"
    return ctx.function


def _expression(ctx: Context, e: ast.Expr) -> tast.Stmt:
    x = check_expr.effect(ctx, e)
    if failed(x):
        return tast.Block((), span=e.span)
    return tast.ExprStmt(x, span=e.span)


def governed(ctx: Context, e: ast.Stmt) -> tast.Stmt:
    """The statement a loop or an `if` governs: a scope of its own (C99 6.8.4, 6.8.5)."""
    with ctx.block():
        return statement(ctx, e)


def _is_empty(e: ast.BlockItem | None) -> bool:
    return isinstance(e, ast.ExprStmt) and e.expr is None


def _warn_of_empty_body(ctx: Context, what: str, head: Span, body: ast.Stmt) -> None:
    """`if (x);` with the semicolon on the line of the condition: hardly meant."""
    at, end = body.span.outermost(), head.outermost()
    same_line = at.file is end.file and "\n" not in at.file.text[end.end : at.start]
    if same_line and body.span.expanded_from is None:
        message = f"this '{what}' has an empty body"
        ctx.diags.warning("empty-body", message, body.span, hint="put the ';' on its own line")


def _warn_of_empty_loop(ctx: Context, loop: ast.For | ast.While, following: ast.BlockItem) -> None:
    """`while (x); y();`: what follows looks like the body if it is a block, or further right."""
    here, there = loop.span.outermost(), following.span.outermost()
    if here.file is not there.file:
        return
    looks = here.file.position(there.start)[1] > here.file.position(here.start)[1]
    if isinstance(following, ast.Compound) or looks:
        head = loop.cond if isinstance(loop, ast.While) else loop.step or loop.cond or loop.init
        assert head is not None
        what = "while" if isinstance(loop, ast.While) else "for"
        _warn_of_empty_body(ctx, what, head.span, loop.body)


def _if(ctx: Context, e: ast.If) -> tast.Stmt:
    # `else if` chains lean to the right: walked in a loop.
    chain: list[tuple[ast.If, tast.Expr, tast.Stmt]] = []
    last: ast.Stmt | None = e
    goes_on = True
    while isinstance(last, ast.If):
        with ctx.reached(goes_on):
            cond = check_expr.truth(ctx, last.cond)
            if last.other is None and _is_empty(last.then):
                _warn_of_empty_body(ctx, "if", last.cond.span, last.then)
            known = constant.fold(cond)
            with ctx.reached(known != 0):
                chain.append((last, cond, governed(ctx, last.then)))
        goes_on = goes_on and not known
        last = last.other
    with ctx.reached(goes_on):
        other = None if last is None else governed(ctx, last)
    for node, cond, then in reversed(chain):
        other = tast.If(cond, then, other, span=node.span)
    assert other is not None
    return other


def _loop(ctx: Context, e: ast.While | ast.DoWhile | ast.For, unroll: int | None) -> tast.Stmt:
    state = function_state(ctx)
    state.breakable += 1
    state.loops += 1
    try:
        with ctx.block():
            match e:
                case ast.While():
                    cond = check_expr.truth(ctx, e.cond)
                    body = governed(ctx, e.body)
                    return tast.Loop(cond, body, unroll=unroll, span=e.span)
                case ast.DoWhile():
                    body = governed(ctx, e.body)
                    cond = check_expr.truth(ctx, e.cond)
                    return tast.Loop(cond, body, test_first=False, unroll=unroll, span=e.span)
                case ast.For():
                    return _for(ctx, e, unroll)
    finally:
        state.breakable -= 1
        state.loops -= 1


def _for(ctx: Context, e: ast.For, unroll: int | None) -> tast.Stmt:
    init: tast.Stmt | None
    if isinstance(e.init, ast.Declaration):
        if not ({"auto", "register"} if ctx.is_c else set()).issuperset(e.init.specs.storage):
            message = "a variable declared in a 'for' is automatic"
            ctx.diags.error("bad-storage", message, e.init.span)
        declared = declaration(ctx, e.init, of_loop=True)
        init = declared[0] if len(declared) == 1 else tast.Block(tuple(declared), span=e.init.span)
    else:
        init = None if e.init.expr is None else _expression(ctx, e.init.expr)
    cond = None if e.cond is None else check_expr.truth(ctx, e.cond)
    step = None if e.step is None else check_expr.effect(ctx, e.step)
    body = governed(ctx, e.body)
    return tast.Loop(cond, body, step, init, unroll=unroll, span=e.span)


def _return(ctx: Context, e: ast.Return) -> tast.Stmt:
    function = function_state(ctx).function
    result = function.type.result
    if e.value is None:
        if not is_void(result):
            message = f"'{function.name}' returns {quoted(result)}; a value is missing"
            ctx.diags.error("return-type", message, e.span)
        return tast.Return(None, span=e.span)
    x = check_expr.value(ctx, e.value)
    if is_void(result):
        if not failed(x) and not is_void(x.type):
            message = f"'{function.name}' returns nothing, so 'return' takes no value"
            ctx.diags.error("return-type", message, e.value.span)
        elif not failed(x):
            effect = tast.ExprStmt(x, span=e.span)
            return tast.Block((effect, tast.Return(None, span=e.span)), span=e.span)
        return tast.Return(None, span=e.span)
    return tast.Return(assigned(ctx, x, result, "'return'"), span=e.span)


def _label(ctx: Context, e: ast.Label, unroll: int | None) -> tast.Stmt:
    labels = function_state(ctx).labels
    if e.name in labels:
        note = ("the other one is here", labels[e.name])
        message = f"two labels are named '{e.name}'"
        ctx.diags.error("redefinition", message, e.span, notes=(note,))
    else:
        labels[e.name] = e.span
    body = e.body
    if isinstance(body, ast.AttributedStmt):
        # `l: __attribute__((unused)) ...` is said of the label.
        own = tuple(a for a in body.attributes if a.name != "unused")
        body = replace(body, attributes=own) if own else body.body
    return tast.Label(e.name, statement(ctx, body, unroll), span=e.span)


def _attributed(ctx: Context, e: ast.AttributedStmt, unroll: int | None) -> tast.Stmt:
    for attribute in e.attributes:
        if attribute.name == "opencl_unroll_hint":
            asked = _unroll_hint(ctx, attribute)
            unroll = asked if asked is not None else unroll
            if not isinstance(_loop_of(e.body), ast.For | ast.While | ast.DoWhile):
                message = "'opencl_unroll_hint' stands before a loop; this is none"
                ctx.diags.error("bad-attribute", message, attribute.span)
        elif attribute.name == "fallthrough":
            if not function_state(ctx).switches:
                message = "'fallthrough' outside of a switch"
                ctx.diags.error("misplaced-statement", message, attribute.span)
            function_state(ctx).fallthroughs.add(e.body.span.start)
        else:
            check_attribute.other(ctx, attribute, "statement")
    return statement(ctx, e.body, unroll)


def _unroll_hint(ctx: Context, attribute: ast.Attribute) -> int | None:
    if not attribute.args:
        return 0
    (argument, *rest) = attribute.args
    if rest or isinstance(argument, ast.TypeName):
        message = "'opencl_unroll_hint' takes one positive number"
        ctx.diags.error("bad-attribute", message, attribute.span)
        return None
    count = check_expr.int_constant(ctx, argument, "an unroll factor")
    if count is not None and not 1 <= count < 1 << 24:
        message = f"{count} is no unroll factor"
        ctx.diags.error("bad-attribute", message, argument.span)
        return None
    return count


def static_assert(ctx: Context, e: ast.StaticAssert) -> None:
    value = check_expr.int_constant(ctx, e.cond, "what a static assertion tests")
    if value == 0:
        text = check_literal.string_bytes(ctx, e.message) if e.message is not None else None
        because = f": {text[:-1].decode('utf-8', 'replace')}" if text else ""
        ctx.diags.error("static-assert", f"static assertion failed{because}", e.span)


# -- declarations in functions --------------------------------------------------------------------


def declaration(ctx: Context, e: ast.Declaration, *, of_loop: bool = False) -> list[tast.Stmt]:
    """A declaration inside a function, or of a `for`: the statements that make its variables."""
    base = check_decl.base_type(ctx, e.specs, alone=not e.items)
    done: list[tast.Stmt] = []
    if not e.items and e.specs.function:
        message = f"'{e.specs.function[0]}' is for functions only"
        ctx.diags.error("bad-specifier", message, e.specs.span)
    if not e.items and isinstance(base.type, Scalar):
        ctx.diags.warning("missing-declarations", "this declares nothing", e.span)
    for item in e.items:
        written = check_decl.declared(ctx, base, item.declarator)
        name = item.declarator.name
        if name is None:
            continue
        if "typedef" in e.specs.storage:
            check_decl.typedef(ctx, e.specs, item, written)
            continue
        if isinstance(written.type, Function):
            if of_loop:
                message = f"a 'for' declares variables only, not the function '{name}'"
                ctx.diags.error("bad-type", message, item.declarator.name_span)
            check.prototype(ctx, e.specs, item, written.type)
            continue
        for word in e.specs.function:
            message = f"'{word}' is for functions only"
            ctx.diags.error("bad-specifier", message, e.specs.span)
        variable = _local(ctx, e.specs, item, written)
        if variable is not None:
            done.append(variable)
    return done


def _local(
    ctx: Context, specs: ast.DeclSpecs, item: ast.InitDeclarator, written: Written
) -> tast.Stmt | None:
    state, name, span = function_state(ctx), item.declarator.name or "", item.declarator.name_span
    if not check_decl.object_type(ctx, written, name, span):
        # Declared all the same, so that its uses say nothing.
        written = Written(ERROR)
    elif "extern" in specs.storage:
        check_global.local_extern(ctx, specs, item, written)
        return None
    attributes = check_attribute.of_declaration(ctx, specs, item.declarator)
    align = check_attribute.variable_alignment(ctx, attributes, written)
    storage = "auto" if written.type is ERROR else _storage(ctx, specs, written, name, span)
    if storage is None:
        written, storage = Written(ERROR), "auto"
    quals = written.quals
    if storage == "auto":
        quals = quals.with_(space=AddrSpace.PRIVATE)
    elif storage == "static" and not written.spaced and not ctx.is_c:
        quals = quals.with_(space=AddrSpace.GLOBAL)
    var = tast.Var(name, written.type, quals, storage, span, written.spelling, align=align)
    var.may_be_unused = check_attribute.may_be_unused(attributes)
    if storage == "static":
        check_attribute.linkage(ctx, attributes, var)
    elif written.type is not ERROR:
        check_attribute.no_linkage(ctx, attributes)
    if ctx.declare(name, var, span):
        state.locals.append(var)
    if storage == "static":
        check_global.local_static(ctx, state.function, var, item)
        return None
    init: tast.Init | None = None
    if item.init is not None:
        if written.type is ERROR:
            if not isinstance(item.init, ast.InitList):
                check_expr.value(ctx, item.init)
            return None
        if storage == "group":
            message = f"'{name}' is in local memory and cannot have an initialiser"
            ctx.diags.error(
                "bad-initialiser", message, item.init.span, hint="assign to it in the body"
            )
            return None
        var.type, init = check_init.initialiser(ctx, written.type, item.init)
        if init is None:
            return None
        if var.quals.const and not var.quals.volatile and is_integer(var.type):
            known = (
                None if isinstance(init, tast.Aggregate | tast.StringRef) else constant.fold(init)
            )
            var.known = None if known is None else int(known)
    if isinstance(var.type, Array) and var.type.count is None:
        ctx.diags.error("incomplete-type", f"the length of array '{name}' is missing", span)
        var.type = ERROR
        return None
    if storage == "group":
        state.function.needs_locals = True
    if storage == "group" or var.type is ERROR:
        return None
    return tast.VarDecl(var, init, span=span)


def _storage(
    ctx: Context, specs: ast.DeclSpecs, written: Written, name: str, span: Span
) -> Literal["auto", "static", "group"] | None:
    """Where a function's variable lives; None, with an error, where it cannot."""
    state, space = function_state(ctx), written.quals.space
    for word in specs.storage:
        if word in ("auto", "register") and not ctx.is_c:
            message = f"'{word}' is not for variables of a function in OpenCL C"
            ctx.diags.error("bad-storage", message, specs.span)
            return None
    if "static" in specs.storage:
        if ctx.options.version >= 200 or ctx.is_c:
            allowed = check_global.space_is_allowed(ctx, written, name, span)
            return "static" if allowed else None
        message = f"variable '{name}' of a function cannot be static"
        hint = "constant variables at program scope live as long as the program"
        ctx.diags.error("bad-storage", message, span, hint=hint)
        return None
    if space is AddrSpace.PRIVATE:
        return "auto"
    if space in (AddrSpace.GLOBAL, AddrSpace.GENERIC, AddrSpace.MRAM):
        message = f"variable '{name}' of a function cannot lie in {space.memory}"
        where = "declare it 'static', or at file scope" if ctx.is_c else None
        ctx.diags.error("address-space", message, span, hint=where)
        return None
    if not state.function.is_kernel:
        message = f"'{name}' in {space.memory} can be declared in a kernel only"
        ctx.diags.error("address-space", message, span, hint="pass a pointer to it")
        return None
    if ctx.scope is not state.body_scope:
        message = f"'{name}' in {space.memory} must be declared in the kernel's outermost block"
        ctx.diags.error("address-space", message, span)
        return None
    return "static" if space is AddrSpace.CONSTANT else "group"
