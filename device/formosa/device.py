"""A Formosa device: memory, cores, and the dispatcher that has their harts run work-groups.

A work-group runs on one hart, which loops over the work-items. To each hart belong a record of
the group's information, a stack that no other hart sees, and a part of its core's local memory;
the dispatcher writes the group's id into the record and enters the program's start code.
"""

from __future__ import annotations

from ...ir.abi import FORMOSA_INFO_SIZE, unpack_record
from ..launch import Outcome
from ..sim.interface import Abort, Done, EcallResult, Fatal, HartStart, HartView, Reason, RunResult
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
    """The allocator of section after section, as what devices share wants it."""

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
        super().__init__(options, profile.all_harts, profile.executes, QUEUE_DEPTH)
        self.profile = profile
        self.heap = Allocator(p.HEAP_BASE, p.HEAP_SIZE, p.CACHE_LINE, log)
        self._place_memory(p.DDR_BASE, p.DDR_SIZE, Heap(self.heap))
        self.stack_size = p.STACKS_SIZE // profile.all_harts & -16
        if options.guard:
            self._show(p.RECORDS_BASE, profile.all_harts * FORMOSA_INFO_SIZE)
            for hart in range(profile.all_harts):
                self._show(self._stack_of(hart), self.stack_size, hart)
        self._add_core_memory()

    def _add_core_memory(self) -> None:
        """What is not DDR: the dispatcher's memory, the chip's, and that of each core."""
        dispatcher, chip = Ram(p.TCM_SIZE), Ram(p.ONCHIP_SIZE)
        self.bus.attach(p.TCM_BASE, dispatcher)
        self.bus.attach(p.ONCHIP_BASE, chip)
        self.harts.map(Mapping(p.TCM_BASE, p.TCM_SIZE, dispatcher, writable=False))
        if not self.options.guard:
            self.harts.map(Mapping(p.ONCHIP_BASE, p.ONCHIP_SIZE, chip))
        code = dispatcher_code()
        dispatcher.write(0, code, HOST)
        cores = [Ram(p.LOCAL_SIZE) for _ in range(self.profile.cores)]
        for hart in range(self.profile.all_harts):
            ram = cores[hart % self.profile.cores]
            self.harts.map(Mapping(p.LOCAL_BASE, p.LOCAL_SIZE, ram, hart=hart))
        self._rams += [dispatcher, chip, *cores]

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
            if not info.is_sound or share > p.LOCAL_SIZE:
                self.write(info.kernel_status, status_record(Status.BAD_DIMENSION))
                return Outcome((0,) * self.harts.harts, "the dispatcher refuses the launch")
            self.write(info.kernel_status, bytes(STATUS_SIZE))
            before = self._counters() if counting else {}
            result = self._run(info, share)
            after = self._counters() if counting else {}
            moved = {key: after[key] - before[key] & (1 << 64) - 1 for key in after}
            retired = result.retired + (0,) * (self.harts.harts - len(result.retired))
            if result.ok:
                return Outcome(retired, counters=moved)
            self.write(info.kernel_status, _failure(info, result))
            return Outcome(retired, result_message(result), result, moved)

    def _run(self, info: LaunchInfo, share: int) -> RunResult:
        cores = self.profile.cores
        # Harts of a core share its local memory; harts with the same number modulo cores are one
        # core's, so that the first so many are as many of each.
        active = min(self.profile.harts, p.LOCAL_SIZE // share) if share else self.profile.harts
        harts = range(active * cores)
        printf = self._printf_meta(info)
        kargs = info.kernarg_address + (PRINTF_META_SIZE if info.has_printf_meta else 0)
        starts = []
        for hart in harts:
            record = p.RECORDS_BASE + hart * FORMOSA_INFO_SIZE
            data = group_record(
                info,
                kargs=kargs,
                stack_base=self._stack_of(hart),
                stack_size=self.stack_size,
                local_memory_base=p.LOCAL_BASE + hart // cores * share,
                **printf,
            )
            self.write(record, data)
            starts.append(HartStart(0, (record, info.kernel_entry, 1)))
        machine = self.harts.machine
        machine.number_harts((0,) * self.harts.harts)  # each is the one thread of its group
        return machine.run_instances(
            starts,
            entry=p.TCM_BASE,
            return_addr=NO_RETURN,
            first=0,
            count=info.groups,
            limit=info.limit,
            ecall=_ecall,
        )

    def _printf_meta(self, info: LaunchInfo) -> dict[str, int]:
        data = bytearray(PRINTF_META_SIZE)
        if not info.has_printf_meta or not self.read_into(memoryview(data), info.kernarg_address):
            return {}
        fields = unpack_record(PRINTF_META, bytes(data))
        return {f"printf_{name}": value for name, (value,) in fields.items()}

    def _counters(self) -> dict[tuple[int, int], int]:
        return {
            (counter, hart): self.harts.read_csr(hart, FIRST_CSR + counter)
            for hart in range(self.harts.harts)
            for counter in range(PER_HART)
        }

    def _special(self, addr: int) -> str | None:
        if p.STACKS_BASE <= addr < p.STACKS_BASE + p.STACKS_SIZE or addr < p.RECORDS_BASE:
            near = "below the stack: the private memory of the work-group does not fit"
            return near if addr >= p.RECORDS_BASE else IN_LOCAL
        return None


def _ecall(hart: HartView) -> EcallResult:
    """A thread ends. Anything else is unknown to this device."""
    if hart.x(A7) != Call.EXIT:
        return Fatal()
    return Done() if hart.x(A0) == 0 else Abort(hart.x(A0))


def _failure(info: LaunchInfo, result: RunResult) -> bytes:
    fault = result.fault
    if fault is not None:
        return status_record(
            Status.EXCEPTION,
            mcause=fault.cause,
            mepc=fault.pc,
            mtval=fault.tval,
            hart=fault.hart,
            group_id=group_at(fault.instance, info.num_groups),
        )
    where = result.pcs[0] if result.pcs else 0
    if result.reason is Reason.ABORT:
        return status_record(Status.EXIT, mcause=result.code, mepc=where)
    return status_record(Status.STOPPED, mepc=where)
