"""The checker's front door: a translation unit as written becomes a program as meant.

What C calls a constraint is held to here and in check_decl, check_init, check_expr and check_stmt.
After an error checking goes on, with what failed silenced, so that one run says all.
"""

from __future__ import annotations

from . import (
    ast,
    callgraph,
    check_attribute,
    check_decl,
    check_function_attribute,
    check_global,
    check_pragma,
    check_stmt,
    tast,
    warn,
    warn_unused,
)
from .diag import Diagnostics
from .nesting import deep_recursion
from .record import replace
from .scope import CheckOptions, Context, FunctionState, Written, describe
from .source import Span
from .types import (
    BOOL,
    ERROR,
    EVENT,
    NO_QUALS,
    AddrSpace,
    Array,
    Atomic,
    Function,
    Opaque,
    Pointer,
    Scalar,
    Struct,
    Type,
    is_void,
    sizeof,
)

__all__ = ["CheckOptions", "check"]


def check(
    unit: ast.TranslationUnit, diags: Diagnostics, options: CheckOptions | None = None
) -> tast.Program:
    """Give a translation unit its meaning.

    returns: the program; whole only if `diags` has no errors, so ask `diags.raise_errors()`.
    raises:  CompileError at once for too many errors, or for nesting past any use.
    source:  OpenCL C 1.2 and 3.0; C99 where they say nothing.
    """
    options = options or CheckOptions()
    ctx = Context(diags, options, fp16=options.fp16)
    # Before 1.2 double is an extension, which programs have to enable (OpenCL C 1.1, 9.3).
    ctx.fp64 = options.fp64 and (options.version >= 120 or options.is_c)
    ctx.program_scope = ctx.scope
    ctx.doubtful = unit.doubtful
    if not ctx.is_c:
        _check(ctx, unit)
        return ctx.program
    from .c_names import names_of_c

    ctx.program.is_c = True
    with names_of_c(diags, ctx.program_scope.names):
        _check(ctx, unit)
    return ctx.program


def _check(ctx: Context, unit: ast.TranslationUnit) -> None:
    diags = ctx.diags
    for decl in unit.decls:
        with deep_recursion(diags, decl.span):
            match decl:
                case ast.Declaration():
                    _declaration(ctx, decl)
                case ast.FunctionDef():
                    _function(ctx, decl)
                case ast.StaticAssert():
                    check_stmt.static_assert(ctx, decl)
                case ast.Pragma():
                    check_pragma.at_program_scope(ctx, decl)
    check_global.finish(ctx)
    _collect_externs(ctx)
    callgraph.close(ctx.program)
    if not ctx.is_c:
        callgraph.forbid_recursion(ctx.program, diags)
        callgraph.forbid_blocking(ctx.program, diags)
    if diags.wants("unused-function"):
        warn_unused.functions(ctx)


# -- program scope --------------------------------------------------------------------------------


def _declaration(ctx: Context, e: ast.Declaration) -> None:
    base = check_decl.base_type(ctx, e.specs, alone=not e.items)
    if not e.items and isinstance(base.type, Scalar):
        ctx.diags.warning("missing-declarations", "this declares nothing", e.span)
    for item in e.items:
        written = check_decl.declared(ctx, base, item.declarator)
        name = item.declarator.name
        if name is None:
            continue
        if "typedef" in e.specs.storage:
            check_decl.typedef(ctx, e.specs, item, written)
        elif isinstance(written.type, Function):
            prototype(ctx, e.specs, item, written.type)
        else:
            check_global.variable(ctx, e.specs, item, written)


def prototype(ctx: Context, specs: ast.DeclSpecs, item: ast.InitDeclarator, t: Function) -> None:
    """Declare a function, at program scope or in a block: there it is still the program's."""
    if item.init is not None:
        message = f"function '{item.declarator.name}' has an initialiser"
        ctx.diags.error("bad-initialiser", message, item.init.span)
    if ctx.function is not None and "static" in specs.storage:
        message = "a function declared inside of a function cannot be static"
        ctx.diags.error("bad-storage", message, specs.span)
    function = _declare_function(ctx, specs, item.declarator, t)
    if function is not None and function.is_kernel:
        _check_kernel(ctx, function, item.declarator)


# -- functions ------------------------------------------------------------------------------------


def _declare_function(
    ctx: Context, specs: ast.DeclSpecs, declarator: ast.Declarator, t: Function
) -> tast.Function | None:
    """Enter a function, or meet its earlier declaration; None after an error."""
    name, span = declarator.name or "", declarator.name_span
    if name == "printf" and ctx.options.version >= 120:  # no other builtin is a plain C function
        message = "'printf' is a builtin function of another type"
        ctx.diags.error("conflicting-types", message, span)
        return None
    for word in specs.storage:
        if word not in ("static", "extern"):
            ctx.diags.error("bad-storage", f"'{word}' on a function", specs.span)
    function = tast.Function(name, t, (), span=span, is_c=ctx.is_c)
    function.is_kernel = "kernel" in specs.function
    function.is_static = "static" in specs.storage
    function.is_inline = "inline" in specs.function
    ignored = {"const", "volatile"} & set(specs.quals)
    if ignored and len(declarator.parts) == 1:
        message = f"'{min(ignored)}' on the type of a result has no effect"
        ctx.diags.warning("ignored-qualifiers", message, specs.span)
    function.is_exported = not function.is_inline or "extern" in specs.storage
    here = ctx.scope.names.get(name)
    old = here or ctx.program_scope.names.get(name) or ctx.externs.get(name)
    if old is not None and not isinstance(old, tast.Function):
        note = (f"the {describe(old)} '{name}' is declared here", old.span)
        message = f"'{name}' is declared as something else before"
        ctx.diags.error("redefinition", message, span, notes=(note,))
        return None
    attributes = check_attribute.of_declaration(ctx, specs, declarator)
    function.is_overloadable = any(a.name == "overloadable" for a in attributes)
    first = old
    if old is not None:
        old = _overload(ctx, old, function)
    if old is not None:
        note = (f"'{name}' is declared here", old.span)
        if t.unspecified and old.type.result == t.result:
            t = old.type
        elif old.type.unspecified and old.type.result == t.result and old.body is None:
            old.type = t
        if old.type != t:
            message = f"'{name}' is declared with two types: '{old.type}' and '{t}'"
            ctx.diags.error("conflicting-types", message, span, notes=(note,))
            return None
        if function.is_overloadable != old.is_overloadable:
            message = f"'{name}' is 'overloadable' in one declaration and not in the other"
            ctx.diags.error("conflicting-types", message, span, notes=(note,))
            return None
        if function.is_static and not old.is_static:
            message = f"'{name}' is static here and was not before"
            ctx.diags.error("conflicting-types", message, span, notes=(note,))
            return None
        old.is_kernel = old.is_kernel or function.is_kernel
        old.is_inline = old.is_inline or function.is_inline
        old.is_exported = old.is_exported or function.is_exported
        function = old
    elif ctx.function is not None:
        ctx.externs[name] = function
    ctx.scope.names[name] = first or function
    check_function_attribute.attributes(ctx, function, attributes)
    function.attrs.noreturn |= ctx.is_c and "noreturn" in specs.function
    return function


def _overload(ctx: Context, first: tast.Function, function: tast.Function) -> tast.Function | None:
    """The function that a declaration is one more of, by its parameters; None if it is new.

    At most one function of a name need not say that it is overloadable, as with clang.
    """
    known = ctx.overloads.get(first, [first])
    for other in known:
        if other.type.params == function.type.params:
            return other
    if ctx.is_c and len(known) == 1 and not function.is_overloadable:
        return first
    marked = [function.is_overloadable, *(f.is_overloadable for f in known)]
    if marked.count(False) > 1 or not any(marked):
        return next((f for f in known if not f.is_overloadable), first)
    if function.is_kernel and any(f.is_kernel for f in known):
        return next(f for f in known if f.is_kernel)  # the host finds kernels by name alone
    ctx.overloads[first] = [*known, function]
    return None


def _function(ctx: Context, e: ast.FunctionDef) -> None:
    base = check_decl.base_type(ctx, e.specs)
    written = check_decl.declared(ctx, base, e.declarator)
    parts = e.declarator.parts
    if not (parts and isinstance(parts[0], ast.FunctionPart)):
        if written.type is not ERROR:
            message = f"'{e.declarator.name}' has a body, but it is no function"
            ctx.diags.error("not-a-function", message, e.declarator.span)
        return
    t = written.type
    if not isinstance(t, Function):
        # Its parameters or result are wrong: the body is checked as far as it makes sense.
        known = Function(ERROR, ())
        function = tast.Function(e.declarator.name or "", known, (), span=e.declarator.name_span)
        ctx.scope.names.setdefault(
            function.name, tast.Var(function.name, ERROR, NO_QUALS, "static")
        )
    else:
        is_new = e.declarator.name not in ctx.scope.names
        declared = _declare_function(ctx, e.specs, e.declarator, t)
        if declared is None:
            function = tast.Function(e.declarator.name or "", t, (), span=e.declarator.name_span)
        elif declared.body is not None:
            note = (f"'{declared.name}' is defined here", declared.span)
            message = f"function '{declared.name}' is defined twice"
            ctx.diags.error("redefinition", message, e.declarator.name_span, notes=(note,))
            function = tast.Function(declared.name, t, (), span=e.declarator.name_span)
        else:
            function = declared
            function.span = e.declarator.name_span
            ctx.program.functions.append(function)
            visible = not (function.is_static or function.is_kernel or function.is_inline)
            if is_new and visible and not (ctx.is_c and function.name == "main"):
                message = f"function '{function.name}' has no declaration before it"
                hint = "write 'static' if no other file calls it"
                ctx.diags.warning("missing-prototypes", message, function.span, hint=hint)
        if function.is_kernel:
            _check_kernel(ctx, function, e.declarator)
    if isinstance(t, Function) and t.unspecified and not parts[0].old_style:
        function.type = replace(function.type, unspecified=False)  # it is defined to have none
    if parts[0].old_style:
        message = f"the definition of '{function.name}' has no prototype, which C23 does not allow"
        hint = "write the types in the parentheses"
        where = e.declarator.name_span
        ctx.diags.warning("deprecated-non-prototype", message, where, hint=hint)
    _body(ctx, function, e, parts[0])


def _body(
    ctx: Context, function: tast.Function, e: ast.FunctionDef, part: ast.FunctionPart
) -> None:
    result = function.type.result
    if isinstance(result, Struct) and result.fields is None:
        message = f"'{function.name}' returns the type '{result}', which is not complete"
        ctx.diags.error("incomplete-type", message, e.declarator.name_span)
    fp16, function.attrs.fp_contract = ctx.fp16, ctx.fp_contract
    with ctx.block() as scope:
        function.params = _parameters(ctx, part)
        # Not None from here on: a second definition is one even while this one is checked.
        function.body = tast.Block((), span=e.body.span)
        state = ctx.function = FunctionState(function, scope)
        function.body = check_stmt.items(ctx, e.body)
        ctx.function = None
    ctx.fp16 = fp16
    for goto in state.gotos:
        if goto.label not in state.labels and goto.label not in ctx.doubtful:
            message = f"there is no label '{goto.label}' in '{function.name}'"
            ctx.diags.error("undeclared", message, goto.span)
    warn.function(ctx, state)


def _parameters(ctx: Context, part: ast.FunctionPart) -> tuple[tast.Var, ...]:
    params: list[tast.Var] = []
    for param in part.params:
        written = check_decl.parameter(ctx, param)
        name, span = param.declarator.name, param.declarator.name_span
        if is_void(written.type) and len(part.params) == 1 and name is None:
            break
        if name is None:
            ctx.diags.error("missing-name", "a parameter's name is missing", param.span)
            name, span = "", param.span
        if written.quals.space is not AddrSpace.PRIVATE and written.type is not ERROR:
            message = f"parameter '{name}' itself cannot lie in {written.quals.space.memory}"
            ctx.diags.error("address-space", message, span)
        attributes = check_attribute.of_declaration(ctx, param.specs, param.declarator)
        align = check_attribute.variable_alignment(ctx, attributes, written)
        if not check_decl.object_type(ctx, written, name, span):
            written = replace(written, type=ERROR)
        quals = written.quals.with_(space=AddrSpace.PRIVATE)
        var = tast.Var(name, written.type, quals, "param", span, written.spelling, align=align)
        var.may_be_unused = check_attribute.may_be_unused(attributes)
        if name and name not in ctx.scope.names:  # twice in one list: said with the type
            ctx.declare(name, var, span)
        params.append(var)
    return tuple(params)


# -- kernels --------------------------------------------------------------------------------------


def _check_kernel(ctx: Context, function: tast.Function, declarator: ast.Declarator) -> None:
    """What a kernel's signature may be (OpenCL C 3.0, 6.9 and 6.11)."""
    if not is_void(function.type.result):
        message = f"kernel '{function.name}' must return void, not '{function.type.result}'"
        hint = "give results back through a pointer argument"
        ctx.diags.error("kernel-result", message, declarator.name_span, hint=hint)
    if function.is_static:
        message = f"kernel '{function.name}' is static: the host could not find it"
        ctx.diags.error("bad-storage", message, declarator.name_span)
    if function.name == "main":
        ctx.diags.error("bad-name", "a kernel cannot be named 'main'", declarator.name_span)
    part = declarator.parts[0]
    assert isinstance(part, ast.FunctionPart)
    for param in part.params:
        written = check_decl.parameter(ctx, param)
        problem = _argument_problem(ctx, written)
        if problem is not None:
            name = param.declarator.name
            message = f"kernel argument '{name}' {problem}" if name else f"this {problem}"
            remedy = _argument_hint(written)
            ctx.diags.error("kernel-argument", message, param.span, hint=remedy)


def _argument_hint(written: Written) -> str | None:
    t = written.type
    if isinstance(t, Pointer) and not t.quals.space:
        return "write 'global', 'constant' or 'local' before its type"
    if written.host_sized:
        return f"take '{t}' and convert it"
    return "take an 'int' or a 'uchar'" if t == BOOL else None


# The host has no pointers into these to pass.
_NOT_THE_HOSTS = frozenset({AddrSpace.PRIVATE, AddrSpace.GENERIC})


def _argument_problem(ctx: Context, written: Written) -> str | None:
    t = written.type
    if written.host_sized:
        return "has a type whose size differs between host and device"
    if isinstance(t, Pointer):
        if t.quals.space in _NOT_THE_HOSTS:
            return "must point to global, constant or local memory"
        if isinstance(t.pointee, Pointer) and ctx.options.version < 200:
            return "is a pointer to a pointer"
        return None
    if t == EVENT:
        return "has type 'event_t'"
    if t == BOOL:
        return "has type 'bool', whose size differs between host and device"
    if isinstance(t, Struct) and t.fields is not None and sizeof(t) == 0:
        return f"has type '{t}', which is empty"
    return _held_problem(t, ctx.options.version)


def _held_problem(t: Type, version: int) -> str | None:
    """What hides inside of a struct that is passed by value: `bool`, and pointers before 2.0."""
    seen: set[Struct] = set()
    todo = [t]
    while todo:
        inner = todo.pop()
        if isinstance(inner, Array):
            todo.append(inner.element)
        elif isinstance(inner, Struct) and inner not in seen:
            seen.add(inner)
            todo += [field.type for field in inner.fields or ()]
            if any(field.host_sized for field in inner.fields or ()):
                return "holds a value whose size differs between host and device"
        elif isinstance(inner, Pointer) and not (
            version >= 200 and inner.quals.space in (AddrSpace.GLOBAL, AddrSpace.CONSTANT)
        ):
            return "holds a pointer"
        elif inner == BOOL:
            return "holds a 'bool', whose size differs between host and device"
        elif isinstance(inner, Opaque) and not isinstance(inner, Atomic) and inner is not ERROR:
            return f"holds a value of type '{inner}'"
    return None


# -- the whole program ----------------------------------------------------------------------------


def _collect_externs(ctx: Context) -> None:
    found: dict[tast.Function, Span] = {}
    for calls in ctx.program.calls.values():
        for function, span in calls:
            if function.body is None:
                found.setdefault(function, span)
    for function, span in ctx.program.addressed:
        if function.body is None:
            found.setdefault(function, span)
    for function, span in found.items():
        if function.is_static:
            note = (f"'{function.name}' is called here", span)
            message = f"static function '{function.name}' is called and has no body"
            ctx.diags.error("undefined-function", message, function.span, notes=(note,))
        else:
            ctx.program.externs.append(function)
