"""Names of overloaded functions for the linker: the name, and the types of the parameters.

In the manner of the Itanium C++ ABI, so that tools show them; nothing is abbreviated, since
both sides of a link are kcc's.
"""

from __future__ import annotations

from ..frontend import tast
from ..frontend.types import Array, Enum, Function, Opaque, Pointer, Scalar, Struct, Type, Vector

_SCALARS = {
    "void": "v", "bool": "b", "char": "c", "uchar": "h", "short": "s", "ushort": "t", "int": "i",
    "uint": "j", "long": "l", "ulong": "m", "half": "Dh", "float": "f", "double": "d",
}  # fmt: skip


def mangled(function: tast.Function) -> str:
    params = "".join(map(_type, function.type.params)) or "v"
    return f"_Z{_source(function.name)}{params}"


def _source(name: str) -> str:
    return f"{len(name.encode())}{name}"


def _type(t: Type) -> str:
    match t:
        case Scalar(name=name):
            return _SCALARS[name]
        case Vector(element, count):
            return f"Dv{count}_{_type(element)}"
        case Pointer(pointee, quals):
            words = _source(f"AS{int(quals.space)}") if quals.space else ""
            words = f"U{words}" if words else ""
            words += ("V" if quals.volatile else "") + ("K" if quals.const else "")
            return f"P{words}{_type(pointee)}"
        case Array(element, count):
            return f"A{count or ''}_{_type(element)}"
        case Struct() | Enum():
            return _source(t.tag) if t.tag else "Ut_"
        case Opaque(name):
            return _source(name)
        case Function(result, params):
            return f"F{_type(result)}{''.join(map(_type, params))}E"
