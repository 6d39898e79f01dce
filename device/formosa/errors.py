"""What can go wrong, by OpenCL's error codes: an exception for each code the driver gives.

The names and numbers are those of cl.h; CL_FAILED, the status of an event whose command went
wrong on the device, is -1.
"""

from __future__ import annotations

from .records import StatusRecord


class ClError(Exception):
    """An operation was refused or failed. `code` is what a C host program would see."""

    code: int
    name: str

    def __init__(self, message: str) -> None:
        super().__init__(f"{self.name}: {message}")
        self.message = message


class DeviceNotFound(ClError):
    code, name = -1, "CL_DEVICE_NOT_FOUND"


class DeviceNotAvailable(ClError):
    code, name = -2, "CL_DEVICE_NOT_AVAILABLE"


class MemObjectAllocationFailure(ClError):
    code, name = -4, "CL_MEM_OBJECT_ALLOCATION_FAILURE"


class OutOfResources(ClError):
    code, name = -5, "CL_OUT_OF_RESOURCES"


class OutOfHostMemory(ClError):
    code, name = -6, "CL_OUT_OF_HOST_MEMORY"


class MemCopyOverlap(ClError):
    code, name = -8, "CL_MEM_COPY_OVERLAP"


class BuildProgramFailure(ClError):
    code, name = -11, "CL_BUILD_PROGRAM_FAILURE"


class EventInWaitListFailed(ClError):
    code, name = -14, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"


class InvalidValue(ClError):
    code, name = -30, "CL_INVALID_VALUE"


class InvalidContext(ClError):
    code, name = -34, "CL_INVALID_CONTEXT"


class InvalidMemObject(ClError):
    code, name = -38, "CL_INVALID_MEM_OBJECT"


class InvalidProgram(ClError):
    code, name = -44, "CL_INVALID_PROGRAM"


class InvalidProgramExecutable(ClError):
    code, name = -45, "CL_INVALID_PROGRAM_EXECUTABLE"


class InvalidKernelName(ClError):
    code, name = -46, "CL_INVALID_KERNEL_NAME"


class InvalidKernel(ClError):
    code, name = -48, "CL_INVALID_KERNEL"


class InvalidKernelArgs(ClError):
    code, name = -52, "CL_INVALID_KERNEL_ARGS"


class InvalidWorkDimension(ClError):
    code, name = -53, "CL_INVALID_WORK_DIMENSION"


class InvalidWorkGroupSize(ClError):
    code, name = -54, "CL_INVALID_WORK_GROUP_SIZE"


class InvalidEvent(ClError):
    code, name = -58, "CL_INVALID_EVENT"


class InvalidOperation(ClError):
    code, name = -59, "CL_INVALID_OPERATION"


class KernelFailed(ClError):
    """The kernel did not end as it should; `status` is what the device wrote of it."""

    code, name = -1, "CL_FAILED"

    def __init__(self, message: str, status: StatusRecord) -> None:
        super().__init__(message)
        self.status = status
