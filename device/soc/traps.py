"""What the host does when a hart calls it or traps: exit, print, barrier; messages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import IntEnum

from ..reasons import program_fault
from ..sim.interface import (
    Abort,
    BusError,
    Cause,
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


class Call(IntEnum):
    """What an ecall asks for, in a7; its argument is in a0."""

    EXIT = 0
    PUTSTRING = 1
    BARRIER = 2
    FAULT = 3  # a DpuFaultCode: the program cannot go on


A0, A7 = 10, 17
TRAPPED = 0x8000_0000  # of an exit code

CAUSES = {
    Cause.FETCH_FAULT.value: "Instruction Access Fault",
    Cause.ILLEGAL.value: "Illegal Instruction",
    Cause.LOAD_MISALIGNED.value: "Misaligned Load",
    Cause.LOAD_FAULT.value: "Load Access Fault",
    Cause.STORE_MISALIGNED.value: "Misaligned Store",
    Cause.STORE_FAULT.value: "Store/AMO Access Fault",
}
WITH_ADDRESS = (
    Cause.LOAD_MISALIGNED.value,
    Cause.LOAD_FAULT.value,
    Cause.STORE_MISALIGNED.value,
    Cause.STORE_FAULT.value,
)

Output = Callable[[bytes], None]


def write_stdout(data: bytes) -> None:
    """Bytes to this process's standard output, if any, in order with what Python printed.

    raises: OSError where they cannot be written, ValueError where it has been closed.
    """
    stream = sys.stdout
    if stream is None:  # a process without standard streams; print() drops its text, too
        return
    stream.flush()
    buffer = getattr(stream, "buffer", None)
    if buffer is None:  # replaced by a text stream
        stream.write(data.decode("utf-8", "replace"))
    else:
        buffer.write(data)
    stream.flush()


class HostCalls:
    """Decides ecalls. Text goes to `output`; what cannot be written is kept in `failed`."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.failed: OSError | ValueError | None = None

    def __call__(self, hart: HartView) -> EcallResult:
        argument = hart.x(A0)
        match hart.x(A7):
            case Call.EXIT:
                return Done() if argument == 0 else Abort(argument)
            case Call.PUTSTRING:
                try:
                    self._output(hart.read_string(argument))
                except BusError:
                    return Fatal()
                except (OSError, ValueError) as e:
                    self.failed = e
                    return Abort(1)
                return Resume()
            case Call.BARRIER:
                return Sleep(argument)
            case Call.FAULT:
                return Fatal(argument)
            case _:
                return Fatal()

    def error_of(self, result: RunResult) -> str | None:
        """Why a run that made these calls failed; None if it did not."""
        reason, self.failed = self.failed, None
        if reason is not None:
            return f"error: the program's output cannot be written: {reason}"
        return None if result.ok else result_message(result)


def fault_message(fault: Fault) -> str:
    """A trap in the words of the RefSi simulator."""
    if fault.cause == Cause.ECALL_M.value and fault.tval:
        return f"error: {program_fault(fault.tval)} @ 0x{fault.pc:x}"
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


def exit_code(result: RunResult | None) -> int | None:
    """What the RefSi simulator would end with; None for a run that was stopped from outside.

    0 is success; a program's own code otherwise, or TRAPPED with the exception's cause.
    """
    if result is None:
        return None
    match result.reason:
        case Reason.FINISHED:
            return 0
        case Reason.ABORT:
            return result.code
        case Reason.BARRIER:
            return TRAPPED | Cause.ECALL_M.value
        case Reason.FAULT if result.fault is not None:
            return TRAPPED | result.fault.cause
    return None


def meeting_message(result: RunResult) -> str:
    """Of harts that have not met: one that waits, and one that is elsewhere."""
    waiting = next(i for i, barrier in enumerate(result.barriers) if barrier is not None)
    site = result.barriers[waiting]
    other = next((i for i, barrier in enumerate(result.barriers) if barrier != site), None)
    if other is None:  # of another group
        return f"hart {waiting} waits at barrier {site}"
    elsewhere = result.barriers[other]
    at = "has ended" if elsewhere is None else f"at barrier {elsewhere}"
    return f"hart {waiting} waits at barrier {site}, hart {other} {at}"
