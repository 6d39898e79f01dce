"""Simple loops run without checks, of bounds and of the turn, where they are known to hold.

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

Loops that go without memory have copies as well: these are unrolled.

Accesses that are not linear, such as table[x[i]], stay checked. Where such a check fails the
slow loop does that iteration, from its start; so none may come after a store, unless it goes
where an earlier one went: table[x[i]]++.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .build import Builder, Operands
from .flow import BRANCHES, CodeWord
from .marks import BITS, MASK64, Access, Again, BlockCode, Checked, DefX, Item, Least, Unchecked

MAX_SIZE = 120  # instructions of a loop; the fast one is a second copy
LEAST = 4  # iterations that are worth the guard,
LEAST_BARE = 16  # where they only save counting instructions
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


def of_register(reg: int) -> Form:
    return Form(((reg, 1),), 0) if reg else ZERO


@dataclass
class Walk:
    """Accesses of one region whose starts differ by constants only, and that step alike.

    All are of as many bytes: `count` elements of 1 << log2, the widest that an access has.
    """

    low: Form  # where the first iteration's lowest one is
    span: int  # from there to the highest one
    step: Form
    log2: int
    count: int
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
    places: list[Unchecked | Again | Checked] = field(default_factory=list)  # of each access
    moving: list[tuple[int, Form]] = field(default_factory=list)  # registers and their steps
    least_left: int = 0  # instructions of a turn that are to be left for it to go on
    events: tuple[tuple[int, int], ...] = ()  # of an iteration: (counter, how many)
    settled: tuple[int, ...] = ()  # vector registers that stay in part
    register: str = ""  # a vector register's type
    body: list[Item] = field(default_factory=list)
    end: list[Item] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"fast.{self.label}"

    @property
    def bare(self) -> bool:
        """True if it goes without memory."""
        return not self.places

    @property
    def least(self) -> int:
        """Iterations that are worth the guard."""
        return LEAST_BARE if self.bare else LEAST

    @property
    def leaves(self) -> bool:
        """True if the fast copy may be left in the midst of an iteration."""
        return any(isinstance(place, Checked) for place in self.places)


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
    # Where each goes, if that is linear, and how often its base register was written before.
    accesses: list[tuple[Access, Form | None, int]] = field(default_factory=list)
    writes: dict[int, int] = field(default_factory=dict)  # of registers, so far
    words: list[tuple[Form, str]] = field(default_factory=list)
    floors: list[tuple[Form, int]] = field(default_factory=list)  # values, and their least

    def form(self, reg: int) -> Form | None:
        return self.forms.get(reg, of_register(reg))

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
            step = after.plus(of_register(reg), -1)
            if any(self.form(r) != of_register(r) for r, _ in step.terms):
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
                start = None if base is None else base.moved(item.offset)
                body.accesses.append((item, start, body.writes.get(item.base, 0)))
            elif isinstance(item, Least):
                floor = body.form(item.reg)
                if floor is None:
                    return None
                body.floors.append((floor, item.value))
            elif isinstance(item, DefX):
                known = None if item.value is None else Form((), _wrap(item.value))
                body.forms[item.reg] = value if known is None else known
                body.writes[item.reg] = body.writes.get(item.reg, 0) + 1
    branch = code[-1].decoded
    assert branch is not None
    left, right = (body.form(branch.operands[side]) for side in ("rs1", "rs2"))
    if left is None or right is None:
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
    if not _fill_places(loop, body):
        return False
    for reg, after in body.forms.items():
        step = None if after is None else body.step(of_register(reg))
        if step is not None and step != ZERO:
            loop.moving.append((reg, step))
    return True


def _fill_places(loop: Loop, body: _Body) -> bool:
    """Decide for each access what takes the place of its check."""
    linear: dict[int, tuple[int, int]] = {}  # by access: its walk, and its constant
    firsts: dict[tuple[int, int, int, int], int] = {}  # by where it goes: an access checked there
    stored = False
    for index, (access, start, writes) in enumerate(body.accesses):
        step = None if start is None else body.step(start)
        where = (access.base, writes, access.offset, _bytes(access))
        place: Unchecked | Again | Checked
        if start is not None and step is not None:
            if not step.terms and (abs(step.const) >= STEP or step.const % _bytes(access)):
                return False
            linear[index] = _place(loop.walks, access, start, step), start.const
            place = Unchecked("")  # see below: walks may grow
        elif access.kind == "span":
            return False
        elif where in firsts:
            place = Again(firsts[where])
        elif not stored:
            place = Checked(access, f"{loop.name}.leave")
            firsts[where] = index
        else:
            return False
        loop.places.append(place)
        stored |= access.writes
    for index, (number, const) in linear.items():
        above = _wrap(const - loop.walks[number].low.const)
        loop.places[index] = Unchecked(f"ptr %{loop.name}.p{number}, i64 {above}")
    return True


def _place(walks: list[Walk], access: Access, start: Form, step: Form) -> int:
    """The walk that an access belongs to, perhaps a new one."""
    log2, size = _bytes(access).bit_length() - 1, _bytes(access) * access.count
    for index, walk in enumerate(walks):
        low, high = walk.low.const, walk.low.const + walk.span
        least, greatest = min(low, start.const), max(high, start.const)
        widest = max(walk.log2, log2)
        if (
            (walk.low.terms, walk.step, walk.count << walk.log2) == (start.terms, step, size)
            and (start.const - low) % (1 << widest) == 0
            and greatest - least < STEP
        ):
            walk.log2, walk.count = widest, size >> widest
            walk.low, walk.span = Form(start.terms, least), greatest - least
            if access.writes:  # its group remembers writable regions
                walk.access = access
            return index
    walks.append(Walk(start, 0, step, log2, access.count, access))
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
    if loop.leaves and block.written_v:
        return  # what is restored then are x and f registers
    with b.aside(f"{loop.name}.body", loop.places) as body:
        for position in range(len(code) - 1):
            emit(position)
        b.goto(f"{loop.name}.latch")
    with b.aside(f"{loop.name}.end", None) as end:
        b.jump(code[-1].next_pc)
    loop.body, loop.end = body.items, end.items
    loop.settled = tuple(block.settled_v(b.mode.vlen // 8))
    loop.register = b.whole("i8")
    loop.events = b.events(len(code))
    loop.least_left = b.mode.least_left
    block.fast = loop
