"""Constant folding over the typed tree: integer constant expressions, static initialisers.

The arithmetic is the target's: integers wrap at their width, floats round to their own
precision after every operation (a double computes the exact sum, product and quotient of two
floats well enough that rounding twice equals rounding once).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable

from . import location, tast
from .literals import round_ratio
from .record import replace
from .types import (
    CHAR,
    DOUBLE,
    FLOAT,
    HALF,
    INT,
    POINTER_SIZE,
    UCHAR,
    AddrSpace,
    Array,
    Enum,
    Pointer,
    Scalar,
    Struct,
    Type,
    Vector,
    enum_type,
    is_float,
    is_integer,
    is_void,
    sizeof,
)

Value = int | float
_PACK = {HALF: "<e", FLOAT: "<f", DOUBLE: "<d"}


def wrap(value: int, t: Type) -> int:
    """`value` modulo the width of an integer type, as the type reads it; bool is 0 or 1."""
    scalar = enum_type(t) if isinstance(t, Enum) else t
    assert isinstance(scalar, Scalar)
    if scalar.kind == "bool":
        return int(value != 0)
    bits = 8 * scalar.size
    value &= (1 << bits) - 1
    return value - (1 << bits) if scalar.signed and value >> (bits - 1) else value


def fits(value: Value, t: Type) -> bool:
    """Whether an integer type holds `value` exactly."""
    return math.isfinite(value) and value == int(value) and wrap(int(value), t) == value


def round_to(value: float, t: Type) -> float:
    """`value` in the precision of a floating type; out of range becomes infinity."""
    assert isinstance(t, Scalar)
    try:
        (rounded,) = struct.unpack(_PACK[t], struct.pack(_PACK[t], value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(rounded)


def int_to_float(value: int, t: Type) -> float:
    assert isinstance(t, Scalar)
    if value == 0:
        return 0.0
    return math.copysign(round_ratio(abs(value), 1, t), value)


def fold(expr: tast.Expr, parts: bool = False) -> Value | None:
    """The value of a constant expression of arithmetic type; None if it is not constant.

    parts:  elements and fields of constant objects count as well, as in a static initialiser.
    A null pointer folds to 0. Dividing by zero, and shapes whose value C leaves undefined, fold
    to None.
    """
    if isinstance(expr.type, Vector):
        return None  # see fold_vector
    # Operators lean to the left: walk down that side in a loop, so that a sum of thousands of
    # terms needs no stack.
    spine: list[tast.Binary | tast.Unary | tast.Convert] = []
    while True:
        match expr:
            case tast.Binary(left=inner) if isinstance(inner.type, Pointer):
                break  # a comparison
            case tast.Convert(kind="to-bool", operand=inner) if isinstance(inner.type, Pointer):
                break
            case tast.Binary(left=inner) | tast.Unary(operand=inner):
                spine.append(expr)
            case tast.Convert(operand=inner) if not isinstance(inner, tast.OBJECTS):
                spine.append(expr)
            case _:
                break
        expr = inner
    value = _fold_leaf(expr, parts)
    while spine and value is not None:
        value = _fold_step(spine.pop(), value, parts)
    return value


def _fold_leaf(expr: tast.Expr, parts: bool) -> Value | None:
    match expr:
        case tast.Const(value=value):
            return value
        case tast.Conditional(cond=cond, then=then, other=other):
            chosen = fold(cond, parts)
            return None if chosen is None else fold(then if chosen else other, parts)
        case tast.Comma(left=tast.Convert(kind="void", operand=left), right=right):
            dropped = None if isinstance(left, tast.OBJECTS) else fold(left, parts)
            return None if dropped is None else fold(right, parts)
        case tast.Load(source=tast.VarRef(var=var)) if var.known is not None:
            return var.known
        case tast.Load(source=tast.VarRef(var=var)) if _never_changes(var):
            return var.init.value if isinstance(var.init, tast.Const) else None
        case tast.Load(source=tast.MemberRef() | tast.Deref() as place) if parts:
            return _part(place)
        case tast.Binary(op="eq" | "ne" as op, left=left, right=right):
            same = _same_pointer(left, right)
            return None if same is None else int(same == (op == "eq"))
        case tast.PointerDiff(left=left, right=right):
            distance = location.distance(left, right)
            assert isinstance(left.type, Pointer)
            return None if distance is None else distance // sizeof(left.type.pointee)
        case tast.Convert(kind="to-bool", operand=pointer) if not isinstance(pointer, tast.OBJECTS):
            number = fold(pointer)
            return 1 if number is None and _is_object(pointer) else number
        case tast.Convert(kind="address" | "decay"):
            return location.behind_null(expr)
        case tast.Shuffle(operand=operand, lanes=(lane,)):
            values = fold_vector(operand)
            return None if values is None else values[lane]
        case _:
            return None


def _same_pointer(left: tast.Expr, right: tast.Expr) -> bool | None:
    """Whether two pointers are equal, as far as that is known: no object is at address 0."""
    a, b = fold(left), fold(right)
    if a is not None and b is not None:
        return a == b
    if (a == 0 and _is_object(right)) or (b == 0 and _is_object(left)):
        return False
    distance = location.distance(left, right)
    return None if distance is None else distance == 0


def _is_object(pointer: tast.Expr) -> bool:
    """Whether a pointer leads to an object for certain; a weak one need not exist."""
    found = location.static_object(pointer)
    return _address(pointer) is not None and not (found and found.linkage and found.linkage.weak)


def _never_changes(var: tast.Var) -> bool:
    """Whether its initialiser is all it ever holds.

    It lies in constant memory, is const, or has no name.
    """
    nameless = var.storage == "static" and not var.name
    const = var.storage == "static" and var.quals.const and not var.quals.volatile
    return nameless or const or var.quals.space is AddrSpace.CONSTANT


def _part(place: tast.LValue) -> Value | None:
    """What an element or a field of a constant object holds."""
    path: list[int] = []
    in_union = False
    while not isinstance(place, tast.VarRef):
        match place:
            case tast.MemberRef(base=base, index=index):
                in_union |= isinstance(base.type, Struct) and base.type.kind == "union"
                path.insert(0, index)
            case tast.Deref(
                pointer=tast.PointerAdd(
                    pointer=tast.Convert(kind="decay", operand=base), index=by, negate=False
                )
            ):
                assert isinstance(base.type, Array)
                at = fold(by)
                if at is None or not 0 <= at < (base.type.count or 0):
                    return None
                path.insert(0, int(at))
            case tast.Deref(pointer=tast.Convert(kind="decay", operand=base)):
                path.insert(0, 0)  # *a
            case _:
                return None
        if not isinstance(base, tast.OBJECTS):
            return None
        place = base
    init = place.var.init if _never_changes(place.var) else None
    if isinstance(init, tast.StringRef) and len(path) == 1:
        assert isinstance(init.type, Array)
        text = init.value
        return wrap(text[path[0]], init.type.element) if path[0] < len(text) else 0
    if not isinstance(init, tast.Aggregate):
        return None
    for entry, value in reversed(init.entries):
        if entry == tuple(path):
            return value.value if isinstance(value, tast.Const) else None
        if list(entry) == path[: len(entry)]:
            return None  # a vector's component, or of a whole that is no list
    return None if in_union else 0


def fold_vector(expr: tast.Expr) -> tuple[Value, ...] | None:
    """The components of a constant expression of vector type; None if it is not constant."""
    t = expr.type
    assert isinstance(t, Vector)
    match expr:
        case tast.VectorBuild(parts=parts):
            return _all(_components(part) for part in parts)
        case tast.Convert(kind="splat", operand=operand) if not isinstance(operand, tast.OBJECTS):
            lane = fold(operand)
            return None if lane is None else (lane,) * t.count
        case tast.Shuffle(operand=operand, lanes=lanes):
            values = fold_vector(operand)
            return None if values is None else tuple(values[i] for i in lanes)
        case tast.Load(source=tast.VarRef(var=var)) if var.quals.space is AddrSpace.CONSTANT:
            return fold_vector(var.init) if isinstance(var.init, tast.VectorBuild) else None
        case tast.Unary(op=op, operand=operand):
            values = fold_vector(operand)
            if values is None:
                return None
            return tuple(-unary(op, v, INT) if op == "lnot" else unary(op, v, t.element)
                         for v in values)  # fmt: skip
        case tast.Binary(op=op, left=left, right=right):
            a, b = fold_vector(left), fold_vector(right)
            if a is None or b is None:
                return None
            return _all(_lane(op, x, y, left.type, t) for x, y in zip(a, b, strict=True))
        case _:
            return None


def _components(part: tast.Expr) -> tuple[Value, ...] | None:
    if isinstance(part.type, Vector):
        return fold_vector(part)
    value = fold(part)
    return None if value is None else (value,)


def _all(groups: Iterable[tuple[Value, ...] | None]) -> tuple[Value, ...] | None:
    found: list[Value] = []
    for group in groups:
        if group is None:
            return None
        found += group
    return tuple(found)


def _lane(op: str, a: Value, b: Value, operand: Type, result: Vector) -> tuple[Value] | None:
    """One component of `a op b`; comparisons and logic give -1."""
    assert isinstance(operand, Vector)
    if op in ("land", "lor"):
        both = bool(a) and bool(b) if op == "land" else bool(a) or bool(b)
        return (-int(both),)
    value = binary(op, a, b, operand.element, result.element)
    if value is None:
        return None
    return (-value if op in _COMPARE else value,)


def _fold_step(
    node: tast.Binary | tast.Unary | tast.Convert, left: Value, parts: bool
) -> Value | None:
    """A node's value, given that of its (left) operand."""
    match node:
        case tast.Unary(op=op):
            return unary(op, left, node.type)
        case tast.Convert(kind=kind):
            return convert(kind, left, node.type)
        case tast.Binary(op="land" | "lor" as op) if bool(left) == (op == "lor"):
            return int(bool(left))  # whatever the right one is
        case tast.Binary(op=op, right=right_operand):
            right = fold(right_operand, parts)
            if right is None:
                return None
            if op in ("land", "lor"):
                return int(bool(right))
            return binary(op, left, right, node.left.type, node.type)


def unary(op: tast.UnaryOp, value: Value, t: Type) -> Value:
    if op == "lnot":
        return int(not value)
    if isinstance(value, float):
        return -value
    return wrap(-value if op == "neg" else ~value, t)


def convert(kind: tast.ConvertKind, value: Value, t: Type) -> Value | None:
    """One Convert node; None for a float outside the integer type's range (undefined in C)."""
    match kind:
        case "int" | "pointer-to-int":
            return wrap(int(value), t)
        case "int-to-float":
            return int_to_float(int(value), t)
        case "float":
            return round_to(value, t)
        case "to-bool":
            return int(value != 0)
        case "float-to-int":
            if not math.isfinite(value) or not fits(math.trunc(value), t):
                return None
            return math.trunc(value)
        case "pointer" | "int-to-pointer":
            return 0 if value == 0 else None
        case _:
            return None


def _float_div(a: float, b: float) -> float:
    if b:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _int_div(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return -quotient if (a < 0) != (b < 0) else quotient


_INT: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _int_div,
    "rem": lambda a, b: a - b * _int_div(a, b),
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
}
_FLOAT: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _float_div,
}
_COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "ge": lambda a, b: a >= b,
}


def binary(op: str, a: Value, b: Value, operand: Type, result: Type) -> Value | None:
    """`a op b` of type `result`, the left operand being of type `operand`."""
    if op in _COMPARE:
        return int(_COMPARE[op](a, b))
    if is_float(operand):
        return round_to(_FLOAT[op](float(a), float(b)), result)
    a, b = int(a), int(b)
    if op in ("shl", "shr"):
        assert isinstance(operand, Scalar)
        count = b % (8 * operand.size)  # OpenCL C 3.0, 6.4.10
        return wrap(a << count if op == "shl" else a >> count, result)
    if op in ("div", "rem") and b == 0:
        return None
    return wrap(_INT[op](a, b), result)


def static_value(expr: tast.Expr) -> tast.Expr | None:
    """`expr` reduced to what a static object may be initialised with; None if it cannot be.

    returns: a Const; a VectorBuild of such; or an address: Convert "decay" or "address" of a
             static object, of a string or of a part of one, with PointerAdd of Const and
             Converts to pointers and to integers as wide around.
    source:  C99 6.6, 7 to 9.
    """
    if isinstance(expr.type, Vector):
        values = fold_vector(expr)
        if values is None:
            return None
        lane, span = expr.type.element, expr.span
        parts = tuple(tast.Const(v, type=lane, span=span) for v in values)
        return tast.VectorBuild(parts, type=expr.type, span=span)
    value = fold(expr, parts=True)
    if value is not None:
        return tast.Const(value, type=expr.type, span=expr.span)
    return _address(expr)


def _address(expr: tast.Expr) -> tast.Expr | None:
    match expr:
        case tast.FunctionAddress():
            return expr
        case tast.Convert(kind="decay" | "address", operand=operand):
            assert isinstance(operand, tast.OBJECTS)
            place = _static_object(operand)
            return None if place is None else replace(expr, operand=place)
        case tast.Convert(
            kind="pointer" | "int-to-pointer" | "pointer-to-int" | "int", operand=operand
        ) if isinstance(expr.type, Pointer) or sizeof(expr.type) == POINTER_SIZE:
            assert not isinstance(operand, tast.OBJECTS)
            inner = static_value(operand)
            return None if inner is None else replace(expr, operand=inner)
        case tast.PointerAdd(pointer=pointer, index=index):
            base, count = _address(pointer), fold(index)
            if base is None or count is None:
                return None
            by = tast.Const(int(count), type=index.type, span=index.span)
            return replace(expr, pointer=base, index=by)
        case tast.Binary(op="add" | "sub", left=left, right=right):
            if expr.op == "add" and fold(left) is not None:
                left, right = right, left
            start, count = static_value(left), fold(right)
            if start is None or count is None:
                return None
            offset = tast.Const(int(count), type=right.type, span=right.span)
            return replace(expr, left=start, right=offset)
        case tast.Conditional(cond=cond, then=then, other=other):
            chosen = fold(cond)
            return None if chosen is None else static_value(then if chosen else other)
        case _:
            return None


def _static_object(place: tast.LValue) -> tast.LValue | None:
    match place:
        case tast.VarRef(var=var):
            return place if var.storage == "static" else None
        case tast.StringRef():
            return place
        case tast.MemberRef(base=base):
            inner = _static_object(base)
            return None if inner is None else replace(place, base=inner)
        case tast.Deref(pointer=pointer):
            address = _address(pointer)
            return None if address is None else replace(place, pointer=address)
        case _:
            return None


def static_init(init: tast.Init) -> tast.Init | tast.Expr | None:
    """A whole initialiser reduced; None if some part of it is not constant."""
    if isinstance(init, tast.StringRef):
        return init
    if not isinstance(init, tast.Aggregate):
        return _static_copy(init) or static_value(init)
    entries: list[tuple[tuple[int, ...], tast.Expr]] = []
    for path, value in init.entries:
        whole = _static_copy(value)
        if whole is not None:  # it wins over what was said of its parts
            entries = [e for e in entries if e[0][: len(path)] != path]
            entries += [((*path, *inner), part) for inner, part in whole.entries]
            continue
        reduced = static_value(value)
        if reduced is None:
            return None
        entries.append((path, reduced))
    return replace(init, entries=tuple(entries))


def _static_copy(value: tast.Expr) -> tast.Aggregate | None:
    """What a struct holds that is a copy of one that never changes."""
    match value:
        case tast.Load(source=tast.VarRef(var=var)) if _never_changes(var):
            return var.init if isinstance(var.init, tast.Aggregate) else None
        case _:
            return None


def is_char_array(t: Type) -> bool:
    return isinstance(t, Array) and t.element in (CHAR, UCHAR)


def is_null(expr: tast.Expr) -> bool:
    """A null pointer constant: integer 0, or that cast to `void *` (C99 6.3.2.3)."""
    if isinstance(expr, tast.Const):
        return expr.value == 0 and not is_float(expr.type)
    if isinstance(expr, tast.Convert) and expr.kind == "int-to-pointer":
        to_void = isinstance(expr.type, Pointer) and is_void(expr.type.pointee)
        return to_void and not isinstance(expr.operand, tast.OBJECTS) and is_null(expr.operand)
    return is_integer(expr.type) and fold(expr) == 0
