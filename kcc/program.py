"""Programs: compiled from source, or read from an ELF."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kcc.linker.elf import ElfError, ElfFile, read_elf
from kcc.linker.notes import read_kernels

from .errors import DeviceError

if TYPE_CHECKING:
    from kcc.ir.abi import KernelArg, KernelInfo
    from kcc.linker.source_lines import SourceLines

    from .options import Options


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

    @cached_property
    def source_lines(self) -> SourceLines:
        """Where its addresses are in the source; empty without debug information."""
        from kcc.linker.source_lines import SourceLines

        return SourceLines(self.image)

    def save(self, path: str | Path) -> None:
        """Write the ELF, whole or not at all. raises: OSError."""
        from .compilecache import write_files

        write_files([(str(path), self.elf)])

    def __repr__(self) -> str:
        return f"<kcc.Program {self.name}: {', '.join(self.infos) or 'no kernels'}>"


def compile(source: str | Path, options: Sequence[str] = ()) -> Program:
    """Compile OpenCL C; C if the path ends in ".c", or the options say "-x", "c".

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
    refuse_other_outputs(parsed)
    is_text = isinstance(source, str) and ("\n" in source or "{" in source)
    name = "<source>" if is_text else str(source)
    data = str(source).encode() if is_text else read_input(name)
    parsed.inputs = [name]
    if parsed.language == "none":
        parsed.language = "c" if name.endswith(".c") and not is_text else "cl"
    parsed.output = "a.elf"  # never written: the image is taken from memory
    outputs = obtain(parsed, [(name, data)])
    return Program(outputs.files[0][1], name, outputs.messages)


def refuse_other_outputs(parsed: Options) -> None:
    """Where one program is made in memory. raises: UsageError for inputs and further outputs."""
    from .options import UsageError

    meant: tuple[tuple[str, object], ...] = (
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
    for flag, given in meant:
        if given:
            raise UsageError(f"'{flag}' is of no use here: the program is made in memory")


def load(path: str | Path) -> Program:
    """Read a program from an ELF file. raises: OSError, DeviceError."""
    return Program(Path(path).read_bytes(), str(path))
