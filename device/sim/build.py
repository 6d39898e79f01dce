"""Builder: what an instruction's semantics are written with.

A semantics function gets a Builder and the operands, reads guest registers (`b.x(n)`), emits
LLVM IR (`b.op("add i64 ...")`), writes results (`b.set_x(n, value)`). Values are IR operands as
text: "%t12" or a constant. Registers live in stack slots that LLVM's SROA turns into SSA.

What depends on the whole unit is decided when all of it is known (`finish.py`): which registers
to load at entry and to store at exits, which views of a float register anyone reads, which
accesses share a remembered region. Until then a block is a list of IR lines and marks.
Vector instructions are written with a Vector besides, see vector.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from . import state
from .flow import CodeWord, Node, successors
from .interface import Cause
from .marks import (
    MASK64,
    Again,
    BlockCode,
    Call,
    Checked,
    Least,
    Reload,
    Spill,
    Unchecked,
    signed,
)
from .memory import Memory
from .vstate import VState


class Builder(Memory):
    """Adds blocks, their ends, and traps. See the file's comment for how it is used."""

    def begin_block(self, node: Node, code: Sequence[CodeWord]) -> None:
        """Start a block; its instructions count as done from here."""
        block = BlockCode(node, loops=node.pc in successors(code[-1])[0])
        self.blocks.append(block)
        self.label = block.start
        self.vstate = node.state
        self._code = code
        left = self.op("load i64, ptr %budget")
        self.emit(f"store i64 {self.op(f'sub i64 {left}, {len(code)}')}, ptr %budget")
        self._count(self.events(len(code)), "add")
        self.ended = False

    @contextmanager
    def aside(
        self, label: str, places: Sequence[Unchecked | Again | Checked] | None
    ) -> Iterator[BlockCode]:
        """Emit into a block that is not one of the unit's, but another form of its last.

        label: of the IR block that the caller puts it in.
        places: what accesses do instead of their usual check, in order. With them the block is
            emitted from its start, without goes on where it ended. Vector registers as they
            were before the loop are then in `label`.v0 and so on, if they have settled parts.
        """
        last = self.blocks[-1]
        block = BlockCode(last.node)
        state = self.vstate
        self.blocks.append(block)
        self._places, self._placed, self.label, self.ended = places, [], label, False
        if places is not None:
            self.vstate = last.node.state
            self._tails, self._loop_label = last.settled_v(self.mode.vlen // 8), label
        yield block
        self.blocks.pop()
        self._places, self.ended, self.vstate = None, True, state
        self._tails = {}

    # -- traps --------------------------------------------------------------------------------

    def trap(self, cause: Cause, tval: str) -> None:
        """End the block: the run is over."""
        self._expose()
        self._count(self.events(self.undone), "sub")
        function = self._function("trap")
        self.emit(
            f"call preserve_mostcc void {function}(ptr %hart, i64 {cause.value}, i64 {tval}, "
            f"i64 {self.budget()}, i64 {signed(self.pc)})"
        )
        self.emit("unreachable")
        self.ended = True

    def illegal(self) -> None:
        """End the block with an illegal instruction trap."""
        self.trap(Cause.ILLEGAL, str(self.word))

    # -- ends of blocks -----------------------------------------------------------------------

    @property
    def next_pc(self) -> int:
        return self.pc + self.size & MASK64

    def jump(self, target: int) -> None:
        """End the block: continue at a known address, in this unit if it has it."""
        self._goto(target & MASK64)
        self.ended = True

    def jump_if(self, cond: str, target: int) -> None:
        """End the block: to target where an i1 is true, else to the next instruction."""
        taken, other = self.new_label(), self.new_label()
        self.branch(cond, taken, other)
        self.start(taken)
        self._goto(target & MASK64)
        self.start(other)
        self._goto(self.next_pc)
        self.ended = True

    def require_least(self, reg: int, value: int) -> None:
        """What follows is for x[reg] >= value, unsigned, alone."""
        self.blocks[-1].items.append(Least(reg, value))

    @contextmanager
    def leaving(self, stays: str, state: VState) -> Iterator[None]:
        """Where an i1 is false do the body, and go to the next instruction in another node."""
        on, off = self.new_label(), self.new_label()
        self.expect(stays, on, off)
        self.start(off)
        if self.undone > 1:  # instructions of the block that are not done then
            left = self.op("load i64, ptr %budget")
            self.emit(f"store i64 {self.op(f'add i64 {left}, {self.undone - 1}')}, ptr %budget")
            self._count(self.events(self.undone - 1), "sub")
        known, self.vstate = self.vstate, state
        yield
        self._goto(self.next_pc)
        self.vstate = known
        self.start(on)

    def redispatch(self) -> None:
        """End the block before this instruction: it needs a unit that knows vtype."""
        self._count(self.events(self.undone), "sub")
        self.blocks[-1].items.append(Spill(self.name()))
        self._return(signed(self.pc | state.TAGGED), self.budget())
        self.ended = True

    def exit(self, target: str) -> None:
        """End the block: leave the unit for an address, an i64 with bit 0 clear."""
        self._leave(target)
        self.ended = True

    def call_guest(self, target: str) -> None:
        """End the block: call an address, an i64 with bit 0 clear; go on after it if it returns.

        The registers are in the state meanwhile, and nothing is assumed of what comes back.
        """
        back = self.unit.node(self.next_pc, None)
        if back is None or self.mode.exact:
            self.exit(target)
            return
        self.blocks[-1].items.append(Spill(self.name()))
        self.blocks[-1].plain = False
        self.blocks[-1].items.append(Call(self.name(), target, self.next_pc))
        self.blocks[-1].items.append(Reload(self.name()))
        self.emit(f"br label %{back.label}")
        self.ended = True

    def event(self, reason: int, pc: int) -> None:
        """End the block: report to the scheduler, then go on at pc, unless Python changes it.

        An ecall does not retire (privileged specification, 3.3.1).
        """
        self.blocks[-1].items.append(Spill(self.name()))
        function = self._function("event")
        left = self.budget() if reason == state.ECALL else self.op("load i64, ptr %budget")
        new = self.op(
            f"call preserve_mostcc i64 {function}(ptr %hart, i64 {reason}, i64 {left}, "
            f"i64 {signed(pc)})"
        )
        at = self.op(f"getelementptr i8, ptr %hart, i64 {state.HART.offset('pc')}")
        target = self.op(f"load i64, ptr {at}, !tbaa !2")
        self._return(target, new)
        self.ended = True

    def _goto(self, pc: int) -> None:
        block = self.blocks[-1]
        target = self.unit.node(pc, self.vstate)
        if target is None:
            self._leave(signed(pc))
            return
        block.targets.append(target)
        if pc > block.node.pc:
            self.emit(f"br label %{target.label}")
            return
        at = block.start if target == block.node else target.label
        # Every loop has an edge back to its own or a lower address: that is where turns end.
        left = self.op("load i64, ptr %budget")
        # The sign alone, usually: free after a subtraction.
        over = self.op(f"icmp slt i64 {left}, {self.mode.least_left}")
        label = self.new_label()
        self.emit(f"br i1 {over}, label %{label}, label %{at}, !prof !1")
        self.start(label)
        if self.mode.exact:
            self._leave(signed(pc))
            return
        function = self._function("yield_turn")
        new = self.op(
            f"call preserve_mostcc i64 {function}(ptr %hart, i64 {left}, i64 {signed(pc)})"
        )
        self.emit(f"store i64 {new}, ptr %budget")
        self.emit(f"br label %{target.label}")

    def _leave(self, target: str) -> None:
        self.blocks[-1].items.append(Spill(self.name()))
        self._return(target, self.op("load i64, ptr %budget"))

    def _return(self, target: str, left: str) -> None:
        pair = self.op(f"insertvalue {{ i64, i64 }} poison, i64 {target}, 0")
        pair = self.op(f"insertvalue {{ i64, i64 }} {pair}, i64 {left}, 1")
        self.emit(f"ret {{ i64, i64 }} {pair}")


Operands = Mapping[str, int]
Semantics = Callable[[Builder, Operands], None]
