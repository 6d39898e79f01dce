"""Which overload of a function a call means, ranked as clang ranks conversions.

An overload fits when every argument converts to its parameter. It is better than another when
none of its arguments converts worse and one converts better; a call means the one that is
better than all others, and is ambiguous when there is none.

Source: clang's `overloadable` attribute (Attribute Reference), which is how OpenCL C's
functions are declared there: C++'s rules (C++11 13.3) with C's conversions after all of those.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Protocol, TypeVar

from . import constant, tast
from .convert import includes, is_no_event, pointer_fit
from .types import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT,
    Enum,
    Opaque,
    Pointer,
    Quals,
    Scalar,
    Type,
    Vector,
    is_arithmetic,
    is_void,
)


class Candidate(Protocol):
    """A function that may be meant."""

    @property
    def types(self) -> tuple[Type, ...]:
        """Of its parameters."""


C = TypeVar("C", bound=Candidate)


class Rank(IntEnum):
    """How an argument becomes a parameter, the best way first."""

    EXACT = 0
    PROMOTION = 1
    CONVERSION = 2
    SPLAT = 3  # a scalar in every lane of a vector
    FROM_VOID = 4  # `void *` to another pointer, which C converts and C++ does not
    MISFIT = 5  # a pointer that loses a qualifier, or points to something else


def resolve(candidates: Iterable[C], args: list[tast.Expr]) -> list[C]:
    """The overloads that a call with these arguments may mean: one, none, or several alike."""
    fitting: list[tuple[C, list[Rank]]] = []
    for candidate in candidates:
        ranks = _ranks(candidate, args)
        if ranks is not None:
            fitting.append((candidate, ranks))
    if len(fitting) > 1:
        for one, ranks in fitting:
            rest = [pair for pair in fitting if pair[0] is not one]
            if all(_is_better(one, ranks, other, others, args) for other, others in rest):
                return [one]
        fitting = [pair for pair in fitting if not _is_beaten(pair, fitting, args)]
    return [candidate for candidate, _ranks in fitting]


def _is_beaten(
    pair: tuple[C, list[Rank]], all_: list[tuple[C, list[Rank]]], args: list[tast.Expr]
) -> bool:
    return any(_is_better(one, ranks, *pair, args) for one, ranks in all_ if one is not pair[0])


def _ranks(candidate: Candidate, args: list[tast.Expr]) -> list[Rank] | None:
    if len(candidate.types) != len(args):
        return None
    ranks = []
    for arg, param in zip(args, candidate.types, strict=True):
        rank = rank_of(arg, param)
        if rank is None:
            return None
        ranks.append(rank)
    return ranks


def fits_badly(candidate: Candidate, args: list[tast.Expr]) -> bool:
    """Whether some pointer among the arguments points to something else than the parameter."""
    return Rank.MISFIT in (_ranks(candidate, args) or ())


def rank_of(arg: tast.Expr, param: Type) -> Rank | None:
    """How well `arg` becomes a `param`; None if it does not."""
    given = arg.type
    if isinstance(param, Pointer):
        return _pointer_rank(arg, param)
    if isinstance(param, Opaque):
        return Rank.EXACT if given == param or is_no_event(arg, param) else None
    if isinstance(given, Vector) or isinstance(param, Vector):
        if given == param:
            return Rank.EXACT
        return Rank.SPLAT if isinstance(param, Vector) and is_arithmetic(given) else None
    if not is_arithmetic(given) or not is_arithmetic(param):
        return Rank.EXACT if given == param else None
    if given == param:
        return Rank.EXACT
    return Rank.PROMOTION if _promotes(given, param) else Rank.CONVERSION


def _promotes(given: Type, param: Type) -> bool:
    if param == INT:
        small = isinstance(given, Scalar) and given.kind == "int" and given.size < INT.size
        return small or given == BOOL or isinstance(given, Enum)
    return given == FLOAT and param == DOUBLE


def _pointer_rank(arg: tast.Expr, param: Pointer) -> Rank | None:
    given = arg.type
    if not isinstance(given, Pointer):
        return Rank.CONVERSION if is_arithmetic(given) and constant.is_null(arg) else None
    if not includes(param.quals.space, given.quals.space):
        if constant.is_null(arg) and is_void(given.pointee):
            return Rank.CONVERSION
        return None
    match pointer_fit(given, param):
        case "nested-space":
            return None
        case "same":
            if is_void(param.pointee) and not is_void(given.pointee):
                return Rank.CONVERSION
            if is_void(given.pointee) and not is_void(param.pointee):
                return Rank.CONVERSION if constant.is_null(arg) else Rank.FROM_VOID
            return Rank.EXACT
        case _:
            return Rank.MISFIT


def _is_better(
    one: Candidate, ranks: list[Rank], other: Candidate, others: list[Rank], args: list[tast.Expr]
) -> bool:
    bad = [
        (mine is Rank.MISFIT, its is Rank.MISFIT) for mine, its in zip(ranks, others, strict=True)
    ]
    if any(mine != its for mine, its in bad):
        return (True, False) not in bad  # whatever the other arguments say
    better = False
    for arg, mine, theirs, p, q in zip(args, ranks, others, one.types, other.types, strict=True):
        if mine > theirs:
            return False
        order = mine < theirs or (mine is Rank.EXACT and _adds_less(arg.type, p, q))
        if not order and mine is Rank.EXACT and _adds_less(arg.type, q, p):
            return False
        better = better or order
    return better


def _adds_less(given: Type, p: Type, q: Type) -> bool:
    """Of two pointers that differ in qualifiers only, whether `p` adds some of those of `q`."""
    if not (isinstance(given, Pointer) and isinstance(p, Pointer) and isinstance(q, Pointer)):
        return False
    mine, theirs = _added(given.quals, p.quals), _added(given.quals, q.quals)
    return mine < theirs


def _added(given: Quals, param: Quals) -> set[str]:
    words = {w for w in ("const", "volatile") if getattr(param, w) and not getattr(given, w)}
    return words | ({"space"} if param.space != given.space else set())
