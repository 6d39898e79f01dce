"""Writer: the IR of a unit in the making, and the hart's state beside its registers.

The lowest layer of what semantics are written with; build.py says how it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import counting, state
from .flow import CodeWord, Unit
from .marks import (
    Again,
    BlockCode,
    Checked,
    Spill,
    Unchecked,
    View,
    signed,
)
from .mode import RNE, Mode
from .vstate import VState


class Writer:
    """Emits lines of IR into the block that comes last."""

    def __init__(self, mode: Mode, unit: Unit, extensions: frozenset[str] = frozenset()) -> None:
        self.mode = mode
        self.extensions = extensions  # what the hart has
        self.unit = unit
        self.blocks: list[BlockCode] = []
        self.views: set[tuple[int, View]] = set()  # float views that are read
        self.used_v: set[int] = set()  # vector registers
        self.views_v: set[tuple[int, str]] = set()  # which are read as arithmetic left them
        self.externals: set[str] = set()  # declarations the unit needs
        self.strict_floats = mode.track_flags or mode.rounding != RNE  # see ieee.py
        self.vstate: VState | None = None  # what is known of vtype before this instruction
        self.pc = 0
        self.word = 0  # the instruction as fetched
        self.size = 4  # its bytes
        self.undone = 0  # instructions of the block from this one on
        self.ended = True  # the block has its terminator
        self.label = ""
        self._names = 0
        self._code: Sequence[CodeWord] = ()  # of the block
        self._held_v: dict[int, dict[str, str]] = {}
        self._held_in = ""  # the IR block it is for
        self._places: Sequence[Unchecked | Again | Checked] | None = None  # see aside()
        self._placed: list[str] = []  # host addresses of accesses so far, where places are given
        self._tails: dict[int, int] = {}  # with them: registers and bytes that stay from there on
        self._loop_label = ""

    def begin_instruction(self, pc: int, word: int, size: int, undone: int) -> None:
        """undone: instructions of the block from this one on."""
        self.pc, self.word, self.size, self.undone = pc, word, size, undone

    @property
    def checked(self) -> bool:
        """False in a copy of the block that only runs where its requirements are met."""
        return self._places is None

    @property
    def position(self) -> int:
        """How many items the block has so far."""
        return len(self.blocks[-1].items)

    # -- plain IR ---------------------------------------------------------------------------

    def name(self) -> str:
        """A fresh value name, without the %."""
        self._names += 1
        return f"t{self._names}"

    def emit(self, line: str) -> None:
        """An IR instruction without result."""
        self.blocks[-1].items.append(line)

    def op(self, text: str) -> str:
        """An IR instruction with a result, which is returned: b.op("add i64 %t1, 4")."""
        out = f"%{self.name()}"
        self.blocks[-1].items.append(f"{out} = {text}")
        return out

    def call(self, result: str, function: str, *args: tuple[str, str]) -> str:
        """Call an external or intrinsic, e.g. b.call("float", "llvm.fabs.f32", ("float", v))."""
        types = ", ".join(t for t, _ in args)
        self.externals.add(f"declare {result} @{function}({types})")
        text = f"call {result} @{function}({', '.join(f'{t} {v}' for t, v in args)})"
        if result == "void":
            self.emit(text)
            return ""
        return self.op(text)

    def new_label(self) -> str:
        """A label inside the instruction being translated."""
        return f"l{self.name()}"

    def start(self, label: str) -> None:
        """Begin an inner IR block; the one before must have ended in a branch."""
        self.emit(f"{label}:")
        self.label = label

    def branch(self, cond: str, then: str, other: str) -> None:
        """To inner labels; cond is an i1."""
        self.emit(f"br i1 {cond}, label %{then}, label %{other}")

    def expect(self, cond: str, usual: str, other: str) -> None:
        """As branch, where cond is nearly always true."""
        self.emit(f"br i1 {cond}, label %{usual}, label %{other}, !prof !6")

    def goto(self, label: str) -> None:
        self.emit(f"br label %{label}")

    def select(self, cond: str, kind: str, a: str, b: str) -> str:
        return self.op(f"select i1 {cond}, {kind} {a}, {kind} {b}")

    # -- state, traps -------------------------------------------------------------------------

    def state(self, field_name: str, index: int = 0) -> str:
        """A field of the hart's state, as an i64."""
        self.blocks[-1].plain = False
        at = self.op(f"getelementptr i8, ptr %hart, i64 {state.HART.offset(field_name, index)}")
        return self.op(f"load i64, ptr {at}, !tbaa !2")

    def set_state(self, field_name: str, value: str, index: int = 0) -> None:
        self.blocks[-1].plain = False
        at = self.op(f"getelementptr i8, ptr %hart, i64 {state.HART.offset(field_name, index)}")
        self.emit(f"store i64 {value}, ptr {at}, !tbaa !2")

    def budget(self) -> str:
        """Instructions left in the turn, this one and all after it not counted as done."""
        self.blocks[-1].plain = False
        left = self.op("load i64, ptr %budget")
        return self.op(f"add i64 {left}, {self.undone}")

    def retired(self) -> str:
        """Instructions this hart has retired before this one."""
        return self.op(f"sub i64 {self.state('retired_end')}, {self.budget()}")

    # -- events, see counting.py ----------------------------------------------------------

    def events(self, undone: int) -> tuple[tuple[int, int], ...]:
        """Those of the last instructions of the block; none if nobody counts."""
        if not self.mode.counters:
            return ()
        return counting.total(self._code[len(self._code) - undone :])

    @property
    def _rest(self) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Instructions of the block from this one on, and their events."""
        return self.undone, self.events(self.undone)

    def _count(self, events: Iterable[tuple[int, int]], operation: str) -> None:
        for number, count in events:
            for line in count_event(self.name(), number, operation, str(count)):
                self.emit(line)

    def counter(self, number: int) -> str:
        """An event counter before this instruction, as an i64."""
        early = dict(self.events(self.undone)).get(number, 0)
        return self.op(f"sub i64 {self.state('counts', number)}, {early}")

    def set_counter(self, number: int, value: str) -> None:
        """Write an event counter, which goes on from there after this instruction."""
        early = dict(self.events(self.undone - 1)).get(number, 0)
        self.set_state("counts", self.op(f"add i64 {value}, {early}"), number)

    # -- the runtime --------------------------------------------------------------------------

    def call_runtime(self, result: str, name: str, *args: tuple[str, str]) -> str:
        """Call a function of the runtime, by its field in the hart's state, with the hart first."""
        given = ", ".join(f"{t} {v}" for t, v in (("ptr", "%hart"), *args))
        return self.op(f"call preserve_mostcc {result} {self._function(name)}({given})")

    def consult(self, reason: int) -> None:
        """Have Python look at the hart's state, and go on with the instruction: perhaps in
        another turn."""
        function = self._function("event")
        left = self.op(
            f"call preserve_mostcc i64 {function}(ptr %hart, i64 {reason}, i64 {self.budget()}, "
            f"i64 {signed(self.pc)})"
        )
        self.set_budget(left)

    def set_budget(self, left: str) -> None:
        """What budget() is to be: after Python has looked, perhaps that of another turn."""
        self.emit(f"store i64 {self.op(f'sub i64 {left}, {self.undone}')}, ptr %budget")

    def _function(self, name: str) -> str:
        at = self.op(f"getelementptr i8, ptr %hart, i64 {state.HART.offset(name)}")
        return self.op(f"load ptr, ptr {at}, !tbaa !2")

    def _expose(self) -> None:
        """Have the state right, if anyone is to see it when this instruction traps."""
        if self.mode.exact:
            self.blocks[-1].items.append(Spill(self.name()))


def count_event(tag: str, number: int, operation: str, by: str) -> tuple[str, ...]:
    """IR that adds to a counter in the hart's state, or subtracts from it."""
    offset = state.HART.offset("counts", number)
    return (
        f"%{tag}.at = getelementptr i8, ptr %hart, i64 {offset}",
        f"%{tag}.old = load i64, ptr %{tag}.at, !tbaa !2",
        f"%{tag}.new = {operation} i64 %{tag}.old, {by}",
        f"store i64 %{tag}.new, ptr %{tag}.at, !tbaa !2",
    )
