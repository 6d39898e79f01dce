"""Builtin functions to LLVM."""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from . import lower_space
from .emit import VOID
from .frame import Frame
from .lower_type import value_type
from .passes.barriers import BARRIER, SUB_GROUP_BARRIER, wait
from .passes.workitem_ids import FUNCTIONS, ITEM_TYPES, placeholder

# The scopes of a work-item, a work-group and a sub-group: see builtin_rows.ENUMERATORS.
_IN_GROUP = (0, 1, 4)


def _within_group(scope: Any) -> bool:
    return isinstance(scope, llir.Constant) and scope.constant in _IN_GROUP


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
    if call.key in ("barrier", "work_group_barrier", "sub_group_barrier"):
        wait(frame, SUB_GROUP_BARRIER if call.key == "sub_group_barrier" else BARRIER)
        if len(args) > 1 and not _within_group(args[1]):
            # A group runs on one hart, to which alone what comes before the barrier is in order.
            frame.build.fence("acq_rel")
        return None
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
