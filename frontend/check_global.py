"""Objects that live as long as the program: at its scope, `static` or `extern` in functions.

Constant memory holds them in every version; global memory too where OpenCL C 2.0, or the
feature of 3.0, has program-scope variables (OpenCL C 3.0, 6.7.1 and 6.7.6).
"""

from __future__ import annotations

from . import ast, check_attribute, check_decl, check_init, constant, dialect, tast, warn
from .scope import Context, Written
from .source import Span
from .types import ERROR, EVENT, NO_QUALS, AddrSpace, Array, Atomic, Quals


def variable(
    ctx: Context, specs: ast.DeclSpecs, item: ast.InitDeclarator, written: Written
) -> None:
    """A variable at program scope."""
    name, span = item.declarator.name or "", item.declarator.name_span
    attributes = check_attribute.of_declaration(ctx, specs, item.declarator)
    align = check_attribute.variable_alignment(ctx, attributes, written)
    if not check_decl.object_type(ctx, written, name, span):
        declare_broken(ctx, name, span)
        return
    if written.type == EVENT:
        ctx.diags.error("bad-type", f"'{name}' at program scope has type 'event_t'", span)
        declare_broken(ctx, name, span)
        return
    for word in specs.storage:
        if word in ("auto", "register"):
            message = f"'{word}' on a variable at program scope"
            ctx.diags.error("bad-storage", message, specs.span)
    for word in specs.function:
        ctx.diags.error("bad-specifier", f"'{word}' is for functions only", specs.span)
    if not space_is_allowed(ctx, written, name, span):
        declare_broken(ctx, name, span)
        return
    quals = _placed(ctx, written)
    var = tast.Var(name, written.type, quals, "static", span, written.spelling, align=align)
    var.is_extern = "extern" in specs.storage and item.init is None
    var.is_static = "static" in specs.storage
    old = ctx.scope.names.get(name) or ctx.externs.get(name)
    if isinstance(old, tast.Var) and old.type is not ERROR:
        if not _merge(ctx, old, var, item):
            return
        var = old
        ctx.scope.names[name] = var
    elif ctx.declare(name, var, span):
        ctx.program.globals.append(var)
    else:
        return
    check_attribute.linkage(ctx, attributes, var)
    if item.init is not None:
        _initialise(ctx, var, item.init)


def _placed(ctx: Context, written: Written) -> Quals:
    """The qualifiers of a variable whose address space may have been left to the language.

    C has one memory, which is that of pointers without an address space.
    """
    if written.spaced or ctx.is_c:
        return written.quals
    return written.quals.with_(space=AddrSpace.GLOBAL)


def declare_broken(ctx: Context, name: str, span: Span) -> None:
    """An erroneous variable is declared all the same, so that its uses say nothing."""
    if name not in ctx.scope.names:
        ctx.scope.names[name] = tast.Var(name, ERROR, NO_QUALS, "static", span)


def space_is_allowed(ctx: Context, written: Written, name: str, span: Span) -> bool:
    """Whether a variable of the program can lie where it says; reports it if not."""
    space = written.quals.space
    if space is AddrSpace.CONSTANT or ctx.is_c:
        return True
    in_global = ctx.options.has(dialect.PROGRAM_SCOPE_GLOBALS)
    if in_global and (space is AddrSpace.GLOBAL or not written.spaced):
        return True
    where = "global or constant" if in_global else "constant"
    message = f"'{name}' lives as long as the program: it must be in {where} memory"
    ctx.diags.error("address-space", message, span, hint="write 'constant' before its type")
    return False


def _merge(ctx: Context, old: tast.Var, new: tast.Var, item: ast.InitDeclarator) -> bool:
    """A second declaration of one object: `extern constant int x; constant int x = 1;`."""
    note = (f"'{new.name}' is declared here", old.span)
    same = old.type == new.type or (
        isinstance(old.type, Array)
        and isinstance(new.type, Array)
        and old.type.element == new.type.element
        and None in (old.type.count, new.type.count)
    )
    if not same or old.quals != new.quals:
        message = f"'{new.name}' is declared with two types: '{old.type}' and '{new.type}'"
        ctx.diags.error("conflicting-types", message, new.span, notes=(note,))
        return False
    if new.is_static and not old.is_static:
        message = f"'{new.name}' is static here and was not before"
        ctx.diags.error("conflicting-types", message, new.span, notes=(note,))
        return False
    if item.init is not None and old.init is not None:
        message = f"'{new.name}' is defined twice"
        ctx.diags.error("redefinition", message, new.span, notes=(note,))
        return False
    if isinstance(new.type, Array) and new.type.count is not None:
        old.type = new.type
    old.is_extern = old.is_extern and new.is_extern
    old.is_static = old.is_static or new.is_static
    old.align = max(old.align, new.align)
    return True


def _initialise(ctx: Context, var: tast.Var, init: ast.Init) -> None:
    if isinstance(var.type, Atomic):  # by what ATOMIC_VAR_INIT is given
        _, tree = check_init.initialiser(ctx, var.type.base, init)
    else:
        var.type, tree = check_init.initialiser(ctx, var.type, init)
    if tree is None or not _keep(ctx, var, tree, init.span):
        var.type = ERROR


def _keep(ctx: Context, var: tast.Var, tree: tast.Init, span: Span) -> bool:
    """Give a variable its contents; False, with an error, if they are not constant."""
    reduced = constant.static_init(tree)
    if reduced is None:
        message = f"the initialiser of '{var.name}' is not constant"
        ctx.diags.error("not-constant", message, span)
        return False
    var.init, var.is_extern = reduced, False
    warn.initialiser(ctx, tree)
    return True


def finish(ctx: Context) -> None:
    """What can be said of the variables at the end of the program only."""
    for var in ctx.program.globals:
        if var.is_extern or var.type is ERROR:
            continue
        if isinstance(var.type, Array) and var.type.count is None and ctx.is_c:
            message = f"array '{var.name}' never gets a length: it has one element"
            ctx.diags.warning("tentative-definition-array", message, var.span)
            var.type = Array(var.type.element, 1)
        elif isinstance(var.type, Array) and var.type.count is None:
            message = f"the length of array '{var.name}' is missing"
            ctx.diags.error("incomplete-type", message, var.span)
        elif var.init is None and var.quals.space is AddrSpace.CONSTANT:
            _report_uninitialised(ctx, var)


def _report_uninitialised(ctx: Context, var: tast.Var) -> None:
    message = f"'{var.name}' is in constant memory and needs an initialiser"
    ctx.diags.error("bad-initialiser", message, var.span)


# -- in functions ---------------------------------------------------------------------------------


def local_static(
    ctx: Context, function: tast.Function, var: tast.Var, item: ast.InitDeclarator
) -> None:
    """A `static` variable of a function, or one in constant memory, once it is declared."""
    if item.init is None:
        if var.quals.space is AddrSpace.CONSTANT:
            _report_uninitialised(ctx, var)
            return
    else:
        var.type, tree = check_init.initialiser(ctx, var.type, item.init)
        if tree is None or not _keep(ctx, var, tree, item.init.span):
            return
    if isinstance(var.type, Array) and var.type.count is None:
        ctx.diags.error("incomplete-type", f"the length of array '{var.name}' is missing", var.span)
        return
    # Its name in the object file; two of one name in different blocks are told apart.
    taken = {v.name for v in ctx.program.globals}
    name, number = f"{function.name}.{var.name}", 0
    while name in taken:
        number += 1
        name = f"{function.name}.{var.name}.{number}"
    var.name, var.is_static = name, True
    ctx.program.globals.append(var)


def local_extern(
    ctx: Context, specs: ast.DeclSpecs, item: ast.InitDeclarator, written: Written
) -> None:
    """`extern` in a function: another name for what the program has, here or elsewhere."""
    name, span = item.declarator.name or "", item.declarator.name_span
    if not space_is_allowed(ctx, written, name, span):
        declare_broken(ctx, name, span)
        return
    if item.init is not None:
        message = f"'{name}' is declared 'extern' in a function and cannot have an initialiser"
        ctx.diags.error("bad-initialiser", message, item.init.span)
    var = tast.Var(name, written.type, _placed(ctx, written), "static", span, is_extern=True)
    attributes = check_attribute.of_declaration(ctx, specs, item.declarator)
    var.align = check_attribute.variable_alignment(ctx, attributes, written)
    old = ctx.program_scope.names.get(name) or ctx.externs.get(name)
    if isinstance(old, tast.Var) and old.type is not ERROR:
        if not _merge(ctx, old, var, item):
            return
        var = old
    else:
        ctx.program.globals.append(var)
        ctx.externs[name] = var
    check_attribute.linkage(ctx, attributes, var)
    if ctx.scope.names.get(name) is not var:
        ctx.declare(name, var, span)
