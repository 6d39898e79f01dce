"""From an address to a unit: the basic blocks reachable without leaving a guest function.

A unit follows branches and plain jumps. A call leaves it, and what comes after the call is one
of its entries, so that returning re-enters the same unit. Whatever is not in the unit, because
it is too far, not executable, or where a run must stop, is an exit to the dispatcher.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ...backend.encode import Decoded, decode, expand
from . import csr

UNIT_LIMIT = 1000  # instructions; longer functions become several units
MASK64 = (1 << 64) - 1

BRANCHES = frozenset({"beq", "bne", "blt", "bge", "bltu", "bgeu"})
_ENDS = frozenset({"ecall", "ebreak", "mret", "fence.i"})
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


@dataclass(frozen=True)
class Unit:
    """entries: addresses where it may be entered, the first being what it was made for."""

    entries: tuple[int, ...]
    blocks: dict[int, tuple[CodeWord, ...]]  # by address, ascending

    @cached_property
    def code(self) -> tuple[tuple[int, bytes], ...]:
        """The bytes it was made from: (address, bytes) of each block."""
        return tuple(
            (addr, b"".join(c.word.to_bytes(c.size, "little") for c in block))
            for addr, block in self.blocks.items()
        )


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
    start: int,
    fetch: Fetch,
    *,
    extra: tuple[int, ...] = (),
    stops: frozenset[int] = frozenset(),
    limit: int = UNIT_LIMIT,
) -> Unit:
    """The unit that starts at `start`, an executable address.

    extra:  further entries, reached by indirect jumps.
    stops:  addresses to leave the unit at, such as the return address of a run.
    """
    words: dict[int, CodeWord] = {}
    leaders: set[int] = set()
    entries: list[int] = [start, *extra]
    work = [*reversed(entries)]
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
                entries.extend(targets)
            if targets != (code.next_pc,) or call:
                work.extend(reversed(targets))
                break
            pc = code.next_pc
            if _ends_by_csr(code):
                leaders.add(pc)
        else:
            leaders.add(pc)
    return _cut(tuple(dict.fromkeys(entries)), words, leaders)


def _cut(entries: tuple[int, ...], words: dict[int, CodeWord], leaders: set[int]) -> Unit:
    blocks: dict[int, tuple[CodeWord, ...]] = {}
    for leader in sorted(leaders & words.keys()):
        block = [words[leader]]
        while not ends_block(block[-1]):
            pc = block[-1].next_pc
            if pc in leaders or pc not in words:
                break
            block.append(words[pc])
        blocks[leader] = tuple(block)
    return Unit(tuple(pc for pc in entries if pc in blocks), blocks)


def ends_block(code: CodeWord) -> bool:
    """True if control may go elsewhere than to the next instruction."""
    targets, call = successors(code)
    return call or targets != (code.next_pc,) or _ends_by_csr(code)


def _ends_by_csr(code: CodeWord) -> bool:
    d = code.decoded
    return d is not None and d.operands.get("csr") in _CSR_ENDS


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


def reads_flags(unit: Unit) -> bool:
    """True if the unit reads fflags: then float operations must keep them."""
    return any(_reads_flags(code) for block in unit.blocks.values() for code in block)


def _reads_flags(code: CodeWord) -> bool:
    """Clearing fflags announces that they will be read; setting fcsr is but good manners."""
    d = code.decoded
    if d is None or d.operands.get("csr") not in csr.FLAGS_READERS:
        return False
    return d.operands["rd"] != 0 or d.operands["csr"] == csr.BY_NAME["fflags"].number
