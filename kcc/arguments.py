"""A launch's arguments: Python's and NumPy's values as the HAL takes them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from kcc.device.args import (
    ArgumentError,
    HalArg,
    buffer_arg,
    encode_value,
    local_arg,
    value_arg,
)

from .buffer import Buffer
from .errors import DeviceError

if TYPE_CHECKING:
    from kcc.ir.abi import KernelArg, KernelInfo

    from .devices import Device
    from .values import Array


class Arguments:
    """A launch's arguments as the HAL takes them; arrays live in device memory meanwhile."""

    def __init__(self, device: Device, info: KernelInfo, args: tuple[Any, ...]) -> None:
        if len(args) != len(info.args):
            names = ", ".join(a.name for a in info.args) or "none"
            raise DeviceError(
                f"kernel '{info.name}' takes {len(info.args)} arguments ({names}), not {len(args)}"
            )
        self._device = device
        self._local_room = device.profile.local_room(info)
        self._copied: list[tuple[Array, Buffer, bool]] = []
        self.values: list[HalArg] = []
        try:
            for arg, value in zip(info.args, args, strict=True):
                self.values.append(self._value(arg, value))
        except BaseException:
            self._free()
            raise

    def copy_back(self) -> None:
        for array, buffer, const in self._copied:
            if const:
                continue
            if array.flags.c_contiguous:
                buffer.read_into(array)
            else:
                array[...] = buffer.numpy()

    def _value(self, arg: KernelArg, value: Any) -> HalArg:
        if arg.kind == "local":
            return local_arg(_local_size(arg, value, self._local_room))
        if arg.kind == "buffer":
            return buffer_arg(self._address(arg, value))
        try:
            return value_arg(encode_value(arg, _plain(arg, value)))
        except ArgumentError as e:
            raise DeviceError(str(e)) from e

    def _address(self, arg: KernelArg, value: Any) -> int:
        import numpy as np

        if value is None:
            return 0
        if isinstance(value, Buffer):
            if value.device is not self._device:
                raise DeviceError(f"argument '{arg.name}': the buffer is another device's")
            return value.live(value.nbytes)
        if not isinstance(value, np.ndarray):
            raise DeviceError(
                f"argument '{arg.name}': {arg.type} takes an array or a Buffer, not {value!r}"
            )
        _check_array(arg, value)
        buffer = self._device.buffer(value)
        self._copied.append((value, buffer, arg.const))
        return buffer.addr

    def _free(self) -> None:
        for _array, buffer, _const in self._copied:
            buffer.free()

    def __enter__(self) -> Arguments:
        return self

    def __exit__(self, *_: object) -> None:
        self._free()


def _local_size(arg: KernelArg, value: Any, room: int) -> int:
    from .values import Local

    if not isinstance(value, Local):
        raise DeviceError(f"argument '{arg.name}': {arg.type} takes kcc.local(nbytes)")
    nbytes = value.nbytes
    if not hasattr(nbytes, "__index__") or not 0 < nbytes <= room:
        raise DeviceError(
            f"argument '{arg.name}': local memory of {nbytes} bytes; "
            f"a work-group has {room}, for all that is local or private"
        )
    return operator.index(nbytes)


def _check_array(arg: KernelArg, array: Array) -> None:
    """An array passed directly must hold what the pointer points to."""
    from .values import element_dtype, room

    want = element_dtype(arg.element)
    if array.size == 0:
        raise DeviceError(f"argument '{arg.name}': an array of no elements")
    if not (arg.const or array.flags.writeable):
        raise DeviceError(f"argument '{arg.name}': the array is read-only, {arg.type} is not")
    if want.kind == "V":
        return
    have = array.dtype
    alike = have.kind == want.kind or (have.kind in "iub" and want.kind in "iu")
    if not (alike and have.itemsize == want.itemsize and have.isnative):
        raise DeviceError(f"argument '{arg.name}': an array of {have} for {arg.type}")
    if array.size % room(arg.element):
        raise DeviceError(
            f"argument '{arg.name}': {array.size} numbers are no multiple of "
            f"{room(arg.element)}, the room of an element"
        )


def _plain(arg: KernelArg, value: Any) -> Any:
    """NumPy's values and the command line's as what encode_value takes."""
    import numpy as np

    from .values import Raw

    if isinstance(value, Raw):
        return value.data
    if isinstance(value, np.void) or (isinstance(value, np.ndarray) and value.dtype.kind == "V"):
        return value.tobytes()
    if isinstance(value, np.ndarray):
        return value[()] if value.ndim == 0 else value[: arg.element.lanes].tolist()
    return value
