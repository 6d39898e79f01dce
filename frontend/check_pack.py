"""`#pragma pack`: fields of the structs behind it are aligned to so many bytes at most.

pack(n)                       from here on n
pack()                        from here on what is natural
pack(push[, name][, n])       keep what holds now, then perhaps n
pack(pop[, name | n])         what held before, or before the push of that name; then perhaps n
"""

from __future__ import annotations

import re

from .scope import Context
from .source import Span

_LIST = re.compile(r"\(\s*((?:\w+\s*(?:,\s*\w+\s*)*)?)\)")
_LIMITS = {str(n): n for n in (1, 2, 4, 8, 16)}


def pragma(ctx: Context, text: str, span: Span) -> None:
    """Obey what is behind `pack`; a warning where there is nothing to be obeyed."""
    listed = _LIST.fullmatch(text)
    words = [] if listed is None else [w.strip() for w in listed[1].split(",")]
    match words:
        case [""]:
            ctx.pack = 0
        case [limit] if limit in _LIMITS:
            ctx.pack = _LIMITS[limit]
        case ["show"]:
            message = f"pack is {ctx.pack or 'natural'} here"
            ctx.diags.warning("ignored-pragmas", message, span)
        case ["push", *more] if _understood(more):
            ctx.pack_stack.append((_name(more), ctx.pack))
            ctx.pack = _limit(more, ctx.pack)
        case ["pop", *more] if len(more) < 2 and _understood(more):
            _pop(ctx, _name(more), span)
            ctx.pack = _limit(more, ctx.pack)
        case _:
            message = "'pack' takes 1, 2, 4, 8 or 16, 'push' or 'pop', in parentheses"
            ctx.diags.warning("ignored-pragmas", message, span)


def _understood(words: list[str]) -> bool:
    """A name, a limit, both in this order, or nothing."""
    *names, last = words or [""]
    return (
        len(names) < 2
        and not any(n in _LIMITS for n in names)
        and (last in _LIMITS or (not names and not last[:1].isdigit()))
    )


def _name(words: list[str]) -> str:
    return words[0] if words and words[0] not in _LIMITS else ""


def _limit(words: list[str], otherwise: int) -> int:
    return _LIMITS.get(words[-1], otherwise) if words else otherwise


def _pop(ctx: Context, name: str, span: Span) -> None:
    names = [pushed for pushed, _limit in ctx.pack_stack]
    if not names or (name and name not in names):
        message = f"'pack(pop)' without a 'pack(push{', ' + name if name else ''})' before it"
        ctx.diags.warning("ignored-pragmas", message, span)
        return
    while True:
        pushed, ctx.pack = ctx.pack_stack.pop()
        if not name or pushed == name:
            return
