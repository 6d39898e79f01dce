"""The Python interface: compile, load, Device, Buffer, Kernel; NumPy arrays in and out."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from kcc.device.args import ArgumentError, encode_value, pack_args
from kcc.linker.elf import ElfError, ElfFile, read_elf
from kcc.linker.notes import read_kernels

from .errors import DeviceError, GuestFault

if TYPE_CHECKING:
    from kcc.device.hal import Hal
    from kcc.ir.abi import KernelArg, KernelInfo

    from .values import Array

Size: TypeAlias = int | Sequence[int]
DEVICES = ("m1",)
BUFFER_ALIGN = 128  # bytes, the alignment of the largest vector


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

    parsed = parse_options(options)
    if parsed.inputs or parsed.output or parsed.mode != "elf" or parsed.emit:
        raise UsageError("options of compile() cannot name files or ask for other outputs")
    is_text = isinstance(source, str) and ("\n" in source or "{" in source)
    name = "<source>" if is_text else str(source)
    data = str(source).encode() if is_text else read_input(name)
    parsed.inputs = [name]
    parsed.language = "cl"
    parsed.output = "a.elf"  # never written: the image is taken from memory
    outputs = obtain(parsed, [(name, data)])
    return Program(outputs.files[0][1], name, outputs.messages)


def load(path: str | Path) -> Program:
    """Read a program from an ELF file. raises: OSError, DeviceError."""
    return Program(Path(path).read_bytes(), str(path))


@dataclass(frozen=True)
class LaunchStats:
    """What a launch did: instructions retired by each hart, and work-groups run."""

    retired: tuple[int, ...]
    groups: int


class Device:
    """A simulated accelerator. Use it as a context manager, or call close()."""

    def __init__(self, name: str = "m1") -> None:
        """raises: DeviceError for a name that is no device, or one that cannot be opened."""
        from kcc.device.hal import Hal

        if name not in DEVICES:
            raise DeviceError(f"no device is called '{name}'; there are: {', '.join(DEVICES)}")
        self.name = name
        self.hal: Hal = Hal.open(guard=True, cache_dir=_translations())
        self._buffers: weakref.WeakSet[Buffer] = weakref.WeakSet()
        self._programs: list[int] = []

    def buffer(self, source: Array | int) -> Buffer:
        """A buffer in device memory.

        source: an array, whose bytes are copied in, or a number of bytes, which are zero.
        raises: DeviceError when the memory does not fit.
        """
        import numpy as np

        if isinstance(source, int | np.integer):
            if source <= 0:
                raise DeviceError(f"a buffer of {source} bytes")
            return Buffer(self, np.zeros(int(source), np.uint8))
        return Buffer(self, np.ascontiguousarray(source))

    def load(self, program: Program) -> Mapping[str, Kernel]:
        """The kernels of a program, by name, ready to be called on this device."""
        handle = self.hal.program_load(program.elf)
        if not handle:
            raise DeviceError(f"'{program.name}': {self.hal.last_error}")
        self._programs.append(handle)
        return {name: Kernel(self, program, handle, info) for name, info in program.infos.items()}

    def close(self) -> None:
        """Give everything back; buffers and kernels are dead afterwards. May be called again."""
        self.hal.close()

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
