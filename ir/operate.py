"""Operations on values at hand: arithmetic, conversions of one value, constants.

Nothing here is undefined that OpenCL C defines:

* division by zero and the quotient that overflows give what RISC-V's instructions give
  (OpenCL C 3.0, 6.4.1: no exception, an unspecified value), never undefined behaviour;
* shift counts are taken modulo the width (6.4.10);
* floating point to integer saturates, NaN gives 0.

Signed overflow is undefined, as in C.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.diag import InternalError
from ..frontend.types import Atomic, Opaque, Pointer, Type, Vector, sizeof
from .emit import I1, I32, I64, declare, floating, resize
from .lower_type import constant_int, element, is_floating, is_signed, value_type


def constant(t: Type, number: int | float) -> Any:
    """A scalar constant; of a vector type, that number in every lane."""
    if isinstance(t, Atomic):
        t = t.base
    if isinstance(t, Pointer | Opaque):
        typ = value_type(t)
        return llir.Constant(typ, None) if number == 0 else I64(int(number)).inttoptr(typ)
    if not is_floating(t):
        return constant_int(t, int(number))
    lane = floating(value_type(element(t)), float(number))
    if isinstance(t, Vector):
        return llir.Constant(value_type(t), [lane] * t.count)
    return lane


def to_bool(build: Any, t: Type, v: Any) -> Any:
    if v.type == I1:
        return v
    if is_floating(t):
        return build.fcmp_unordered("!=", v, constant(t, 0.0))
    return build.icmp_unsigned("!=", v, llir.Constant(v.type, None))


def float_to_int(build: Any, v: Any, to: Type) -> Any:
    """Saturating, at 32 bits at least: narrower results are the low bits of an int's."""
    typ, signed = value_type(to), is_signed(to)
    lane = getattr(typ, "element", typ)
    wide = lane if lane.width >= 32 else I32
    signed = signed or lane.width < 32
    count = typ.count if isinstance(to, Vector) else 0
    wide_type = llir.VectorType(wide, count) if count else wide
    names = [
        f"{f'v{count}' if count else ''}{lane.intrinsic_name}"
        for lane in (wide, getattr(v.type, "element", v.type))
    ]
    name = f"llvm.fpto{'s' if signed else 'u'}i.sat.{names[0]}.{names[1]}"
    result = build.call(declare(build.module, name, wide_type, [v.type]), [v])
    return resize(build, result, typ, signed)


def splat(build: Any, lane: Any, typ: Any) -> Any:
    undef = llir.Constant(typ, llir.Undefined)
    first = build.insert_element(undef, lane, I32(0))
    mask = llir.Constant(llir.VectorType(I32, typ.count), [0] * typ.count)
    return build.shuffle_vector(first, undef, mask)


def reinterpret(build: Any, v: Any, typ: Any) -> Any:
    """The same bits as another type; a 3-vector's fourth lane is undefined."""
    if v.type == typ:
        return v
    if v.type.is_pointer or typ.is_pointer:
        return build.ptrtoint(v, typ) if v.type.is_pointer else build.inttoptr(v, typ)
    v = _with_lanes(build, v, 4, 3)
    narrow = isinstance(typ, llir.VectorType) and typ.count == 3
    whole = llir.VectorType(typ.element, 4) if narrow else typ
    v = v if v.type == whole else build.bitcast(v, whole)
    return _with_lanes(build, v, 3, 4) if narrow else v


def _with_lanes(build: Any, v: Any, count: int, had: int) -> Any:
    if not isinstance(v.type, llir.VectorType) or v.type.count != had:
        return v
    mask = llir.Constant(llir.VectorType(I32, count), [min(i, had) for i in range(count)])
    return build.shuffle_vector(v, llir.Constant(v.type, llir.Undefined), mask)


def arithmetic(
    build: Any,
    op: tast.BinaryOp,
    t: Type,
    left: Any,
    right: Any,
    *,
    count_signed: bool = False,
    fp_flags: tuple[str, ...] = (),
) -> Any:
    """left op right, both of type `t` (a shift count of any integer type)."""
    if is_floating(t):
        do = {"add": build.fadd, "sub": build.fsub, "mul": build.fmul, "div": build.fdiv}[op]
        return do(left, right, flags=fp_flags)
    signed = is_signed(t)
    match op:
        case "add" | "sub" | "mul":
            do = {"add": build.add, "sub": build.sub, "mul": build.mul}[op]
            # The components of a vector are not promoted and wrap around, as with clang.
            wraps = isinstance(t, Vector) or not signed
            return do(left, right, flags=() if wraps else ("nsw",))
        case "and" | "or" | "xor":
            return {"and": build.and_, "or": build.or_, "xor": build.xor}[op](left, right)
        case "shl" | "shr":
            count = resize(build, right, left.type, count_signed)
            count = build.and_(count, constant_int(t, sizeof(element(t)) * 8 - 1))
            if op == "shl":
                return build.shl(left, count)
            return build.ashr(left, count) if signed else build.lshr(left, count)
        case "div" | "rem":
            return _divide(build, op, t, left, right)
        case _:
            raise InternalError(f"operator {op}")


def _divide(build: Any, op: str, t: Type, left: Any, right: Any) -> Any:
    """As RISC-V's div and rem: x / 0 = -1, x % 0 = x, and the quotient wraps around.

    Dividing by a constant other than 0 and -1 needs no care. A signed 32-bit division is
    made in 64 bits, where it cannot overflow.
    """
    signed = is_signed(t)
    typ = left.type
    if op == "div":
        do = build.sdiv if signed else build.udiv
    else:
        do = build.srem if signed else build.urem
    known = _constant_lanes(right)
    if known and not {0, -1} & known if signed else known and 0 not in known:
        return do(left, right)
    zero, one, minus = (constant_int(t, n) for n in (0, 1, -1))
    by_zero = build.icmp_signed("==", right, zero)
    safe = by_zero
    if signed and sizeof(element(t)) == 4:
        divisor = build.select(by_zero, one, right)
        wide = llir.VectorType(I64, t.count) if isinstance(t, Vector) else I64
        result = build.trunc(do(build.sext(left, wide), build.sext(divisor, wide)), typ)
    else:
        if signed:
            lowest = constant_int(t, -1 << (sizeof(element(t)) * 8 - 1))
            overflows = build.and_(
                build.icmp_signed("==", left, lowest), build.icmp_signed("==", right, minus)
            )
            safe = build.or_(by_zero, overflows)
        result = do(left, build.select(safe, one, right))
    return build.select(by_zero, minus if op == "div" else left, result)


def _constant_lanes(v: Any) -> set[int]:
    """The numbers in an integer constant, or nothing when it is no constant."""
    if not isinstance(v, llir.Constant):
        return set()
    if isinstance(v.constant, int):
        return {v.constant}
    if isinstance(v.constant, list):
        return set().union(*(_constant_lanes(lane) for lane in v.constant))
    return set()


def convert(build: Any, kind: str, operand: Any, came: Type, to: Type) -> Any:
    """A value of type `came` as one of type `to`, by the conversion that tast.Convert names."""
    match kind:
        case "int":
            return resize(build, operand, value_type(to), is_signed(came))
        case "int-to-float":
            cast = build.sitofp if is_signed(came) else build.uitofp
            return cast(operand, value_type(to))
        case "float-to-int":
            return float_to_int(build, operand, to)
        case "float":
            typ = value_type(to)
            wider = sizeof(element(to)) > sizeof(element(came))
            return build.fpext(operand, typ) if wider else build.fptrunc(operand, typ)
        case "splat":
            return splat(build, operand, value_type(to))
        case "pointer":
            typ = value_type(to)
            return operand if operand.type == typ else build.addrspacecast(operand, typ)
        case "int-to-pointer":
            return build.inttoptr(resize(build, operand, I64, is_signed(came)), value_type(to))
        case "pointer-to-int":
            return resize(build, build.ptrtoint(operand, I64), value_type(to), False)
        case "void":
            return None
        case _:
            raise InternalError(f"conversion {kind}")
