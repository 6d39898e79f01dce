"""The host side of LLVM: IR text to an object for this processor, objects to addresses."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ...ir.passmemory import release


@cache
def _initialise() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()  # the switch between stacks is module assembly


@cache
def description() -> str:
    """What compiled objects depend on: the processor, its features, LLVM itself."""
    _initialise()
    return "\n".join(
        (
            llvm.get_process_triple(),
            llvm.get_host_cpu_name(),
            llvm.get_host_cpu_features().flatten(),
            ".".join(map(str, llvm.llvm_version_info)),
            llvmlite.__version__,
        )
    )


@cache
def _has(*features: str) -> bool:
    return set(features) <= set(llvm.get_host_cpu_features().flatten().split(","))


def has_halves() -> bool:
    """True if the host computes with 16-bit floats."""
    return _has("+avx512fp16")


def permutes_bytes() -> bool:
    """True if the host permutes and packs elements of any size in vectors of 512 bits."""
    return _has("+avx512vbmi", "+avx512vbmi2")


def rounds_by_instruction() -> bool:
    """True if instructions on vectors of 512 bits can say how to round, and to raise no flag."""
    return _has("+avx512f")


def has_masked_logic() -> bool:
    """True if the host has logic on vectors of which a mask keeps elements as they were."""
    return _has("+avx512f")


def _target_machine(opt: int) -> Any:
    _initialise()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=opt,
        # The loader may put code and constants on either side of gigabytes of guest memory,
        # further apart than the 32-bit distances of the small model reach: it would abort.
        reloc="static",
        codemodel="large",
    )


_compiler = cache(_target_machine)


class Effort(Enum):
    """How much to optimise: translation time is waiting time."""

    LITTLE = "a function that an observer slows down anyway"
    UNIT = "a function whose checks leave loops little to gain"
    ROUNDS = "a function with fast loops that go without memory: these are unrolled"
    LOOPS = "a function with fast loops: these become vector code"
    MODULE = "functions that call each other"


def compile_ir(text: str, effort: Effort = Effort.UNIT) -> bytes:
    """Verify, optimise and compile a module for this host: an object's bytes."""
    module = llvm.parse_assembly(text)
    module.verify()
    machine = _compiler(opt=1 if effort is Effort.LITTLE else 2)
    options = llvm.create_pipeline_tuning_options(speed_level=1 if effort is Effort.LOOPS else 2)
    if effort is Effort.LOOPS:
        # The vectoriser interleaves; unrolling on top costs compile time and gains nothing.
        options.loop_vectorization, options.loop_unrolling = True, False
    builder = llvm.create_pass_builder(machine, options)
    if effort in (Effort.LOOPS, Effort.MODULE):
        managers = [builder.getModulePassManager()]
        managers[0].run(module, builder)
    else:
        # Not a list of passes of our own: among those on offer only NewGVN removes repeated
        # loads, and now and then it ends the process, not having settled (an assertion).
        if effort is Effort.LITTLE or " x half>" in text:
            simplify = _few_passes()
        else:
            simplify = builder.getFunctionPassManager()
        passes = llvm.create_new_function_pass_manager()
        if effort is Effort.ROUNDS:
            passes.add_loop_deletion_pass()  # of those that only count
            passes.add_loop_unroll_pass()
        passes.add_sinking_pass()  # NaNs made canonical in a loop but observed after it
        for function in module.functions:
            if not function.is_declaration:
                simplify.run(function, builder)
                passes.run(function, builder)
        managers = [simplify, passes]
    for manager in managers:
        release(manager)
    return bytes(machine.emit_object(module))


def _few_passes() -> Any:
    """For little effort, and for vectors of halves: of those the usual ones take a half for a mask
    where both have lain in one register, which LLVM 22 cannot select on x86."""
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_aggressive_dce_pass()
    passes.add_simplify_cfg_pass()
    return passes


class Loader:
    """Objects in executable memory, for as long as the loader lives."""

    def __init__(self) -> None:
        machine = _target_machine(opt=2)
        module = llvm.parse_assembly("")
        self._engine = llvm.create_mcjit_compiler(module, machine)

    def load(self, code: bytes) -> None:
        """Make an object's code executable. Its symbols must be new to this loader."""
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, symbol: str) -> int:
        """Where a loaded function starts on the host."""
        return int(self._engine.get_function_address(symbol))
