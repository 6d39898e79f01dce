"""Simple loops run without checks where all of their accesses are known to be in bounds.

    before:  loop:  check, load; fadd; check, store; a += 4; budget -= 9; turn over?; bne loop
    after:   guard: m = iterations left in the loop, and in the turn
                    first and last address of each access in its remembered region? else slow
             fast:  load; fadd; store; a += 4, m times
                    budget -= 9 * m; to the loop's exit, or slow
             slow:  the loop as before; after each turn to the guard again

A loop here is one block that branches to itself. Its addresses and its condition must be linear
in registers that are steady or move by a steady step: then what holds for the first iteration
and for the last holds between. The fast loop stops where the slow one would have ended its turn
or left, with the same registers and counts, so which one runs cannot be observed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .build import (
    BITS,
    MASK64,
    Access,
    BlockCode,
    Builder,
    DefX,
    Item,
    Least,
    Operands,
    count_event,
    signed,
)
from .flow import BRANCHES, CodeWord

MAX_SIZE = 120  # instructions of a loop; the fast one is a second copy
LEAST = 4  # iterations that are worth the guard
MOST = 1 << 31  # iterations at once: with steps of 32 bits no distance overflows
STEP = 1 << 31


@dataclass(frozen=True)
class Form:
    """const + the sum of factor * (what the register held when the iteration began)."""

    terms: tuple[tuple[int, int], ...]  # (register, factor), ascending
    const: int

    def plus(self, other: Form, times: int = 1) -> Form:
        factors = dict(self.terms)
        for reg, factor in other.terms:
            factors[reg] = _wrap(factors.get(reg, 0) + factor * times)
        terms = tuple(sorted((reg, f) for reg, f in factors.items() if f))
        return Form(terms, _wrap(self.const + other.const * times))

    def moved(self, offset: int) -> Form:
        return Form(self.terms, _wrap(self.const + offset))


def _wrap(value: int) -> int:
    value &= MASK64
    return value - (1 << 64) if value >> 63 else value


ZERO = Form((), 0)


def _of_register(reg: int) -> Form:
    return Form(((reg, 1),), 0) if reg else ZERO


@dataclass
class Walk:
    """Accesses of one region whose starts differ by constants only, and that step alike."""

    low: Form  # where the first iteration's lowest one is
    span: int  # from there to the highest one
    step: Form
    log2: int
    access: Access  # one of them, for its group


@dataclass
class Loop:
    """What the guard needs to know of a loop; code of the fast one."""

    label: str  # of its block
    size: int  # instructions
    branch: str
    left: Form  # what the branch compares
    right: Form
    left_step: Form
    right_step: Form
    # (value, step, "sext" or "zext"): of 32 bits throughout
    words: list[tuple[Form, Form, str]] = field(default_factory=list)
    # (value, how much less it is in the next iteration, what it must be at least)
    floors: list[tuple[Form, int, int]] = field(default_factory=list)
    walks: list[Walk] = field(default_factory=list)
    # Of each access: its walk, bytes above the walk's lowest.
    places: list[tuple[int, int]] = field(default_factory=list)
    moving: list[tuple[int, Form]] = field(default_factory=list)  # registers and their steps
    events: tuple[tuple[int, int], ...] = ()  # of an iteration: (counter, how many)
    body: list[Item] = field(default_factory=list)
    end: list[Item] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"fast.{self.label}"


# -- what a loop does -----------------------------------------------------------------------------

_Get = Callable[[str], Form | None]


def _sum(get: _Get, a: str, b: str, times_a: int = 1, times_b: int = 1) -> Form | None:
    x, y = get(a), get(b)
    return ZERO.plus(x, times_a).plus(y, times_b) if x is not None and y is not None else None


def _offset(get: _Get, o: Operands) -> Form | None:
    x = get("rs1")
    return x.moved(o["imm12"]) if x is not None else None


def _shifted(get: _Get, o: Operands) -> Form | None:
    x = get("rs1")
    return ZERO.plus(x, 1 << o["shamt6"]) if x is not None else None


def _zero_extended(get: _Get, o: Operands) -> Form | None:
    """x if rs1 is x << 32, and is shifted back by at most as much."""
    x = get("rs1")
    if x is None or o["shamt6"] > 32:
        return None
    if any(v & 0xFFFF_FFFF for v in (x.const, *dict(x.terms).values())):
        return None
    return Form(tuple((reg, factor >> 32) for reg, factor in x.terms), x.const >> 32)


_LINEAR: dict[str, Callable[[_Get, Operands], Form | None]] = {
    "addi": _offset,
    "add": lambda get, _: _sum(get, "rs1", "rs2"),
    "sub": lambda get, _: _sum(get, "rs1", "rs2", 1, -1),
    "slli": _shifted,
    "sh1add": lambda get, _: _sum(get, "rs1", "rs2", 2),
    "sh2add": lambda get, _: _sum(get, "rs1", "rs2", 4),
    "sh3add": lambda get, _: _sum(get, "rs1", "rs2", 8),
}
# These are the same as long as the result fits in 32 bits.
_LINEAR_WORD = {
    "addiw": _LINEAR["addi"],
    "addw": _LINEAR["add"],
    "subw": _LINEAR["sub"],
}


@dataclass
class _Body:
    """What an iteration does, as far as it is linear."""

    forms: dict[int, Form | None] = field(default_factory=dict)  # of registers written so far
    accesses: list[tuple[Access, Form]] = field(default_factory=list)
    words: list[tuple[Form, str]] = field(default_factory=list)
    floors: list[tuple[Form, int]] = field(default_factory=list)  # values, and their least

    def form(self, reg: int) -> Form | None:
        return self.forms.get(reg, _of_register(reg))

    def result(self, name: str, o: Operands) -> Form | None:
        """What an instruction computes."""

        def get(operand: str) -> Form | None:
            return self.form(o[operand])

        if name in _LINEAR:
            return _LINEAR[name](get, o)
        value: Form | None = None
        if name in _LINEAR_WORD:
            value = _LINEAR_WORD[name](get, o)
            if value is not None:
                self.words.append((value, "sext"))
        elif name == "srli":
            value = _zero_extended(get, o)
            if value is not None:
                self.words.append((value, "zext"))
                value = ZERO.plus(value, 1 << 32 - o["shamt6"])
        return value

    def step(self, form: Form) -> Form | None:
        """How far a value moves in an iteration; None if that is not the same in each."""
        total = ZERO
        for reg, factor in form.terms:
            after = self.form(reg)
            if after is None:
                return None
            step = after.plus(_of_register(reg), -1)
            if any(self.form(r) != _of_register(r) for r, _ in step.terms):
                return None
            total = total.plus(step, factor)
        return total


def _analyse(block: BlockCode, code: Sequence[CodeWord], starts: Sequence[int]) -> Loop | None:
    """The loop that the block is, if it is one of the kind. starts: of each word in its items."""
    body = _Body()
    for position, word in enumerate(code[:-1]):
        assert word.decoded is not None
        value = body.result(word.decoded.insn.name, word.decoded.operands)
        for item in block.items[starts[position] : starts[position + 1]]:
            if isinstance(item, Access):
                base = body.form(item.base)
                if base is None:
                    return None
                body.accesses.append((item, base.moved(item.offset)))
            elif isinstance(item, Least):
                floor = body.form(item.reg)
                if floor is None:
                    return None
                body.floors.append((floor, item.value))
            elif isinstance(item, DefX):
                known = None if item.value is None else Form((), _wrap(item.value))
                body.forms[item.reg] = value if known is None else known
    branch = code[-1].decoded
    assert branch is not None
    left, right = (body.form(branch.operands[side]) for side in ("rs1", "rs2"))
    if left is None or right is None or not body.accesses:
        return None
    left_step, right_step = body.step(left), body.step(right)
    if left_step is None or right_step is None:
        return None
    loop = Loop(block.label, len(code), branch.insn.name, left, right, left_step, right_step)
    return loop if _ends(loop) and _fill(loop, body) else None


def _fill(loop: Loop, body: _Body) -> bool:
    """Note what the loop's values and accesses do; False if that is not linear."""
    for value, how in body.words:
        step = body.step(value)
        if step is None:
            return False
        loop.words.append((value, step, how))
    for value, least in body.floors:
        step = body.step(value)
        if step is None or step.terms or not -STEP < step.const <= 0:
            return False
        loop.floors.append((value, -step.const, least))
    constants = []
    for access, start in body.accesses:
        step = body.step(start)
        if step is None:
            return False
        if not step.terms and (abs(step.const) >= STEP or step.const % _bytes(access)):
            return False
        constants.append((_place(loop.walks, access, start, step), start.const))
    loop.places = [(walk, _wrap(c - loop.walks[walk].low.const)) for walk, c in constants]
    for reg, after in body.forms.items():
        step = None if after is None else body.step(_of_register(reg))
        if step is not None and step != ZERO:
            loop.moving.append((reg, step))
    return True


def _place(walks: list[Walk], access: Access, start: Form, step: Form) -> int:
    """The walk that an access belongs to, perhaps a new one."""
    log2 = _bytes(access).bit_length() - 1
    for index, walk in enumerate(walks):
        low, high = walk.low.const, walk.low.const + walk.span
        least, greatest = min(low, start.const), max(high, start.const)
        if (
            (walk.low.terms, walk.step, walk.log2) == (start.terms, step, log2)
            and walk.access.count == access.count
            and (start.const - low) % (1 << log2) == 0
            and greatest - least < STEP
        ):
            walk.low, walk.span = Form(start.terms, least), greatest - least
            if access.writes:  # its group remembers writable regions
                walk.access = access
            return index
    walks.append(Walk(start, 0, step, log2, access))
    return len(walks) - 1


def _bytes(access: Access) -> int:
    return BITS[access.type] // 8


def _ends(loop: Loop) -> bool:
    """True if the guard can tell when the branch is not taken."""
    gap = loop.left_step.plus(loop.right_step, -1)
    if loop.branch == "bne":
        return bool(gap.terms) or 0 < abs(gap.const) < STEP
    if loop.left_step.terms or loop.right_step.terms:
        return False
    closing = gap.const if loop.branch in ("blt", "bltu") else -gap.const
    steady = ZERO in (loop.left_step, loop.right_step)
    return loop.branch != "beq" and steady and 0 < closing < STEP


# -- its fast copy --------------------------------------------------------------------------------


def add(
    b: Builder,
    code: Sequence[CodeWord],
    starts: Sequence[int],
    emit: Callable[[int], None],
) -> None:
    """Give the block just finished a fast copy if it is a loop of the kind.

    starts: where each instruction starts in the block's items; emit: emits one again.
    """
    block = b.blocks[-1]
    last = code[-1].decoded
    if (
        not block.plain
        or len(starts) != len(code)
        or len(code) > MAX_SIZE
        or last is None
        or last.insn.name not in BRANCHES
        or block.node not in block.targets
    ):
        return
    loop = _analyse(block, code, starts)
    if loop is None:
        return
    places = [f"ptr %{loop.name}.p{walk}, i64 {offset}" for walk, offset in loop.places]
    with b.aside(f"{loop.name}.body", places) as body:
        for position in range(len(code) - 1):
            emit(position)
        b.goto(f"{loop.name}.latch")
    with b.aside(f"{loop.name}.end", None) as end:
        b.jump(code[-1].next_pc)
    loop.body, loop.end = body.items, end.items
    loop.events = b.events(len(code))
    block.fast = loop


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
    loop: Loop, limits: Callable[[Access], tuple[str, str, str]]
) -> tuple[list[str], list[str]]:
    """What comes before and after the body of the fast copy, from the loop's label on.

    limits: slots with base, limit in elements, and bias of an access's remembered region.
    """
    name, slow = loop.name, f"slow.{loop.label}"
    out = _Lines(name)
    more, conditions = _more(loop, out)
    left = out.op("load i64, ptr %budget")
    whole = out.op(f"call i64 @llvm.smax.i64(i64 {left}, i64 0)")
    turn = out.op(f"udiv i64 {whole}, {loop.size}")
    # Iterations: those to the exit, or as many as the slow loop would do without a new turn.
    upto = out.op(f"add i64 {out.least(more, str(MOST - 2))}, 1")
    rounds = out.least(upto, turn)
    for value, fall, least in loop.floors:
        room = out.op(f"sub i64 {out.form(value)}, {least}")
        conditions.append(out.op(f"icmp sge i64 {room}, 0"))
        if fall:
            times = out.op(f"udiv i64 {room}, {fall}")
            rounds = out.least(rounds, out.op(f"add i64 {times}, 1"))
    many = out.op(f"icmp uge i64 {rounds}, {LEAST}")
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
        fits += _inside(out, walk, (start, way), limits(walk.access))
    moving = [(reg, out.form(_of_register(reg)), out.form(step)) for reg, step in loop.moving]
    out.lines += [
        f"br i1 {out.all(fits)}, label %{name}.enter, label %{slow}",
        f"{name}.enter:",
    ]
    biases = [out.op(f"load ptr, ptr {limits(walk.access)[2]}") for walk in loop.walks]
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
    head = out.lines
    out.lines = [
        f"{name}.latch:",
        f"%{name}.next = add nuw nsw i64 %{name}.j, 1",
        f"%{name}.over = icmp eq i64 %{name}.next, {rounds}",
        f"br i1 %{name}.over, label %{name}.done, label %{name}.body",
        f"{name}.done:",
    ]
    retired = out.op(f"mul i64 {rounds}, {loop.size}")
    out.lines.append(f"store i64 {out.op(f'sub i64 {left}, {retired}')}, ptr %budget")
    for number, count in loop.events:
        by = out.op(f"mul i64 {rounds}, {count}")
        out.lines += count_event(f"{name}.c{number}", number, "add", by)
    for reg, start, step in moving:  # so that the fast loop need not keep them
        total = out.op(f"add i64 {start}, {out.op(f'mul i64 {step}, {rounds}')}")
        out.lines.append(f"store i64 {total}, ptr %x{reg}")
    through = out.op(f"icmp eq i64 {last}, {more}")
    out.lines.append(f"br i1 {through}, label %{name}.end, label %{slow}")
    out.lines.append(f"{name}.end:")
    return head, out.lines


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
