"""A unit of guest code to the LLVM IR of one host function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import fastloops, vstate
from .build import Builder, Semantics
from .finish import finish
from .flow import CodeWord, Unit
from .host import Effort
from .mode import Mode
from .semantics import SEMANTICS

FLOAT_EXTENSIONS = frozenset({"F", "D", "Zfh"})


@dataclass(frozen=True)
class Translation:
    """LLVM IR of a module with one function, and what it is worth to optimise."""

    text: str
    effort: Effort


def translate(unit: Unit, mode: Mode, extensions: frozenset[str], name: str) -> Translation:
    """Translate a unit to a function called `name`.

    extensions:  what the hart has, as the instruction table names them; others are illegal.
    """
    b = Builder(mode, unit, extensions)
    for node, code in unit.blocks.items():

        def emit(position: int, code: tuple[CodeWord, ...] = code) -> None:
            word = code[position]
            b.begin_instruction(word.pc, word.word, word.size, len(code) - position)
            semantics = _semantics(word, mode, extensions, SEMANTICS)
            if semantics is None or word.decoded is None:
                b.illegal()
            else:
                semantics(b, word.decoded.operands)
                if not vstate.sets(word.decoded):
                    b.vstate = vstate.after(b.vstate, word.decoded)

        b.begin_block(node, code)
        starts = []
        for position in range(len(code)):
            starts.append(b.position)
            emit(position)
            if b.ended:
                break
        if not b.ended:
            b.jump(code[-1].next_pc)
        fastloops.add(b, code, starts, emit)
    return Translation(finish(b, name), _effort(b))


def _effort(b: Builder) -> Effort:
    """Loops on memory LLVM may make vector code of; next to vector code are those it could not."""
    if b.mode.told:
        return Effort.LITTLE
    loops = [block.fast for block in b.blocks if block.fast]
    if not b.used_v and any(loop.walks for loop in loops):
        return Effort.LOOPS
    return Effort.ROUNDS if any(loop.bare for loop in loops) else Effort.UNIT


def _semantics(
    word: CodeWord,
    mode: Mode,
    extensions: frozenset[str],
    table: Mapping[str, Semantics],
) -> Semantics | None:
    if word.decoded is None or (word.size == 2 and "C" not in extensions):
        return None
    insn = word.decoded.insn
    if insn.ext not in extensions or (insn.ext in FLOAT_EXTENSIONS and not mode.float_on):
        return None
    if insn.ext == "V" and not mode.vector:
        return None
    return table.get(insn.name)
