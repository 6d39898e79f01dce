"""The sizes of a launch: checked against each other and against what the kernel requires."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from .errors import DeviceError

if TYPE_CHECKING:
    from kcc.device.launch import NDRange
    from kcc.ir.abi import KernelInfo

Size: TypeAlias = int | Sequence[int]
DEFAULT_GROUP_ITEMS = 64


def make_ndrange(
    info: KernelInfo,
    global_size: Size,
    local_size: Size | None,
    global_offset: Size | None,
    most: int,
) -> tuple[NDRange, int]:
    """A launch's sizes, checked against each other and the kernel, and its dimensions.

    most:   items that a work-group may have.
    raises: DeviceError naming the size that is wrong.
    """
    from kcc.device.launch import NDRange

    whole = _sizes("global_size", global_size, 1)
    dims = len(whole)
    required = info.reqd_work_group_size
    if local_size is not None:
        group = _sizes("local_size", local_size, 1)
    elif required is not None:
        group = required[:dims]
    else:
        group = (_divisor(whole[0], most), *(1,) * (dims - 1))
    offset = _sizes("global_offset", global_offset, 0) if global_offset is not None else (0,) * dims
    for name, sizes in (("local_size", group), ("global_offset", offset)):
        if len(sizes) != dims:
            raise DeviceError(
                f"{name} {sizes} has {len(sizes)} dimensions, global_size {whole} has {dims}"
            )
    for size, part in zip(whole, group, strict=True):
        if info.uniform and size % part:
            raise DeviceError(f"the global size {size} is not divided by the local size {part}")
    one, none = (1,) * (3 - dims), (0,) * (3 - dims)
    ndrange = NDRange(_three(whole + one), _three(group + one), _three(offset + none))
    if math.prod(group) > most:
        raise DeviceError(f"a work-group of {math.prod(group)} items; at most {most}")
    if required is not None and ndrange.local_size != required:
        raise DeviceError(
            f"kernel '{info.name}' requires work-groups of {required}, not {ndrange.local_size}"
        )
    return ndrange, dims


def _sizes(name: str, size: Size, least: int) -> tuple[int, ...]:
    try:
        sizes = tuple(map(operator.index, size if isinstance(size, Sequence) else (size,)))
    except TypeError:
        raise DeviceError(f"{name} {size!r} is not whole numbers") from None
    if not 1 <= len(sizes) <= 3:
        raise DeviceError(f"{name} has {len(sizes)} dimensions, not 1 to 3")
    if min(sizes) < least or max(sizes) >= 1 << 32:
        raise DeviceError(f"{name} {sizes} is not within {least} and {(1 << 32) - 1}")
    return sizes


def _divisor(size: int, most: int) -> int:
    """A local size for x: the largest divisor that keeps a group's data in a near cache."""
    return next(n for n in range(min(size, most, DEFAULT_GROUP_ITEMS), 0, -1) if size % n == 0)


def _three(sizes: tuple[int, ...]) -> tuple[int, int, int]:
    x, y, z = sizes
    return x, y, z
