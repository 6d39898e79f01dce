"""What the host does when a hart calls it or traps: exit, print, barrier; messages."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ..sim.interface import (
    Abort,
    BusError,
    Done,
    EcallResult,
    Fatal,
    Fault,
    HartView,
    Reason,
    Resume,
    RunResult,
    Sleep,
)

EXIT, PUTSTRING, BARRIER = 0, 1, 2  # a7; the argument is in a0
A0, A7 = 10, 17

CAUSES = {
    1: "Instruction Access Fault",
    2: "Illegal Instruction",
    4: "Misaligned Load",
    5: "Load Access Fault",
    6: "Misaligned Store",
    7: "Store/AMO Access Fault",
}
WITH_ADDRESS = (4, 5, 6, 7)

Output = Callable[[bytes], None]


def write_stdout(data: bytes) -> None:
    """Bytes to this process's standard output, in order with what Python printed."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:  # replaced by a text stream
        sys.stdout.write(data.decode("utf-8", "replace"))
    else:
        buffer.write(data)
    sys.stdout.flush()


class HostCalls:
    """Decides ecalls. Text goes to `output`; what cannot be written is kept in `failed`."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.failed: OSError | None = None

    def __call__(self, hart: HartView) -> EcallResult:
        argument = hart.x(A0)
        match hart.x(A7):
            case 0:
                return Done() if argument == 0 else Abort(argument)
            case 1:
                try:
                    self._output(hart.read_string(argument))
                except BusError:
                    return Fatal()
                except OSError as e:
                    self.failed = e
                    return Abort(1)
                return Resume()
            case 2:
                return Sleep(argument)
            case _:
                return Fatal()


def fault_message(fault: Fault) -> str:
    """A trap in the words of the RefSi simulator."""
    name = CAUSES.get(fault.cause)
    if name is None:
        return f"error: unknown exception was raised @ 0x{fault.pc:x} (cause = {fault.cause:x})"
    address = f" (badaddr = 0x{fault.tval:x})" if fault.cause in WITH_ADDRESS else ""
    return f"error: '{name}' exception was raised @ 0x{fault.pc:x}{address}"


def result_message(result: RunResult) -> str:
    """Why a run failed."""
    match result.reason:
        case Reason.FAULT if result.fault:
            return fault_message(result.fault)
        case Reason.ABORT:
            code = result.code - (1 << 64 if result.code >> 63 else 0)
            return f"error: the program exited with code {code}"
        case Reason.LIMIT:
            return "error: the instruction limit was reached"
        case Reason.STOPPED:
            return "error: the run was stopped"
        case Reason.BARRIER:
            return "error: all threads must hit the same barrier"
        case reason:
            return f"error: the run ended with '{reason.value}'"
