"""Builtin functions to LLVM."""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from . import lower_space
from .emit import VOID
from .frame import Frame
from .lower_type import value_type
from .passes.barriers import SUB_GROUP_BARRIER, wait
from .passes.workitem_ids import FUNCTIONS, ITEM_TYPES, placeholder


def builtin(frame: Frame, call: tast.BuiltinCall, args: list[Any]) -> Any:
    """Emit the builtin `call.key`; None when it is void."""
    frame.span = call.span
    if call.key in lower_space.KEYS:
        return lower_space.space_query(frame, call, *args)
    if call.key in FUNCTIONS:
        function = placeholder(frame.llfn.module, call.key)
        if not frame.item:
            frame.unsupported(f"'{call.key}' in the device library", call.span)
            return llir.Constant(function.ftype.return_type, None)
        return frame.build.call(function, [*args, *frame.item[-len(ITEM_TYPES) :]])
    if call.key in ("barrier", "work_group_barrier"):
        return wait(frame)
    if call.key == "sub_group_barrier":
        return wait(frame, SUB_GROUP_BARRIER)
    # Most programs ask for their work-item and no more.
    from .builtin_rules import emit
    from .builtin_use import Use

    types = tuple(a.type for a in call.args)
    done, value = emit(Use(frame, call.key, call.type, types, tuple(args)))
    if done:
        return value
    of = f" of '{types[0]}'" if types else ""
    frame.unsupported(f"builtin function '{call.key}'{of}", call.span)
    typ = value_type(call.type)
    return None if typ == VOID else llir.Constant(typ, None)
