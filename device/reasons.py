"""What programs stop with, by their own account: on DPUs, and on harts that have their library."""

from __future__ import annotations

from ..ir.abi import DpuFaultCode

REASONS: dict[int, str] = {
    DpuFaultCode.HEAP_FULL: "the heap is full",
    DpuFaultCode.DIVISION_BY_ZERO: "division by zero",
    DpuFaultCode.ASSERTION: "an assertion has failed",
    DpuFaultCode.HALT: "halt() was called",
    DpuFaultCode.PRINTF_OVERFLOW: "the buffer of printf is full",
    DpuFaultCode.ALREADY_PROFILING: "profiling has begun already",
    DpuFaultCode.NOT_PROFILING: "profiling has not begun",
    DpuFaultCode.UNALIGNED_WRITE: "an unaligned write between places that differ modulo 8",
}


def program_fault(code: int) -> str:
    """A fault in words: "fault 1, the heap is full"."""
    return f"fault {code}, {REASONS.get(code, 'of no known meaning')}"
