"""Programs and kernels as the driver keeps them: built once, in device memory while they live."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ...ir.abi import KernelInfo
from ...linker.elf import ElfError
from .device import FormosaDevice
from .errors import (
    BuildProgramFailure,
    InvalidKernel,
    InvalidKernelName,
    InvalidOperation,
    InvalidProgram,
    InvalidProgramExecutable,
    InvalidValue,
    OutOfResources,
)
from .image import Image, Kernel

# Source and options to an ELF; raises BuildProgramFailure with what the compiler has to say.
Compiler: TypeAlias = Callable[[str, Sequence[str]], bytes]


@dataclass(eq=False)
class Program:
    """A program: its source, or its ELF; and what has been made of it.

    base: where its addresses count from on the device, while it is there.
    """

    source: str | None = None
    binary: bytes | None = None
    image: Image | None = None
    base: int | None = None
    kernels: dict[str, KernelHandle] = field(default_factory=dict)  # in use
    freed: bool = False

    @property
    def kernel_names(self) -> bytes:
        """All its kernels, in the order of their numbers, each with a NUL."""
        names = self.image.kernels if self.image is not None else ()
        return b"".join(name.encode() + b"\0" for name in names)


@dataclass(eq=False)
class KernelHandle:
    """A kernel of a program. id: its number there. uses: how often it was created."""

    program: Program
    kernel: Kernel
    uses: int = 0

    @property
    def id(self) -> int:
        return self.kernel.number

    @property
    def info(self) -> KernelInfo:
        return self.kernel.info


class Programs:
    """Builds programs, one at a time, and has them in device memory when they are to run."""

    def __init__(self, device: FormosaDevice, compiler: Compiler | None) -> None:
        self._device = device
        self._compiler = compiler
        self._lock = threading.RLock()
        self._all: set[Program] = set()

    def build(self, program: Program, options: Sequence[str]) -> None:
        """Compile, if there is source, and check what came of it.

        raises: BuildProgramFailure, InvalidProgramExecutable for an ELF that is none or not for
                this device; InvalidOperation while it has kernels; InvalidValue.
        """
        with self._lock:
            if program.freed:
                raise InvalidProgram("the program has been freed")
            if program.kernels:
                raise InvalidOperation("the program has kernels")
            if program.source is not None:
                if self._compiler is None:
                    raise BuildProgramFailure("there is no compiler, only binaries can be built")
                program.binary = self._compiler(program.source, options)
            if program.binary is None:
                raise InvalidValue("a program is made from source or from a binary")
            self._unload(program)
            program.image = None
            try:
                program.image = Image(program.binary, self._device.profile.vlen)
            except ElfError as e:
                raise InvalidProgramExecutable(str(e)) from e
            self._all.add(program)

    def free(self, program: Program) -> None:
        """raises: InvalidProgram when it has been freed."""
        with self._lock:
            if program.freed:
                raise InvalidProgram("the program has been freed")
            self._unload(program)
            self._all.discard(program)
            program.kernels.clear()
            program.image, program.freed = None, True

    def create_kernel(self, program: Program, name: str) -> KernelHandle:
        """raises: InvalidProgramExecutable, InvalidKernelName."""
        with self._lock:
            kernel = self._image(program).kernels.get(name)
            if kernel is None:
                raise InvalidKernelName(f"the program has no kernel '{name}'")
            handle = program.kernels.setdefault(name, KernelHandle(program, kernel))
            handle.uses += 1
            return handle

    def free_kernel(self, handle: KernelHandle) -> None:
        """raises: InvalidKernel when it has been freed as often as it was created."""
        with self._lock:
            if not isinstance(handle, KernelHandle) or not self._alive(handle):
                raise InvalidKernel("the kernel has been freed")
            handle.uses -= 1
            if not handle.uses:
                del handle.program.kernels[handle.info.name]

    def loaded(self, handle: KernelHandle) -> tuple[Image, int]:
        """(a kernel's image, what to add to its addresses): it is in device memory.

        raises: InvalidKernel, InvalidProgramExecutable; OutOfResources when there is no room.
        """
        with self._lock:
            if not isinstance(handle, KernelHandle):
                raise InvalidKernel(f"{handle!r} is no kernel")
            image, base = self.load(handle.program)
            if not self._alive(handle):
                raise InvalidKernel("the kernel has been freed")
            return image, base

    def load(self, program: Program) -> tuple[Image, int]:
        """(the image, what to add to its addresses): now in device memory, until it is freed.

        raises: InvalidProgramExecutable, OutOfResources.
        """
        with self._lock:
            image = self._image(program)
            if program.base is None:
                program.base = self._upload(image)
            return image, program.base - image.start

    def symbolize(self, addr: int) -> str | None:
        """An address on the device as "function+0x12"; None outside of all programs."""
        with self._lock:
            for program in self._all:
                if program.image is not None and program.base is not None:
                    offset = addr - program.base
                    if 0 <= offset < program.image.size:
                        return program.image.elf.symbolize(offset + program.image.start)
        return None

    def addresses(self) -> set[int]:
        """Where images are."""
        with self._lock:
            return {program.base for program in self._all if program.base is not None}

    def _alive(self, handle: KernelHandle) -> bool:
        return handle.program.kernels.get(handle.info.name) is handle

    def _image(self, program: Program) -> Image:
        if program.image is None:
            raise InvalidProgramExecutable(
                "the program has been freed" if program.freed else "the program is not built"
            )
        return program.image

    def _upload(self, image: Image) -> int:
        """The address of the image, which is the device's from now on."""
        device = self._device
        if image.movable:
            base = device.alloc(image.size, image.align)
        else:
            base = image.start if device.alloc_at(image.start, image.size) else 0
        if not base:
            where = "" if image.movable else f" at {image.start:#x}"
            raise OutOfResources(f"no device memory for a program of {image.size} bytes{where}")
        device.write(base, memoryview(image.contents(base)))
        device.harts.flush_code()
        return base

    def _unload(self, program: Program) -> None:
        if program.base is not None:
            self._device.free(program.base)
            program.base = None
