"""Pragmas: what they ask of a loop, of extensions, and of a * b + c.

Source: OpenCL C 3.0, sections 6.2 and 6.12; where it says nothing, what clang makes of them.
"""

from __future__ import annotations

import re

from . import ast, check_expr, constant, dialect, tast
from .convert import failed, quoted
from .diag import CompileError, Diagnostics
from .lexer import lex_text
from .parse import parse
from .record import record, replace
from .scope import Context
from .source import Span
from .tokens import Token, TokenKind
from .types import is_integer

# Extensions that a pragma may name: those there are, and those that are there without a macro.
_EXTENSIONS = frozenset({*dialect.EXTENSIONS, "cl_khr_fp16", "cl_amd_printf", "cl_intel_printf"})
# Compiled when the first pragma comes: most programs have none.
_UNROLL = r"(?:GCC\s+)?(no)?unroll\b\s*(.*)"
_CLANG_LOOP = r"clang\s+loop\s+(.*)"
_LOOP_OPTION = r"(\w+)\s*\(\s*([^()]*?)\s*\)\s*"
# Of `#pragma clang loop`: what one may write and nothing comes of.
_IDLE_OPTIONS = frozenset(
    "vectorize vectorize_width vectorize_predicate interleave interleave_count pipeline "
    "pipeline_initiation_interval distribute".split()
)
_FP_CONTRACT = r"(?:OPENCL|STDC)\s+FP_CONTRACT\b\s*(.*)"
_EXTENSION = r"OPENCL\s+EXTENSION\s+(\w+)\s*:\s*(\w+)\s*(.*)"
_MODES: dict[str, tast.Contraction] = {"ON": "on", "OFF": "off", "DEFAULT": "default"}
FULLY, NEVER = 0, 1  # as tast.Loop.unroll has them
_MOST = 1 << 31


@record
class Contract:
    """FP_CONTRACT: whether a * b + c may become one operation."""

    mode: tast.Contraction


@record
class Unroll:
    """How often to unroll the loop behind the pragma, as tast.Loop has it."""

    factor: int


def pragma(ctx: Context, e: ast.Pragma) -> Contract | Unroll | None:
    """What a pragma asks of what is behind it; the others are done with here."""
    text = e.text.strip()
    if (match := re.fullmatch(_FP_CONTRACT, text, re.DOTALL)) is not None:
        mode = _MODES.get(match[1])
        if mode is None:
            message = "'FP_CONTRACT' is 'ON', 'OFF' or 'DEFAULT'; the pragma has no effect"
            ctx.diags.warning("unknown-pragmas", message, e.span)
        return None if mode is None else Contract(mode)
    factor = None
    if (match := re.fullmatch(_CLANG_LOOP, text, re.DOTALL)) is not None:
        factor = _clang_loop(ctx, match[1], e.span)
    elif text[:4] == "pack" and not text[4:5].isalnum():
        from . import check_pack  # few programs ask for it

        check_pack.pragma(ctx, text.removeprefix("pack").strip(), e.span)
    elif (match := re.fullmatch(_UNROLL, text, re.DOTALL)) is not None:
        factor = _unroll(ctx, match[1], match[2], e.span)
    else:
        _other(ctx, text, e.span)
    return None if factor is None else Unroll(factor)


def at_program_scope(ctx: Context, e: ast.Pragma) -> None:
    match pragma(ctx, e):
        case Contract(mode):
            ctx.fp_contract = mode
        case Unroll():
            message = "this pragma is about a loop; it stands in a function, before one"
            ctx.diags.error("bad-pragma", message, e.span)


# -- loops ----------------------------------------------------------------------------------------


def _unroll(ctx: Context, never: str | None, argument: str, span: Span) -> int | None:
    if argument and not never:
        return _factor(ctx, argument, span)
    if argument:
        message = "there is more behind 'nounroll', which has no effect"
        ctx.diags.warning("ignored-pragmas", message, span)
    return NEVER if never else FULLY


def _clang_loop(ctx: Context, options: str, span: Span) -> int | None:
    asked: int | None = None
    option, at = re.compile(_LOOP_OPTION), 0
    while at < len(options):
        match = option.match(options, at)
        if match is None:
            message = "a loop's options are written 'name(value)'"
            ctx.diags.error("bad-pragma", message, span)
            return None
        at = match.end()
        name, value = match.groups()
        if name == "unroll_count":
            asked = _factor(ctx, value, span)
        elif name == "unroll" and value in ("enable", "full", "disable"):
            asked = NEVER if value == "disable" else FULLY
        elif name == "unroll":
            message = f"'unroll' takes 'enable', 'full' or 'disable', not '{value}'"
            ctx.diags.error("bad-pragma", message, span)
        elif name in _IDLE_OPTIONS:
            message = f"the loop option '{name}' has no effect"
            ctx.diags.warning("ignored-pragmas", message, span)
        else:
            ctx.diags.error("bad-pragma", f"there is no loop option '{name}'", span)
    return asked


def _factor(ctx: Context, text: str, span: Span) -> int | None:
    """The value of an unroll factor, an integer constant expression."""
    expr = _parsed(ctx, text, span)
    x = None if expr is None else check_expr.value(ctx, expr)
    if x is None or failed(x):
        return None
    if not is_integer(x.type):
        message = f"an unroll factor is an integer, not of type {quoted(x.type)}"
        ctx.diags.error("bad-pragma", message, span)
        return None
    count = constant.fold(x)
    if count is None or not 0 <= count < _MOST:
        what = "this" if count is None else str(count)
        message = f"{what} is no unroll factor: a positive constant is"
        ctx.diags.error("bad-pragma", message, span)
        return None
    return max(int(count), NEVER)  # once and not at all are one, as with clang


def _parsed(ctx: Context, text: str, span: Span) -> ast.Expr | None:
    """A pragma's text as an expression. Without parentheses it is one number or name."""
    tokens = lex_text(text, "<pragma>")
    if len(tokens) > 1 and tokens[0].kind in (TokenKind.NUMBER, TokenKind.IDENT):
        message = "there is more behind the unroll factor, which has no effect"
        ctx.diags.warning("ignored-pragmas", message, span)
        tokens = tokens[:1]
    around = (*lex_text("_Static_assert("), *tokens, *lex_text(', "");'))
    placed = [replace(t, span=span) for t in around]
    try:
        unit = parse([*placed, Token(TokenKind.EOF, "", span)], parsing := Diagnostics())
        parsing.raise_errors()
    except CompileError:
        message = f"'{text}' is no unroll factor"
        ctx.diags.error("bad-pragma", message, span, hint="write a positive number")
        return None
    (only,) = unit.decls
    assert isinstance(only, ast.StaticAssert)
    return only.cond


# -- extensions, and what is not known ------------------------------------------------------------


def _other(ctx: Context, text: str, span: Span) -> None:
    words = text.split()
    if words == ["once"]:
        return
    match = re.fullmatch(_EXTENSION, text, re.DOTALL)
    if match is not None:
        _extension(ctx, span, *match.groups())
    elif words[:2] == ["OPENCL", "EXTENSION"]:
        message = "this is not 'OPENCL EXTENSION name : enable' or '... : disable'"
        ctx.diags.warning("ignored-pragmas", message, span)
    else:
        message = f"'#pragma {' '.join(words)}' is not known and has no effect"
        ctx.diags.warning("unknown-pragmas", message, span)


def _extension(ctx: Context, span: Span, name: str, behaviour: str, rest: str) -> None:
    problem = None
    if behaviour not in ("enable", "disable", "begin", "end"):
        problem = f"an extension is enabled or disabled; '{behaviour}' has no effect"
    elif name == "all" and behaviour != "disable":
        problem = "all extensions at once can only be disabled"
    elif name != "all" and name not in _EXTENSIONS:
        problem = f"the extension '{name}' is not supported; the pragma has no effect"
    if problem is not None:
        ctx.diags.warning("ignored-pragmas", problem, span)
        return
    if rest:
        message = "there is more behind the pragma, which has no effect"
        ctx.diags.warning("ignored-pragmas", message, span)
    if name == "all":
        ctx.fp16 = ctx.options.fp16
    elif name == "cl_khr_fp16" and behaviour in ("enable", "disable"):
        ctx.fp16 = behaviour == "enable"
    elif name == "cl_khr_fp64" and ctx.options.version < 120:
        ctx.fp64 = ctx.options.fp64 and behaviour == "enable"
