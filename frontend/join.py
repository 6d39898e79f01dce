"""The checked programs of one link, joined as far as their calls of one another need it.

    before:  a.cl: `kernel k` calls `sync`, declared | b.cl: `sync`, with a barrier | c.cl
    after:   `k` and `sync`, one program             |                              | c.cl

A function that comes to a barrier, or to local memory, and a kernel are more to their callers
than an address that a linker fills in: they are lowered together with these. All other names
are left to the linker; here it is only seen to that both sides of a name mean the same.
"""

from __future__ import annotations

from typing import TypeAlias

from . import callgraph, tast
from .diag import Diagnostics
from .nesting import deep_recursion
from .record import record
from .source import NO_SPAN
from .types import Array, Enum, Function, Pointer, Struct, Type, enum_type

Symbol: TypeAlias = tast.Function | tast.Var


@record
class Input:
    """A program and what the command line calls it."""

    name: str
    program: tast.Program


@record
class Meaning:
    symbol: Symbol
    at: int  # which input


Meanings: TypeAlias = dict[Symbol, Meaning]  # of what another input's symbol stands for


def join(inputs: list[Input], diags: Diagnostics) -> list[tuple[list[int], tast.Program]]:
    """What is to be lowered in one: for each, which inputs it is made of, and the program.

    Errors: names that two inputs define, or that they give different types; recursion through
    several inputs.
    """
    span = next((f.span for one in inputs for f in one.program.functions), NO_SPAN)
    with deep_recursion(diags, span):
        return _join(inputs, diags)


def _join(inputs: list[Input], diags: Diagnostics) -> list[tuple[list[int], tast.Program]]:
    meanings = _meanings(inputs, diags)
    diags.raise_errors()
    whole = _merged(inputs, meanings)
    callgraph.forbid_recursion(whole, diags)
    diags.raise_errors()
    callgraph.close(whole)
    callgraph.forbid_blocking(whole, diags)
    diags.raise_errors()
    result: list[tuple[list[int], tast.Program]] = []
    for group in _groups(inputs, meanings, whole.waiting):
        program = _joined([inputs[i] for i in group], diags)
        for function in program.functions:  # some stand for their likes in other groups
            meant = _function(meanings, function)
            function.needs_locals = function.needs_locals or meant.needs_locals
            function.blocks = function.blocks or meant.blocks
            if meant in whole.waiting:
                program.waiting.add(function)
        result.append((group, program))
    return result


# -- names ----------------------------------------------------------------------------------------


def _visible(program: tast.Program) -> list[Symbol]:
    """What the other inputs may define, or use."""
    symbols: list[Symbol] = [*program.functions, *program.externs, *program.globals]
    return [symbol for symbol in symbols if not symbol.is_static]


def _key(symbol: Symbol) -> str:
    if isinstance(symbol, tast.Function) and symbol.is_overloadable:
        return f"{symbol.name}({', '.join(map(str, symbol.type.params))})"
    return symbol.name


def _is_defined(symbol: Symbol) -> bool:
    return symbol.body is not None if isinstance(symbol, tast.Function) else not symbol.is_extern


DECLARED, WEAK, STRONG = range(3)


def _rank(symbol: Symbol) -> int:
    """Of two symbols of a name the higher is meant; two strong ones clash."""
    if not _is_defined(symbol):
        return DECLARED
    # Weak: an `inline` function of a header, which other inputs may define too.
    return STRONG if isinstance(symbol, tast.Var) or symbol.is_exported else WEAK


def _meanings(inputs: list[Input], diags: Diagnostics) -> Meanings:
    index: dict[str, Meaning] = {}
    for at, one in enumerate(inputs):
        for symbol in _visible(one.program):
            key = _key(symbol)
            old = index.get(key)
            if old is None or _rank(symbol) > _rank(old.symbol):
                index[key] = Meaning(symbol, at)
            elif _rank(symbol) == _rank(old.symbol) == STRONG:
                message = f"'{key}' is defined in {inputs[old.at].name} and in {one.name}"
                note = (f"'{key}' is defined here", old.symbol.span)
                hint = "write 'static' before what no other input uses"
                diags.error("duplicate-symbol", message, symbol.span, notes=(note,), hint=hint)
    meanings: Meanings = {}
    for one in inputs:
        for symbol in _visible(one.program):
            meaning = index[_key(symbol)]
            if meaning.symbol is not symbol:
                meanings[symbol] = meaning
                _check_same(symbol, meaning.symbol, inputs[meaning.at].name, diags)
    return meanings


def _check_same(symbol: Symbol, other: Symbol, where: str, diags: Diagnostics) -> None:
    same_kind = isinstance(symbol, tast.Function) == isinstance(other, tast.Function)
    if not same_kind or not _compatible(symbol.type, other.type, set()):
        message = f"'{symbol.name}' is '{symbol.type}' here and '{other.type}' in {where}"
        how = "defined" if _is_defined(other) else "declared"
        note = (f"'{symbol.name}' is {how} here", other.span)
        diags.error("conflicting-types", message, symbol.span, notes=(note,))


def _compatible(a: Type, b: Type, assumed: set[tuple[int, int]]) -> bool:
    """Whether types of two inputs are one (C99 6.2.7); `assumed`: structs being compared."""
    if isinstance(a, Enum) or isinstance(b, Enum):
        a, b = (enum_type(t) if isinstance(t, Enum) else t for t in (a, b))
    match a, b:
        case Pointer(), Pointer():
            return a.quals == b.quals and _compatible(a.pointee, b.pointee, assumed)
        case Array(), Array():
            lengths = {a.count, b.count} - {None}
            return len(lengths) < 2 and _compatible(a.element, b.element, assumed)
        case Function(), Function():
            return (
                len(a.params) == len(b.params)
                and _compatible(a.result, b.result, assumed)
                and all(_compatible(x, y, assumed) for x, y in zip(a.params, b.params, strict=True))
            )
        case Struct(), Struct():
            return _compatible_structs(a, b, assumed)
        case _:
            return a == b


def _compatible_structs(a: Struct, b: Struct, assumed: set[tuple[int, int]]) -> bool:
    if (a.kind, a.tag) != (b.kind, b.tag):
        return False
    if a.fields is None or b.fields is None or (id(a), id(b)) in assumed:
        return True
    assumed.add((id(a), id(b)))
    if (a.packed, a.align, a.pack) != (b.packed, b.align, b.pack):
        return False
    return len(a.fields) == len(b.fields) and all(
        (x.name, x.quals, x.align, x.packed) == (y.name, y.quals, y.align, y.packed)
        and _compatible(x.type, y.type, assumed)
        for x, y in zip(a.fields, b.fields, strict=True)
    )


# -- programs -------------------------------------------------------------------------------------


def _function(meanings: Meanings, function: tast.Function) -> tast.Function:
    meaning = meanings.get(function)
    if meaning is None:
        return function
    assert isinstance(meaning.symbol, tast.Function)
    return meaning.symbol


def _merged(inputs: list[Input], meanings: Meanings) -> tast.Program:
    """One program of several; of the symbols of one name it has what is meant."""
    made = tast.Program()
    for program in (one.program for one in inputs):
        made.functions += [f for f in program.functions if f not in meanings]
        made.externs += [f for f in program.externs if f not in meanings]
        made.globals += [v for v in program.globals if v not in meanings]
        made.structs += program.structs
        made.waiting |= {_function(meanings, f) for f in program.waiting}
        for caller, calls in program.calls.items():
            if caller not in meanings:
                made.calls[caller] = [(_function(meanings, f), span) for f, span in calls]
    return made


def _joined(inputs: list[Input], diags: Diagnostics) -> tast.Program:
    """A program to lower: in it, symbols of other inputs lead to what they mean."""
    if len(inputs) == 1:
        return inputs[0].program
    meanings = _meanings(inputs, diags)
    for symbol, meaning in meanings.items():
        match symbol, meaning.symbol:
            case tast.Function(), tast.Function():
                symbol.definition = meaning.symbol
            case tast.Var(), tast.Var():
                symbol.definition = meaning.symbol
    return _merged(inputs, meanings)


def _groups(
    inputs: list[Input], meanings: Meanings, waiting: set[tast.Function]
) -> list[list[int]]:
    """Which inputs have to be lowered together, in order."""
    group_of = [[i] for i in range(len(inputs))]
    for at, one in enumerate(inputs):
        for extern in one.program.externs:
            meaning, function = meanings.get(extern), _function(meanings, extern)
            special = function in waiting or function.is_kernel or function.needs_locals
            if meaning is None or not special or group_of[at] is group_of[meaning.at]:
                continue
            both = sorted(group_of[at] + group_of[meaning.at])
            for i in both:
                group_of[i] = both
    return [group for i, group in enumerate(group_of) if group[0] == i]
