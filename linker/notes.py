"""Kernel metadata of a linked ELF: what the driver and `kcc info` know of its kernels."""

from __future__ import annotations

from ..ir.abi import NOTE_OWNER, NOTE_TYPE, KernelInfo, decode_metadata
from .elf import ElfError, ElfFile, Note


def read_kernels(elf: ElfFile) -> tuple[KernelInfo, ...]:
    """The kernels an ELF describes, in order; empty when it has no metadata.

    raises:  ElfError for metadata that cannot be read, or that names a kernel twice.
    """
    kernels = kernels_of(list(elf.notes()))
    seen: set[str] = set()
    for kernel in kernels:
        if kernel.name in seen:
            raise ElfError(f"kernel '{kernel.name}' is described twice")
        seen.add(kernel.name)
    return kernels


def kernels_of(notes: list[Note]) -> tuple[KernelInfo, ...]:
    """The kernels that `notes` describe: each object brings a record of its own."""
    try:
        return tuple(
            kernel
            for note in notes
            if (note.owner, note.type) == (NOTE_OWNER, NOTE_TYPE)
            for kernel in decode_metadata(note.desc)
        )
    except ValueError as e:
        raise ElfError(str(e)) from e
