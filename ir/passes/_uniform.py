"""Uniformity: which values are the same in all work-items of a group that come to a place.

A value diverges when it is computed from a work-item's id, or where control has parted by such a
value. What plain accesses find at an address that all share counts as shared too: were another
work-item writing there meanwhile, the program would have a race.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ...frontend.types import AddrSpace
from ..emit import Load, Store
from ._flow import Flow
from ._variables import Variable, operands
from .workitem_ids import COORDINATES, ITEM_TYPES

_SAME_FOR_ALL = frozenset(
    f"__kcc.{key}"
    for key in (
        "get_work_dim get_group_id get_global_offset get_global_size get_local_size"
        " get_enqueued_local_size get_num_groups get_num_sub_groups get_enqueued_num_sub_groups"
        " get_max_sub_group_size"
    ).split()
)


class Uniformity:
    """Which scalars of `variables` hold the same value in every work-item at every barrier."""

    def __init__(self, flow: Flow, variables: dict[Any, Variable]) -> None:
        self.flow = flow
        self.scalars = {slot: v for slot, v in variables.items() if v.is_scalar}
        self.divergent: set[Any] = set(variables)  # addresses of each work-item's own
        self.parted: set[Any] = set()  # blocks to which some work-items come and some do not
        self.varying: set[Variable] = set()
        deciders = flow.deciders()
        changed = True
        while changed:
            before = len(self.divergent), len(self.parted), len(self.varying)
            for block in flow.blocks:
                if block not in self.parted and any(map(self.parts, deciders[block])):
                    self.parted.add(block)
                for instr in block.instructions:
                    self.visit(instr)
            changed = before != (len(self.divergent), len(self.parted), len(self.varying))

    def parts(self, block: Any) -> bool:
        """Whether work-items leave `block` by different branches."""
        return block in self.parted or any(map(self.is_divergent, block.terminator.operands))

    def is_divergent(self, value: Any) -> bool:
        if isinstance(value, llir.Argument):
            return value.name in COORDINATES
        return value in self.divergent if isinstance(value, llir.Instruction) else False

    def visit(self, instr: Any) -> None:
        if isinstance(instr, Store):
            variable = self.scalars.get(instr.operands[1])
            if variable is not None and (
                instr.parent in self.parted or self.is_divergent(instr.operands[0])
            ):
                self.varying.add(variable)
        elif instr not in self.divergent and self.computes_divergent(instr):
            self.divergent.add(instr)

    def computes_divergent(self, instr: Any) -> bool:
        match instr:
            case Load():
                (ptr,) = instr.operands
                if ptr in self.scalars:
                    return self.scalars[ptr] in self.varying
                private = ptr.type.addrspace == AddrSpace.PRIVATE
                return private or instr.volatile or self.is_divergent(ptr)
            case llir.instructions.CallInstr():
                name = instr.callee.name
                if name.startswith("__kcc."):
                    own = instr.args[: -len(ITEM_TYPES)]
                    return name not in _SAME_FOR_ALL or any(map(self.is_divergent, own))
                pure = "memory(none)" in instr.callee.attributes or name.startswith("llvm.")
                return not pure or any(map(self.is_divergent, instr.args))
            case llir.PhiInstr():
                sources = [block for _, block in instr.incomings]
                split = any(b in self.parted or self.parts(b) for b in sources)
                return split or any(map(self.is_divergent, operands(instr)))
            case _:
                return any(map(self.is_divergent, operands(instr)))
