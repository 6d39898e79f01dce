"""Code generation: a verified LLVM module becomes a RISC-V object or its assembly listing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import string_at
from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm

from ..frontend.diag import InternalError
from ..ir.threads import side_by_side, unlocked
from .target import ABI, CPU, DEFAULT_ARCH, TRIPLE, parse_target


@lru_cache(maxsize=1)
def _initialise() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    # In a loop marked parallel the vectoriser knows of no dependence, and takes that for leave to
    # join a load with earlier ones across a store of the same iteration. Work-items do store what
    # they load again. It holds for the whole process, so for the simulator's own loops too.
    llvm.set_option("", "-enable-interleaved-mem-accesses=false")
    # Vectors in groups of up to eight registers, where LLVM would stop at two: what a strip costs
    # beside its work is shared by more items. Loops that need more groups get smaller ones.
    llvm.set_option("", "-riscv-v-register-bit-width-lmul=8")


def target_machine(arch: str = DEFAULT_ARCH, opt_level: int = 2) -> llvm.TargetMachine:
    """LLVM's code generator for `arch`, static and within 2 GiB of the pc; for one module.

    It remembers by address which globals a module said to keep: those of the next module may be
    where they were. Making one takes 30 microseconds.

    opt_level:  0 to 3; what LLVM calls the code generation level.
    raises:     ValueError for an architecture that parse_target refuses.
    """
    target = parse_target(arch)
    _initialise()
    return llvm.Target.from_triple(TRIPLE).create_target_machine(
        cpu=CPU,
        features=target.features,
        opt=opt_level,
        reloc="static",
        codemodel="medium",
        abiname=ABI,
    )


def emit_object(module: llvm.ModuleRef, arch: str = DEFAULT_ARCH, opt_level: int = 2) -> bytes:
    """The relocatable ELF object of a module; equal modules give equal bytes.

    Each call consumes nothing: LLVM works on its own copy.
    raises:  InternalError when the module is not sound; ValueError for a bad `arch`.
    """
    return _emit(module, arch, opt_level, llvm.ffi.lib.LLVMPY_TargetMachineEmitToMemory)


def emit_objects(
    modules: Sequence[llvm.ModuleRef], arch: str = DEFAULT_ARCH, opt_level: int = 2
) -> list[bytes]:
    """emit_object for each of several modules, side by side; each has a context of its own."""
    emit = unlocked("LLVMPY_TargetMachineEmitToMemory")
    return side_by_side(lambda module: _emit(module, arch, opt_level, emit), modules)


def _emit(module: llvm.ModuleRef, arch: str, opt_level: int, emit: Callable[..., Any]) -> bytes:
    machine = target_machine(arch, opt_level)
    with llvm.ffi.OutputString() as error:
        buffer = emit(machine, _ready(module, machine), 1, error)
        if not buffer:
            raise InternalError(f"code generation failed: {error}")
    lib = llvm.ffi.lib
    try:
        return string_at(lib.LLVMPY_GetBufferStart(buffer), lib.LLVMPY_GetBufferSize(buffer))
    finally:
        lib.LLVMPY_DisposeMemoryBuffer(buffer)


def emit_assembly(module: llvm.ModuleRef, arch: str = DEFAULT_ARCH, opt_level: int = 2) -> str:
    """The same code as GNU assembly text; raises as emit_object."""
    machine = target_machine(arch, opt_level)
    text: str = machine.emit_assembly(_ready(module, machine))
    return text


def _ready(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> llvm.ModuleRef:
    """A copy for the code generator, which changes what it works on.

    LLVM's own error handling ends the process, so what it would not survive is refused here.
    """
    try:
        copy = module.clone()
        copy.triple = TRIPLE
        copy.data_layout = str(machine.target_data)
        copy.verify()
    except RuntimeError as e:
        raise InternalError(f"unsound module before code generation: {e}") from e
    return copy
