"""Code generation: a verified LLVM module becomes a RISC-V object or its assembly listing."""

from __future__ import annotations

from functools import lru_cache

import llvmlite.binding as llvm

from ..frontend.diag import InternalError
from .target import ABI, CPU, DEFAULT_ARCH, TRIPLE, parse_target


@lru_cache(maxsize=1)
def _initialise() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    # In a loop marked parallel the vectoriser knows of no dependence, and takes that for leave to
    # join a load with earlier ones across a store of the same iteration. Work-items do store what
    # they load again. It holds for the whole process, so for the simulator's own loops too.
    llvm.set_option("", "-enable-interleaved-mem-accesses=false")


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
    machine = target_machine(arch, opt_level)
    data: bytes = machine.emit_object(_ready(module, machine))
    return data


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
