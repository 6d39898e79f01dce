"""The Python interface: compile, load, Device, Buffer, Kernel; NumPy arrays in and out."""

from __future__ import annotations

import math
import operator
import os
import sys
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from kcc.device.args import (
    ArgumentError,
    HalArg,
    buffer_arg,
    encode_value,
    local_arg,
    value_arg,
)
from kcc.device.sim.interface import Reason, Translated
from kcc.device.soc.m1 import HART_SIZE
from kcc.linker.elf import ElfError, ElfFile, read_elf
from kcc.linker.notes import read_kernels

from . import config
from .errors import DeviceError, GuestFault

if TYPE_CHECKING:
    import numpy as np

    from kcc.device.gdb.server import Server
    from kcc.device.hal import Hal, NDRange
    from kcc.ir.abi import KernelArg, KernelInfo

    from .options import Options
    from .trace import Tracing
    from .values import Array

Size: TypeAlias = int | Sequence[int]
DEVICES = ("m1",)
BUFFER_ALIGN = 128  # bytes, the alignment of the largest vector
MAX_BYTES = 1 << 31  # more than any device has
MAX_GROUP_ITEMS = 1024
DEFAULT_GROUP_ITEMS = 64


class Program:
    """A compiled program: an ELF image and what it says of its kernels.

    elf:     the image, bytes.
    log:     what the compiler had to say (warnings), as text.
    kernels: kernel name to its arguments, in order; each has name, type, kind.
    infos:   kernel name to all of its metadata.
    """

    def __init__(self, elf: bytes, name: str = "<program>", log: str = "") -> None:
        """raises: DeviceError when `elf` is no RISC-V program or its metadata is damaged."""
        try:
            self.image: ElfFile = read_elf(elf)
            kernels = read_kernels(self.image)
        except ElfError as e:
            raise DeviceError(f"'{name}': {e}") from e
        self.elf = elf
        self.name = name
        self.log = log
        self.infos: dict[str, KernelInfo] = {k.name: k for k in kernels}

    @property
    def kernels(self) -> dict[str, tuple[KernelArg, ...]]:
        return {name: info.args for name, info in self.infos.items()}

    def save(self, path: str | Path) -> None:
        """Write the ELF, whole or not at all. raises: OSError."""
        from .compilecache import write_files

        write_files([(str(path), self.elf)])

    def __repr__(self) -> str:
        return f"<kcc.Program {self.name}: {', '.join(self.infos) or 'no kernels'}>"


def compile(source: str | Path, options: Sequence[str] = ()) -> Program:
    """Compile OpenCL C.

    source:  a path, or the text itself: a str with a newline or a brace in it is text.
    options: compiler flags as on the command line, e.g. ("-O2", "-DN=4").
    raises:  CompileError with the diagnostics; OSError when the file cannot be read;
             UsageError for a bad flag.
    """
    from .compilecache import obtain, read_input
    from .options import UsageError, parse_options

    if isinstance(options, str):
        raise UsageError(f"options are a sequence of flags: write ('{options}',)")
    if not isinstance(source, str | os.PathLike):
        raise TypeError(f"source is a path or text, not {source!r}")
    parsed = parse_options(map(os.fspath, options))
    refused = [flag for flag, given in _other_outputs(parsed) if given]
    if refused:
        raise UsageError(f"'{refused[0]}' is of no use here: the program is made in memory")
    is_text = isinstance(source, str) and ("\n" in source or "{" in source)
    name = "<source>" if is_text else str(source)
    data = str(source).encode() if is_text else read_input(name)
    parsed.inputs = [name]
    parsed.language = "cl"
    parsed.output = "a.elf"  # never written: the image is taken from memory
    outputs = obtain(parsed, [(name, data)])
    return Program(outputs.files[0][1], name, outputs.messages)


def _other_outputs(parsed: Options) -> tuple[tuple[str, object], ...]:
    """What of a command line would name inputs, or make something other than a program."""
    return (
        *((name, True) for name in parsed.inputs),
        ("-o", parsed.output),
        ("-E, -S, -c, -fsyntax-only", parsed.mode != "elf"),
        ("--emit=", parsed.emit),
        ("-Map=", parsed.map_file),
        ("-MD", parsed.depfile),
        ("-###", parsed.dry_run),
        ("--help", parsed.help),
        ("--version", parsed.version),
    )


def load(path: str | Path) -> Program:
    """Read a program from an ELF file. raises: OSError, DeviceError."""
    return Program(Path(path).read_bytes(), str(path))


@dataclass(frozen=True)
class LaunchStats:
    """What a launch did: instructions retired by each hart, and work-groups run.

    counters:   what was counted, by name, for each hart; empty unless the device counts.
    translated: units of code that it had to come by.
    """

    retired: tuple[int, ...]
    groups: int
    translated: Translated = field(compare=False)  # depends on what ran before
    counters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __str__(self) -> str:
        by_hart = " ".join(map(str, self.retired))
        total = sum(self.retired)
        return (
            f"{self.groups} work-groups, {total} instructions (by hart: {by_hart}); "
            f"{self.translated}"
        )


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
        hal = device._opened()
        self.addr: int = hal.mem_alloc(self.nbytes, BUFFER_ALIGN)
        if not self.addr:
            raise DeviceError(f"no device memory for {self.nbytes} bytes")
        self._release = weakref.finalize(self, hal.mem_free, self.addr)
        self.write(contents)

    def numpy(self) -> Array:
        """The contents now, as a new array of the shape and type the buffer was made with."""
        import numpy as np

        out: Array = np.empty(self.shape, self.dtype)
        self.read_into(out)
        return out

    def read_into(self, array: Array) -> None:
        """Copy the contents into a contiguous array of the same number of bytes."""
        if not (_checked(array).flags.c_contiguous and array.flags.writeable):
            raise DeviceError("cannot read into an array that is not contiguous and writable")
        if not self.device._opened().mem_read(_bytes_of(array), self._live(array.nbytes)):
            raise DeviceError(f"cannot read the buffer at {self.addr:#x}")

    def write(self, array: Array) -> None:
        """Copy an array of the same number of bytes in."""
        import numpy as np

        data = _bytes_of(np.ascontiguousarray(_checked(array)))
        if not self.device._opened().mem_write(self._live(data.nbytes), data):
            raise DeviceError(f"cannot write the buffer at {self.addr:#x}")

    def free(self) -> None:
        """Give the memory back. May be called again."""
        self._release()

    def _live(self, nbytes: int) -> int:
        if not self._release.alive:
            raise DeviceError("the buffer has been freed")
        if nbytes != self.nbytes:
            raise DeviceError(f"{nbytes} bytes for a buffer of {self.nbytes}")
        return self.addr

    def __repr__(self) -> str:
        return f"<kcc.Buffer of {self.nbytes} bytes at {self.addr:#x}>"


def _checked(array: Array) -> Array:
    """`array`, which is one, and holds no pointers to Python objects."""
    import numpy as np

    if not isinstance(array, np.ndarray) or array.dtype.hasobject:
        raise DeviceError(f"not an array of plain data: {array!r}")
    return array


def _bytes_of(array: Array) -> memoryview:
    """An array's memory as plain bytes; also for types that have no buffer format."""
    import numpy as np

    return array.reshape(-1).view(np.uint8).data


class Device:
    """A simulated accelerator. Use it as a context manager, or call close()."""

    def __init__(
        self,
        name: str = "m1",
        *,
        threads: int = 1,
        counters: bool = False,
        gdb_port: int | None = None,
        trace: str | None = None,
        trace_filter: Sequence[str] = (),
    ) -> None:
        """Open a device.

        threads:      of the host, on which harts run in parallel. With one, they take turns, and
                      launches repeat to the instruction.
        counters:     count loads, stores, kinds of instructions: see LaunchStats.
        gdb_port:     the first launch waits for GDB at this port of the local host, which controls
                      all launches then; 0 for any port that is free. Standard error says which.
        trace:        a file that gets what each instruction does; of name.json, calls as a
                      Perfetto trace; "-" for standard output. With this, or GDB, harts take turns.
        trace_filter: what to trace, see trace.py: "hart=0,2-3", "function=NAME", "range=A:B".
        raises:       DeviceError for a name that is no device, or a port that cannot be had;
                      UsageError for a wrong filter, or a trace and GDB at once; OSError when the
                      trace cannot be written.
        """
        from kcc.device.hal import Hal
        from kcc.device.soc.device import DeviceOptions

        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise DeviceError(f"threads is a count, at least 1, not {threads!r}")
        if name not in DEVICES:
            raise DeviceError(f"no device is called '{name}'; there are: {', '.join(DEVICES)}")
        self.name = name
        self._tracing = None if trace is None else _tracing(trace, trace_filter, gdb_port)
        self._gdb = None if gdb_port is None else _gdb_server(gdb_port)
        folder = config.cache_dir("translations")
        options = DeviceOptions(
            guard=True,
            cache_dir=Path(folder) if folder else None,
            trace=None if config.variable("REFSI_DEBUG") == "0" else _trace,
            attach=self._gdb.watch if self._gdb is not None else None,
            counters=counters,
            threads=threads,
        )
        self._hal: Hal | None = Hal(options)

    def buffer(self, source: Array | int) -> Buffer:
        """A buffer in device memory.

        source: an array, whose bytes are copied in, or a number of bytes, which are zero.
        raises: DeviceError when the memory does not fit.
        """
        import numpy as np

        if isinstance(source, np.ndarray):
            return Buffer(self, np.ascontiguousarray(_checked(source)))
        if not isinstance(source, int | np.integer):
            raise DeviceError(f"a buffer is made from an array or a size in bytes, not {source!r}")
        if not 0 < source <= MAX_BYTES:
            raise DeviceError(f"a buffer of {source} bytes")
        return Buffer(self, np.zeros(int(source), np.uint8))

    def load(self, program: Program) -> dict[str, Kernel]:
        """The kernels of a program, by name, ready to be called on this device.

        raises: DeviceError when the program does not suit the device.
        """
        if not isinstance(program, Program):
            raise DeviceError(f"not a program: {program!r}; see kcc.compile() and kcc.load()")
        hal = self._opened()
        handle = hal.program_load(program.elf)
        if not handle:
            raise DeviceError(f"'{program.name}': {hal.last_error}")
        loaded = _Loaded(self, program, handle)
        weakref.finalize(loaded, hal.program_free, handle)
        return {name: Kernel(loaded, info) for name, info in program.infos.items()}

    def close(self) -> None:
        """Give everything back; buffers and kernels are dead afterwards. May be called again."""
        self._close(0)

    def _close(self, status: int) -> None:
        """status: what GDB is told, if it is here."""
        if self._hal is not None:
            self._hal.close()
            self._hal = None
            if self._tracing is not None:
                self._tracing.close()
        if self._gdb is not None:
            self._gdb.close(status)

    def _show_gdb(self, program: Program) -> None:
        """What is launched next, for a GDB that has not been given a file."""
        if self._gdb is not None:
            from kcc.device.gdb.files import Program as Image

            path = Path(os.path.abspath(program.name)).with_suffix(".elf")
            self._gdb.program = Image(str(path), program.elf)

    def _ended_by_gdb(self) -> DeviceError | None:
        """Why the last launch failed, if it is because of GDB."""
        ended = self._gdb.ended if self._gdb is not None else None
        return None if ended is None else DeviceError(ended)

    def _watch(self, program: Program) -> None:
        """Trace what is launched next, a kernel of `program`, if anything is to be traced."""
        if self._tracing is not None:
            self._opened().device.harts.attach(self._tracing.of(program.image))

    def _opened(self) -> Hal:
        if self._hal is None:
            raise DeviceError("the device has been closed")
        return self._hal

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close(0 if error is None else 1)


def _tracing(path: str, filters: Sequence[str], gdb_port: int | None) -> Tracing:
    from .options import UsageError
    from .trace import Tracing

    if gdb_port is not None:
        raise UsageError("a run is traced or controlled by GDB, not both")
    return Tracing(path, filters)


def _gdb_server(port: int) -> Server:
    from kcc.device.gdb.server import Server

    try:
        return Server(port, lambda line: print(line, file=sys.stderr, flush=True))
    except OSError as e:
        raise DeviceError(f"cannot listen for gdb on port {port}: {e.strerror}") from e


def _trace(line: str) -> None:
    print(line, file=sys.stderr)


@dataclass(frozen=True)
class _Loaded:
    device: Device
    program: Program
    handle: int


class Kernel:
    """A kernel on a device: call it with its arguments to launch it and wait for the end."""

    def __init__(self, loaded: _Loaded, info: KernelInfo) -> None:
        self._loaded = loaded
        self.info = info
        self.name = info.name

    def __call__(
        self,
        *args: Any,
        global_size: Size,
        local_size: Size | None = None,
        global_offset: Size | None = None,
        max_instructions: int | None = None,
    ) -> LaunchStats:
        """Run the kernel over a range of work-items.

        args:        one for each parameter. A global or constant pointer takes a Buffer, or an
                     array, which is copied in and, unless the pointee is const, back out; None
                     is a null pointer. A local pointer takes kcc.local(nbytes). A scalar takes a
                     number, a vector a sequence of its lanes, a struct its bytes or a NumPy
                     record.
        global_size: work-items in one to three dimensions; a multiple of local_size.
        local_size:  of a work-group; None chooses one.
        returns:     what the launch did.
        raises:      DeviceError for sizes and arguments that do not suit the kernel;
                     GuestFault when the kernel does what it must not, or runs for more than
                     max_instructions on all harts together.
        """
        loaded = self._loaded
        hal = loaded.device._opened()
        ndrange, dims = make_ndrange(self.info, global_size, local_size, global_offset)
        entry = hal.program_find_kernel(loaded.handle, self.name)
        if not entry:
            raise DeviceError(f"'{loaded.program.name}': {hal.last_error}")
        hal.max_instructions = _limit(max_instructions)
        loaded.device._show_gdb(loaded.program)
        loaded.device._watch(loaded.program)
        before = hal.device.harts.translated
        with _Arguments(loaded.device, self.info, args) as arguments:
            if not hal.kernel_exec(loaded.handle, entry, ndrange, arguments.values, dims):
                raise loaded.device._ended_by_gdb() or _failure(hal)
            arguments.copy_back()
        translated = hal.device.harts.translated.since(before)
        groups = math.prod(ndrange.groups)
        stats = LaunchStats(hal.retired, groups, translated, _counted(hal))
        if config.number("KCC_DEBUG") >= 2:
            print(f"kcc: {self.name}: {stats}", file=sys.stderr)
        return stats


def _counted(hal: Hal) -> dict[str, tuple[int, ...]]:
    """What the device has counted for the last launch, if it counts."""
    from kcc.device.soc.counters import NAMES

    if not hal.device.options.counters:
        return {}
    harts = range(len(hal.retired))
    return {
        name: tuple(hal.counter_read(number, hart) or 0 for hart in harts)
        for number, name in NAMES.items()
    }


def _limit(count: int | None) -> int | None:
    try:
        limit = None if count is None else operator.index(count)
    except TypeError:
        limit = -1
    if limit is not None and limit < 0:
        raise DeviceError(f"max_instructions is a count, not {count!r}")
    return limit


def _failure(hal: Hal) -> DeviceError:
    fault = hal.last_fault
    if fault is None:
        return DeviceError(hal.last_error)
    message = fault.message
    if fault.reason is Reason.LIMIT:
        message = (
            f"{message}: {hal.max_instructions} instructions without an end, "
            f"at {fault.symbol or f'{fault.pc:#x}'}"
        )
    return GuestFault(
        message,
        pc=fault.pc,
        address=fault.address,
        symbol=fault.symbol,
        hart=fault.hart,
        cause=fault.cause,
    )


# -- sizes ----------------------------------------------------------------------------------------


def make_ndrange(
    info: KernelInfo, global_size: Size, local_size: Size | None, global_offset: Size | None
) -> tuple[NDRange, int]:
    """A launch's sizes, checked against each other and the kernel, and its dimensions.

    raises: DeviceError naming the size that is wrong.
    """
    from kcc.device.hal import NDRange

    whole = _sizes("global_size", global_size, 1)
    dims = len(whole)
    required = info.reqd_work_group_size
    if local_size is not None:
        group = _sizes("local_size", local_size, 1)
    elif required is not None:
        group = required[:dims]
    else:
        group = (_divisor(whole[0]), *(1,) * (dims - 1))
    offset = _sizes("global_offset", global_offset, 0) if global_offset is not None else (0,) * dims
    for name, sizes in (("local_size", group), ("global_offset", offset)):
        if len(sizes) != dims:
            raise DeviceError(
                f"{name} {sizes} has {len(sizes)} dimensions, global_size {whole} has {dims}"
            )
    for size, part in zip(whole, group, strict=True):
        if size % part:
            raise DeviceError(f"the global size {size} is not divided by the local size {part}")
    one, none = (1,) * (3 - dims), (0,) * (3 - dims)
    ndrange = NDRange(_three(whole + one), _three(group + one), _three(offset + none))
    if math.prod(group) > MAX_GROUP_ITEMS:
        raise DeviceError(f"a work-group of {math.prod(group)} items; at most {MAX_GROUP_ITEMS}")
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


def _divisor(size: int) -> int:
    """A local size for x: the largest divisor that keeps a group's data in a near cache."""
    return next(n for n in range(min(size, DEFAULT_GROUP_ITEMS), 0, -1) if size % n == 0)


def _three(sizes: tuple[int, ...]) -> tuple[int, int, int]:
    x, y, z = sizes
    return x, y, z


# -- arguments ------------------------------------------------------------------------------------


class _Arguments:
    """A launch's arguments as the HAL takes them; arrays live in device memory meanwhile."""

    def __init__(self, device: Device, info: KernelInfo, args: tuple[Any, ...]) -> None:
        if len(args) != len(info.args):
            names = ", ".join(a.name for a in info.args) or "none"
            raise DeviceError(
                f"kernel '{info.name}' takes {len(info.args)} arguments ({names}), not {len(args)}"
            )
        self._device = device
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
            return local_arg(_local_size(arg, value))
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
            return value._live(value.nbytes)
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

    def __enter__(self) -> _Arguments:
        return self

    def __exit__(self, *_: object) -> None:
        self._free()


def _local_size(arg: KernelArg, value: Any) -> int:
    from .values import Local

    if not isinstance(value, Local):
        raise DeviceError(f"argument '{arg.name}': {arg.type} takes kcc.local(nbytes)")
    nbytes = value.nbytes
    if not hasattr(nbytes, "__index__") or not 0 < nbytes <= HART_SIZE:
        raise DeviceError(
            f"argument '{arg.name}': local memory of {nbytes} bytes; "
            f"a work-group has {HART_SIZE}, for all that is local or private"
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
