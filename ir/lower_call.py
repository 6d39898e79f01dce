"""Calls of functions, by name and through pointers, and bodies in the place of calls."""

from __future__ import annotations

from typing import Any

from ..frontend import tast
from ..frontend.record import record
from ..frontend.types import Function as FunctionType
from ..frontend.types import Pointer, is_void
from . import lower_expr
from .emit import Callee
from .frame import Frame, Place, read, write
from .lower_type import extension, function_type, is_aggregate


def call(frame: Frame, expr: tast.Call) -> Any:
    """Call a function. Aggregates go by address: the callee copies what it may change."""
    function = expr.function.definition or expr.function
    if function in frame.unit.waiting:
        return _body_in_place(frame, expr, function)
    callee = frame.unit.function_of(function)
    given = _arguments(frame, expr)
    if len(given.args) < len(callee.args):  # but for C and the device library
        given.args.extend(frame.item)
    return _called(frame, expr, callee, given)


def call_pointer(frame: Frame, expr: tast.CallPointer) -> Any:
    """Call what a pointer leads to, which takes the arguments alone that are written."""
    assert isinstance(expr.callee.type, Pointer)
    t = expr.callee.type.pointee
    assert isinstance(t, FunctionType)
    callee = Callee(lower_expr.value(frame, expr.callee), function_type(t))
    return _called(frame, expr, callee, _arguments(frame, expr))


@record
class _Given:
    """What a function is given: values, attributes of some, where its result goes if in memory."""

    args: list[Any]
    attrs: dict[int, tuple[str, ...]]
    result: Place | None


def _arguments(frame: Frame, expr: tast.Call | tast.CallPointer) -> _Given:
    """The arguments that are written."""
    args: list[Any] = []
    attrs: dict[int, tuple[str, ...]] = {}
    result = frame.alloca(expr.type) if is_aggregate(expr.type) else None
    if result is not None:
        args.append(result.ptr)
    for arg in expr.args:
        v = lower_expr.value(frame, arg)
        if is_aggregate(arg.type) and v.type.addrspace:
            copy = frame.alloca(arg.type)
            write(frame, copy, v)
            v = copy.ptr
        elif extension(arg.type):
            attrs[len(args)] = extension(arg.type)
        args.append(v)
    return _Given(args, attrs, result)


def _called(frame: Frame, expr: tast.Call | tast.CallPointer, callee: Any, given: _Given) -> Any:
    frame.at(expr.span)
    flags = lower_expr.flags_of(frame, expr.type)
    v = frame.build.call(callee, given.args, arg_attrs=given.attrs, fastmath=flags)
    if given.result is not None:
        return given.result.ptr
    return None if is_void(expr.type) else v


def _body_in_place(frame: Frame, expr: tast.Call, function: tast.Function) -> Any:
    """The callee's statements instead of a call: see passes/barriers.py."""
    from .lower_stmt import statement

    assert function.body is not None
    debug = frame.unit.debug
    inner = frame.inner(function)
    values = [lower_expr.value(frame, arg) for arg in expr.args]
    around = None if debug is None else debug.enter_call(function, expr.span)
    inner.at(function.span)
    for var, v in zip(function.params, values, strict=True):
        inner.declare(var, f"{function.name}.{var.name}")
        write(inner, inner.slots[var], v)
    if not is_void(expr.type):
        inner.result = inner.alloca(expr.type, f"{function.name}.result")
    inner.end = frame.block(f"{function.name}.end")
    statement(inner, function.body)
    frame.go(inner.end)
    frame.enter(inner.end)
    if debug is not None:
        debug.leave_call(around)
    frame.frame_size = inner.frame_size
    frame.at(expr.span)
    return None if inner.result is None else read(frame, inner.result)
