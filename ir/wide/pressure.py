"""How many lanes a strip has: as many as vector registers can hold what is alive at once.

A register of a group of LMUL has LMUL * 64 bits times vscale; there are 32 registers, of which
v0 holds a mask.
"""

from __future__ import annotations

from .flow import Flow
from .model import Block, Function, Instr, Unvectorisable
from .model import bits as bits_of
from .shapes import Shapes

REGISTERS = 28  # some are for what instructions need on their way
ELEMENT = 64  # bits of a register, times vscale
LARGEST_GROUP = 4  # of the values worked on; addresses may take twice as many
MOST_PRIVATE = 1 << 13  # bytes of private variables of a strip, times vscale


def choose_lanes(function: Function, flow: Flow, shapes: Shapes) -> tuple[int, int]:
    """Lanes of a strip, times vscale, a power of two; and bits of the values worked on.

    raises: Unvectorisable when not even one fits.
    """
    widths = _widths(function, shapes)
    alive = _most_alive(function, flow, shapes)
    private = sum(
        stride
        for instr in function.definitions().values()
        if instr.op == "alloca" and isinstance(stride := shapes.of(instr.name).stride, int)
    )
    width = max(widths, default=ELEMENT)
    lanes = LARGEST_GROUP * ELEMENT // width
    while lanes > 1 and (
        sum(max(bits * lanes // ELEMENT, 1) for bits in alive) > REGISTERS
        or private * lanes > MOST_PRIVATE
    ):
        lanes //= 2
    if private * lanes > MOST_PRIVATE:
        raise Unvectorisable(f"private variables of {private} bytes")
    return lanes, width


def _widths(function: Function, shapes: Shapes) -> set[int]:
    """Bits of the values that are worked on; addresses are not, as far as they are for that."""
    found = set()
    for instr in function.definitions().values():
        if shapes.of(instr.name).is_varying and not _is_address(instr):
            found.add(bits_of(instr.type))
    for block in function.blocks.values():
        for instr in block.instrs:
            if instr.op == "store" and not shapes.of(instr.operands[1][1]).is_uniform:
                found.add(bits_of(instr.operands[0][0]))
    return found - {0, 1}


def _is_address(instr: Instr) -> bool:
    return instr.op in ("getelementptr", "sext", "zext") and bits_of(instr.type) == 64


def _most_alive(function: Function, flow: Flow, shapes: Shapes) -> list[int]:
    """Bits of each varying value alive where they are most, taken together."""
    types = {name: bits_of(i.type) for name, i in function.definitions().items()
             if shapes.of(name).is_varying}  # fmt: skip
    into: dict[str, set[str]] = {name: set() for name in flow.order}
    most: set[str] = set()
    changed = True
    while changed:
        changed = False
        for name in reversed(flow.order):
            block = function.blocks[name]
            alive = _out_of(block, function, flow, into)
            alive &= types.keys()
            for instr in (block.end, *reversed(block.instrs)):
                alive.discard(instr.name)
                alive |= {v for v in instr.values if v in types}
                if sum(map(types.__getitem__, alive)) > sum(map(types.__getitem__, most)):
                    most = set(alive)
            alive -= {phi.name for phi in block.phis}
            if alive != into[name]:
                into[name] = alive
                changed = True
    return [types[v] for v in most]


def _out_of(block: Block, function: Function, flow: Flow, into: dict[str, set[str]]) -> set[str]:
    alive: set[str] = set()
    for target in flow.after[block.name]:
        alive |= into[target]
        alive |= {
            v for phi in function.blocks[target].phis if (v := phi.incoming[block.name])[:1] == "%"
        }
    return alive
