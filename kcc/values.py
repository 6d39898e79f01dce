"""Arguments as written on the command line: `a=range:1000`, `n=42`, `t=local:256`.

The kernel's metadata gives every element its type; the text only says which values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kcc.ir.abi import ElementType, KernelArg

from .errors import DeviceError

Array: TypeAlias = NDArray[Any]
MAX_BYTES = 1 << 32  # no device has more memory than this

_NPY_MAGIC = b"\x93NUMPY"
_KINDS = {"int": "i", "uint": "u", "float": "f"}


@dataclass(frozen=True)
class Local:
    """A `local` argument: so many bytes of work-group memory, with no values."""

    nbytes: int

    def __str__(self) -> str:
        return f"local:{self.nbytes}"


@dataclass(frozen=True)
class Raw:
    """A by-value argument as its bytes: a struct from a file."""

    data: bytes

    def __str__(self) -> str:
        return f"bytes {self.data.hex(' ')}"


Value: TypeAlias = Array | Local | Raw


class ValueSpecError(DeviceError):
    """The text of an argument does not describe a value of the parameter's type."""


def element_dtype(element: ElementType) -> np.dtype[Any]:
    """The NumPy type of one scalar of an element; a struct is so many raw bytes."""
    if element.kind == "bool":
        return np.dtype(np.uint8)
    if element.kind in ("struct", "void"):
        return np.dtype(f"V{element.size}")
    return np.dtype(f"<{_KINDS[element.kind]}{element.size}")


def room(element: ElementType) -> int:
    """Lanes an element takes in memory: a 3-vector takes the room of four."""
    return 4 if element.lanes == 3 else element.lanes


def parse_value(arg: KernelArg, text: str) -> Value:
    """The value that `text` describes, for one parameter.

    returns: an array of shape (n,) or (n, lanes) for a buffer; of shape () or (lanes,) for
             a scalar or vector; Local or Raw for what those say.
    raises:  ValueSpecError naming the parameter.
    """
    try:
        if arg.kind == "local":
            return _local(text)
        if arg.kind == "buffer":
            return _buffer(arg.element, text)
        return _by_value(arg, text)
    except (ValueError, OverflowError, MemoryError) as e:
        raise ValueSpecError(f"argument '{arg.name}' ({arg.type}): {e}") from e
    except OSError as e:
        reason = e.strerror or e
        raise ValueSpecError(f"argument '{arg.name}': '{text[1:]}': {reason}") from e


def _local(text: str) -> Local:
    what, _, size = text.partition(":")
    if what != "local":
        raise ValueError(f"'{text}' is not 'local:BYTES', which a local pointer takes")
    nbytes = _integer(size)
    if nbytes <= 0:
        raise ValueError("local memory needs a positive number of bytes")
    return Local(nbytes)


def _buffer(element: ElementType, text: str) -> Array:
    if text.startswith("@"):
        return _from_file(element, text[1:])
    if text.startswith("["):
        return _typed(element, _listed(text))
    what, *parts = text.split(":")
    maker = _MAKERS.get(what)
    if maker is None:
        raise ValueError(
            f"'{text}' is no buffer: write range:N, fill:N:V, zeros:N, random:N, @file.npy or [1,2]"
        )
    least, most, make = maker
    if not least <= len(parts) <= most or "" in parts:
        raise ValueError(f"'{what}:' takes {_USAGE[what]}")
    count = _integer(parts[0])
    scalar = element_dtype(element).itemsize
    if count <= 0:
        raise ValueError("a buffer needs at least one element")
    if count * room(element) * scalar > MAX_BYTES:
        raise ValueError(f"{count} elements are more than any device has room for")
    if element.kind in ("struct", "void") and what != "zeros":
        raise ValueError(f"elements of this type come from '@file.npy' or zeros:N, not '{what}:'")
    return make(element, count, parts[1:])


def _range(element: ElementType, count: int, parts: list[str]) -> Array:
    start = _number(parts[0]) if parts else 0
    step = _number(parts[1]) if len(parts) > 1 else 1
    dtype = element_dtype(element)
    if isinstance(start, float) or isinstance(step, float) or dtype.kind == "f":
        return _spread(element, start + step * np.arange(count, dtype=np.float64))
    for edge in (start, start + step * (count - 1)):
        _check_range(element, dtype, edge)
    # Both ends fit, so what wraps on the way at 64 bits wraps back.
    numbers = np.arange(count, dtype=np.uint64) * np.uint64(step % (1 << 64))
    numbers += np.uint64(start % (1 << 64))
    numbers = numbers.astype(dtype)
    return _elements(element, count, numbers[:, None] if element.lanes > 1 else numbers)


def _fill(element: ElementType, count: int, parts: list[str]) -> Array:
    value = _parenthesised(parts[0]) if parts[0].startswith("(") else [_number(parts[0])]
    if len(value) not in (1, element.lanes):
        raise ValueError(f"{len(value)} components for a vector of {element.lanes}")
    return _elements(element, count, _typed(ElementType(element.kind, element.size), value))


def _zeros(element: ElementType, count: int, parts: list[str]) -> Array:
    del parts
    return np.zeros(_shape(element, count), element_dtype(element))


def _random(element: ElementType, count: int, parts: list[str]) -> Array:
    rng = np.random.default_rng(_integer(parts[0]) if parts else 0)
    if len(parts) == 2:
        raise ValueError(f"'random:' takes {_USAGE['random']}")
    dtype, shape = element_dtype(element), _shape(element, count)
    if element.kind == "float":
        low, high = (float(_number(p)) for p in parts[1:] or ("0", "1"))
        return (low + (high - low) * rng.random(shape)).astype(dtype)
    default = ("0", "2") if element.kind == "bool" else ("0", "100")
    first, last = (_integer(p) for p in parts[1:] or default)
    if first >= last:
        raise ValueError(f"no integer lies in [{first}, {last})")
    return rng.integers(first, last, shape, dtype=dtype)


_MAKERS = {
    "range": (1, 3, _range),
    "fill": (2, 2, _fill),
    "zeros": (1, 1, _zeros),
    "random": (1, 4, _random),
}
_USAGE = {
    "range": "N[:START[:STEP]]",
    "fill": "N:VALUE",
    "zeros": "N",
    "random": "N[:SEED[:LOW:HIGH]]",
}


def _load_npy(path: str) -> Array:
    with open(path, "rb") as file:
        if file.read(len(_NPY_MAGIC)) != _NPY_MAGIC:
            raise ValueError(f"'{path}' is no .npy file of one array")
    data: Array = np.load(path, allow_pickle=False)
    return data


def _from_file(element: ElementType, path: str) -> Array:
    data = _load_npy(path)
    want = element_dtype(element)
    if want.kind == "V":
        if data.nbytes == 0 or data.nbytes % want.itemsize:
            raise ValueError(
                f"'{path}' holds {data.nbytes} bytes, not a multiple of {want.itemsize}"
            )
        return np.frombuffer(data.tobytes(), want).copy()
    if data.dtype != want:
        raise ValueError(f"'{path}' holds {data.dtype}, the kernel wants {want}")
    if data.size == 0 or data.size % room(element):
        raise ValueError(f"'{path}' holds {data.size} numbers, not a multiple of {room(element)}")
    flat = np.ascontiguousarray(data).reshape(-1)
    return flat.reshape(-1, room(element)).copy() if element.lanes > 1 else flat.copy()


def _listed(text: str) -> list[int | float]:
    if not text.endswith("]"):
        raise ValueError("the list does not end with ']'")
    parts = text[1:-1].split(",")
    if parts[-1].strip() == "":
        parts.pop()
    if not parts:
        raise ValueError("a buffer needs at least one element")
    return [_number(p) for p in parts]


def _parenthesised(text: str) -> list[int | float]:
    if not (text.startswith("(") and text.endswith(")")):
        raise ValueError(f"'{text}' is no vector: write (1,2,3,4)")
    return [_number(p) for p in text[1:-1].split(",")]


def _by_value(arg: KernelArg, text: str) -> Value:
    element = arg.element
    if text.startswith("@"):
        with open(text[1:], "rb") as file:
            if file.read(len(_NPY_MAGIC)) == _NPY_MAGIC:
                data = _load_npy(text[1:]).tobytes()
            else:
                file.seek(0)
                data = file.read(arg.size + 1)
        if len(data) != arg.size:
            raise ValueError(f"'{text[1:]}' does not hold exactly {arg.size} bytes")
        return Raw(data)
    if element.kind == "struct":
        raise ValueError("a struct comes from a file: @FILE")
    if element.lanes == 1:
        if text.startswith(("range:", "fill:", "zeros:", "random:", "[", "local:")):
            raise ValueError(f"'{text}' describes a buffer, but this parameter is a scalar")
        return _typed(element, [_number(text)]).reshape(())
    values = _parenthesised(text)
    if len(values) != element.lanes:
        raise ValueError(f"{len(values)} components for a vector of {element.lanes}")
    out: Array = np.zeros(room(element), element_dtype(element))
    out[: element.lanes] = _typed(ElementType(element.kind, element.size), values)
    return out


def _typed(element: ElementType, values: list[int | float]) -> Array:
    """A flat list as the element's type, (n, lanes) for vectors; nothing wraps or truncates."""
    if element.lanes > 1 and len(values) % room(element):
        raise ValueError(f"{len(values)} numbers, not a multiple of {room(element)}")
    dtype = element_dtype(element)
    if dtype.kind == "V":
        raise ValueError("elements of this type come from '@file.npy' or zeros:N")
    for value in values:
        _check_range(element, dtype, value)
    flat = np.array(values, dtype)
    return flat.reshape(-1, room(element)) if element.lanes > 1 else flat


def _spread(element: ElementType, numbers: Array) -> Array:
    """One number per element, the same in every lane, in the element's type."""
    dtype = element_dtype(element)
    for edge in (numbers.min(), numbers.max()):
        _check_range(element, dtype, edge.item())
    if dtype.kind in "iu" and numbers.dtype.kind == "f" and np.any(numbers != np.trunc(numbers)):
        raise ValueError("fractions do not fit an integer type")
    return _elements(element, len(numbers), numbers[:, None] if element.lanes > 1 else numbers)


def _elements(element: ElementType, count: int, values: Array) -> Array:
    """`count` elements set to `values`, which broadcast; a 3-vector's fourth lane is 0."""
    out: Array = np.zeros(_shape(element, count), element_dtype(element))
    if element.lanes > 1:
        out[:, : element.lanes] = values
    else:
        out[:] = values
    return out


def _check_range(element: ElementType, dtype: np.dtype[Any], value: int | float) -> None:
    if dtype.kind == "f":
        if math.isfinite(value) and abs(value) > float(np.finfo(dtype).max):
            raise ValueError(f"{value} is more than a {dtype} can hold")
        return
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"{value} is not a whole number")
    low, high = (0, 1) if element.kind == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not low <= value <= high:
        raise ValueError(f"{value} is outside {low}..{high}")


def _shape(element: ElementType, count: int) -> tuple[int, ...]:
    return (count, room(element)) if element.lanes > 1 else (count,)


def _number(text: str) -> int | float:
    text = text.strip()
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float.fromhex(text) if "0x" in text.lower() else float(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a number") from None


def _integer(text: str) -> int:
    value = _number(text)
    if isinstance(value, float):
        raise ValueError(f"'{text}' is not a whole number")
    return value
