"""Asynchronous copies between global and local memory, and waiting for them.

A group's first work-item has the device library copy (kernels/rt/copy.cl), by DMA where the hart
has an engine for it. Its events are the numbers of transfers; the other work-items' mean nothing,
since it also waits for all, before the barrier behind which everybody sees what was copied.
Source: OpenCL C 3.0, section 6.15.11.
"""

from __future__ import annotations

from typing import Any

from ..frontend.types import AddrSpace, Pointer, sizeof
from .abi import EXEC_STATE, GROUP_INFO
from .builtin_use import Emit, Use, once
from .emit import I8, I64, PTR, VOID, declare
from .frame import Frame, read, write
from .passes.barriers import wait
from .passes.workitem_ids import ITEM_TYPES, Item


def _copy(use: Use) -> Any:
    frame, build = use.frame, use.build
    to, source, count, *stride, event = use.args
    pointer = use.types[0]
    assert isinstance(pointer, Pointer)
    step = stride[0] if stride else I64(1)
    scattered = pointer.quals.space is AddrSpace.GLOBAL  # in global memory the elements are apart
    steps = (step, I64(1)) if scattered else (I64(1), step)
    result = frame.alloca(use.type)
    write(frame, result, event)

    def transfer() -> None:
        ends = [build.addrspacecast(p, PTR) for p in (to, source)]
        size = I64(sizeof(pointer.pointee))
        number = build.ptrtoint(event, I64)
        args = [_flags(frame), *ends, size, count, *steps, number]
        number = build.call(_library(frame, "__kcc_copy", I64, args), args)
        write(frame, result, build.inttoptr(number, PTR))

    once(frame, transfer)
    return read(frame, result)


def _flags(frame: Frame) -> Any:
    """Where the launcher says what the hart has; null if it does not."""
    build, options = frame.build, frame.unit.options
    if "hal_extra" not in GROUP_INFO[options.device][0]:
        return PTR(None)
    extra = Item(build, frame.item[-len(ITEM_TYPES)], (), options).info("hal_extra", 0)
    state = build.inttoptr(extra, PTR)
    flags = build.gep(state, [I64(EXEC_STATE["flags"].offset)], source_etype=I8)
    return build.select(build.icmp_unsigned("==", extra, I64(0)), PTR(None), flags)


def _library(frame: Frame, name: str, result: Any, args: list[Any]) -> Any:
    return declare(frame.llfn.module, name, result, [a.type for a in args])


def _wait_group_events(use: Use) -> None:
    count, events = use.args
    frame, build = use.frame, use.build

    def await_copies() -> None:
        args = [count, build.addrspacecast(events, PTR)]
        function = _library(frame, "__kcc_wait_copies", VOID, args)
        build.call(function, args, arg_attrs={0: ("signext",)})

    once(frame, await_copies)
    wait(frame)


def _prefetch(use: Use) -> None:
    """A hint, for which the device has no instruction."""


COPIES: dict[str, Emit] = {
    "async_work_group_copy": _copy,
    "async_work_group_strided_copy": _copy,
    "wait_group_events": _wait_group_events,
    "prefetch": _prefetch,
}
