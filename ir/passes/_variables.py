"""The variables of a function being made: what each alloca is used for, and where it is alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import llvmlite.ir as llir

from ...frontend.record import field, record
from ..emit import Load, Store
from ._flow import Flow

# Callees that keep no address they are given: LLVM's own, and the device library's.
_KEEPS_NOTHING = ("llvm.", "__kcc_")


@record(eq=False, frozen=False)
class Variable:
    """An alloca and its uses.

    type:    of every load and store, where these are the only uses; None otherwise.
    escapes: its address may be kept somewhere.
    """

    slot: Any
    type: Any = None
    escapes: bool = False
    loads: list[Any] = field(default_factory=list)
    stores: list[Any] = field(default_factory=list)
    users: list[Any] = field(default_factory=list)  # all of them

    @property
    def is_scalar(self) -> bool:
        return self.type is not None


def operands(instr: Any) -> list[Any]:
    if isinstance(instr, llir.PhiInstr):
        return [value for value, _ in instr.incomings]
    return list(instr.operands)


def instructions(flow: Flow) -> Iterator[Any]:
    for block in flow.blocks:
        yield from block.instructions


def variables(entry: Any, flow: Flow) -> dict[Any, Variable]:
    """By alloca of the entry block, whose only business they are."""
    found = {
        i: Variable(i) for i in entry.instructions if isinstance(i, llir.instructions.AllocaInstr)
    }
    # What an address is computed from: getelementptr of an alloca is another name for it.
    owner: dict[Any, Variable] = dict(found)
    for instr in instructions(flow):
        for position, op in enumerate(operands(instr)):
            variable = owner.get(op) if isinstance(op, llir.Instruction) else None
            if variable is None:
                continue
            variable.users.append(instr)
            _note(variable, instr, position, op is variable.slot, owner)
    for variable in found.values():
        types = {i.type for i in variable.loads} | {i.operands[0].type for i in variable.stores}
        plain = len(variable.users) == len(variable.loads) + len(variable.stores)
        if plain and len(types) == 1 and not variable.escapes:
            (variable.type,) = types
    return found


def _note(variable: Variable, instr: Any, position: int, whole: bool, owner: Any) -> None:
    match instr:
        case Load() if whole:
            variable.loads.append(instr)
        case Store() if whole and position == 1:
            variable.stores.append(instr)
        case Load():
            pass
        case Store() if position == 1:
            pass
        case llir.GEPInstr() if position == 0:
            owner[instr] = variable
        case llir.instructions.CallInstr() if instr.callee.name.startswith(_KEEPS_NOTHING):
            pass
        case _:
            variable.escapes = True


def live_into(flow: Flow, scalars: dict[Any, Variable]) -> dict[Any, set[Variable]]:
    """The scalars whose value at the start of a block may still be loaded."""
    exposed: dict[Any, set[Variable]] = {}
    killed: dict[Any, set[Variable]] = {}
    for block in flow.blocks:
        loaded: set[Variable] = set()
        stored: set[Variable] = set()
        for instr in block.instructions:
            if isinstance(instr, Load | Store):
                variable = scalars.get(instr.operands[-1])
                if variable is None:
                    continue
                if isinstance(instr, Store):
                    stored.add(variable)
                elif variable not in stored:
                    loaded.add(variable)
        exposed[block], killed[block] = loaded, stored
    live = {block: set(exposed[block]) for block in flow.blocks}
    changed = True
    while changed:
        changed = False
        for block in reversed(flow.blocks):
            new = exposed[block].union(
                *(live[target] - killed[block] for target in flow.after[block])
            )
            if len(new) != len(live[block]):
                live[block] = new
                changed = True
    return live
