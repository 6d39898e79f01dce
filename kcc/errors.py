"""What can go wrong with a run; what can go wrong with a program is in frontend/diag.py."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kcc.linker.source_lines import SourcePlace


class DeviceError(Exception):
    """A device, a program file, a launch or its arguments are not right."""


class GuestFault(DeviceError):
    """A kernel did what it must not; the device is usable again.

    pc, address: guest byte addresses (address is None when the fault has none).
    symbol:      the function and offset at pc, e.g. "vector_add+0x1c".
    hart, cause: who, and the RISC-V exception cause; cause is None for a run that was
                 stopped (instruction limit, exit with an error code).

    Of a program with debug information also:
    source:      the place at pc, then those that it is inlined into.
    work_item:   global id of the work-item; None when that is not certain: in optimised code,
                 instructions of several may be mixed.
    work_group:  id of the group that the hart was running.
    """

    def __init__(
        self,
        message: str,
        *,
        pc: int,
        address: int | None = None,
        symbol: str | None = None,
        hart: int = 0,
        cause: int | None = None,
        source: tuple[SourcePlace, ...] = (),
        work_item: tuple[int, int, int] | None = None,
        work_group: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(message)
        self.pc = pc
        self.address = address
        self.symbol = symbol
        self.hart = hart
        self.cause = cause
        self.source = source
        self.work_item = work_item
        self.work_group = work_group
