"""Functions of the host's C library that NumPy lacks, over whole arrays of double or long double.

A loop that LLVM compiles calls them: element by element from Python they would take ten times
as long.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np

Array = np.ndarray[Any, Any]

WIDER = {63: "x86_fp80", 112: "fp128"}.get(np.finfo(np.longdouble).nmant)  # as LLVM calls it
LOOP = """
define void @loop_{name}(ptr %f, ptr %in, ptr %out, i64 %count) {{
entry:
  br label %next
next:
  %i = phi i64 [ 0, %entry ], [ %after, %next ]
  %from = getelementptr {type}, ptr %in, i64 %i
  %to = getelementptr {type}, ptr %out, i64 %i
  %x = load {type}, ptr %from
  %y = call {type} %f({type} %x)
  store {type} %y, ptr %to
  %after = add i64 %i, 1
  %more = icmp ult i64 %after, %count
  br i1 %more, label %next, label %done
done:
  ret void
}}
"""


@cache
def _engine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    text = LOOP.format(name="double", type="double")
    if WIDER is not None:
        text += LOOP.format(name="wider", type=WIDER)
    engine = llvm.create_mcjit_compiler(
        llvm.parse_assembly(text),
        llvm.Target.from_default_triple().create_target_machine(),
    )
    engine.finalize_object()
    return engine


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(ctypes.util.find_library("m"))


def function(name: str) -> Callable[[Array], Array]:
    """`name` of math.h; what it returns takes arrays of float64 or longdouble, of one dimension."""

    def over(x: Array) -> Array:
        wider = x.dtype == np.longdouble
        assert wider or x.dtype == np.float64
        x = np.ascontiguousarray(x)
        out = np.empty_like(x)
        one = ctypes.cast(getattr(_library(), name + "l" * wider), ctypes.c_void_p)
        address = _engine().get_function_address("loop_wider" if wider else "loop_double")
        loop = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64)(address)
        if x.size:
            loop(one, x.ctypes.data, out.ctypes.data, x.size)
        return out

    return over
