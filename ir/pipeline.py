"""The passes from a lowered module to an optimised one, in order.

The module is llvmlite's text-making object until LLVM parses it, once, for the optimiser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import llvmlite.binding as llvm

from ..frontend.diag import InternalError
from ..frontend.record import record
from .lower import Lowered
from .passes import local_memory, metadata, trampoline, workitem_ids, workitem_loops

# fmt: off
PIPELINE = (
    workitem_ids.PASS,    # get_global_id and the like mean something
    local_memory.PASS,    # __local variables have a place
    workitem_loops.PASS,  # one call runs one work-group
    trampoline.PASS,      # one entry type for the driver
    metadata.PASS,        # and what the driver must know of it
)
# fmt: on
OPTIMISE = "optimise"
PASS_NAMES = ("lower", *(p.name for p in PIPELINE), OPTIMISE)
Observer: TypeAlias = Callable[[str, str], None]


@record
class PipelineOptions:
    """opt_level: 0 to 3. verify_each: have LLVM check the module after every pass, not twice."""

    opt_level: int = 3
    verify_each: bool = False


DEFAULTS = PipelineOptions()


def run_pipeline(
    lowered: Lowered,
    machine: Any,
    options: PipelineOptions = DEFAULTS,
    observe: Observer | None = None,
) -> llvm.ModuleRef:
    """Run every pass for `machine` (an llvmlite TargetMachine) and optimise.

    observe:  called with a pass's name and the IR text after it; first with "lower".
    returns:  the verified module. `lowered` holds the IR before optimisation.
    raises:   InternalError when a pass leaves a module that LLVM rejects.
    """
    module = lowered.module
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    if observe is not None:
        observe("lower", str(module))
    done: set[str] = set()
    for p in PIPELINE:
        assert done.issuperset(p.after), f"{p.name} must run after {p.after}"
        p.run(lowered)
        done.add(p.name)
        if options.verify_each:
            parse(str(module), p.name)
        if observe is not None:
            observe(p.name, str(module))
    optimised = parse(str(module), PIPELINE[-1].name)
    optimise(optimised, machine, options.opt_level)
    _verify(optimised, OPTIMISE)
    if observe is not None:
        observe(OPTIMISE, str(optimised))
    return optimised


def parse(text: str, after: str) -> llvm.ModuleRef:
    """LLVM's own form of a module, verified. Code generation crashes on what this rejects."""
    try:
        module = llvm.parse_assembly(text)
    except RuntimeError as e:
        raise InternalError(f"malformed IR after {after}: {e}") from e
    _verify(module, after)
    return module


def _verify(module: llvm.ModuleRef, after: str) -> None:
    try:
        module.verify()
    except RuntimeError as e:
        raise InternalError(f"invalid IR after {after}: {e}") from e


def optimise(module: llvm.ModuleRef, machine: Any, opt_level: int) -> None:
    """LLVM's standard pipeline with the target's cost model; level 0 only inlines what it must."""
    tuning = llvm.create_pipeline_tuning_options(speed_level=opt_level)
    tuning.loop_vectorization = tuning.slp_vectorization = opt_level >= 2
    tuning.loop_interleaving = tuning.loop_unrolling = opt_level >= 2
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
