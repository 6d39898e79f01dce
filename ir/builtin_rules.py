"""How each builtin function is done.

It is emitted where it is called (INTEGER, FLOATING, MOVES), or called as a member of the device
library, the OpenCL C of kernels/rt/builtins (LANES, WHOLE).
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend.types import Pointer, Scalar, Type, Vector, alignof
from .builtin_atomic import ATOMICS
from .builtin_copy import COPIES
from .builtin_float import FLOATING
from .builtin_group import GROUP
from .builtin_int import INTEGER
from .builtin_move import MOVES
from .builtin_use import Use
from .emit import I32, MEMBER, declare
from .frame import Place, read, write
from .lower_type import element, extension, value_type
from .operate import splat

LANEWISE = INTEGER | FLOATING  # scalars among vectors are taken for vectors
# Members of the library: a call for each lane, or one for the whole vector.
LANES = frozenset(
    """
    acos acosh acospi asin asinh asinpi atan atan2 atan2pi atanh atanpi cbrt cos cosh cospi erf
    erfc exp exp10 exp2 expm1 fmod fract frexp hypot ilogb ldexp lgamma lgamma_r log log10 log1p
    log2 logb modf nextafter pow pown powr remainder remquo rootn sin sincos sinh sinpi tan tanh
    tanpi tgamma
    """.split()
)
WHOLE = frozenset("distance length normalize".split())
# native_ and half_ forms with a member of their own, less accurate and faster: near_NAME.
NEAR = frozenset("cos exp exp10 exp2 log log10 log2 powr sin tan".split())


def emit(use: Use) -> tuple[bool, Any]:
    """(whether there is such a function yet, the value of the call; None when it is void)."""
    if use.name in LANEWISE:
        return True, LANEWISE[use.name](_widened(use))
    if use.name in MOVES:
        return True, MOVES[use.name](use)
    if use.name in ATOMICS:
        return True, ATOMICS[use.name](use)
    if use.name in COPIES:
        return True, COPIES[use.name](use)
    if use.name in GROUP:
        return True, GROUP[use.name](use)
    name = _near(use.name)
    if name in LANES or name != use.name:
        return True, _by_lanes(_widened(use), name)
    if use.name in WHOLE:
        return True, _member(use, use.name, use.type, use.types, use.args)
    return False, None


def _near(name: str) -> str:
    """near_exp of half_exp and native_exp; any other name as it is."""
    form, _, function = name.partition("_")
    return f"near_{function}" if form in ("half", "native") and function in NEAR else name


def _widened(use: Use) -> Use:
    """Scalars among vectors, as in fmax(v, 1.0f), in every lane."""
    counts = [t.count for t in use.types if isinstance(t, Vector)]
    if not counts:
        return use
    types, args = list(use.types), list(use.args)
    for i, t in enumerate(types):
        if isinstance(t, Scalar):
            types[i] = Vector(t, counts[0])
            args[i] = splat(use.build, args[i], value_type(types[i]))
    return Use(use.frame, use.name, use.type, tuple(types), tuple(args))


# -- the device library --------------------------------------------------------------------------


def _by_lanes(use: Use, name: str) -> Any:
    """A call of `name` for each lane; what it stores through a pointer is put together as well."""
    frame, build = use.frame, use.build
    outs = {i: t.pointee for i, t in enumerate(use.types) if isinstance(t, Pointer)}
    places = {i: frame.alloca(element(t)) for i, t in outs.items()}
    types = tuple(Pointer(element(outs[i])) if i in outs else element(t)
                  for i, t in enumerate(use.types))  # fmt: skip
    results: list[Any] = []
    stored: dict[int, list[Any]] = {i: [] for i in outs}
    for n in range(use.type.count if isinstance(use.type, Vector) else 1):
        args = [
            places[i].ptr if i in outs else _lane(build, arg, n) for i, arg in enumerate(use.args)
        ]
        results.append(_member(use, name, element(use.type), types, tuple(args)))
        for i, place in places.items():
            stored[i].append(read(frame, place))
    for i, t in outs.items():
        write(frame, Place(use.args[i], t, alignof(t)), _joined(build, stored[i], t))
    return _joined(build, results, use.type)


def _lane(build: Any, v: Any, n: int) -> Any:
    return build.extract_element(v, I32(n)) if isinstance(v.type, llir.VectorType) else v


def _joined(build: Any, lanes: list[Any], t: Type) -> Any:
    if not isinstance(t, Vector):
        return lanes[0]
    whole = llir.Constant(value_type(t), llir.Undefined)
    for n, lane in enumerate(lanes):
        whole = build.insert_element(whole, lane, I32(n))
    return whole


def _member(
    use: Use, name: str, result: Type, types: tuple[Type, ...], args: tuple[Any, ...]
) -> Any:
    symbol = f"{MEMBER}{name}_{types[0]}"
    params = [value_type(t) for t in types]
    function = declare(use.frame.llfn.module, symbol, value_type(result), params)
    words = {i: extension(t) for i, t in enumerate(types)}
    return use.build.call(function, args, arg_attrs=words)
