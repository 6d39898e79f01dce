"""How a unit writes its float operations.

    strict:  call float @llvm.experimental.constrained.fadd.f32(..., "round.dynamic", ...) strictfp
    plain:   fadd float %x, %y

The strict form keeps its place among the host's sticky flags and rounding modes, so LLVM neither
moves nor vectorises it. The plain one is for code whose flags nobody reads and that rounds to
nearest throughout. A unit has one form: LLVM would move a plain operation across a change of mode.
"""

from __future__ import annotations

from .marks import FloatOp

_INSTRUCTIONS = frozenset({"fadd", "fsub", "fmul", "fdiv"})
_CONVERSIONS = frozenset({"fpext", "fptrunc", "sitofp", "uitofp", "fptosi", "fptoui"})


def strict(op: FloatOp) -> tuple[str, str]:
    """The operation's IR line, and the declaration it needs."""
    types = [*(t for t, _ in op.args), *["metadata"] * (1 + op.rounds + bool(op.predicate))]
    given = [f"{t} {v}" for t, v in op.args]
    given += ['metadata !"round.dynamic"'] if op.rounds else []
    given += [f'metadata !"{op.predicate}"'] if op.predicate else []
    given += ['metadata !"fpexcept.strict"']
    function = f"@llvm.experimental.constrained.{op.name}"
    line = f"{op.out} = call {op.result} {function}({', '.join(given)}) strictfp"
    return line, f"declare {op.result} {function}({', '.join(types)})"


def plain(op: FloatOp) -> tuple[str, str | None]:
    """The operation's IR line, and the declaration it needs, if any."""
    operation = op.name.partition(".")[0]
    types = [t for t, _ in op.args]
    values = ", ".join(v for _, v in op.args)
    if op.predicate:
        return f"{op.out} = fcmp {op.predicate} {types[0]} {values}", None
    if operation in _INSTRUCTIONS:
        return f"{op.out} = {operation} {types[0]} {values}", None
    if operation in _CONVERSIONS:
        return f"{op.out} = {operation} {types[0]} {values} to {op.result}", None
    given = ", ".join(f"{t} {v}" for t, v in op.args)
    function = f"@llvm.{op.name}"
    declaration = f"declare {op.result} {function}({', '.join(types)})"
    return f"{op.out} = call {op.result} {function}({given})", declaration
