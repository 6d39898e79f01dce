"""The Python interface: compile, load, Device, Buffer, Kernel; NumPy arrays in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kcc.linker.elf import ElfError, ElfFile, read_elf
from kcc.linker.notes import read_kernels

from .errors import DeviceError, GuestFault

if TYPE_CHECKING:
    import numpy as np

    from kcc.ir.abi import KernelArg, KernelInfo

    from .values import Array


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
    parsed.output = "a.elf"  # never written: the image is taken from memory
    outputs = obtain(parsed, [(name, data)])
    return Program(outputs.files[0][1], name, outputs.messages)


def load(path: str | Path) -> Program:
    """Read a program from an ELF file. raises: OSError, DeviceError."""
    return Program(Path(path).read_bytes(), str(path))
