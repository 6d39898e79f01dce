"""Values that need not be kept: computed again from arguments and ids where they are wanted."""

from __future__ import annotations

import copy
from typing import Any

import llvmlite.ir as llir

from ..emit import Load
from ._variables import Variable

MAX_COST = 24  # instructions; more of them are dearer than a load
# They compute the same from the same, whatever it is: divisions may trap, to LLVM.
_OPERATIONS = frozenset("add sub mul and or xor shl lshr ashr fadd fsub fmul fdiv fneg".split())


class Recomputed:
    """The scalars that are stored to once, a value that is the same whenever it is computed."""

    def __init__(self, variables: dict[Any, Variable]) -> None:
        self.variables = variables
        self.costs: dict[Any, int] = {}  # of values and variables

    def knows(self, variable: Variable) -> bool:
        return self.cost(variable.slot) <= MAX_COST

    def cost(self, value: Any) -> int:
        """Instructions that compute `value`, or the contents of a slot; too many if none can."""
        if not isinstance(value, llir.Instruction):
            return 0  # an argument or a constant
        if value not in self.costs:
            self.costs[value] = MAX_COST + 1  # while it is looked at: it is made of itself
            self.costs[value] = self._cost(value)
        return self.costs[value]

    def _cost(self, value: Any) -> int:
        variable = self.variables.get(value)
        if variable is not None:
            if not variable.is_scalar or len(variable.stores) != 1:
                return MAX_COST + 1
            return self.cost(variable.stores[0].operands[0])
        if not _is_pure(value) and not self.is_load(value):
            return MAX_COST + 1
        return sum((self.cost(op) for op in value.operands), start=1)

    def is_load(self, value: Any) -> bool:
        return isinstance(value, Load) and value.operands[0] in self.variables

    def emit(self, build: Any, variable: Variable, memo: dict[Any, Any]) -> Any:
        """Compute a variable's value; memo: what has been computed here."""
        return self.value(build, variable.stores[0].operands[0], memo)

    def value(self, build: Any, value: Any, memo: dict[Any, Any]) -> Any:
        if not isinstance(value, llir.Instruction):
            return value
        if self.is_load(value):
            return self.emit(build, self.variables[value.operands[0]], memo)
        if value not in memo:
            operands = [self.value(build, op, memo) for op in value.operands]
            memo[value] = clone(build, value, operands)
        return memo[value]


def _is_pure(value: Any) -> bool:
    match value:
        case llir.instructions.CallInstr():
            return bool(value.callee.name.startswith("__kcc.get_"))
        case (
            llir.instructions.CastInstr()
            | llir.instructions.CompareInstr()
            | llir.instructions.SelectInstr()
            | llir.GEPInstr()
        ):
            return True
        case _:
            return value.opname in _OPERATIONS


def clone(build: Any, instr: Any, operands: list[Any]) -> Any:
    """The instruction once more, where `build` is, with other operands."""
    new = copy.copy(instr)
    for cached in [name for name in vars(new) if "__cached" in name]:  # its text so far
        delattr(new, cached)
    new.parent = build.block
    new.operands = operands
    new.metadata = dict(instr.metadata)
    new.name = f"{instr.name}.again"
    if isinstance(new, llir.GEPInstr):
        new.pointer, *new.indices = operands
    build._insert(new)
    return new
