"""The guard of a loop's fast copy: whether all that it leaves unchecked holds, and its frame.

What is known of the loop comes from fastloops.py; here it becomes IR around the copy's body.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .fastloops import MOST, STEP, ZERO, Form, Loop, Walk, of_register
from .marks import MASK64, signed
from .writer import count_event


class _Lines:
    """IR lines under construction, with names of their own."""

    def __init__(self, prefix: str) -> None:
        self.lines: list[str] = []
        self._prefix = prefix
        self._count = 0
        self._registers: dict[int, str] = {}

    def op(self, text: str) -> str:
        self._count += 1
        out = f"%{self._prefix}.{self._count}"
        self.lines.append(f"{out} = {text}")
        return out

    def least(self, a: str, b: str) -> str:
        return self.op(f"call i64 @llvm.umin.i64(i64 {a}, i64 {b})")

    def all(self, conditions: list[str]) -> str:
        total = "true"
        for condition in conditions:
            total = self.op(f"and i1 {total}, {condition}")
        return total

    def set_register(self, reg: int, start: str, step: str, rounds: str) -> None:
        """Give a moving register its value after so many iterations."""
        total = self.op(f"add i64 {start}, {self.op(f'mul i64 {step}, {rounds}')}")
        self.lines.append(f"store i64 {total}, ptr %x{reg}")

    def form(self, form: Form) -> str:
        """Its value as the loop is entered."""
        total = signed(form.const)
        for reg, factor in form.terms:
            if reg not in self._registers:
                self._registers[reg] = self.op(f"load i64, ptr %x{reg}")
            value = self._registers[reg]
            if factor != 1:
                value = self.op(f"mul i64 {value}, {factor}")
            total = self.op(f"add i64 {value}, {total}")
        return total


def guard(
    loop: Loop,
    limits: Callable[[Walk], tuple[str, str, str]],
    written: list[tuple[str, str]],
    hint: str,
) -> tuple[list[str], list[str]]:
    """What comes before and after the body of the fast copy, from the loop's label on.

    limits:  slots with base, limit in elements, and bias of the remembered region of a walk.
    written: slots that the body writes, and their types.
    hint: metadata of the copy's backward jump, "" or ", !llvm.loop ..".
    """
    name, slow = loop.name, f"slow.{loop.label}"
    out = _Lines(name)
    more, conditions = _more(loop, out)
    left = out.op("load i64, ptr %budget")
    rounds = _rounds(loop, out, more, left)
    for value, fall, least in loop.floors:
        room = out.op(f"sub i64 {out.form(value)}, {least}")
        conditions.append(out.op(f"icmp sge i64 {room}, 0"))
        if fall:
            times = out.op(f"udiv i64 {room}, {fall}")
            rounds = out.least(rounds, out.op(f"add i64 {times}, 1"))
    many = out.op(f"icmp uge i64 {rounds}, {loop.least}")
    out.lines += [
        f"br i1 {out.all([*conditions, many])}, label %{name}.check, label %{slow}",
        f"{name}.check:",
    ]
    last = out.op(f"sub i64 {rounds}, 1")
    fits = [c for value, step, how in loop.words for c in _word(out, value, step, how, last)]
    steps = [out.form(walk.step) for walk in loop.walks]
    starts = [out.form(walk.low) for walk in loop.walks]
    for walk, start, step in zip(loop.walks, starts, steps, strict=True):
        way = out.op(f"mul i64 {step}, {last}")
        if walk.step.terms:
            low = out.op(f"and i64 {step}, {(1 << walk.log2) - 1}")
            fits += [_short(out, step), out.op(f"icmp eq i64 {low}, 0")]
        fits += _inside(out, walk, (start, way), limits(walk))
    moving = [(reg, out.form(of_register(reg)), out.form(step)) for reg, step in loop.moving]
    out.lines += [
        f"br i1 {out.all(fits)}, label %{name}.enter, label %{slow}",
        f"{name}.enter:",
        *(f"%{name}.body.v{reg} = load {loop.register}, ptr %v{reg}" for reg in loop.settled),
    ]
    biases = [out.op(f"load ptr, ptr {limits(walk)[2]}") for walk in loop.walks]
    hosts = [
        out.op(f"getelementptr i8, ptr {bias}, i64 {start}")
        for bias, start in zip(biases, starts, strict=True)
    ]
    out.lines += [
        f"br label %{name}.body",
        f"{name}.body:",
        f"%{name}.j = phi i64 [ 0, %{name}.enter ], [ %{name}.next, %{name}.latch ]",
    ]
    for index, (host, step) in enumerate(zip(hosts, steps, strict=True)):
        at = out.op(f"mul nsw i64 %{name}.j, {step}")
        out.lines.append(f"%{name}.p{index} = getelementptr inbounds i8, ptr {host}, i64 {at}")
    if loop.bare:  # no iteration waits for the one before; LLVM needs pointers to be steps, though
        for reg, start, step in moving:
            out.set_register(reg, start, step, f"%{name}.j")
    moved = {f"%x{reg}" for reg, _, _ in moving}
    kept = [slot for slot in written if loop.leaves and slot[0] not in moved]
    saved = [(slot, kind, out.op(f"load {kind}, ptr {slot}")) for slot, kind in kept]
    head = out.lines
    out.lines = [
        f"{name}.latch:",
        f"%{name}.next = add nuw nsw i64 %{name}.j, 1",
        f"%{name}.over = icmp eq i64 %{name}.next, {rounds}",
        f"br i1 %{name}.over, label %{name}.done, label %{name}.body{hint}",
        f"{name}.done:",
    ]
    account = _Account(loop, left, moving)
    account.write(out, f"{name}.c", rounds)
    through = out.op(f"icmp eq i64 {last}, {more}")
    out.lines.append(f"br i1 {through}, label %{name}.end, label %{slow}")
    if loop.leaves:
        out.lines.append(f"{name}.leave:")
        out.lines += [f"store {kind} {value}, ptr {slot}" for slot, kind, value in saved]
        account.write(out, f"{name}.l", f"%{name}.j")
        out.lines.append(f"br label %{slow}")
    out.lines.append(f"{name}.end:")
    return head, out.lines


@dataclass(frozen=True)
class _Account:
    """What leaves everything as after so many iterations.

    left: instructions of the turn at first. moving: (register, its value at first, its step), so
    that the fast loop need not keep them.
    """

    loop: Loop
    left: str
    moving: list[tuple[int, str, str]]

    def write(self, out: _Lines, tag: str, rounds: str) -> None:
        retired = out.op(f"mul i64 {rounds}, {self.loop.size}")
        out.lines.append(f"store i64 {out.op(f'sub i64 {self.left}, {retired}')}, ptr %budget")
        for number, count in self.loop.events:
            by = out.op(f"mul i64 {rounds}, {count}")
            out.lines += count_event(f"{tag}{number}", number, "add", by)
        for reg, start, step in self.moving:
            out.set_register(reg, start, step, rounds)


def _more(loop: Loop, out: _Lines) -> tuple[str, list[str]]:
    """How often the branch will be taken if these conditions hold, or more than that."""
    left, right = out.form(loop.left), out.form(loop.right)
    if loop.branch == "bne":
        gap = loop.left_step.plus(loop.right_step, -1)
        a, b = left, right
        if (gap.terms[0][1] if gap.terms else gap.const) > 0:
            a, b = right, left
        else:
            gap = ZERO.plus(gap, -1)
        distance = out.op(f"sub i64 {a}, {b}")
        pace, conditions = out.form(gap), []
        if gap.terms:  # positive, as its sign says, and short
            before = out.op(f"sub i64 {pace}, 1")
            conditions = [out.op(f"icmp ult i64 {before}, {STEP - 1}")]
            pace = out.op(f"call i64 @llvm.umax.i64(i64 {pace}, i64 1)")
        rest = out.op(f"urem i64 {distance}, {pace}")
        meets = out.op(f"icmp eq i64 {rest}, 0")  # or never does, in the iterations there may be
        times = out.op(f"udiv i64 {distance}, {pace}")
        return out.op(f"select i1 {meets}, i64 {times}, i64 -1"), conditions
    # Taken while low < high, or low <= high; none of them may wrap around on the way.
    unsigned = loop.branch.endswith("u")
    sign = "u" if unsigned else "s"
    least, greatest = (0, MASK64) if unsigned else (-(1 << 63), (1 << 63) - 1)
    strict = loop.branch.startswith("blt")
    low, high = (left, right) if strict else (right, left)
    first, second = loop.left_step.const, loop.right_step.const
    rise, fall = (first, -second) if strict else (second, -first)
    closing = rise + fall
    taken = out.op(f"icmp {sign}{'lt' if strict else 'le'} i64 {low}, {high}")
    if rise:
        safe = out.op(f"icmp {sign}le i64 {high}, {signed(greatest - closing)}")
    else:
        safe = out.op(f"icmp {sign}ge i64 {low}, {signed(least + closing)}")
    distance = out.op(f"sub i64 {high}, {low}")
    if strict:
        distance = out.op(f"sub i64 {distance}, 1")
    return out.op(f"add i64 {out.op(f'udiv i64 {distance}, {closing}')}, 1"), [taken, safe]


def _rounds(loop: Loop, out: _Lines, more: str, left: str) -> str:
    """Iterations: those to the exit, or as many as the slow loop would do without a new turn."""
    name = loop.name
    upto = out.op(f"add i64 {more}, 1")
    size = out.op(f"mul i64 {upto}, {loop.size}")
    spare = out.op(f"sub i64 {left}, {loop.least_left}")
    few = out.op(f"icmp ult i64 {more}, {MOST - 1}")
    whole = out.op(f"and i1 {few}, {out.op(f'icmp sle i64 {size}, {spare}')}")
    out.lines += [
        f"br i1 {whole}, label %{name}.count, label %{name}.part, !prof !6",
        f"{name}.part:",
    ]
    most = out.op(f"add i64 {out.least(more, str(MOST - 2))}, 1")
    rest = out.op(f"call i64 @llvm.smax.i64(i64 {spare}, i64 0)")
    some = out.least(most, out.op(f"udiv i64 {rest}, {loop.size}"))
    out.lines += [f"br label %{name}.count", f"{name}.count:"]
    return out.op(f"phi i64 [ {upto}, %{loop.label} ], [ {some}, %{name}.part ]")


def _word(out: _Lines, value: Form, step: Form, how: str, last: str) -> list[str]:
    """The value fits in 32 bits in the first iteration and in the last."""
    first = out.form(value)
    way = out.op(f"mul i64 {out.form(step)}, {last}")
    conditions = [] if not step.terms else [_short(out, out.form(step))]
    for at in (first, out.op(f"add i64 {first}, {way}")):
        narrow = out.op(f"trunc i64 {at} to i32")
        wide = out.op(f"{how} i32 {narrow} to i64")
        conditions.append(out.op(f"icmp eq i64 {wide}, {at}"))
    return conditions


def _short(out: _Lines, step: str) -> str:
    """A step of 32 bits: MOST of them do not wrap around."""
    return out.op(f"icmp ult i64 {out.op(f'add i64 {step}, {STEP}')}, {2 * STEP}")


def _inside(
    out: _Lines, walk: Walk, move: tuple[str, str], slots: tuple[str, str, str]
) -> list[str]:
    """The walk's ends are in the region, and aligned. move: its start, and how far it goes."""
    base = out.op(f"load i64, ptr {slots[0]}")
    limit = out.op(f"load i64, ptr {slots[1]}")
    first = out.op(f"sub i64 {move[0]}, {base}")
    ends = [first, out.op(f"add i64 {first}, {move[1]}")]
    conditions = []
    if walk.span:
        ends += [out.op(f"add i64 {end}, {walk.span}") for end in ends]
    for end in ends:
        index = end
        if walk.log2:
            args = f"i64 {end}, i64 {end}, i64 {walk.log2}"
            index = out.op(f"call i64 @llvm.fshr.i64({args})")
        conditions.append(out.op(f"icmp ult i64 {index}, {limit}"))
    return conditions
