"""From an address to a unit: the basic blocks reachable without leaving a guest function.

A unit follows branches and plain jumps. A call runs other units; what comes after it is one of
the entries, for when the return does not come back to the very host frame that made the call.
Whatever is not in the unit, because it is too far, not executable, or where a run must stop, is
an exit to the dispatcher.

Vector code is translated for the vtype it runs with: blocks are *nodes*, an address and what is
known of vtype there. After a vsetvli the block goes on with vl = VLMAX, in code without tail
masks; where vl is less it is left for a node with any vl. Where nothing depends on vtype before
it is set anew a node knows nothing, so scalar code is never there twice. An instruction that has
to know, and does not, is an exit to itself with bit 0 of the address set: the dispatcher then
matches the hart's vtype too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

from ...backend.encode import Decoded, decode, expand
from . import csr, vstate
from .vstate import VState

UNIT_LIMIT = 1000  # instructions; longer functions become several units
CALL_WEIGHT = 8  # what a call counts for: registers leave the unit there, and come back
VARIANTS = 4  # nodes with different knowledge at an address, besides the one without
MASK64 = (1 << 64) - 1

BRANCHES = frozenset({"beq", "bne", "blt", "bge", "bltu", "bgeu"})
_ENDS = frozenset({"ecall", "ebreak", "mret", "fence.i"})
_ROUNDING_CSRS = frozenset(csr.BY_NAME[name].number for name in ("frm", "fcsr"))
_CSR_ENDS = frozenset(csr.BY_NAME[name].number for name in ("frm", "fcsr", "mstatus"))

# Up to four bytes of code at an address: fewer at the end of executable memory, none outside.
Fetch = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class CodeWord:
    """One instruction in place. decoded: its expanded form; None: illegal."""

    pc: int
    size: int
    word: int
    decoded: Decoded | None

    @property
    def next_pc(self) -> int:
        return self.pc + self.size & MASK64


class Node(NamedTuple):
    """A block's address, and what is known of vtype where it starts."""

    pc: int
    state: VState | None = None

    @property
    def label(self) -> str:
        """Its name in LLVM IR."""
        return f"b{self.pc:x}.{self.state.tag}" if self.state else f"b{self.pc:x}"


@dataclass(frozen=True)
class Unit:
    """entries: nodes where it may be entered, the first being what it was made for."""

    entries: tuple[Node, ...]
    blocks: dict[Node, tuple[CodeWord, ...]]  # by address, ascending
    live: frozenset[int] = field(default=frozenset(), repr=False)  # blocks to which vtype matters

    @cached_property
    def code(self) -> tuple[tuple[int, bytes], ...]:
        """The bytes it was made from: (address, bytes) of each block."""
        return tuple(
            (node.pc, b"".join(c.word.to_bytes(c.size, "little") for c in block))
            for node, block in self.blocks.items()
        )

    @cached_property
    def size(self) -> int:
        """What discover's limit is about."""
        ends = sum(successors(block[-1])[1] for block in self.blocks.values())
        return sum(map(len, self.blocks.values())) + (CALL_WEIGHT - 1) * ends

    @cached_property
    def exits(self) -> frozenset[int]:
        """Addresses outside that its blocks go on at, as far as they are known."""
        inside = {node.pc for node in self.blocks}
        ends = (block[-1] for block in self.blocks.values())
        return frozenset(pc for code in ends for pc in successors(code)[0]) - inside

    @cached_property
    def sets_rounding(self) -> bool:
        """True if it may write a rounding mode other than 0, to nearest."""
        return any(_sets_rounding(code) for block in self.blocks.values() for code in block)

    def node(self, pc: int, state: VState | None) -> Node | None:
        """Where to go on at pc in this unit; None if it has no such block."""
        return next((n for n in _choices(pc, state, self.live) if n in self.blocks), None)


def _choices(pc: int, state: VState | None, live: frozenset[int]) -> tuple[Node, ...]:
    """Nodes that serve, the best first."""
    if state is None or pc not in live:
        return (Node(pc),)
    return tuple(dict.fromkeys((Node(pc, state), Node(pc, replace(state, vl=None)), Node(pc))))


def read_word(fetch: Fetch, pc: int) -> CodeWord | None:
    """The instruction at pc; None where it is not all executable."""
    data = fetch(pc)
    if len(data) < 2 or (data[0] & 3 == 3 and len(data) < 4):
        return None
    size = 4 if data[0] & 3 == 3 else 2
    word = int.from_bytes(data[:size], "little")
    return CodeWord(pc, size, word, _decode(word))


@lru_cache(maxsize=1 << 16)
def _decode(word: int) -> Decoded | None:
    decoded = decode(word)
    return expand(decoded) if decoded else None


def discover(
    start: Node,
    fetch: Fetch,
    *,
    extra: tuple[Node, ...] = (),
    stops: frozenset[int] = frozenset(),
    limit: int = UNIT_LIMIT,
    vlen: int = 0,
) -> Unit:
    """The unit that starts at `start`, an executable address.

    extra:  further entries, reached by indirect jumps.
    stops:  addresses to leave the unit at, such as the return address of a run.
    vlen:   bits of a vector register; 0: there are none.
    """
    words: dict[int, CodeWord] = {}
    leaders: set[int] = set()
    resumed: set[int] = set()  # addresses after a vset*; leaders too if anything jumps there
    given = (start, *extra)
    returns: list[int] = []
    size = 0
    work = [node.pc for node in reversed(given)]
    while work:
        pc = work.pop()
        leaders.add(pc)
        while pc not in words and pc not in stops and size < limit:
            code = read_word(fetch, pc)
            if code is None:
                break
            words[pc] = code
            targets, call = successors(code)
            size += CALL_WEIGHT if call else 1
            if call:
                returns.extend(targets)
            if targets != (code.next_pc,) or call:
                work.extend(reversed(targets))
                break
            pc = code.next_pc
            if _ends_by_csr(code):
                leaders.add(pc)
            elif _sets(code):
                resumed.add(pc)
        else:
            leaders.add(pc)
    entries = tuple(dict.fromkeys((*given, *map(Node, returns))))
    # A tagged entry is one even if what needed to know has been overwritten since.
    if any(n.state for n in given) or (
        vlen and any(c.decoded and vstate.needs(c.decoded) for c in words.values())
    ):
        blocks = _cut(words, leaders | resumed)
        return _Spread(blocks, (resumed - leaders) & blocks.keys(), vlen).unit(entries, limit)
    blocks = _cut(words, leaders)
    return Unit(
        tuple(n for n in entries if n.pc in blocks),
        {Node(pc): block for pc, block in blocks.items()},
    )


def _cut(words: dict[int, CodeWord], leaders: set[int]) -> dict[int, tuple[CodeWord, ...]]:
    blocks: dict[int, tuple[CodeWord, ...]] = {}
    for leader in sorted(leaders & words.keys()):
        block = [words[leader]]
        while not ends_block(block[-1]):
            pc = block[-1].next_pc
            if pc in leaders or pc not in words:
                break
            block.append(words[pc])
        blocks[leader] = tuple(block)
    return blocks


# -- what is known of vtype -----------------------------------------------------------------------


class _Spread:
    """Repeats blocks for each knowledge of vtype they are reached with.

    blocks:  they end after each vset*.
    resumed: those that only follow a vset*, so that what comes before may include them.
    """

    def __init__(
        self, blocks: dict[int, tuple[CodeWord, ...]], resumed: set[int], vlen: int
    ) -> None:
        self._blocks = blocks
        self._resumed = resumed
        self._vlen = vlen
        self._live = _live(blocks)

    def unit(self, entries: tuple[Node, ...], limit: int) -> Unit:
        found: dict[Node, tuple[CodeWord, ...]] = {}
        variants = dict.fromkeys(self._blocks, 0)
        size = 0
        work = [n for n in reversed(entries) if n.pc in self._blocks]
        given = frozenset(work)
        while work:
            node = work.pop()
            crowded = variants[node.pc] >= VARIANTS or size > 2 * limit
            if crowded and node.state is not None and node not in given:
                choices = _choices(node.pc, node.state, self._live)
                node = next((n for n in choices if n in found), choices[-1])
            if node in found:
                continue
            block, targets = self._follow(node)
            found[node] = block
            variants[node.pc] += node.state is not None
            size += len(block)
            work += [n for n in reversed(targets) if n.pc in self._blocks]
        ordered = sorted(found, key=lambda n: (n.pc, n.state.tag if n.state else ""))
        reached = tuple(n for n in entries if n in found)
        return Unit(reached, {node: found[node] for node in ordered}, self._live)

    def _follow(self, node: Node) -> tuple[tuple[CodeWord, ...], list[Node]]:
        """A node's instructions, through each vset* with vl = VLMAX, and where it leads to.

        It ends early at an instruction that leaves because it must know vtype.
        """
        words: list[CodeWord] = []
        targets: list[Node] = []
        pc, state = node
        while True:
            for code in self._blocks[pc]:
                words.append(code)
                if code.decoded is None:
                    return tuple(words), targets
                if state is None and vstate.needs(code.decoded):
                    return tuple(words), targets
                if not vstate.sets(code.decoded):
                    state = vstate.after(state, code.decoded)
            last = words[-1]
            assert last.decoded is not None
            if not vstate.sets(last.decoded):
                after, call = successors(last)  # where a call returns to is an entry by itself
                targets += [self._best(target, state) for target in after if not call]
                return tuple(words), targets
            name, operands = last.decoded.insn.name, last.decoded.operands
            state, *others = vstate.after_set(state, name, operands, self._vlen)
            if last.next_pc in self._live:
                targets += [self._best(last.next_pc, other) for other in others]
            if last.next_pc not in self._resumed:
                targets.append(self._best(last.next_pc, state))
                return tuple(words), targets
            pc = last.next_pc

    def _best(self, pc: int, state: VState | None) -> Node:
        return _choices(pc, state, self._live)[0]


def _live(blocks: dict[int, tuple[CodeWord, ...]]) -> frozenset[int]:
    """Blocks from which vtype is used before it is set."""
    live: set[int] = set()
    through: dict[int, tuple[int, ...]] = {}  # blocks that do neither, what follows them
    for pc, block in blocks.items():
        for code in block:
            if code.decoded is None or vstate.ends_knowledge(code.decoded):
                break
            if vstate.needs(code.decoded) or vstate.sets(code.decoded):
                live.add(pc)
                break
        else:
            targets, call = successors(block[-1])
            through[pc] = () if call else targets
    changed = True
    while changed:
        more = {pc for pc, targets in through.items() if not live.isdisjoint(targets)} - live
        live |= more
        changed = bool(more)
    return frozenset(live)


# -- single instructions --------------------------------------------------------------------------


def ends_block(code: CodeWord) -> bool:
    """True if control may go elsewhere than to the next instruction."""
    targets, call = successors(code)
    return call or targets != (code.next_pc,) or _ends_by_csr(code)


def _ends_by_csr(code: CodeWord) -> bool:
    d = code.decoded
    return d is not None and d.operands.get("csr") in _CSR_ENDS


def _sets(code: CodeWord) -> bool:
    return code.decoded is not None and vstate.sets(code.decoded)


def successors(code: CodeWord) -> tuple[tuple[int, ...], bool]:
    """Addresses to continue the unit at, and whether they are re-entered from outside."""
    d = code.decoded
    if d is None:
        return (), False
    name, o = d.insn.name, d.operands
    if name in BRANCHES:
        return (code.next_pc, code.pc + o["branch13"] & MASK64), False
    if name == "jal":
        if o["rd"] == 0:
            return (code.pc + o["jump21"] & MASK64,), False
        return (code.next_pc,), True
    if name == "jalr":
        return ((), False) if o["rd"] == 0 else ((code.next_pc,), True)
    if name == "ecall":
        return (code.next_pc,), True
    if name in _ENDS:
        return (), False
    return (code.next_pc,), False


def _sets_rounding(code: CodeWord) -> bool:
    """Writing 0 to fcsr is what start code does: it changes nothing."""
    d = code.decoded
    if d is None or d.operands.get("csr") not in _ROUNDING_CSRS:
        return False
    return d.operands.get("rs1", d.operands.get("zimm5", 0)) != 0
