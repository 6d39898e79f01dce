"""A Formosa device: memory, cores, and the dispatcher that has their harts run work-groups.

A work-group runs on one hart, which loops over the work-items. To each hart belong a record of
the group's information, a stack that no other hart sees, and a part of its core's local memory;
the dispatcher writes the group's id into the record and enters the program's start code.

Programs made for it have a hart for each work-item instead: one group at a time, on one core.
"""

from __future__ import annotations

from ...ir.abi import FORMOSA_INFO_SIZE, unpack_record
from ..launch import Outcome
from ..sim.interface import (
    Abort,
    Done,
    EcallResult,
    Fatal,
    HartStart,
    HartView,
    Reason,
    RunResult,
    Sleep,
)
from ..soc.counters import FIRST_CSR, PER_HART
from ..soc.device import DEFAULT_OPTIONS, Device, DeviceOptions
from ..soc.harts import Mapping
from ..soc.memory import HOST, Ram
from ..soc.traps import A0, A7, Call, result_message
from . import profile as p
from .allocator import Allocator, Log
from .profile import Profile
from .records import (
    PRINTF_META,
    PRINTF_META_SIZE,
    STATUS_SIZE,
    LaunchInfo,
    Status,
    dispatcher_code,
    group_at,
    group_record,
    status_record,
)

QUEUE_DEPTH = 64
DEFAULT_PROFILE = Profile()
NO_RETURN = p.TCM_BASE + p.TCM_SIZE - 2  # threads end by ecall; nothing returns here
IN_LOCAL = "outside of the core's local memory"


class Heap:
    """The allocator as other devices have theirs: 0 is no address."""

    def __init__(self, allocator: Allocator) -> None:
        self.allocator = allocator

    def alloc(self, size: int, alignment: int) -> int:
        return self.allocator.malloc(size, alignment) or 0

    def free(self, addr: int) -> bool:
        return self.allocator.free(addr)


class FormosaDevice(Device):
    def __init__(
        self,
        options: DeviceOptions = DEFAULT_OPTIONS,
        profile: Profile = DEFAULT_PROFILE,
        log: Log | None = None,
    ) -> None:
        """log: of the allocator."""
        super().__init__(
            options, profile.most_harts, profile.executes, QUEUE_DEPTH, profile.all_harts
        )
        self.harts.powered = profile.all_harts
        self.profile = profile
        self.heap = Allocator(p.HEAP_BASE, p.HEAP_SIZE, p.CACHE_LINE, log)
        self._place_memory(p.DDR_BASE, p.DDR_SIZE, Heap(self.heap))
        if options.guard:
            self._show(p.RECORDS_BASE, profile.most_harts * FORMOSA_INFO_SIZE)
        self._cores = [Ram(p.LOCAL_SIZE) for _ in range(profile.cores)]
        self._rams += self._cores
        self._add_other_memory()
        self._by_items = False
        self._arrange()

    def _add_other_memory(self) -> None:
        """The dispatcher's memory, and the chip's."""
        dispatcher, chip = Ram(p.TCM_SIZE), Ram(p.ONCHIP_SIZE)
        self.bus.attach(p.TCM_BASE, dispatcher)
        self.bus.attach(p.ONCHIP_BASE, chip)
        self.harts.map(Mapping(p.TCM_BASE, p.TCM_SIZE, dispatcher, writable=False))
        if not self.options.guard:
            self.harts.map(Mapping(p.ONCHIP_BASE, p.ONCHIP_SIZE, chip))
        dispatcher.write(0, dispatcher_code(), HOST)
        self._rams += [dispatcher, chip]

    def _arrange(self) -> None:
        """Show each hart its core's memory, and of a guarded device the stack that is its own."""
        harts, cores = self._harts_in_use, self._cores
        self.stack_size = p.STACKS_SIZE // harts & -16
        for hart in range(harts):
            ram = cores[0 if self._by_items else hart % len(cores)]
            self.harts.map(Mapping(p.LOCAL_BASE, p.LOCAL_SIZE, ram, hart=hart))
            if self.options.guard:
                self._show(self._stack_of(hart), self.stack_size, hart)

    def _rearrange(self, by_items: bool) -> None:
        """Have harts for groups, or for the threads of one group."""
        if by_items is self._by_items:
            return
        self.harts.unmap(p.LOCAL_BASE)
        if self.options.guard:
            for hart in range(self._harts_in_use):
                self._dram.forbid(self._stack_of(hart) - self._dram_base)
                self.harts.unmap(self._stack_of(hart))
        self._by_items = by_items
        self._arrange()

    @property
    def _harts_in_use(self) -> int:
        return self.profile.group_items if self._by_items else self.profile.all_harts

    def _stack_of(self, hart: int) -> int:
        return p.STACKS_BASE + hart * self.stack_size

    def alloc_at(self, addr: int, size: int) -> bool:
        """Allocate exactly these bytes; False where some are taken or are not of the heap."""
        with self.lock:
            taken = self.heap.addr_malloc(addr, size)
            if taken:
                self._allocated(addr, size)
            return taken

    # -- launches

    def launch(self, info: LaunchInfo, *, counting: bool = False) -> Outcome | None:
        """Run all groups and write how it ended; None when the device has been closed.

        counting: say by how much the harts' counters moved.
        """
        done: list[Outcome] = []
        self._call(lambda: done.append(self._launch(info, counting)))
        return done[0] if done else None

    def _launch(self, info: LaunchInfo, counting: bool) -> Outcome:
        with self.lock:
            share = -(-info.local_mem_size // p.LOCAL_ALIGN) * p.LOCAL_ALIGN
            most = self.profile.group_items if info.by_items else info.items
            if not info.is_sound or share > p.LOCAL_SIZE or info.items > most:
                self.write(info.kernel_status, status_record(Status.BAD_DIMENSION))
                return Outcome(error="the dispatcher refuses the launch")
            self._rearrange(info.by_items)
            self.write(info.kernel_status, bytes(STATUS_SIZE))
            before = self._counters() if counting else {}
            result = self._run(info, share)
            after = self._counters() if counting else {}
            moved = {key: after[key] - before[key] & (1 << 64) - 1 for key in after}
            retired = result.retired + (0,) * (self.profile.all_harts - len(result.retired))
            if result.ok:
                return Outcome(retired, counters=moved)
            self.write(info.kernel_status, _failure(info, result))
            return Outcome(retired, result_message(result), result, moved)

    def _run(self, info: LaunchInfo, share: int) -> RunResult:
        printf = self._printf_meta(info)
        kargs = info.kernarg_address + (PRINTF_META_SIZE if info.has_printf_meta else 0)
        starts = []
        for hart in range(self._active(info, share)):
            record = p.RECORDS_BASE + hart * FORMOSA_INFO_SIZE
            # Threads of a group share everything, groups nothing.
            own = 0 if info.by_items else hart
            data = group_record(
                info,
                kargs=kargs,
                stack_base=self._stack_of(own),
                stack_size=self.stack_size,
                local_memory_base=p.LOCAL_BASE + own // self.profile.cores * share,
                **printf,
            )
            self.write(record, data)
            starts.append(HartStart(0, (record, info.kernel_entry, info.threads)))
        machine = self.harts.made(len(starts))
        # A thread's number is that in its group.
        numbers = range(machine.harts) if info.by_items else (0,) * machine.harts
        machine.number_harts(numbers)
        return machine.begin_instances(
            starts,
            entry=p.TCM_BASE,
            return_addr=NO_RETURN,
            first=0,
            count=info.groups * info.threads,
            limit=info.limit,
            ecall=_ecall,
        ).result()

    def _active(self, info: LaunchInfo, share: int) -> int:
        """How many harts run at a time, each of them in groups with `share` bytes of local memory.

        Harts of a core share its local memory. Harts with the same number modulo cores are one
        core's, so that the first so many are as many of each.
        """
        if info.by_items:
            return info.items
        groups = min(self.profile.harts, p.LOCAL_SIZE // share) if share else self.profile.harts
        return groups * self.profile.cores

    def _printf_meta(self, info: LaunchInfo) -> dict[str, int]:
        data = bytearray(PRINTF_META_SIZE)
        if not info.has_printf_meta or not self.read_into(memoryview(data), info.kernarg_address):
            return {}
        fields = unpack_record(PRINTF_META, bytes(data))
        return {f"printf_{name}": value for name, (value,) in fields.items()}

    def _counters(self) -> dict[tuple[int, int], int]:
        return {
            (counter, hart): self.harts.read_csr(hart, FIRST_CSR + counter)
            for hart in range(self.profile.all_harts)
            for counter in range(PER_HART)
        }

    def _special(self, addr: int) -> str | None:
        if p.STACKS_BASE <= addr < p.STACKS_BASE + p.STACKS_SIZE or addr < p.RECORDS_BASE:
            near = "below the stack: the private memory of the work-group does not fit"
            return near if addr >= p.RECORDS_BASE else IN_LOCAL
        return None


def _ecall(hart: HartView) -> EcallResult:
    """A thread ends, or waits for the others of its group; anything else is unknown."""
    match hart.x(A7):
        case Call.EXIT:
            return Done() if hart.x(A0) == 0 else Abort(hart.x(A0))
        case Call.BARRIER:
            return Sleep(hart.x(A0))
        case _:
            return Fatal()


def _failure(info: LaunchInfo, result: RunResult) -> bytes:
    fault = result.fault
    if fault is not None:
        return status_record(
            Status.EXCEPTION,
            mcause=fault.cause,
            mepc=fault.pc,
            mtval=fault.tval,
            hart=fault.hart,
            group_id=group_at(fault.instance // info.threads, info.num_groups),
        )
    where = result.pcs[0] if result.pcs else 0
    if result.reason is Reason.ABORT:
        return status_record(Status.EXIT, mcause=result.code, mepc=where)
    return status_record(Status.STOPPED, mepc=where)
