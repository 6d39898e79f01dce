"""The stages of one input as a table, every artefact by name.

    tokens -> ast -> tast -> ir -> optir -> asm | obj      the last two of parts

Heavy stages are imported when they run, so that `-E` pays for the preprocessor alone.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from typing import Any

from kcc.frontend.dialect import version_of
from kcc.frontend.pp import PPOptions, preprocess
from kcc.frontend.pp import render as render_tokens
from kcc.frontend.record import record
from kcc.frontend.source import SourceFile

from . import config
from .compilation import LINKED, Compilation, Unit

# What programs may ask of the device that they are compiled for.
DEVICE_MACROS = {"dpu": ("D__dpu__",)}


def _tokens(job: Compilation, unit: Unit) -> Any:
    options = job.options
    source = SourceFile("<stdin>" if unit.name == "-" else unit.name, job.text(unit))
    settings = PPOptions(
        macros=(*DEVICE_MACROS.get(options.device, ()), *options.macros),
        include_dirs=tuple(options.include_dirs),
        includes=tuple(options.includes),
        std=job.standard(unit),
        relaxations=tuple(options.cl_flags),
        opt_level=options.opt_level,
    )
    known = len(job.dependencies.read)
    tokens = preprocess(source, settings, job.diags, job.dependencies)
    unit.included += [path for path, _data in job.dependencies.read[known:]]
    empty = len(tokens) == 1 and job.kind(unit) != "c"  # a C file may be for other devices
    if empty and options.mode != "pp" and options.emit != "tokens":
        raise job.diags.fatal("empty-input", f"'{source.name}' holds no declarations")
    return tokens


def _ast(job: Compilation, unit: Unit) -> Any:
    from kcc.frontend.parse import parse

    tables = config.cache_dir("parser")
    tree = parse(unit.artefacts["tokens"], job.diags, tables, job.standard(unit))
    if job.diags.error_count():
        _checked(job, unit, tree)  # for what else there is to say
    return tree


def _tast(job: Compilation, unit: Unit) -> Any:
    return _checked(job, unit, unit.artefacts["ast"])


def _checked(job: Compilation, unit: Unit, tree: Any) -> Any:
    from kcc.frontend.check import CheckOptions, check

    options = job.options
    settings = CheckOptions(
        std=job.standard(unit),
        single_precision_constant="single-precision-constant" in options.cl_flags,
    )
    program = check(tree, job.diags, settings)
    job.diags.raise_errors()
    return program


def _ir(job: Compilation, unit: Unit) -> Any:
    from kcc.ir.lower import lower

    if job.options.remarks:
        functions = unit.artefacts["tast"].functions
        unit.kernels = {f.name: f.span for f in functions if f.is_kernel}
    return lower(unit.artefacts["tast"], _lower_options(job, unit), job.diags)


MANY_PARTS = 2  # more, and memory counts

# What LLVM may do to floating point under each relaxation.
_FP_FLAGS = {
    "mad-enable": ("contract",),
    "no-signed-zeros": ("nsz",),
    "finite-math-only": ("nnan", "ninf"),
    "unsafe-math-optimizations": ("reassoc", "arcp", "contract", "nsz", "afn"),
    "fast-relaxed-math": ("reassoc", "arcp", "contract", "nsz", "afn", "nnan", "ninf"),
}


def _lower_options(job: Compilation, unit: Unit) -> Any:
    from kcc.backend.target import parse_target
    from kcc.ir.frame import SUB_GROUP_SIZE, LowerOptions

    options = job.options
    by_items = options.work_item_mode == "wi"
    uniform = version_of(options.cl_std) < 200 or "uniform-work-group-size" in options.cl_flags
    uniform |= options.device == "formosa"  # it has no smaller groups at the ends
    fp_flags = {f for name in options.cl_flags for f in _FP_FLAGS.get(name, ())}
    if options.fp_contract == "fast":
        fp_flags.add("contract")
    return LowerOptions(
        opt_level=options.opt_level,
        debug=options.debug,
        fp_contract=options.fp_contract != "off",
        fp_flags=tuple(sorted(fp_flags)),
        arg_info="kernel-arg-info" in options.cl_flags,
        check_barriers="barriers" in options.checks,
        by_items=by_items,
        runtime=options.runtime,
        inlined=options.inlined,
        uniform=uniform or by_items,
        sub_group_size=1 if by_items else int(options.sub_group_size or SUB_GROUP_SIZE),
        device=options.device,
        vectorize=bool(options.vectorize) and "v" in parse_target(job.arch).extensions,
        name=unit.name,
    )


def _optir(job: Compilation, unit: Unit) -> Any:
    from kcc.backend.codegen import target_machine
    from kcc.backend.target import parse_target
    from kcc.ir.pipeline import PipelineOptions, optimise_parts, prepare_parts

    level = job.options.opt_level
    watched = job.observe if job.printed else None
    remarks: list[Any] = []
    members = None if job.options.runtime else _member
    extensions = parse_target(job.arch).extensions
    settings = PipelineOptions(
        level,
        verify_each=watched is not None,
        members=members,
        half_vectors="zvfh" in extensions,
        vectorize=bool(job.options.vectorize),
        lanes="v" in extensions,
        remark=remarks.append if job.options.remarks else None,
    )
    machine = partial(target_machine, job.arch, level)
    parts = prepare_parts(unit.artefacts["ir"], machine(), settings, watched)
    if len(parts.texts) > MANY_PARTS and not job.keep:
        # What llvmlite built refers to itself, and is as large as what LLVM is to build.
        unit.artefacts.clear()
        gc.collect()
    modules = optimise_parts(parts, machine, settings, watched)
    if remarks:
        from .remarks import tell

        tell(remarks, job.options.remarks, unit.kernels, job.diags)
    return modules


def _member(function: str) -> bytes:
    from .device_library import builtin_members

    return builtin_members()(function)


def _asm(job: Compilation, unit: Unit) -> Any:
    from kcc.backend.codegen import emit_assembly

    return emit_assembly(joined(unit.artefacts["optir"]), job.arch, job.options.opt_level)


def _obj(job: Compilation, unit: Unit) -> Any:
    from kcc.backend.codegen import emit_objects

    if job.debug >= 4:
        job.say(make(job, unit, "asm"))
    parts = unit.artefacts["optir"]
    if job.goal not in LINKED:
        parts = [joined(parts)]
    return emit_objects(parts, job.arch, job.options.opt_level)


def joined(parts: Any) -> Any:
    """The parts of one input's module as one."""
    from kcc.ir.pipeline import joined

    return joined(parts)


@record
class Stage:
    """One step of one input: what it makes, from which stage, and how it is printed."""

    name: str
    after: str | None
    run: Callable[[Compilation, Unit], Any]
    show: Callable[[Compilation, Any], bytes]


def _show_tokens(job: Compilation, tokens: Any) -> bytes:
    return render_tokens(tokens, line_markers=not job.options.no_line_markers).encode()


def _show_tree(job: Compilation, tree: Any) -> bytes:
    from kcc.frontend.dump import dump

    del job
    return dump(tree).encode()


def _show_objects(job: Compilation, objects: Any) -> bytes:
    from kcc.linker.objfile import write_archive

    del job
    if len(objects) == 1:
        return bytes(objects[0])
    return write_archive([(f"{number}.o", data) for number, data in enumerate(objects)])


# fmt: off
STAGES = {
    s.name: s
    for s in (
        Stage("tokens", None,     _tokens, _show_tokens),
        Stage("ast",    "tokens", _ast,    _show_tree),
        Stage("tast",   "ast",    _tast,   _show_tree),
        Stage("ir",     "tast",   _ir,     lambda _job, lowered: str(lowered.module).encode()),
        Stage("optir",  "ir",     _optir,  lambda _job, parts: str(joined(parts)).encode()),
        Stage("asm",    "optir",  _asm,    lambda _job, text: text.encode()),
        Stage("obj",    "optir",  _obj,    _show_objects),
    )
}
# fmt: on


def make(job: Compilation, unit: Unit, goal: str) -> Any:
    """Run the stages up to `goal` that have not run yet; returns its artefact."""
    if goal not in unit.artefacts:
        stage = STAGES[goal]
        if stage.after is not None:
            make(job, unit, stage.after)
        unit.artefacts[goal] = job.timed(goal, lambda: stage.run(job, unit))
        if stage.after is not None and not job.keep and goal != "asm":
            unit.artefacts.pop(stage.after, None)  # memory for those to come
        if goal == "tokens" and job.options.mode == "pp":
            job.diags.raise_errors()
    return unit.artefacts[goal]


def assemble(job: Compilation, unit: Unit) -> bytes:
    from kcc.backend.asm import assemble

    data: bytes = job.timed("asm", lambda: assemble(job.text(unit), unit.name, job.diags, job.arch))
    job.diags.raise_errors()
    return data


def steps(goal: str) -> list[str]:
    """The stages up to `goal`, in order."""
    names: list[str] = []
    name: str | None = goal
    while name is not None:
        names.insert(0, name)
        name = STAGES[name].after
    return names
