"""Programs for a DPU: the checked ELF, what it says of tasklets, its translations.

An image is shared by all DPUs of the process that have loaded the same bytes: it is read and
translated once.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...linker.call_frames import CallFrames, Read
from ...linker.elf import SHN_ABS, STT_OBJECT, ElfError, ElfFile, Phdr, read_elf
from ...linker.source_lines import SourceLines, SourcePlace
from .memory_map import IRAM, LOCK_BITS, MAX_TASKLETS, MEMORIES, WRAM

if TYPE_CHECKING:
    from ..sim.translations import Translations

ARCH = "rv64gc_zba_zbb_xdpu"  # what tasklets execute
LOCKS_BASE = 0xF000_0000  # what a linker numbers lock bits by; nothing is there
LOCK_PREFIX, POOL_PREFIX = "__atomic_bit_", "hw_mutexes_"  # of their names
TASKLETS, STACKS = "NR_TASKLETS", "__sys_stack_table"
LAUNCH_ZERO = "__sys_launch_zero", "__sys_launch_zero_end"


class TaskletsError(ElfError):
    """A program for more tasklets than a DPU has, or for none."""


class Image:
    """A program.

    tasklets: how many of them it has.
    launch_zero: ranges of WRAM, (address, size), that are zero when a launch begins.
    raises:   ElfError for what is no program for RISC-V, or does not fit a DPU.
    """

    def __init__(self, data: bytes, cache_dir: Path | None, *, told: bool = False) -> None:
        """told: translate it so that observers are told; see Machine."""
        self.elf: ElfFile = read_elf(data)
        self.segments = tuple(s for s in self.elf.loads() if not _is_locks(s))
        for segment in self.segments:
            _check_place(segment)
        if not IRAM.holds(self.elf.entry, 2) or self.elf.entry % 2:
            raise ElfError(f"the entry, {self.elf.entry:#x}, is no place for code")
        self.tasklets = self._tasklets()
        self.launch_zero = self._launch_zero()
        self._cache_dir = cache_dir
        self.told = told
        self._lock = threading.Lock()
        self._translations: Translations | None = None

    @property
    def translations(self) -> Translations:
        """Host code of the program, for all machines that run it."""
        from ..sim.machine import shared_translations

        with self._lock:
            if self._translations is None:
                self._translations = shared_translations(ARCH, self._cache_dir, told=self.told)
            return self._translations

    def places(self, pc: int) -> tuple[SourcePlace, ...]:
        """Where an instruction is in the source; none without debug information."""
        with self._lock:
            return self._lines.places(pc)

    def callers(self, pc: int, ra: int, sp: int, read: Read) -> Iterator[int]:
        """Where functions return to that have led to an instruction, see CallFrames."""
        with self._lock:
            frames = self._frames
        return frames.callers(pc, ra, sp, read)

    @property
    def has_lines(self) -> bool:
        """Whether any place in the source is known."""
        with self._lock:
            return bool(self._lines)

    @cached_property
    def _lines(self) -> SourceLines:
        return SourceLines(self.elf)

    @cached_property
    def _frames(self) -> CallFrames:
        return CallFrames(self.elf)

    @cached_property
    def stacks(self) -> tuple[range, ...]:
        """The bytes of each tasklet's stack; of none where the program does not say."""
        symbol = self.elf.symbol(STACKS)
        if symbol is None:
            return ()
        found = []
        for tasklet in range(self.tasklets):
            row = self._initial(symbol.value + 16 * tasklet, 16)
            size, base = (int.from_bytes(row[at : at + 8], "little") for at in (0, 8))
            if not WRAM.holds(base, size):
                return ()
            found.append(range(base, base + size))
        return tuple(found)

    def lock(self, bit: int) -> str:
        """A lock bit in words: "mutex 'name'", "mutex 3 of 'pool'", "lock bit 0"."""
        return self._lock_names.get(bit, f"lock bit {bit}")

    @cached_property
    def _lock_names(self) -> dict[int, str]:
        found = {}
        for symbol in self.elf.symbols:
            first, count = symbol.value - LOCKS_BASE, symbol.size
            if symbol.type != STT_OBJECT or not symbol.name or not 0 <= first < LOCK_BITS:
                continue
            name = symbol.name.removeprefix(LOCK_PREFIX).removeprefix(POOL_PREFIX)
            if count <= 1:
                found[first] = f"mutex '{name}'"
            else:
                for i in range(min(count, LOCK_BITS - first)):
                    found[first + i] = f"mutex {i} of '{name}'"
        return found

    def _initial(self, addr: int, size: int) -> bytes:
        """Bytes as they are when the program is loaded."""
        for s in self.segments:
            if s.vaddr <= addr and addr + size <= s.vaddr + s.memsz:
                return bytes(self.elf.segment_data(s)[addr - s.vaddr :][:size]).ljust(size, b"\0")
        return bytes(size)

    def _tasklets(self) -> int:
        symbol = self.elf.symbol(TASKLETS)
        count = symbol.value if symbol is not None and symbol.shndx == SHN_ABS else 1
        if not 1 <= count <= MAX_TASKLETS:
            raise TaskletsError(f"{TASKLETS} is {count}: a DPU has 1 to {MAX_TASKLETS} tasklets")
        return count

    def _launch_zero(self) -> tuple[tuple[int, int], ...]:
        start, end = map(self.elf.symbol, LAUNCH_ZERO)
        if start is None or end is None:
            return ()
        if not WRAM.holds(start.value, end.value - start.value) or end.value < start.value:
            raise ElfError(f"{LAUNCH_ZERO[0]} and its end are no range of WRAM")
        return ((start.value, end.value - start.value),)


def _is_locks(segment: Phdr) -> bool:
    """Whether it is but the numbers of lock bits."""
    inside = LOCKS_BASE <= segment.vaddr <= LOCKS_BASE + LOCK_BITS - segment.memsz
    return inside and not segment.filesz


def _check_place(segment: Phdr) -> None:
    if not any(memory.holds(segment.vaddr, segment.memsz) for memory in MEMORIES):
        names = ", ".join(f"{m.name} ({m.base:#x} to {m.end:#x})" for m in MEMORIES)
        raise ElfError(
            f"a segment of {segment.memsz} bytes at {segment.vaddr:#x} is in none of a DPU's "
            f"memories: {names}"
        )


_Key = tuple[bytes, Path | None, bool]
_images: weakref.WeakValueDictionary[_Key, Image] = weakref.WeakValueDictionary()
_images_lock = threading.Lock()


def open_image(data: bytes, cache_dir: Path | None, *, told: bool = False) -> Image:
    """The image of these bytes: that of another DPU, or a new one. raises: as Image."""
    key = data, cache_dir, told
    with _images_lock:
        image = _images.get(key)
        if image is None:
            image = _images[key] = Image(data, cache_dir, told=told)
        return image
