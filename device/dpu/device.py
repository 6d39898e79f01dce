"""One DPU: its memories, the program in it, and runs of the program's tasklets.

Tasklets are harts that take turns on one host thread, so a run repeats to the instruction; runs
of several DPUs go on side by side in threads of their own.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...frontend.record import record
from ...ir.abi import DpuCall, DpuCounter
from ..sim.interface import (
    Abort,
    Await,
    BusError,
    Done,
    EcallResult,
    Fatal,
    HartStart,
    HartView,
    NativeCalls,
    Reason,
    Resume,
    RunResult,
)
from ..soc.memory import Ram
from .callers import Callers
from .fault import DpuFault, Kind, located, of_hardware, place
from .image import ARCH, Image, open_image
from .memory_map import IRAM, LOCK_BITS, MAX_TASKLETS, MEMORIES, MRAM, WRAM, memory_at
from .reasons import program_fault
from .timing import Time

if TYPE_CHECKING:
    from ..sim.machine import Machine
    from .checks import Checker
    from .checks_heap import Heap

Checks = Literal["off", "warn", "strict"]
CHECKS: dict[str, Checks] = {"off": "off", "warn": "warn", "strict": "strict"}
A0, A7 = 10, 17
NATIVE = NativeCalls(DpuCall.EXIT, DpuCall.STOP, DpuCall.RESUME, DpuCall.WAIT)
# Ends of runs with tasklets that have not finished.
_ENDS: dict[Reason, tuple[Kind, str]] = {
    Reason.BARRIER: ("deadlock", "deadlock"),
    Reason.LIMIT: ("limit", "the limit of instructions"),
    Reason.STOPPED: ("stopped", "stopped from outside"),
}
NOWHERE = 1  # where tasklets return to: an address that no jump leads to


@record
class Outcome:
    """How a launch ended.

    status:  what main returned in each tasklet; None for one that did not finish.
    fault:   why the run ended early; None when all tasklets finished.
    retired: instructions of all tasklets together.
    cycles:  what the launch took by the model of time; None without.
    warnings: what checks have found, a line for each place; where they end no run.
    """

    status: tuple[int | None, ...]
    fault: DpuFault | None
    retired: int
    cycles: int | None = None
    warnings: tuple[str, ...] = ()


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
        image, machine = self.image, self._machine
        assert machine is not None
        machine.reset()
        machine.locks[:] = [0] * LOCK_BITS
        for addr, size in image.launch_zero:
            self.view(addr, size)[:] = bytes(size)
        checks = self._observer(image)
        time = Time() if self.timing else None
        calls = _Calls(image.tasklets, machine, checks, time)
        result = machine.run_instances(
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
        if result.exits:
            calls.status = [None if n is None else _signed(n) for n in result.exits]
        fault = self._fault(image, calls, result)
        warnings = () if checks is None else checks.findings.lines()
        retired = sum(result.retired)
        return Outcome(tuple(calls.status), fault, retired, calls.cycles, warnings)

    def _fault(self, image: Image, calls: _Calls, result: RunResult) -> DpuFault | None:
        """Why a run ended; None where it finished."""
        if result.reason is Reason.FINISHED:
            return None
        callers = Callers(image)

        def users(tasklet: int, pc: int) -> int:
            return callers.users_call(pc, *result.frames[tasklet], self.read)

        match result.reason:
            case Reason.FAULT:
                assert result.fault is not None
                hart, pc = result.fault.hart, result.fault.pc
                return of_hardware(image, result.fault, users(hart, pc))
            case Reason.ABORT if calls.fault is not None:
                code, pc, tasklet = calls.fault
                what = f"{program_fault(code)},"
                return located(image, "program", what, users(tasklet, pc), tasklet, code=code)
            case Reason.ABORT:
                assert calls.checks is not None
                return calls.checks.findings.fault
            case Reason.BARRIER | Reason.LIMIT | Reason.STOPPED:
                kind, what = _ENDS[result.reason]
                left = [t for t, status in enumerate(calls.status) if status is None]
                pcs = [users(t, result.pcs[t]) for t in left]
                lines = [
                    f"tasklet {t} {calls.waited(image, result.awaits[t])}"
                    + (place(image, pc) if pc == result.pcs[t] else callers.place(pc, self.read))
                    for t, pc in zip(left, pcs, strict=True)
                ]
                pc, tasklet = (pcs[0], left[0]) if left else (0, 0)
                return DpuFault(
                    kind,
                    "\n  ".join([what, *lines]),
                    pc,
                    tasklet,
                    symbol=image.elf.symbolize(pc),
                    source=image.places(pc),
                )

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


class _Calls:
    """What the environment does for tasklets, in one launch."""

    def __init__(
        self, tasklets: int, machine: Machine, checks: Checker | None, time: Time | None
    ) -> None:
        self.checks = checks
        self._time = time
        self.status: list[int | None] = [None] * tasklets
        self.fault: tuple[int, int, int] | None = None  # code, pc, tasklet
        self._machine = machine
        self._before = [machine.retired(t) for t in range(tasklets)]
        self._stopped = (ctypes.c_ubyte * MAX_TASKLETS)()  # 1: sleeps until resumed
        self._resumed = [False] * tasklets  # before it has stopped
        self._stops_at = ctypes.addressof(self._stopped)
        self._locks = machine.locks
        self._locks_at = ctypes.addressof(self._locks)

    def decide(self, view: HartView) -> EcallResult:
        me, argument = view.hart, view.x(A0)
        match view.x(A7):
            case DpuCall.EXIT:
                self.status[me] = _signed(argument)
                if self.checks is not None:
                    self.checks.ends(view)
                    if self.checks.findings.fault is not None:
                        return Abort(0)
                return Done()
            case DpuCall.FAULT:
                self.fault = argument, view.pc, me
                return Abort(argument & 0xFF)
            case DpuCall.STOP:
                if self._resumed[me]:
                    self._resumed[me] = False
                    if self.checks is not None:
                        self.checks.goes_on(me)
                    return Resume()
                self._stopped[me] = 1
                return Await(self._stops_at + me)
            case DpuCall.RESUME if argument < len(self.status):
                if self.checks is not None:
                    self.checks.resumes(me, argument)
                    if self._stopped[argument]:
                        self.checks.goes_on(argument)
                self._resumed[argument] = not self._stopped[argument]
                self._stopped[argument] = 0
                return Resume()
            case DpuCall.WAIT:
                bit = argument % LOCK_BITS
                if not self._locks[bit]:
                    return Resume()
                return Await(self._locks_at + bit)
            case DpuCall.COUNTER if argument in (DpuCounter.CYCLES, DpuCounter.INSTRUCTIONS):
                cycles = self.cycles if argument == DpuCounter.CYCLES else None
                view.set_x(A0, self._retired() if cycles is None else cycles)
                return Resume()
        return Fatal()

    def waited(self, image: Image, addr: int) -> str:
        """What a tasklet sleeps for whose byte is at a host address; of none that is awake."""
        if addr == 0:
            return ""
        bit = addr - self._locks_at
        what = f"for {image.lock(bit)}" if 0 <= bit < LOCK_BITS else "to be resumed"
        return f"waits {what} "

    @property
    def cycles(self) -> int | None:
        """Since the launch began, by the model of time; None without."""
        return round(self._time.now) if self._time is not None else None

    def _retired(self) -> int:
        return sum(self._machine.retired(t) - n for t, n in enumerate(self._before))


def _signed(value: int) -> int:
    """An int in a register."""
    value &= 0xFFFF_FFFF
    return value - (1 << 32) if value >> 31 else value
