"""Expressions to LLVM values.

A value is in a register, except that an aggregate's is the address of bytes that hold it and
are not changed before they are copied.
"""

from __future__ import annotations

from typing import Any, assert_never

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.diag import InternalError
from ..frontend.types import (
    AddrSpace,
    Pointer,
    Quals,
    Struct,
    Type,
    Vector,
    alignof,
    is_void,
    sizeof,
    struct_layout,
)
from . import lower_builtin, lower_call, lower_convert
from .emit import I1, I32, I64, address_of, copy_bytes, declare, fill_zero, offset_ptr
from .frame import Frame, Place, pick_lanes, read, write
from .lower_type import (
    constant_int,
    is_aggregate,
    is_floating,
    is_signed,
    memory_type,
    value_type,
)
from .objects import aligned, covers, inner_place, is_table, pointer_align
from .operate import arithmetic, constant, convert, reinterpret, to_bool

# -- values ----------------------------------------------------------------------------------


def value(frame: Frame, expr: tast.Expr) -> Any:
    """Evaluate `expr`; None when it is void."""
    build = frame.build
    match expr:
        case tast.Load(source=source):
            return read(frame, place(frame, source))
        case tast.Const(value=number, type=t):
            return constant(t, number)
        case tast.Convert():
            return _convert(frame, expr)
        case tast.Binary():
            return _binary(frame, expr)
        case tast.PointerAdd(pointer=pointer, index=index, negate=negate):
            base = value(frame, pointer)
            assert isinstance(pointer.type, Pointer)
            return _step(frame, base, value(frame, index), pointer.type.pointee, negate)
        case tast.Assign(target=target, value=operand):
            return _assign(frame, target, operand)
        case tast.Update():
            return _update(frame, expr)
        case tast.Current():
            return frame.current[-1]
        case tast.Unary():
            return _unary(frame, expr)
        case tast.Call():
            return lower_call.call(frame, expr)
        case tast.CallPointer():
            return lower_call.call_pointer(frame, expr)
        case tast.FunctionAddress(function=function):
            return address_of(frame.unit.function_of(function))
        case tast.BuiltinCall():
            args = [value(frame, a) for a in expr.args]
            frame.at(expr.span)
            return lower_builtin.builtin(frame, expr, args)
        case tast.Conditional():
            return _conditional(frame, expr)
        case tast.Comma(left=left, right=right):
            value(frame, left)
            return value(frame, right)
        case tast.PointerDiff(left=left, right=right):
            return _pointer_diff(frame, left, right)
        case tast.Printf():
            args = [value(frame, a) for a in expr.args]
            frame.at(expr.span)
            # Few programs print.
            if frame.unit.options.device == "dpu":
                from .lower_log import printf
            else:
                from .lower_printf import printf

            return printf(frame, expr, args)
        case tast.VectorBuild(parts=parts, type=t):
            return _vector_build(frame, t, parts)
        case tast.Shuffle(operand=operand, lanes=lanes):
            return pick_lanes(build, value(frame, operand), lanes)
        case tast.VectorSelect(cond=cond, then=then, other=other):
            mask = value(frame, cond)
            yes, no = value(frame, then), value(frame, other)
            zero = llir.Constant(mask.type, None)
            negative = build.icmp_signed("<", mask, zero)
            return build.select(negative, yes, no, flags=flags_of(frame, expr.type))
        case tast.ConvertCall(operand=operand):
            return lower_convert.convert_call(build, expr, value(frame, operand))
        case tast.Reinterpret(operand=operand, type=t):
            return reinterpret(build, value(frame, operand), value_type(t))
        case tast.ValueMember(operand=operand, index=index, type=t):
            address = value(frame, operand)
            assert isinstance(operand.type, Struct)
            offset = struct_layout(operand.type)[0][index]
            align = aligned(alignof(operand.type), offset)
            return read(frame, Place(offset_ptr(build, address, offset), t, align))
        case _:
            assert_never(expr)


def condition(frame: Frame, expr: tast.Expr) -> Any:
    """Evaluate a bool as i1, without widening the comparison inside to an int and back."""
    if isinstance(expr, tast.Convert) and expr.kind == "to-bool":
        assert not isinstance(expr.operand, tast.ObjectNode)
        return _truth(frame, expr.operand)
    return value(frame, expr)


def branch_on(frame: Frame, expr: tast.Expr, yes: Any, no: Any) -> None:
    """Go to `yes` or `no`; && and || become control flow without a value."""
    inner = expr
    while isinstance(inner, tast.Convert) and inner.kind == "to-bool":
        operand = inner.operand
        if not isinstance(operand, tast.Binary | tast.Unary | tast.Convert):
            break
        inner = operand
    match inner:
        case tast.Binary(op="land" | "lor" as op, left=left, right=right) if not isinstance(
            inner.type, Vector
        ):
            middle = frame.block(f"{op}.rhs")
            if op == "land":
                branch_on(frame, left, middle, no)
            else:
                branch_on(frame, left, yes, middle)
            frame.enter(middle)
            branch_on(frame, right, yes, no)
        case _:
            frame.at(expr.span)
            frame.build.cbranch(condition(frame, expr), yes, no)


def _truth(frame: Frame, operand: tast.Expr) -> Any:
    """operand != 0 as i1. What gives 0 or 1 in C is an i1 already; in a vector it is lanes."""
    match operand:
        case tast.Convert(kind="to-bool"):
            return condition(frame, operand)
        case tast.Binary(type=t) if not isinstance(t, Vector) and operand.op in _COMPARE:
            return _comparison(frame, operand)
        case tast.Binary(op="land" | "lor", type=t) if not isinstance(t, Vector):
            return _short_circuit(frame, operand)
        case tast.Unary(op="lnot", operand=inner, type=t) if not isinstance(t, Vector):
            return frame.build.not_(_truth(frame, inner))
    return to_bool(frame.build, operand.type, value(frame, operand))


# -- conversions -----------------------------------------------------------------------------


def _convert(frame: Frame, expr: tast.Convert) -> Any:
    build, to = frame.build, expr.type
    if expr.kind in ("decay", "address"):
        return place(frame, _lvalue(expr.operand)).ptr
    if isinstance(expr.operand, tast.ObjectNode):
        raise InternalError(f"{expr.kind} conversion of an object")
    if expr.kind == "to-bool":
        return _truth(frame, expr.operand)
    operand, came = value(frame, expr.operand), expr.operand.type
    return convert(build, expr.kind, operand, came, to)


def flags_of(frame: Frame, t: Type) -> tuple[str, ...]:
    """Fast-math flags of what gives a `t`: floating-point values have them, others none."""
    return frame.fp_flags if is_floating(t) else ()


# -- operators ---------------------------------------------------------------------------------

_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}


def _unary(frame: Frame, expr: tast.Unary) -> Any:
    build = frame.build
    if expr.op == "lnot":
        if isinstance(expr.type, Vector):
            v = value(frame, expr.operand)
            zero = constant(expr.operand.type, 0)
            compare = build.fcmp_ordered if is_floating(expr.operand.type) else build.icmp_signed
            return build.sext(compare("==", v, zero), value_type(expr.type))
        return build.zext(build.not_(_truth(frame, expr.operand)), value_type(expr.type))
    v = value(frame, expr.operand)
    if expr.op == "not":
        return build.xor(v, constant_int(expr.type, -1))
    if is_floating(expr.type):
        return build.fneg(v, flags=frame.fp_flags)
    flags = ("nsw",) if is_signed(expr.type) and not isinstance(expr.type, Vector) else ()
    return build.sub(llir.Constant(v.type, None), v, flags=flags)


def _binary(frame: Frame, expr: tast.Binary) -> Any:
    """A sum of many terms leans to the left as far: that is walked, not recursed into."""
    spine: list[tast.Binary] = []
    first: tast.Expr = expr
    while isinstance(first, tast.Binary) and _is_plain(frame, first):
        spine.append(first)
        first = first.left
    left = _special(frame, expr) if first is expr else value(frame, first)
    for node in reversed(spine):
        right = value(frame, node.right)
        frame.at(node.span)
        if node.op in ("div", "rem") and frame.unit.options.device == "dpu":
            from .lower_divide import check_divisor  # not for kernels

            check_divisor(frame, node.left.type, right)
        left = arithmetic(
            frame.build,
            node.op,
            node.left.type,
            left,
            right,
            count_signed=is_signed(node.right.type),
            fp_flags=frame.fp_flags,
        )
    return left


def _is_plain(frame: Frame, expr: tast.Binary) -> bool:
    """Whether an operation is one instruction over both operands, whatever they are."""
    if expr.op in _COMPARE or expr.op in ("land", "lor"):
        return False
    if not (frame.may_fuse and expr.op in ("add", "sub") and is_floating(expr.left.type)):
        return True
    return not any(isinstance(e, tast.Binary) and e.op == "mul" for e in (expr.left, expr.right))


def _special(frame: Frame, expr: tast.Binary) -> Any:
    build = frame.build
    if expr.op in _COMPARE:
        bit = _comparison(frame, expr)
        widen = build.sext if isinstance(expr.type, Vector) else build.zext
        return widen(bit, value_type(expr.type))
    if expr.op in ("land", "lor"):
        if isinstance(expr.type, Vector):
            return _vector_logic(frame, expr)
        return build.zext(_short_circuit(frame, expr), value_type(expr.type))
    return _fused(frame, expr)


def _fused(frame: Frame, expr: tast.Binary) -> Any:
    """a * b + c, a * b - c and c - a * b as one fused operation, where the target has it."""
    build = frame.build
    left, right = expr.left, expr.right
    if isinstance(left, tast.Binary) and left.op == "mul":
        a, b, c = value(frame, left.left), value(frame, left.right), value(frame, right)
        frame.at(expr.span)
        c = build.fneg(c) if expr.op == "sub" else c
    else:
        assert isinstance(right, tast.Binary)
        c = value(frame, left)
        a, b = value(frame, right.left), value(frame, right.right)
        frame.at(expr.span)
        a = build.fneg(a) if expr.op == "sub" else a
    lane = getattr(a.type, "element", a.type).intrinsic_name
    count = f"v{a.type.count}" if isinstance(a.type, llir.VectorType) else ""
    function = declare(build.module, f"llvm.fmuladd.{count}{lane}", a.type, [a.type] * 3)
    return build.call(function, [a, b, c], fastmath=frame.fp_flags)


def _comparison(frame: Frame, expr: tast.Binary) -> Any:
    build, t = frame.build, expr.left.type
    left, right = value(frame, expr.left), value(frame, expr.right)
    frame.at(expr.span)
    sign = _COMPARE[expr.op]
    if is_floating(t):
        compare = build.fcmp_unordered if expr.op == "ne" else build.fcmp_ordered
        return compare(sign, left, right, flags=frame.fp_flags)
    compare = build.icmp_signed if is_signed(t) else build.icmp_unsigned
    return compare(sign, left, right)


def _short_circuit(frame: Frame, expr: tast.Binary) -> Any:
    build = frame.build
    rest, end = frame.block(f"{expr.op}.rhs"), frame.block(f"{expr.op}.end")
    left = condition(frame, expr.left)
    first = build.block
    if expr.op == "land":
        build.cbranch(left, rest, end)
    else:
        build.cbranch(left, end, rest)
    frame.enter(rest)
    right = condition(frame, expr.right)
    last = build.block
    build.branch(end)
    frame.enter(end)
    phi = build.phi(I1)
    phi.add_incoming(I1(int(expr.op == "lor")), first)
    phi.add_incoming(right, last)
    return phi


def _vector_logic(frame: Frame, expr: tast.Binary) -> Any:
    build = frame.build
    bits = []
    for side in (expr.left, expr.right):
        v, zero = value(frame, side), constant(side.type, 0)
        floats = is_floating(side.type)
        bits.append((build.fcmp_unordered if floats else build.icmp_signed)("!=", v, zero))
    both = (build.and_ if expr.op == "land" else build.or_)(*bits)
    return build.sext(both, value_type(expr.type))


def _step(frame: Frame, base: Any, index: Any, pointee: Type, negate: bool) -> Any:
    build = frame.build
    if negate:
        index = build.sub(I64(0), index, flags=("nsw",))
    return build.gep(base, [index], inbounds=True, source_etype=memory_type(pointee))


def _pointer_diff(frame: Frame, left: tast.Expr, right: tast.Expr) -> Any:
    build = frame.build
    ends = [build.ptrtoint(value(frame, p), I64) for p in (left, right)]
    assert isinstance(left.type, Pointer)
    size = sizeof(left.type.pointee)
    difference = build.sub(*ends)
    return difference if size <= 1 else build.sdiv(difference, I64(size), flags=("exact",))


def _conditional(frame: Frame, expr: tast.Conditional) -> Any:
    build = frame.build
    result = frame.alloca(expr.type) if is_aggregate(expr.type) else None
    arms, end = (frame.block("cond.true"), frame.block("cond.false")), frame.block("cond.end")
    branch_on(frame, expr.cond, *arms)
    incoming = []
    for block, arm in zip(arms, (expr.then, expr.other), strict=True):
        frame.enter(block)
        v = value(frame, arm)
        if result is not None:
            write(frame, result, v)
        incoming.append((v, build.block))
        build.branch(end)
    frame.enter(end)
    if result is not None:
        return result.ptr
    if is_void(expr.type):
        return None
    phi = build.phi(value_type(expr.type), flags=flags_of(frame, expr.type))
    for v, block in incoming:
        phi.add_incoming(v, block)
    return phi


def _assign(frame: Frame, target: tast.LValue, operand: tast.Expr) -> Any:
    v = value(frame, operand)
    where = place(frame, target)
    frame.at(target.span)
    write(frame, where, v)
    return v


def _update(frame: Frame, expr: tast.Update) -> Any:
    where = place(frame, expr.target)
    old = read(frame, where)
    frame.current.append(old)
    new = value(frame, expr.value)
    frame.current.pop()
    write(frame, where, new)
    return new if expr.result == "new" else old


def _vector_build(frame: Frame, t: Type, parts: tuple[tast.Expr, ...]) -> Any:
    build = frame.build
    result = llir.Constant(value_type(t), llir.Undefined)
    at = 0
    for part in parts:
        v = value(frame, part)
        lanes = part.type.count if isinstance(part.type, Vector) else 0
        for i in range(lanes or 1):
            lane = build.extract_element(v, I32(i)) if lanes else v
            result = build.insert_element(result, lane, I32(at))
            at += 1
    return result


# -- objects -----------------------------------------------------------------------------------


def place(frame: Frame, node: tast.LValue) -> Place:
    """Where the object denoted by `node` is."""
    match node:
        case tast.VarRef(var=var):
            known = frame.slots.get(var)
            if known is not None:
                return known
            symbol = frame.unit.global_of(var)
            return Place(symbol, var.type, symbol.align, var.quals.volatile)
        case tast.Deref(pointer=pointer, type=t, quals=quals):
            ptr = value(frame, pointer)
            align = pointer_align(pointer, t)
            return Place(ptr, t, min(align, quals.align or align), quals.volatile)
        case tast.MemberRef(base=base, index=index, type=t, quals=quals):
            whole = place(frame, base)
            assert isinstance(base.type, Struct)
            offset = struct_layout(base.type)[0][index]
            ptr = offset_ptr(frame.build, whole.ptr, offset)
            volatile = whole.volatile or quals.volatile
            return Place(ptr, t, aligned(whole.align, offset), volatile)
        case tast.LanesRef(base=base, lanes=lanes):
            whole = place(frame, base)
            if whole.lanes is not None:
                lanes = tuple(whole.lanes[i] for i in lanes)
            return Place(whole.ptr, whole.type, whole.align, whole.volatile, lanes)
        case tast.StringRef(value=data, type=t, quals=quals):
            return Place(frame.unit.string_of(data, quals.space), t, 1)
        case tast.CompoundRef(var=var, init=init):
            if var.storage == "static":
                return place(frame, tast.VarRef(var, type=var.type))
            if var not in frame.slots:
                frame.slots[var] = frame.alloca(var.type, var.name, var.align)
            initialise(frame, frame.slots[var], init)
            return frame.slots[var]
        case _:
            assert_never(node)


def _lvalue(node: tast.Expr | tast.LValue) -> tast.LValue:
    if not isinstance(node, tast.ObjectNode):
        raise InternalError(f"{type(node).__name__} is no object")
    return node


def initialise(frame: Frame, where: Place, init: tast.Init) -> None:
    """Give the object at `where` its first value."""
    build = frame.build
    match init:
        case tast.Aggregate(entries=entries) if is_table(where.type, entries):
            quals = Quals(AddrSpace.CONSTANT, const=True)
            table = tast.Var("table", where.type, quals, "static", init=init, is_static=True)
            source, align = frame.unit.global_of(table), alignof(where.type)
            size, align = sizeof(where.type), min(align, where.align)
            copy_bytes(build, where.ptr, source, size, align, vol=where.volatile)
        case tast.Aggregate(entries=entries):
            size = sizeof(where.type)
            if not covers(where.type, entries):
                fill_zero(build, where.ptr, size, where.align, vol=where.volatile)
            for path, entry in entries:
                initialise(frame, inner_place(frame, where, path), entry)
        case tast.StringRef(value=data):
            size = sizeof(where.type)
            data = data[:size].ljust(size, b"\0")
            source = frame.unit.string_of(data)
            copy_bytes(build, where.ptr, source, size, 1, vol=where.volatile)
        case _:
            write(frame, where, value(frame, init))
