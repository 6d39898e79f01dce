"""One DPU: its memories, the program in it, and runs of the program's tasklets.

Tasklets are harts that take turns on one host thread, so a run repeats to the instruction; runs
of several DPUs go on side by side in threads of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..sim.interface import BusError, HartStart
from ..soc.memory import Ram
from .calls import NATIVE, Calls
from .image import ARCH, Image, open_image
from .launched import Launched, Outcome
from .memory_map import IRAM, LOCK_BITS, MEMORIES, MRAM, WRAM, memory_at
from .timing import Time

if TYPE_CHECKING:
    from ..sim.machine import Machine
    from .checks import Checker
    from .checks_heap import Heap

__all__ = ["CHECKS", "Checks", "Dpu", "Outcome"]

Checks = Literal["off", "warn", "strict"]
CHECKS: dict[str, Checks] = {"off": "off", "warn": "warn", "strict": "strict"}
NOWHERE = 1  # where tasklets return to: an address that no jump leads to


class Dpu:
    """A simulated DPU. One call at a time, but for stop()."""

    def __init__(
        self,
        checks: Checks = "off",
        timing: bool = False,
        cache_dir: Path | None = None,
        turn: int | None = None,
    ) -> None:
        """checks: of what hardware does not check. "warn": tell of it, and go on; "strict": end
        the run. cache_dir: where translations are kept between processes. turn: instructions
        of a tasklet, roughly, before the next one goes on; by default very many."""
        self.checks = checks
        self.timing = timing
        self._cache_dir = cache_dir
        self._turn = turn
        self._rams = {memory.name: Ram(memory.size) for memory in MEMORIES}
        self._image: Image | None = None
        self._machine: Machine | None = None
        self._launched: Launched | None = None  # last
        self._code_written = False  # since the program was loaded
        self._heap: Heap | None = None  # as checks see it

    # -- memory

    def view(self, addr: int, size: int) -> memoryview:
        """The live bytes of a range, by the program's addresses; raises BusError.

        Who writes code through it calls code_written() then.
        """
        memory = memory_at(addr)
        if memory is None or size < 0 or not memory.holds(addr, size):
            raise BusError(f"{size} bytes at {addr:#x} are in none of a DPU's memories")
        at = addr - memory.base
        return self._rams[memory.name].memory[at : at + size]

    def read(self, addr: int, size: int) -> bytes:
        """raises: BusError for a range that is not in one memory."""
        return bytes(self.view(addr, size))

    def read_into(self, addr: int, data: memoryview) -> None:
        """Fill a writable view of bytes. raises: BusError for a range that is not in one memory."""
        data[:] = self.view(addr, len(data))

    def write(self, addr: int, data: bytes | memoryview) -> None:
        """raises: BusError for a range that is not in one memory."""
        flat = memoryview(data).cast("B")
        self.view(addr, len(flat))[:] = flat
        if IRAM.holds(addr, 1):
            self.code_written()

    def code_written(self) -> None:
        self._code_written = True
        if self._machine is not None:
            self._machine.flush_code()

    # -- programs

    @property
    def image(self) -> Image:
        """The program; raises RuntimeError where none is loaded."""
        if self._image is None:
            raise RuntimeError("no program is loaded")
        return self._image

    def load(self, elf: bytes) -> None:
        """Put a program into zeroed memories.

        raises: ElfError for what is no program for a DPU, RuntimeError while one is running;
                then nothing has changed.
        """
        if self._machine is not None:
            self._machine.check_idle()
        told = self.timing or self.checks != "off"
        image = self._image
        if image is None or image.elf.data != elf:
            image = open_image(elf, self._cache_dir, told=told)
        for ram in self._rams.values():
            ram.discard()
        for segment in image.segments:
            self.view(segment.vaddr, segment.filesz)[:] = image.elf.segment_data(segment)
        if self._image is not image or self._machine is None:
            self._image, self._machine = image, self._made(image)
        elif self._code_written:
            self._machine.flush_code()
        self._code_written = False
        if told:
            from .checks import heap_of

            self._heap = heap_of(image)
            floors = [stack.start for stack in image.stacks] or [0] * image.tasklets
            self._machine.shadow(memoryview(self._heap.marks), floors)

    def _made(self, image: Image) -> Machine:
        """Harts that see these memories and run this program."""
        from ..sim.machine import TURN, Machine

        turn, translations = self._turn or TURN, image.translations
        machine = Machine(image.tasklets, arch=ARCH, quantum=turn, translations=translations)
        wram, iram, mram = (self._rams[memory.name].memory for memory in (WRAM, IRAM, MRAM))
        machine.map_ram(WRAM.base, WRAM.size, wram, executable=False)
        machine.map_ram(IRAM.base, IRAM.size, iram, readable=False, writable=False)
        machine.join_memories((WRAM.base, wram), (MRAM.base, mram))
        return machine

    # -- running

    def launch(self, limit: int | None = None) -> Outcome:
        """Run all tasklets from the program's entry to their ends; lock bits are clear at first.

        limit:  instructions that all tasklets may retire together.
        raises: RuntimeError where no program is loaded, or it is running.
        """
        return self.begin(limit).outcome()

    def begin(self, limit: int | None = None) -> Launched:
        """As launch, which begins now and is still to be done."""
        image, machine = self.image, self._machine
        assert machine is not None
        machine.reset()
        machine.locks[:] = [0] * LOCK_BITS
        for addr, size in image.launch_zero:
            self.view(addr, size)[:] = bytes(size)
        checks = self._observer(image)
        time = Time() if self.timing else None
        calls = Calls(image.tasklets, machine, checks, time)
        begun = machine.begin_instances(
            [HartStart(0)] * image.tasklets,
            entry=image.elf.entry,
            return_addr=NOWHERE,
            first=0,
            count=image.tasklets,
            limit=limit,
            ecall=calls.decide,
            observer=checks,
            pacer=time,
            # Who watches wants to see them; the others do not come back to Python for them.
            calls=None if image.told else NATIVE,
        )
        self._launched = Launched(image, calls, begun, self.read)
        return self._launched

    def abandon(self) -> None:
        """End a launch that has begun and that nobody is going to do."""
        if self._launched is not None and not self._launched.over:
            self.stop()
            self._launched.outcome()

    def _observer(self, image: Image) -> Checker | None:
        if self.checks == "off":
            return None
        from .checks import Checker

        assert self._heap is not None
        return Checker(image, self._heap, self.checks == "strict")

    def stop(self) -> None:
        """End the launch that is going on, if any. From any thread."""
        if self._machine is not None:
            self._machine.stop()
