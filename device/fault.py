"""Why a launch failed, in words and in numbers, whatever the device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .launch import Outcome
from .reasons import program_fault
from .sim.interface import Cause, Reason, RunResult
from .soc.traps import CAUSES, WITH_ADDRESS, meeting_message


@dataclass(frozen=True)
class KernelFault:
    """Why a launch did not finish.

    pc, address: guest byte addresses; address is None where the trap has none.
    symbol:      pc as "function+0x12"; None outside of the program.
    cause:       RISC-V exception cause; None for a run that was ended from outside.
    instance:    of the launch, that the hart ran.
    near:        where the address is, in relation to the nearest buffer.
    """

    message: str
    reason: Reason
    pc: int
    hart: int
    address: int | None = None
    symbol: str | None = None
    cause: int | None = None
    near: str | None = None
    instance: int = -1


def explain(
    name: str,
    outcome: Outcome,
    result: RunResult,
    symbolize: Callable[[int], str | None],
    describe: Callable[[int], str],
) -> KernelFault:
    """Why the launch of kernel `name` failed, which the run with `result` was part of.

    symbolize: the program's address as in `KernelFault.symbol`. describe: an address as in `near`.
    """
    fault = result.fault
    if fault is None:
        pc = result.pcs[0] if result.pcs else 0
        message = f"kernel '{name}': {(outcome.error or '').removeprefix('error: ')}"
        if result.reason is Reason.BARRIER:
            message += f": {meeting_message(result)}"
        return KernelFault(message, result.reason, pc, 0, symbol=symbolize(pc))
    symbol = symbolize(fault.pc)
    place = f"{symbol} (pc {fault.pc:#x})" if symbol else f"pc {fault.pc:#x}"
    if fault.cause == Cause.ECALL_M.value and fault.tval:
        what = f"{program_fault(fault.tval)},"
    else:
        what = CAUSES.get(fault.cause, f"exception {fault.cause}").lower()
    message = f"kernel '{name}': {what} in {place}, hart {fault.hart}"
    address = fault.tval if fault.cause in (*WITH_ADDRESS, Cause.FETCH_FAULT.value) else None
    near = None if address is None else describe(address)
    if address is not None:
        message += f": address {address:#x}, {near}"
    return KernelFault(
        message,
        result.reason,
        fault.pc,
        fault.hart,
        address,
        symbol,
        fault.cause,
        near,
        fault.instance,
    )
