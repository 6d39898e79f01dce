"""A launch of one DPU: its quick part, the rest, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...frontend.record import record
from ...linker.call_frames import Read
from ..reasons import program_fault
from ..sim.interface import Reason, RunResult
from .callers import Callers
from .calls import Calls, signed
from .fault import DpuFault, Kind, located, of_hardware, place
from .image import Image

if TYPE_CHECKING:
    from ..sim.begun import Begun, Ended


# Ends of runs with tasklets that have not finished.
_ENDS: dict[Reason, tuple[Kind, str]] = {
    Reason.BARRIER: ("deadlock", "deadlock"),
    Reason.LIMIT: ("limit", "the limit of instructions"),
    Reason.STOPPED: ("stopped", "stopped from outside"),
}


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


class Launched:
    """A launch that has begun. The DPU is in use until outcome() returns."""

    def __init__(self, image: Image, calls: Calls, begun: Begun | Ended, read: Read) -> None:
        """read: of the DPU's memories."""
        self._image, self._calls, self._begun, self._read = image, calls, begun, read
        self.over = False

    def briefly(self) -> bool:
        """Do what does not take long; True if that was all, but for outcome()."""
        return self._begun.briefly()

    def outcome(self) -> Outcome:
        """Run to the end, on the calling thread."""
        self.over = True  # or about to be
        result, calls = self._begun.result(), self._calls
        if result.exits:
            calls.status = [None if n is None else signed(n) for n in result.exits]
        warnings = () if calls.checks is None else calls.checks.findings.lines()
        fault = self._fault(result)
        return Outcome(tuple(calls.status), fault, sum(result.retired), calls.cycles, warnings)

    def _fault(self, result: RunResult) -> DpuFault | None:
        """Why a run ended; None where it finished."""
        image, calls = self._image, self._calls
        if result.reason is Reason.FINISHED:
            return None
        callers = Callers(image)

        def users(tasklet: int, pc: int) -> int:
            return callers.users_call(pc, *result.frames[tasklet], self._read)

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
                    + (place(image, pc) if pc == result.pcs[t] else callers.place(pc, self._read))
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
