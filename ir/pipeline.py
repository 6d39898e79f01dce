"""The passes from a lowered module to an optimised one, in order.

The module is llvmlite's text-making object until LLVM parses it, once, for the optimiser.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import llvmlite.binding as llvm

from ..frontend.diag import InternalError
from ..frontend.record import record
from .emit import MEMBER
from .lower import Lowered
from .parts import split
from .passes import (
    barriers,
    hart_items,
    local_memory,
    metadata,
    trampoline,
    workitem_ids,
    workitem_loops,
)
from .passes._names import ROW, is_row_of
from .passmemory import release
from .threads import side_by_side, unlocked

if TYPE_CHECKING:
    from .wide.remarks import Remark

# fmt: off
PIPELINE = (
    workitem_ids.PASS,    # get_global_id and the like mean something
    local_memory.PASS,    # __local variables have a place
    barriers.PASS,        # a body can stop at a barrier and go on behind it
    workitem_loops.PASS,  # one call runs one work-group
    trampoline.PASS,      # one entry type for the driver
    metadata.PASS,        # and what the driver must know of it
)
BY_ITEMS = (
    workitem_ids.PASS,
    local_memory.PASS,
    hart_items.PASS,      # one call runs one item of every work-group; harts wait for each other
    trampoline.PASS,
    metadata.PASS,
)
# fmt: on
OPTIMISE = "optimise"
PASS_NAMES = ("lower", *dict.fromkeys(p.name for p in (*PIPELINE, *BY_ITEMS)), OPTIMISE)
_HALF = re.compile(r"\bhalf\b")  # the type, in a function's text
Observer: TypeAlias = Callable[[str, str], None]
Members: TypeAlias = Callable[[str], bytes]


@record
class PipelineOptions:
    """opt_level: 0 to 3. verify_each: have LLVM check the module after every pass, not twice.

    members: the bitcode of the device library's member that defines a function; without it the
    module's calls of such functions stay open.
    half_vectors: whether the target has vectors of halves.
    vectorize: loops may become vector code. lanes: the target has vectors, so that rows of
    work-items may, too. remark: told of each kernel whether it did; from any thread.
    """

    opt_level: int = 3
    verify_each: bool = False
    members: Members | None = None
    half_vectors: bool = True
    vectorize: bool = True
    lanes: bool = False
    remark: Callable[[Remark], None] | None = None


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
    _run_passes(lowered, machine, options, observe)
    optimised = parse(str(lowered.module), PIPELINE[-1].name)
    members = _members(lowered, options)
    if members is not None:
        link_members(optimised, members)
    if not options.half_vectors:
        keep_halves_scalar(optimised)
    if options.lanes:
        optimised = widen(optimised, machine, options, _places(lowered))
    optimise(optimised, machine, options)
    if options.lanes:
        optimised = settle(optimised, machine)
    _verify(optimised, OPTIMISE)
    if observe is not None:
        observe(OPTIMISE, str(optimised))
    return optimised


@record
class Parts:
    """A module ready for LLVM: its text, if it is large in several parts, and the members."""

    texts: list[str]
    members: Members | None
    kernels: tuple[str, ...]
    places: dict[str, str]  # of barriers, by the names of the rows that start behind them


def prepare_parts(
    lowered: Lowered,
    machine: Any,
    options: PipelineOptions = DEFAULTS,
    observe: Observer | None = None,
) -> Parts:
    """Run every pass that comes before LLVM's; `lowered` is not needed any more."""
    _run_passes(lowered, machine, options, observe)
    kernels = tuple(info.name for info in lowered.kernels)
    return Parts(split(lowered.module), _members(lowered, options), kernels, _places(lowered))


def optimise_parts(
    parts: Parts,
    make_machine: Callable[[], Any],
    options: PipelineOptions = DEFAULTS,
    observe: Observer | None = None,
) -> list[llvm.ModuleRef]:
    """What run_pipeline does then, side by side; each module has a context of its own.

    make_machine: called for each part, since a TargetMachine is for one thread.
    """

    def finish(text: str) -> llvm.ModuleRef:
        context = llvm.create_context()
        module = parse(text, PIPELINE[-1].name, context)
        if parts.members is not None:
            link_members(module, parts.members, context)
        if not options.half_vectors and "half" in text:
            keep_halves_scalar(module)
        machine = make_machine()
        names = [function.name for function in module.functions]
        left = {k for k in parts.kernels if not any(is_row_of(name, k) for name in names)}
        if options.lanes:
            module = widen(module, machine, options, parts.places, context)
        optimise(module, machine, options, alone=True)
        if options.lanes:
            module = settle(module, machine, context)
        _verify(module, OPTIMISE)
        if options.remark is not None:
            from .wide.remarks import of_kernel

            for function in module.functions:
                if function.name in left and not function.is_declaration:
                    options.remark(of_kernel(function))
        return module

    modules = side_by_side(finish, parts.texts)
    if observe is not None:
        observe(OPTIMISE, str(joined(modules)))
    return modules


def joined(parts: list[llvm.ModuleRef]) -> llvm.ModuleRef:
    """What optimise_parts gave as one module, in a context of its own too."""
    if len(parts) == 1:
        return parts[0]
    context = llvm.create_context()
    first, *others = (llvm.parse_bitcode(part.as_bitcode(), context) for part in parts)
    for other in others:
        first.link_in(other)
    return first


def _run_passes(
    lowered: Lowered, machine: Any, options: PipelineOptions, observe: Observer | None
) -> None:
    module = lowered.module
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    if observe is not None:
        observe("lower", str(module))
    done: set[str] = set()
    for p in BY_ITEMS if lowered.options.by_items else PIPELINE:
        assert done.issuperset(p.after), f"{p.name} must run after {p.after}"
        p.run(lowered)
        done.add(p.name)
        if options.verify_each:
            parse(str(module), p.name)
        if observe is not None:
            observe(p.name, str(module))


def parse(text: str, after: str, context: Any = None) -> llvm.ModuleRef:
    """LLVM's own form of a module, verified. Code generation crashes on what this rejects."""
    try:
        module = llvm.parse_assembly(text, context)
    except RuntimeError as e:
        raise InternalError(f"malformed IR after {after}: {e}") from e
    _verify(module, after)
    return module


def _members(lowered: Lowered, options: PipelineOptions) -> Members | None:
    """Where a module finds its members; None if it needs none. Ready for other threads."""
    wanted = next((name for name in lowered.module.globals if name.startswith(MEMBER)), None)
    if wanted is None or options.members is None:
        return None
    options.members(wanted)  # this may make the library first
    return options.members


def link_members(module: llvm.ModuleRef, members: Members, context: Any = None) -> None:
    """Put in the members that define the library's functions called here, as if written here."""
    while True:
        open_names = (f.name for f in module.functions if f.is_declaration)
        wanted = next((name for name in open_names if name.startswith(MEMBER)), None)
        if wanted is None:
            break
        module.link_in(llvm.parse_bitcode(members(wanted), context))
    for function in module.functions:
        if function.name.startswith(MEMBER):
            function.linkage = "internal"


def keep_halves_scalar(module: llvm.ModuleRef) -> None:
    """Have LLVM make no vectors of functions with halves, nor of those that they are inlined into.

    Its loop vectoriser looks for the cost of vectors of fabs, which isnan becomes as well, and of
    other functions of halves, and crashes where there are none (LLVM 22).
    """
    for function in module.functions:
        if not function.is_declaration and _HALF.search(str(function)):
            function.add_function_attribute("noimplicitfloat")


def widen(
    module: llvm.ModuleRef,
    machine: Any,
    options: PipelineOptions,
    places: dict[str, str],
    context: Any = None,
) -> llvm.ModuleRef:
    """Let rows of work-items run in vector lanes; the module is another then.

    places: see Parts. context: its own, where other threads may be in LLVM meanwhile.
    """
    if not any(function.name.startswith(ROW) for function in module.functions):
        return module
    from .wide.remarks import of_row
    from .wide.vectorize import vectorize

    widened, outcomes = vectorize(
        module,
        lambda text: parse(text, "vectorize", context),
        partial(_run, machine),
        options.half_vectors,
    )
    if options.remark is not None:
        for outcome in outcomes:
            for remark in of_row(outcome, places):
                options.remark(remark)
    return widened


def settle(module: llvm.ModuleRef, machine: Any, context: Any = None) -> llvm.ModuleRef:
    """Take out what the optimiser has found that no lane does; the module is another then."""
    if not any(function.name.startswith("llvm.vp.") for function in module.functions):
        return module
    from .wide import nobody

    while (text := nobody.settle(str(module))) is not None:
        module = parse(text, OPTIMISE, context)
        passes = llvm.create_new_module_pass_manager()
        passes.add_sccp_pass()
        passes.add_simplify_cfg_pass()
        passes.add_instruction_combine_pass()
        passes.add_aggressive_dce_pass()
        passes.add_simplify_cfg_pass()
        _run(machine, passes, module)
    return module


def _run(machine: Any, passes: Any, module: llvm.ModuleRef) -> None:
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    release(passes)


def _places(lowered: Lowered) -> dict[str, str]:
    return {
        f"{kernel}.{number}": place
        for kernel, resumable in lowered.resumable.items()
        for number, place in enumerate(resumable.places, 1)
    }


def _verify(module: llvm.ModuleRef, after: str) -> None:
    try:
        module.verify()
    except RuntimeError as e:
        raise InternalError(f"invalid IR after {after}: {e}") from e


def optimise(
    module: llvm.ModuleRef, machine: Any, options: PipelineOptions, alone: bool = False
) -> None:
    """LLVM's standard pipeline with the target's cost model; level 0 only inlines what it must.

    alone: the module's context is its own, so other threads may be in LLVM meanwhile.
    """
    opt_level = options.opt_level
    tuning = llvm.create_pipeline_tuning_options(speed_level=opt_level)
    tuning.loop_vectorization = tuning.slp_vectorization = opt_level >= 2 and options.vectorize
    tuning.loop_interleaving = tuning.loop_unrolling = opt_level >= 2
    builder = llvm.create_pass_builder(machine, tuning)
    manager = builder.getModulePassManager()
    if alone:
        unlocked("LLVMPY_RunNewModulePassManager")(manager, module, builder)
    else:
        manager.run(module, builder)
    release(manager)
