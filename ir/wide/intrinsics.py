"""Which of LLVM's intrinsics have a vector form, and which mean nothing to the machine."""

from __future__ import annotations

# Same operation on each lane, no memory: the name takes the vector's type for the scalar's.
_WIDE = frozenset(
    "abs smin smax umin umax ctpop ctlz cttz bitreverse bswap fshl fshr sadd.sat uadd.sat ssub.sat "
    "usub.sat sshl.sat ushl.sat fabs sqrt fma fmuladd floor ceil trunc rint nearbyint round "
    "roundeven copysign minnum maxnum minimum maximum minimumnum maximumnum canonicalize "
    "fptosi.sat fptoui.sat lrint llrint is.fpclass".split()
)
# Operands that have to be constants, by position.
IMMEDIATE = {"abs": (1,), "ctlz": (1,), "cttz": (1,), "is.fpclass": (1,)}
# Said to the optimiser alone.
_SILENT = (
    "llvm.lifetime.", "llvm.assume", "llvm.experimental.noalias.scope.decl", "llvm.dbg.",
    "llvm.sideeffect", "llvm.invariant.", "llvm.prefetch",
)  # fmt: skip


def wide_name(callee: str) -> str:
    """ "fma" of "llvm.fma.f32"; "" for what has no vector form."""
    if not callee.startswith("llvm."):
        return ""
    parts = callee[5:].split(".")
    for count in (2, 1):
        if ".".join(parts[:count]) in _WIDE:
            return ".".join(parts[:count])
    return ""


def is_silent(callee: str) -> bool:
    return callee.startswith(_SILENT)
