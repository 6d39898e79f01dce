"""Control flow that all lanes of a strip go through together.

    before:  a -> b, c by a branch that lanes take differently; b -> d; c -> d
    after:   a -> b -> c -> d, where b and c run under masks, or are passed by when those are empty

A branch that is uniform stays one. Where lanes part, the block that is first in the order comes
next, and the others are put off: they are due when the blocks before them have run. Lanes that
leave a loop wait for the others: what they go to is put off until the loop ends.

source: Moll and Hack, "Partial control-flow linearization" (PLDI 2018).
"""

from __future__ import annotations

from ...frontend.record import field, record
from .flow import Flow
from .model import Function, Instr, Unvectorisable
from .reader import BINARY, CASTS
from .shapes import Shapes

_CHEAP = (BINARY | CASTS | {"fneg", "icmp", "fcmp", "select", "freeze", "getelementptr"}) - {
    "udiv", "sdiv", "urem", "srem", "frem"
}  # fmt: skip
MOST_UNGUARDED = 6  # instructions that are not worth a test of whether any lane needs them


@record(frozen=False)
class Step:
    """What follows a block.

    passed_by: where control goes, before the block, when no lane comes to it; "" if it always
               runs.
    next:      for each target of its branch, the block that really comes next; equal ones make
               one way of a uniform branch. Where lanes part, "" for all but a loop's start:
               control goes on to `rest`.
    """

    passed_by: str = ""
    next: dict[str, str] = field(default_factory=dict)
    rest: str = ""


class Linear:
    """steps: by block, in the order that they run."""

    def __init__(self, function: Function, flow: Flow, shapes: Shapes) -> None:
        self._function, self._flow, self._shapes = function, flow, shapes
        self._due: dict[str, set[str]] = {name: set() for name in flow.order}
        self.steps: dict[str, Step] = {}
        for name in flow.order:
            self.steps[name] = self._step(name)

    def _step(self, name: str) -> Step:
        flow, shapes, due = self._flow, self._shapes, set(self._due[name])
        step = Step()
        if due and name not in shapes.masked:
            waiting = {target for target in due if target in shapes.masked}
            if waiting:
                raise Unvectorisable("irregular control flow")
        if due and name in shapes.masked and not self._runs_for_nobody(name):
            step.passed_by = self._go(due)
        loop = flow.loop_of[name]
        if loop is not None and loop.header == name and shapes.is_divergent(loop):
            due |= {target for _, target in loop.exits}
        ahead = [t for t in flow.after[name] if not flow.is_back(name, t)]
        back = [t for t in flow.after[name] if flow.is_back(name, t)]
        if name in shapes.parting:
            step.rest = self._go(due.union(ahead))
            step.next = dict.fromkeys(ahead, "") | {t: t for t in back}
        else:
            step.next = {t: self._go(due | {t}) for t in ahead} | {t: t for t in back}
        return step

    def _go(self, due: set[str]) -> str:
        following = min(due, key=self._flow.index.__getitem__)
        self._due[following] |= due - {following}
        return following

    def _runs_for_nobody(self, name: str) -> bool:
        """Whether a block may as well run when no lane comes to it."""
        flow, block = self._flow, self._function.blocks[name]
        if len(block.instrs) > MOST_UNGUARDED or not all(map(self._is_cheap, block.instrs)):
            return False
        if len(flow.after[name]) > 1 and name not in self._shapes.parting:
            return False
        if any(name in (loop.header, loop.latch) for loop in flow.loops):
            return False
        return all(
            target in self._shapes.joins or not self._function.blocks[target].phis
            for target in flow.after[name]
        )

    def _is_cheap(self, instr: Instr) -> bool:
        if instr.op == "load":
            return not instr.volatile and not self._shapes.of(instr.operands[0][1]).is_uniform
        return instr.op in _CHEAP
