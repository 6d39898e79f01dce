"""From an address to a unit: the basic blocks reachable without leaving a guest function.

A unit follows branches and plain jumps. A call leaves it, and what comes after the call is one
of its entries, so that returning re-enters the same unit. Whatever is not in the unit, because
it is too far, not executable, or where a run must stop, is an exit to the dispatcher.

Vector code is translated for the vtype it runs with: blocks are *nodes*, an address and what is
known of vtype there. A vsetvli leads to two nodes, with vl = VLMAX and with any vl; the one has
code without tail masks. Where nothing depends on vtype before it is set anew a node knows
nothing, so scalar code is never there twice. An instruction that has to know, and does not, is
an exit to itself with bit 0 of the address set: the dispatcher then matches the hart's vtype too.
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
    given = (start, *extra)
    returns: list[int] = []
    work = [node.pc for node in reversed(given)]
    while work:
        pc = work.pop()
        leaders.add(pc)
        while pc not in words and pc not in stops and len(words) < limit:
            code = read_word(fetch, pc)
            if code is None:
                break
            words[pc] = code
            targets, call = successors(code)
            if call:
                returns.extend(targets)
            if targets != (code.next_pc,) or call:
                work.extend(reversed(targets))
                break
            pc = code.next_pc
            if _ends_quietly(code):
                leaders.add(pc)
        else:
            leaders.add(pc)
    entries = tuple(dict.fromkeys((*given, *map(Node, returns))))
    blocks = _cut(words, leaders)
    if vlen and any(c.decoded and vstate.needs(c.decoded) for c in words.values()):
        return _spread(entries, blocks, vlen, limit)
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


def _spread(
    entries: tuple[Node, ...], blocks: dict[int, tuple[CodeWord, ...]], vlen: int, limit: int
) -> Unit:
    """The unit whose blocks are repeated for each knowledge of vtype they are reached with."""
    live = _live(blocks)
    found: dict[Node, tuple[CodeWord, ...]] = {}
    variants = dict.fromkeys(blocks, 0)
    size = 0
    work = [n for n in reversed(entries) if n.pc in blocks]
    given = frozenset(work)
    while work:
        node = work.pop()
        crowded = variants[node.pc] >= VARIANTS or size > 2 * limit
        if crowded and node.state is not None and node not in given:
            choices = _choices(node.pc, node.state, live)
            node = next((n for n in choices if n in found), choices[-1])
        if node in found:
            continue
        block = found[node] = _known_part(node, blocks[node.pc])
        variants[node.pc] += node.state is not None
        size += len(block)
        work += [
            _choices(pc, state, live)[0]
            for pc, state in reversed(_leads_to(node, block, vlen))
            if pc in blocks
        ]
    ordered = sorted(found, key=lambda n: (n.pc, n.state.tag if n.state else ""))
    reached = tuple(n for n in entries if n in found)
    return Unit(reached, {node: found[node] for node in ordered}, live)


def _known_part(node: Node, block: tuple[CodeWord, ...]) -> tuple[CodeWord, ...]:
    """The block as far as it can run: to an instruction that leaves because it must know."""
    state = node.state
    for position, code in enumerate(block):
        if code.decoded is None:
            break
        if state is None and vstate.needs(code.decoded):
            return block[: position + 1]
        state = vstate.after(state, code.decoded)
    return block


def _leads_to(
    node: Node, block: tuple[CodeWord, ...], vlen: int
) -> list[tuple[int, VState | None]]:
    """Addresses in the unit that may follow, with what is known there."""
    state = node.state
    for code in block[:-1]:
        if code.decoded is not None:
            state = vstate.after(state, code.decoded)
    last = block[-1]
    if last.decoded is None or (state is None and vstate.needs(last.decoded)):
        return []
    targets, call = successors(last)
    if call:
        return []  # it is an entry by itself
    if vstate.sets(last.decoded):
        name, operands = last.decoded.insn.name, last.decoded.operands
        return [(last.next_pc, new) for new in vstate.after_set(state, name, operands, vlen)]
    state = vstate.after(state, last.decoded)
    return [(target, state) for target in targets]


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
    return call or targets != (code.next_pc,) or _ends_quietly(code)


def _ends_quietly(code: CodeWord) -> bool:
    """True if the next instruction follows, but what units are translated for may change."""
    d = code.decoded
    return d is not None and (d.operands.get("csr") in _CSR_ENDS or vstate.sets(d))


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


def sets_rounding(unit: Unit) -> bool:
    """True if the unit may write a rounding mode other than 0, to nearest."""
    return any(_sets_rounding(code) for block in unit.blocks.values() for code in block)


def _sets_rounding(code: CodeWord) -> bool:
    """Writing 0 to fcsr is what start code does: it changes nothing."""
    d = code.decoded
    if d is None or d.operands.get("csr") not in _ROUNDING_CSRS:
        return False
    return d.operands.get("rs1", d.operands.get("zimm5", 0)) != 0
