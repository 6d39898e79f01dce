"""What can go wrong, by the codes of dpu_error.h: an exception for each that the host API gives.

A call that succeeds, which in C returns DPU_OK, returns its result or None.
"""

from __future__ import annotations

from enum import IntEnum


class dpu_error_t(IntEnum):
    """Every code of dpu_error.h that this simulator has a use for."""

    DPU_OK = 0
    DPU_ERR_ALLOCATION = 4
    DPU_ERR_INVALID_DPU_SET = 5
    DPU_ERR_INVALID_WRAM_ACCESS = 8
    DPU_ERR_INVALID_IRAM_ACCESS = 9
    DPU_ERR_INVALID_MRAM_ACCESS = 10
    DPU_ERR_INVALID_SYMBOL_ACCESS = 11
    DPU_ERR_MRAM_BUSY = 12
    DPU_ERR_TRANSFER_ALREADY_SET = 13
    DPU_ERR_NO_PROGRAM_LOADED = 14
    DPU_ERR_DIFFERENT_DPU_PROGRAMS = 15
    DPU_ERR_DPU_ALREADY_RUNNING = 18
    DPU_ERR_INVALID_MEMORY_TRANSFER = 19
    DPU_ERR_INVALID_LAUNCH_POLICY = 20
    DPU_ERR_DPU_FAULT = 21
    DPU_ERR_ELF_INVALID_FILE = 22
    DPU_ERR_ELF_NO_SUCH_FILE = 23
    DPU_ERR_TIMEOUT = 25
    DPU_ERR_INVALID_PROFILE = 26
    DPU_ERR_UNKNOWN_SYMBOL = 27
    DPU_ERR_LOG_FORMAT = 28
    DPU_ERR_LOG_CONTEXT_MISSING = 29
    DPU_ERR_INVALID_BUFFER_SIZE = 34
    DPU_ERR_TOO_MANY_TASKLETS = 36


class DpuError(Exception):
    """An operation was refused or failed. `code` is what a C host program would see."""

    code: dpu_error_t

    def __init__(self, message: str) -> None:
        super().__init__(f"{self.code.name}: {message}")
        self.message = message

    @property
    def name(self) -> str:
        return self.code.name


class DpuWarning(UserWarning):
    """A mistake that the simulator has noticed and a DPU would not, and that ended no run."""


class AllocationFailure(DpuError):
    code = dpu_error_t.DPU_ERR_ALLOCATION


class InvalidDpuSet(DpuError):
    code = dpu_error_t.DPU_ERR_INVALID_DPU_SET


class InvalidWramAccess(DpuError):
    code = dpu_error_t.DPU_ERR_INVALID_WRAM_ACCESS


class InvalidIramAccess(DpuError):
    code = dpu_error_t.DPU_ERR_INVALID_IRAM_ACCESS


class InvalidMramAccess(DpuError):
    code = dpu_error_t.DPU_ERR_INVALID_MRAM_ACCESS


class InvalidSymbolAccess(DpuError):
    code = dpu_error_t.DPU_ERR_INVALID_SYMBOL_ACCESS


class MramBusy(DpuError):
    code = dpu_error_t.DPU_ERR_MRAM_BUSY


class TransferAlreadySet(DpuError):
    code = dpu_error_t.DPU_ERR_TRANSFER_ALREADY_SET


class NoProgramLoaded(DpuError):
    code = dpu_error_t.DPU_ERR_NO_PROGRAM_LOADED


class DifferentDpuPrograms(DpuError):
    code = dpu_error_t.DPU_ERR_DIFFERENT_DPU_PROGRAMS


class DpuAlreadyRunning(DpuError):
    code = dpu_error_t.DPU_ERR_DPU_ALREADY_RUNNING


class InvalidMemoryTransfer(DpuError):
    code = dpu_error_t.DPU_ERR_INVALID_MEMORY_TRANSFER


class InvalidLaunchPolicy(DpuError):
    code = dpu_error_t.DPU_ERR_INVALID_LAUNCH_POLICY


class DpuFaulted(DpuError):
    code = dpu_error_t.DPU_ERR_DPU_FAULT


class ElfInvalidFile(DpuError):
    code = dpu_error_t.DPU_ERR_ELF_INVALID_FILE


class ElfNoSuchFile(DpuError):
    code = dpu_error_t.DPU_ERR_ELF_NO_SUCH_FILE


class DpuTimeout(DpuError):
    code = dpu_error_t.DPU_ERR_TIMEOUT


class InvalidProfile(DpuError):
    code = dpu_error_t.DPU_ERR_INVALID_PROFILE


class UnknownSymbol(DpuError):
    code = dpu_error_t.DPU_ERR_UNKNOWN_SYMBOL


class LogFormatError(DpuError):
    code = dpu_error_t.DPU_ERR_LOG_FORMAT


class LogContextMissing(DpuError):
    code = dpu_error_t.DPU_ERR_LOG_CONTEXT_MISSING


class InvalidBufferSize(DpuError):
    code = dpu_error_t.DPU_ERR_INVALID_BUFFER_SIZE


class TooManyTasklets(DpuError):
    code = dpu_error_t.DPU_ERR_TOO_MANY_TASKLETS
