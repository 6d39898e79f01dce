"""Attributes of functions: what they say of work-groups, of inlining, and of use.

Source: OpenCL C 3.0, section 6.13.2; clang for those of GNU C.
"""

from __future__ import annotations

from typing import TypeVar

from . import ast, check_attribute, check_decl, check_expr, tast
from .convert import quoted
from .scope import Context
from .types import ERROR, Scalar, Vector

T = TypeVar("T")


def attributes(
    ctx: Context, function: tast.Function, attributes: tuple[ast.Attribute, ...]
) -> None:
    """Take note of the attributes of one of a function's declarations."""
    attrs = function.attrs
    check_attribute.linkage(ctx, attributes, function)
    for attribute in attributes:
        match attribute.name:
            case "reqd_work_group_size":
                sizes = _group_size(ctx, function, attribute)
                attrs.reqd_work_group_size = _first(
                    ctx, attribute, attrs.reqd_work_group_size, sizes
                )
            case "work_group_size_hint":
                sizes = _group_size(ctx, function, attribute)
                attrs.work_group_size_hint = _first(
                    ctx, attribute, attrs.work_group_size_hint, sizes
                )
            case "vec_type_hint":
                hint = _type_hint(ctx, function, attribute)
                attrs.vec_type_hint = _first(ctx, attribute, attrs.vec_type_hint, hint)
            case "always_inline" | "noinline" as name:
                if check_attribute.takes_nothing(ctx, attribute):
                    attrs.always_inline = attrs.always_inline or name == "always_inline"
                    attrs.noinline = attrs.noinline or name == "noinline"
            case "noreturn" if ctx.is_c:
                attrs.noreturn = True
            case "unused" | "maybe_unused" | "used":
                attrs.may_be_unused = True
            case "dma_contract":
                from . import check_dma  # few programs transfer

                attrs.dma = check_dma.attribute(ctx, attribute)
            case "blocking":
                attrs.blocking |= check_attribute.takes_nothing(ctx, attribute)
            case "overloadable":
                check_attribute.takes_nothing(ctx, attribute)
            case _:
                check_attribute.other(ctx, attribute, "function")


def _first(ctx: Context, attribute: ast.Attribute, before: T | None, now: T | None) -> T | None:
    """What is said first holds."""
    if before is None:
        return now
    if now not in (None, before):
        message = f"'{attribute.name}' was said before, and otherwise: this has no effect"
        ctx.diags.warning("ignored-attributes", message, attribute.span)
    return before


def _is_for_kernel(ctx: Context, function: tast.Function, attribute: ast.Attribute) -> bool:
    if not function.is_kernel:
        message = f"'{attribute.name}' is for kernels only"
        ctx.diags.error("bad-attribute", message, attribute.span)
    return function.is_kernel


def _group_size(
    ctx: Context, function: tast.Function, attribute: ast.Attribute
) -> tuple[int, int, int] | None:
    if not _is_for_kernel(ctx, function, attribute):
        return None
    if len(attribute.args) != 3:
        message = f"'{attribute.name}' takes three sizes"
        ctx.diags.error("bad-attribute", message, attribute.span)
        return None
    sizes: list[int] = []
    for argument in attribute.args:
        if isinstance(argument, ast.TypeName):
            message = f"'{attribute.name}' takes numbers"
            ctx.diags.error("bad-attribute", message, argument.span)
            return None
        size = check_expr.int_constant(ctx, argument, "a work-group size")
        if size is None:
            return None
        if not 1 <= size < 1 << 32:
            message = f"a work-group size must be positive and fit 32 bits, not {size}"
            ctx.diags.error("bad-attribute", message, argument.span)
            return None
        sizes.append(size)
    x, y, z = sizes
    return x, y, z


def _type_hint(ctx: Context, function: tast.Function, attribute: ast.Attribute) -> str | None:
    if not _is_for_kernel(ctx, function, attribute):
        return None
    args = attribute.args
    if len(args) != 1 or not isinstance(args[0], ast.TypeName):
        message = "'vec_type_hint' takes one type"
        ctx.diags.error("bad-attribute", message, attribute.span)
        return None
    t = check_decl.type_name(ctx, args[0]).type
    if isinstance(t, Vector) or (isinstance(t, Scalar) and t.kind in ("int", "float")):
        return str(t)
    if t is not ERROR:
        message = f"'vec_type_hint' takes a vector, or what vectors are of, not {quoted(t)}"
        ctx.diags.error("bad-attribute", message, args[0].span)
    return None
