"""Definitions of before there were prototypes (C99 6.9.1), made as if they had one.

    before:  int f(a, b) float b; int a; { ... }
    after:   int f(int a, float b) { ... }

What a call may pass comes to the same: an argument that is promoted, and then converted to the
parameter's type, has the value that conversion alone gives it.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import ast
from .diag import Diagnostics
from .record import replace
from .source import Span


def untyped(names: Iterable[ast.Declarator], span: Span) -> ast.FunctionPart:
    """The list of names, before their types are known: int, if that is never."""
    specs = ast.DeclSpecs(ast.NamedType(("int",)))
    params = tuple(ast.Param(specs, name, span=name.span) for name in names)
    return ast.FunctionPart(params, old_style=True, span=span)


def typed(
    declarator: ast.Declarator, declarations: Iterable[ast.Declaration], diags: Diagnostics
) -> ast.Declarator:
    """A function's declarator with the types that stand between it and the body."""
    part = next(p for p in declarator.parts if isinstance(p, ast.FunctionPart) and p.old_style)
    names = {param.declarator.name for param in part.params}
    found: dict[str | None, ast.Param] = {}
    for declaration in declarations:
        if not declaration.items:
            diags.error("missing-name", "this declares no parameter", declaration.span)
        for item in declaration.items:
            name = item.declarator.name
            _check_item(item, names, found, diags)
            found.setdefault(
                name, ast.Param(declaration.specs, item.declarator, span=item.declarator.span)
            )
    params: list[ast.Param] = []
    for param in part.params:
        name = param.declarator.name
        if name not in found:
            hint = f"declare it before the body: 'int {name};'"
            diags.error("missing-type", f"parameter '{name}' has no type", param.span, hint=hint)
        params.append(found.get(name, param))
    made = replace(part, params=tuple(params))
    return replace(declarator, parts=tuple(made if p is part else p for p in declarator.parts))


def _check_item(
    item: ast.InitDeclarator,
    names: set[str | None],
    found: dict[str | None, ast.Param],
    diags: Diagnostics,
) -> None:
    name, span = item.declarator.name, item.declarator.name_span
    if item.init is not None:
        diags.error("bad-initialiser", f"parameter '{name}' has an initialiser", item.init.span)
    if name not in names:
        message = f"'{name}' is not among the parameters that are named"
        diags.error("undeclared", message, span)
    elif name in found:
        note = (f"'{name}' is declared here", found[name].declarator.name_span)
        diags.error("redefinition", f"parameter '{name}' is declared twice", span, notes=(note,))
