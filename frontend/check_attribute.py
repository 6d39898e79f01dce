"""Attributes: those that say how an object lies in memory, and those that say nothing to us."""

from __future__ import annotations

from . import ast, check_decl, check_expr, check_literal, tast
from .attribute_table import (
    FUNCTIONS_ONLY,
    KERNELS_ONLY,
    LINKAGE,
    NO_ARGUMENTS,
    QUIET,
    REFUSED,
)
from .scope import Context, Written
from .types import alignof, is_complete

_LARGEST = 16  # bytes; what `aligned` without a number asks for


def of_declaration(
    ctx: Context, specs: ast.DeclSpecs, declarator: ast.Declarator
) -> tuple[ast.Attribute, ...]:
    """The attributes of what is declared. In C, those behind a `*` are among them, as with clang:
    they cannot be the pointer's."""
    found = specs.attributes + declarator.attributes
    if ctx.is_c:
        pointers = (part for part in declarator.parts if isinstance(part, ast.PointerPart))
        found += tuple(a for part in pointers for a in part.attributes)
    return found


def layout(ctx: Context, attributes: tuple[ast.Attribute, ...]) -> tuple[bool, int]:
    """(packed, alignment in bytes; 0 where none is asked for) of a type or a field."""
    packed, align = False, 0
    for attribute in attributes:
        match attribute.name:
            case "packed":
                packed = True
            case "aligned" | "_Alignas":
                align = max(align, _alignment(ctx, attribute))
            case "endian":
                _endian(ctx, attribute)
            case _:
                other(ctx, attribute)
    return packed, align


def field_layout(
    ctx: Context, attributes: tuple[ast.Attribute, ...], written: Written
) -> tuple[bool, int]:
    """The same of a field of the type that is written; `_Alignas` may only raise it."""
    packed, align = layout(ctx, attributes)
    for attribute in attributes:
        if attribute.name == "_Alignas" and 0 < align < _natural(written):
            least = _natural(written)
            message = f"'_Alignas' asks for {align} bytes; '{written.type}' has {least} already"
            ctx.diags.error("bad-attribute", message, attribute.span)
    return packed, align


def variable_alignment(
    ctx: Context, attributes: tuple[ast.Attribute, ...], written: Written
) -> int:
    """A variable's alignment by its attributes or its typedef; 0: that of its type."""
    packed, align = field_layout(ctx, attributes, written)
    if packed:
        _ignored(ctx, attributes, "packed", "a variable")
    return align or written.quals.align


def typedef_alignment(ctx: Context, attributes: tuple[ast.Attribute, ...]) -> int:
    packed, align = layout(ctx, attributes)
    if packed:
        _ignored(ctx, attributes, "packed", "a typedef")
    return align


def type_name(ctx: Context, attributes: tuple[ast.Attribute, ...]) -> None:
    """In a cast or a sizeof nothing is declared that could be aligned."""
    for attribute in attributes:
        if attribute.name in ("aligned", "packed", "_Alignas"):
            _ignored(ctx, attributes, attribute.name, "a type's name")
        else:
            other(ctx, attribute)


def may_be_unused(attributes: tuple[ast.Attribute, ...]) -> bool:
    return any(a.name in ("unused", "maybe_unused", "used") for a in attributes)


def linkage(
    ctx: Context,
    attributes: tuple[ast.Attribute, ...],
    symbol: tast.Var | tast.Function,
) -> None:
    """Take note of what is said in C of a function or variable as a symbol."""
    for attribute in attributes:
        if attribute.name not in LINKAGE or not ctx.is_c:
            continue
        if symbol.linkage is None:
            symbol.linkage = tast.Linkage()
        if attribute.name == "section":
            symbol.linkage.section = _section(ctx, attribute) or symbol.linkage.section
        elif takes_nothing(ctx, attribute):
            symbol.linkage.used |= attribute.name == "used"
            symbol.linkage.weak |= attribute.name == "weak"
        if symbol.linkage.weak and symbol.is_static:
            message = f"'{symbol.name}' is weak and static: no other file could replace it"
            ctx.diags.error("bad-attribute", message, attribute.span)


def _section(ctx: Context, attribute: ast.Attribute) -> str:
    """The name that `section("name")` gives; "", with an error, for none."""
    name = ""
    match attribute.args:
        case (ast.String() as text,):
            name = (check_literal.string_bytes(ctx, text) or b"\0")[:-1].decode()
    if not name or not name.isprintable() or not name.isascii() or '"' in name or "\\" in name:
        message = "'section' takes the name of a section as a string"
        ctx.diags.error("bad-attribute", message, attribute.span)
        return ""
    return name


def no_linkage(ctx: Context, attributes: tuple[ast.Attribute, ...]) -> None:
    """Report what is for symbols on a variable that becomes none."""
    for attribute in attributes:
        if attribute.name in LINKAGE and ctx.is_c:
            message = f"'{attribute.name}' is for functions and for variables of the whole program"
            ctx.diags.error("bad-attribute", message, attribute.span)


def takes_nothing(ctx: Context, attribute: ast.Attribute) -> bool:
    """Whether an attribute that has no arguments was given none; reports it if not."""
    if attribute.args:
        message = f"'{attribute.name}' takes no arguments"
        ctx.diags.error("bad-attribute", message, attribute.span)
    return not attribute.args


def other(ctx: Context, attribute: ast.Attribute, where: str = "") -> None:
    """An attribute that has no meaning where it stands: "function", "statement", elsewhere."""
    name, span = attribute.name, attribute.span
    if name in REFUSED:
        hint = "compile with -fsub-group-size=N" if "sub_group" in name else None
        ctx.unsupported(f"attribute '{name}' is", span, hint)
    elif name in KERNELS_ONLY:
        ctx.diags.error("bad-attribute", f"'{name}' is for kernels only", span)
    elif name == "opencl_unroll_hint":
        ctx.diags.error("bad-attribute", f"'{name}' stands before a loop only", span)
    elif name == "nosvm" and where != "function" and ctx.options.version < 200:
        ctx.diags.error("bad-attribute", f"'{name}' needs OpenCL C 2.0", span)
    elif name in LINKAGE and ctx.is_c:
        return  # see linkage()
    elif name not in QUIET | FUNCTIONS_ONLY:
        message = f"attribute '{name}' is not known and has no effect"
        ctx.diags.warning("unknown-attributes", message, span)
    elif where == "statement":
        ctx.diags.error("bad-attribute", f"'{name}' is not for statements", span)
    elif name in FUNCTIONS_ONLY and where != "function":
        message = f"'{name}' is for functions: here it has no effect"
        ctx.diags.warning("ignored-attributes", message, span)
    elif name in NO_ARGUMENTS:
        takes_nothing(ctx, attribute)


def _ignored(ctx: Context, attributes: tuple[ast.Attribute, ...], name: str, where: str) -> None:
    (span, *_) = [a.span for a in attributes if a.name == name]
    message = f"'{name}' on {where} has no effect"
    hint = "give the type a name with a typedef that has it" if name == "aligned" else None
    ctx.diags.warning("ignored-attributes", message, span, hint=hint)


def _endian(ctx: Context, attribute: ast.Attribute) -> None:
    """`endian(host)` and `endian(device)`: both are little here, so nothing is to be done."""
    names = [a.name for a in attribute.args if isinstance(a, ast.Ident)]
    if len(attribute.args) != 1 or names not in (["host"], ["device"]):
        message = "'endian' takes 'host' or 'device'"
        ctx.diags.error("bad-attribute", message, attribute.span)


def _alignment(ctx: Context, attribute: ast.Attribute) -> int:
    """The value of `aligned(n)` or `_Alignas(n)`; 0, with an error, if it is none."""
    if not attribute.args:
        return _LARGEST
    (argument, *rest) = attribute.args
    if rest:
        message = f"'{attribute.name}' takes one argument"
        ctx.diags.error("bad-attribute", message, attribute.span)
        return 0
    if isinstance(argument, ast.TypeName):
        written = check_decl.type_name(ctx, argument)
        return _natural(written)
    value = check_expr.int_constant(ctx, argument, "an alignment")
    if value is None or (value == 0 and attribute.name == "_Alignas"):
        return 0
    if value <= 0 or value & (value - 1) or value > 1 << 28:
        message = f"an alignment must be a power of two up to 2**28, not {value}"
        ctx.diags.error("bad-attribute", message, argument.span)
        return 0
    return value


def _natural(written: Written) -> int:
    return written.quals.align or (alignof(written.type) if is_complete(written.type) else 0)
