"""What a DPU does not check and its programs must keep to: told by the simulator, judged here.

The heap is in checks_heap.py, races are in checks_races.py, readers in checks_seqread.py; here are
the rules of transfers, lock bits, stacks and barriers, and who is asked what.
"""

from __future__ import annotations

from ...ir.abi import DpuNote
from ..sim.interface import Abort, HartView, Resume, Told
from .checks_heap import HEAP_END, HEAP_START, Heap
from .checks_races import Races
from .checks_seqread import Readers
from .findings import Findings, Site
from .image import Image
from .memory_map import DMA_MOST, DMA_UNIT, LOCK_BITS, MRAM, WRAM

COPIERS = frozenset({"memcpy", "memmove"})  # may copy what has never been written


def heap_of(image: Image) -> Heap:
    """The heap of a program that has just been loaded."""
    start, end = (image.elf.symbol(name) for name in (HEAP_START, HEAP_END))
    if start is None or end is None:
        return Heap(image, WRAM.end, WRAM.end)
    return Heap(image, min(start.value, WRAM.end), min(end.value, WRAM.end))


class Checker:
    """The observer of one launch."""

    def __init__(self, image: Image, heap: Heap, strict: bool) -> None:
        self.findings = Findings(image, strict)
        self._image = image
        self._heap = heap
        self._races = Races(image.tasklets)
        self._readers = Readers()
        self._library = [False] * image.tasklets  # within an allocator
        self._holders: dict[int, Site] = {}  # by lock bit
        self._overflown: set[int] = set()
        self._comers: dict[int, set[int]] = {}  # by barrier: the tasklets that came to it

    def told(self, view: HartView, what: Told, operands: tuple[int, int, int]) -> Resume | Abort:
        first, second, third = operands
        match what:
            case Told.LOAD | Told.STORE:
                if not self._library[view.hart]:
                    self._access(view, "load" if what is Told.LOAD else "store", first, second)
            case Told.STACK:
                self._stack(view, first)
            case Told.LDMA | Told.SDMA:
                self._transfer(view, what, first, second, third)
            case Told.TAS:
                self._set_lock(view, first % LOCK_BITS)
            case Told.CLEAR:
                self._clear_lock(view, first % LOCK_BITS)
            case Told.NOTE:
                self._note(view, first, second, third)
        return self.verdict()

    def verdict(self) -> Resume | Abort:
        """Whether the run may go on."""
        return Abort(0) if self.findings.fault is not None else Resume()

    # -- what the environment does for tasklets

    def resumes(self, tasklet: int, other: int) -> None:
        self._races.resume(tasklet, other)

    def goes_on(self, tasklet: int) -> None:
        self._races.goes_on(tasklet)

    def ends(self, view: HartView) -> None:
        """The tasklet has come back from main."""
        for bit, site in self._holders.items():
            if site.tasklet == view.hart:
                message = (
                    f"{self._image.lock(bit)} is held at the end of tasklet {view.hart}: set here"
                )
                self.findings.add("held", message, site)

    # -- rules

    def _access(self, view: HartView, what: str, addr: int, size: int) -> None:
        wrong = self._heap.access(what, addr, size)
        if wrong is None:
            return
        if "not written" in wrong and self._symbol(view.pc) in COPIERS:
            return
        self.findings.add("access", wrong, self.findings.site(view), addr)

    def _symbol(self, pc: int) -> str:
        symbol = self._image.elf.symbol_at(pc)
        return symbol.name if symbol is not None else ""

    def _stack(self, view: HartView, sp: int) -> None:
        if view.hart in self._overflown:
            return
        self._overflown.add(view.hart)
        stack = self._image.stacks[view.hart]
        message = (
            f"stack overflow: {stack.start - sp} bytes below the stack of tasklet {view.hart}, "
            f"{len(stack)} bytes at {stack.start:#x}"
        )
        self.findings.add("stack", message, self.findings.site(view), sp)

    def _transfer(self, view: HartView, what: Told, wram: int, mram: int, size: int) -> None:
        site = self.findings.site(view)
        reads = what is Told.SDMA
        places = f"WRAM {wram:#x}", f"MRAM {mram:#x}"
        whole = f"DMA of {size} bytes from {places[not reads]} to {places[reads]}"
        if not 0 < size <= DMA_MOST or size % DMA_UNIT:
            message = f"{whole}: not a multiple of {DMA_UNIT} from {DMA_UNIT} to {DMA_MOST}"
            self.findings.add("size", message, site, wram)
            return
        for memory, addr in ((WRAM, wram), (MRAM, mram)):
            if addr % DMA_UNIT:
                message = f"{whole}: {addr:#x} is not a multiple of {DMA_UNIT}"
                self.findings.add("alignment", message, site, addr)
                return
            if not memory.holds(addr, size):
                return  # that is a fault in any case
        wrong = self._heap.transfer("load" if reads else "store", wram, size)
        if wrong is not None:
            self.findings.add("transfer", f"{whole}: {wrong}", site, wram)
        if not reads:
            self._heap.written(wram, size)
        if reads or not self._readers.loads(view.hart, wram, mram):
            self._race(site, mram, size, whole, writes=reads)

    def _race(self, site: Site, mram: int, size: int, what: str, *, writes: bool) -> None:
        race = self._races.access(site, mram, size, writes=writes)
        if race is not None:
            at, other = race
            message = (
                f"race for the 8 bytes of MRAM at {at:#x}: {what}, and a transfer by "
                f"{other.text(self._image)}, with no order between them"
            )
            self.findings.add("race", message, site, at)

    def _set_lock(self, view: HartView, bit: int) -> None:
        if bit not in self._holders:
            self._holders[bit] = self.findings.site(view)
            self._races.set_lock(view.hart, bit)

    def _clear_lock(self, view: HartView, bit: int) -> None:
        holder = self._holders.pop(bit, None)
        if holder is None or holder.tasklet != view.hart:
            by = f"was set by {holder.text(self._image)}" if holder is not None else "is not set"
            message = f"{self._image.lock(bit)} is cleared by tasklet {view.hart}, and {by}"
            self.findings.add("owner", message, self.findings.site(view))
        self._races.clear_lock(view.hart, bit)

    def _barrier(self, tasklet: int, addr: int, count: int) -> str | None:
        """Whoever is one too many goes on in another's place, or waits for ever."""
        comers = self._comers.setdefault(addr, set())
        others = comers - {tasklet}
        comers.add(tasklet)
        if len(others) < max(count, 1):
            return None
        name = self._symbol(addr)
        told = f"barrier '{name}'" if name else f"the barrier at {addr:#x}"
        told += f" is for {count} tasklet{'s' if count != 1 else ''}, and tasklet {tasklet}"
        return f"{told} comes besides {', '.join(map(str, sorted(others)))}"

    def _note(self, view: HartView, kind: int, addr: int, size: int) -> None:
        heap, wrong = self._heap, None
        match kind:
            case DpuNote.HEAP_RESET:
                heap.reset()
            case DpuNote.ALLOC:
                heap.alloc(addr, size, self.findings.site(view))
            case DpuNote.FSB_NEW:
                heap.fsb_new(view.hart, addr)
            case DpuNote.FSB_SIZE:
                heap.fsb_size(view.hart, addr, size)
            case DpuNote.FSB_GET:
                wrong = heap.fsb_get(addr, size, self.findings.site(view))
            case DpuNote.FSB_FREE:
                wrong = heap.fsb_free(addr, size)
            case DpuNote.BUDDY_INIT:
                wrong = heap.buddy_init(addr, size)
            case DpuNote.BUDDY_ALLOC:
                wrong = heap.buddy_alloc(addr, size, self.findings.site(view))
            case DpuNote.BUDDY_FREE:
                wrong = heap.buddy_free(addr)
            case DpuNote.BUDDY_RESET:
                heap.buddy_reset()
            case DpuNote.BARRIER:
                wrong = self._barrier(view.hart, addr, size)
            case DpuNote.LIBRARY:
                self._library[view.hart] = bool(addr or size)
            case DpuNote.INIT_RANGE:
                heap.written(addr, size)
            case DpuNote.SEQREAD_INIT:
                wrong = self._readers.begin(view.hart, addr, size)
            case DpuNote.SEQREAD_PAGE:
                wrong = self._readers.turn(view.hart, addr, size)
            case DpuNote.SEQREAD_GET:
                wrong = self._readers.get(view.hart, addr, size)
                page = self._readers.whole_page(view.hart)
                if page is not None:
                    what = f"sequential reading of {page[1]} bytes from MRAM {page[0]:#x}"
                    self._race(self.findings.site(view), *page, what, writes=False)
        if wrong is not None:
            self.findings.add("library", wrong, self.findings.site(view), addr)
