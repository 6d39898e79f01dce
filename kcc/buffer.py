"""Buffers: bytes in device memory, with the shape and type of the array they came from."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from .errors import DeviceError

if TYPE_CHECKING:
    import numpy as np

    from .devices import Device
    from .values import Array

BUFFER_ALIGN = 128  # bytes, the alignment of the largest vector


class Buffer:
    """Bytes in device memory. Freed with free(), with the device, or when nobody holds it."""

    def __init__(self, device: Device, contents: Array) -> None:
        """raises: DeviceError when there is no memory left for it."""
        self.device = device
        self.nbytes: int = contents.nbytes
        self.dtype: np.dtype[Any] = contents.dtype
        self.shape: tuple[int, ...] = contents.shape
        if self.nbytes == 0:
            raise DeviceError("a buffer of 0 bytes")
        hal = self._hal = device.opened()
        self.addr: int = hal.mem_alloc(self.nbytes, BUFFER_ALIGN)
        if not self.addr:
            raise DeviceError(f"no device memory for {self.nbytes} bytes")
        self._release = weakref.finalize(self, hal.release, self.addr)
        self.write(contents)

    def numpy(self) -> Array:
        """The contents now, as a new array of the shape and type the buffer was made with."""
        import numpy as np

        out: Array = np.empty(self.shape, self.dtype)
        self.read_into(out)
        return out

    def read_into(self, array: Array) -> None:
        """Copy the contents into a contiguous array of the same number of bytes."""
        if not (checked(array).flags.c_contiguous and array.flags.writeable):
            raise DeviceError("cannot read into an array that is not contiguous and writable")
        if not self.device.opened().mem_read(_bytes_of(array), self.live(array.nbytes)):
            raise DeviceError(f"cannot read the buffer at {self.addr:#x}")

    def write(self, array: Array) -> None:
        """Copy an array of the same number of bytes in."""
        import numpy as np

        data = _bytes_of(np.ascontiguousarray(checked(array)))
        if not self.device.opened().mem_write(self.live(data.nbytes), data):
            raise DeviceError(f"cannot write the buffer at {self.addr:#x}")

    def copy_from(self, source: Buffer) -> None:
        """Copy another buffer of this device and of as many bytes, within the device."""
        if source.device is not self.device:
            raise DeviceError("the buffer is another device's")
        hal = self.device.opened()
        if not hal.mem_copy(self.live(source.nbytes), source.live(source.nbytes), self.nbytes):
            raise DeviceError(f"cannot copy the buffer at {source.addr:#x}: {hal.last_error}")

    def free(self) -> None:
        """Give the memory back. May be called again."""
        if self._release.detach() is not None:
            self._hal.mem_free(self.addr)

    def live(self, nbytes: int) -> int:
        """The address, for an access of all its bytes. raises: DeviceError once freed."""
        if not self._release.alive:
            raise DeviceError("the buffer has been freed")
        if nbytes != self.nbytes:
            raise DeviceError(f"{nbytes} bytes for a buffer of {self.nbytes}")
        return self.addr

    def __repr__(self) -> str:
        return f"<kcc.Buffer of {self.nbytes} bytes at {self.addr:#x}>"


def checked(array: Array) -> Array:
    """`array`, which is one, and holds no pointers to Python objects."""
    import numpy as np

    if not isinstance(array, np.ndarray) or array.dtype.hasobject:
        raise DeviceError(f"not an array of plain data: {array!r}")
    return array


def _bytes_of(array: Array) -> memoryview:
    """An array's memory as plain bytes; also for types that have no buffer format."""
    import numpy as np

    return array.reshape(-1).view(np.uint8).data
