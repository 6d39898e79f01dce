"""Integer division on a DPU, where one by zero ends the run: fault 2.

before:  a / b
after:   if (b == 0) __dpu_fault(2);  a / b
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend.types import Type
from .abi import DpuFaultCode
from .emit import I32, VOID, declare
from .frame import Frame
from .lower_type import is_floating


def check_divisor(frame: Frame, t: Type, divisor: Any) -> None:
    if is_floating(t) or (isinstance(divisor, llir.Constant) and divisor.constant):
        return
    build = frame.build
    wrong, right = frame.block("divide.by_zero"), frame.block("divide")
    build.cbranch(build.icmp_unsigned("==", divisor, divisor.type(0)), wrong, right)
    frame.enter(wrong)
    fault = declare(frame.llfn.module, "__dpu_fault", VOID, [I32])
    build.call(fault, [I32(DpuFaultCode.DIVISION_BY_ZERO.value)])
    build.unreachable()
    frame.enter(right)
