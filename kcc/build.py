"""The compiler's stages as a table, every artefact by name.

    tokens -> ast -> tast -> ir -> optir -> asm | obj      for each input, the last two of parts
    objects (+ device library) -> elf, map                 once

Inputs of one link whose calls need each other's bodies go on as one from tast (frontend/join.py).
Heavy stages are imported when they run, so that `-E` pays for the preprocessor alone.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

from kcc.frontend.diag import Diagnostics
from kcc.frontend.diag_formats import report
from kcc.frontend.dialect import version_of
from kcc.frontend.pp import Dependencies, PPOptions, preprocess
from kcc.frontend.pp import render as render_tokens
from kcc.frontend.record import field, record
from kcc.frontend.source import SourceFile

from . import __version__, config
from .options import Options, UsageError


@record(frozen=False)
class Outputs:
    """What a compilation made: text for standard error, files to write.

    read, absent: (path, SHA-256) of each file it included, and paths it looked for in vain.
    """

    messages: str = ""
    files: list[tuple[str, bytes]] = field(default_factory=list)
    read: list[tuple[str, str]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def cacheable(self) -> bool:
        paths = [p for p, _ in self.read] + self.absent + [p for p, _ in self.files]
        return not any("\n" in path for path in paths)


@record(frozen=False)
class Unit:
    """One input on its way: the artefacts made so far, by stage name."""

    name: str
    data: bytes
    artefacts: dict[str, Any] = field(default_factory=dict)
    included: list[str] = field(default_factory=list)  # files
    joined: list[str] = field(default_factory=list)  # other inputs that are lowered with it
    kernels: dict[str, Any] = field(default_factory=dict)  # where they are, by name

    @property
    def stem(self) -> str:
        return "stdin" if self.name == "-" else os.path.splitext(os.path.basename(self.name))[0]


class Compilation:
    """One command line's work: its options, what it found wrong, and where its time went."""

    def __init__(self, options: Options) -> None:
        from kcc.backend.target import DEFAULT_ARCH, parse_target

        self.options = options
        self.arch = options.arch or DEFAULT_ARCH
        try:
            parse_target(self.arch)
        except ValueError as e:
            raise UsageError(f"-march: {e}") from e
        self.diags = Diagnostics(
            settings=tuple(options.warnings), max_errors=int(options.error_limit)
        )
        self.diags.check_settings()
        self.dependencies = Dependencies()
        self.outputs = Outputs()
        self.times: list[tuple[str, float]] = []
        self.debug = config.number("KCC_DEBUG")
        self.keep = config.variable("KCC_KEEP")
        self.printed = _passes_to_print(options, self.debug)
        self.colour = options.colour == "on" or (
            options.colour == "auto" and config.colour(sys.stderr.isatty())
        )

    def timed(self, name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        self.times.append((name, time.perf_counter() - start))
        return result

    def say(self, text: str) -> None:
        """Something asked for by -v, --print-after or KCC_DEBUG: at once, so that order holds."""
        sys.stderr.write(text)

    def observe(self, name: str, text: str) -> None:
        """Called by the pass pipeline after each pass."""
        if "all" in self.printed or name in self.printed:
            self.say(f"; after {name}\n{text}\n")

    def messages(self) -> str:
        """Warnings as text; then times, when asked for."""
        text = report(self.diags.seen, self.options.diagnostics_format, self.colour, __version__)
        if self.options.time or self.debug >= 1:
            total = sum(seconds for _name, seconds in self.times)
            rows = [*self.times, ("total", total)]
            text += "".join(f"{name:<10} {seconds * 1e3:>8.1f} ms\n" for name, seconds in rows)
        return text


def _passes_to_print(options: Options, debug: int) -> frozenset[str]:
    if not options.print_after:
        return frozenset({"all"} if debug >= 3 else ())
    from kcc.ir.pipeline import PASS_NAMES

    known = ["all", *PASS_NAMES]
    for name in options.print_after:
        if name not in known:
            raise UsageError(f"unknown pass '{name}' in '--print-after=': {', '.join(known)}")
    return frozenset(options.print_after)


# -- stages of one input ------------------------------------------------------------------------


def _tokens(job: Compilation, unit: Unit) -> Any:
    options = job.options
    source = SourceFile("<stdin>" if unit.name == "-" else unit.name, _decode(job, unit))
    settings = PPOptions(
        macros=tuple(options.macros),
        include_dirs=tuple(options.include_dirs),
        includes=tuple(options.includes),
        cl_std=options.cl_std,
        relaxations=tuple(options.cl_flags),
        opt_level=options.opt_level,
    )
    known = len(job.dependencies.read)
    tokens = preprocess(source, settings, job.diags, job.dependencies)
    unit.included += [path for path, _data in job.dependencies.read[known:]]
    if len(tokens) == 1 and options.mode != "pp" and options.emit != "tokens":
        raise job.diags.fatal("empty-input", f"'{source.name}' holds no declarations")
    return tokens


def _decode(job: Compilation, unit: Unit) -> str:
    try:
        return unit.data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise job.diags.fatal(
            "encoding", f"'{unit.name}' is not UTF-8 text (byte {e.start})"
        ) from e


def _ast(job: Compilation, unit: Unit) -> Any:
    from kcc.frontend.parse import parse

    tree = parse(unit.artefacts["tokens"], job.diags, config.cache_dir("parser"))
    if job.diags.error_count():
        _checked(job, tree)  # for what else there is to say
    return tree


def _tast(job: Compilation, unit: Unit) -> Any:
    return _checked(job, unit.artefacts["ast"])


def _checked(job: Compilation, tree: Any) -> Any:
    from kcc.frontend.check import CheckOptions, check

    options = job.options
    settings = CheckOptions(
        cl_std=options.cl_std,
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

    return emit_assembly(_joined(unit.artefacts["optir"]), job.arch, job.options.opt_level)


def _obj(job: Compilation, unit: Unit) -> Any:
    from kcc.backend.codegen import emit_objects

    if job.debug >= 4:
        job.say(make(job, unit, "asm"))
    parts = unit.artefacts["optir"]
    if _goal(job.options) not in _LINKED:
        parts = [_joined(parts)]
    return emit_objects(parts, job.arch, job.options.opt_level)


def _joined(parts: Any) -> Any:
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
        Stage("optir",  "ir",     _optir,  lambda _job, parts: str(_joined(parts)).encode()),
        Stage("asm",    "optir",  _asm,    lambda _job, text: text.encode()),
        Stage("obj",    "optir",  _obj,    _show_objects),
    )
}
# fmt: on


# -- the whole command ----------------------------------------------------------------------------

_SUFFIXES = {"pp": "", "obj": ".o", "asm": ".s"}
_LINKED = ("elf", "map")
_ASSEMBLY = (".s", ".S")
_LINKABLE = (".o", ".a")
_SOURCES = (".cl", ".clcpp", ".c", ".i", "")


def compile_inputs(options: Options, sources: list[tuple[str, bytes]]) -> Outputs:
    """Do what the command line asks, in memory; nothing is written here.

    raises: CompileError when a program is wrong; UsageError; OSError for further files.
    """
    job = Compilation(options)
    units = [Unit(name, data) for name, data in sources]
    goal = _goal(options)
    if options.verbose or options.dry_run:
        job.say(_describe_job(job, units, goal))
    if not options.dry_run:
        if goal in _LINKED:
            _link_units(job, units, goal)
        else:
            for unit in units:
                _compile_unit(job, unit, goal)
        _keep(job, units)
    job.outputs.read = [(p, sha256(d).hexdigest()) for p, d in job.dependencies.read]
    job.outputs.absent = job.dependencies.absent
    job.outputs.messages = job.messages()
    return job.outputs


def _goal(options: Options) -> str:
    if options.emit is not None:
        return options.emit
    if options.emit_llvm:
        return "optir"
    return {"pp": "tokens", "check": "tast"}.get(options.mode, options.mode)


def _kind(job: Compilation, unit: Unit) -> str:
    """ "cl", "asm" or "link": what an input is, by -x or by its name."""
    language = job.options.language
    suffix = os.path.splitext(unit.name)[1]
    if suffix in _LINKABLE:
        return "link"
    if language == "assembler" or (language == "none" and suffix in _ASSEMBLY):
        return "asm"
    if language == "cl" or suffix in _SOURCES:
        return "cl"
    raise UsageError(f"'{unit.name}': unknown kind of input '{suffix}'; say which with -x cl")


def _compile_unit(job: Compilation, unit: Unit, goal: str) -> None:
    kind = _kind(job, unit)
    if kind == "link" or (kind == "asm" and goal != "obj"):
        raise UsageError(f"'{unit.name}' is of no use here: nothing is linked")
    if kind == "asm":
        unit.artefacts["obj"] = [_assemble(job, unit)]
    else:
        make(job, unit, goal)
    if job.options.mode == "check" and job.options.emit is None:
        return
    if job.options.emit_llvm and job.options.mode == "obj":
        data = _joined(unit.artefacts["optir"]).as_bitcode()
    else:
        data = STAGES[goal].show(job, unit.artefacts[goal])
    path = _unit_output(job.options, unit, goal)
    job.outputs.files.append((path, data))
    _depend(job, [unit], path)


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


def _assemble(job: Compilation, unit: Unit) -> bytes:
    from kcc.backend.asm import assemble

    data: bytes = job.timed(
        "asm", lambda: assemble(_decode(job, unit), unit.name, job.diags, job.arch)
    )
    job.diags.raise_errors()
    return data


def _unit_output(options: Options, unit: Unit, goal: str) -> str:
    if options.output is not None:
        return options.output
    if options.mode == "pp" or options.emit is not None:
        return "-"
    if options.emit_llvm:
        return unit.stem + (".ll" if options.mode == "asm" else ".bc")
    return unit.stem + _SUFFIXES[goal]


def _link_units(job: Compilation, units: list[Unit], goal: str) -> None:
    from kcc.linker.link import LinkInput, link

    from .device_library import needs_library, start_code

    options = job.options
    inputs = start_code(options.device, job.arch)
    for unit in _join(job, units):
        kind = _kind(job, unit)
        if kind == "link":
            _check_device(job, unit)
            objects = [unit.data]
        elif kind == "asm":
            objects = [_assemble(job, unit)]
        else:
            objects = make(job, unit, "obj")
        name = ", ".join([unit.name, *unit.joined])
        inputs += [LinkInput(name, data) for data in objects]
    if needs_library(inputs):
        from .device_library import library_archive

        archive = job.timed("library", lambda: library_archive(job.arch))
        inputs.append(LinkInput("<device library>", archive))
    script, settings = _script(options), _link_options(options)
    result = job.timed("link", lambda: link(inputs, script, settings, job.diags))
    output = job.options.output or ("a.out" if goal == "elf" else "-")
    if goal == "elf":
        job.outputs.files.append((output, result.elf))
        _depend(job, units, output)
    else:
        job.outputs.files.append((output, result.map.encode()))
    if job.options.map_file:
        job.outputs.files.append((job.options.map_file, result.map.encode()))
    if job.debug >= 4:
        job.say(result.map)


def _join(job: Compilation, units: list[Unit]) -> list[Unit]:
    """The inputs, but of those that are lowered together the first alone."""
    sources = [unit for unit in units if _kind(job, unit) == "cl"]
    if len(sources) < 2:
        return units
    from kcc.frontend.join import Input, join

    inputs = [Input(unit.name, make(job, unit, "tast")) for unit in sources]
    joined: set[int] = set()
    for group, program in job.timed("join", lambda: join(inputs, job.diags)):
        first, *others = (sources[i] for i in group)
        first.artefacts["tast"], first.joined = program, [unit.name for unit in others]
        joined.update(map(id, others))
        if not job.keep:
            for unit in others:
                unit.artefacts.clear()
    return [unit for unit in units if id(unit) not in joined]


def _link_options(options: Options) -> Any:
    from kcc.ir.abi import FIXED_BASE
    from kcc.linker.link import LinkOptions

    regions = options.regions
    if options.device == "refsi":
        return LinkOptions(regions=regions)
    if options.pie == "no":
        return LinkOptions(regions=regions, defines=(f"__image_base = {FIXED_BASE:#x}",))
    return LinkOptions(regions=regions, pie=True)


def _check_device(job: Compilation, unit: Unit) -> None:
    """An object or archive brings kernels that others have compiled: all must be for one device.

    What is wrong with it besides, the linker says.
    """
    from kcc.linker.elf import ET_REL, ElfError, read_elf
    from kcc.linker.notes import read_kernels
    from kcc.linker.objfile import ARCHIVE_MAGIC, read_archive

    try:
        objects = [unit.data]
        if unit.data.startswith(ARCHIVE_MAGIC):
            objects = [data for _name, data in read_archive(unit.name, unit.data).members.values()]
        kernels = [k for data in objects for k in read_kernels(read_elf(data, (ET_REL,)))]
    except ElfError:
        return
    for kernel in kernels:
        if kernel.device != job.options.device:
            message = f"kernel '{kernel.name}' of {unit.name} is compiled for {kernel.device}"
            hint = f"-mdevice={kernel.device}"
            raise job.diags.fatal("device-mismatch", message, hint=hint)


def _script(options: Options) -> SourceFile | None:
    from kcc.linker.link import default_script

    if options.script is None:
        return default_script(options.device)
    with open(options.script, encoding="utf-8", errors="replace") as file:
        return SourceFile(options.script, file.read())


def _describe_job(job: Compilation, units: list[Unit], goal: str) -> str:
    names = [*STAGES]
    lines = [f"kcc {__version__}", f"target: riscv64-unknown-elf, {job.arch}, lp64d"]
    for unit in units:
        kind = _kind(job, unit)
        last = goal if goal in STAGES else "obj"
        steps = {"cl": _steps(last), "asm": ["assemble"], "link": ["read"]}[kind]
        lines.append(f'"{unit.name}": {" ".join(steps)}')
    if goal not in names:
        script = job.options.script or f"{job.options.device}.ld"
        lines.append(f"link: {script} -> {job.options.output or 'a.out'}")
    return "\n".join(lines) + "\n"


def _steps(goal: str) -> list[str]:
    steps: list[str] = []
    name: str | None = goal
    while name is not None:
        steps.insert(0, name)
        name = STAGES[name].after
    return steps


def _depend(job: Compilation, units: list[Unit], target: str) -> None:
    """Write the dependency file of -MD, in make's syntax: what `target` was made from."""
    options = job.options
    if options.depfile is None:
        return
    path = options.depfile_path
    if path is None:
        path = os.path.splitext(target if target != "-" else units[0].name)[0] + ".d"
    named = [t[1:] if t[0] == "T" else _for_make(t[1:]) for t in options.depfile_targets]
    inputs = [unit.name for unit in units]
    included = dict.fromkeys(name for unit in units for name in unit.included)
    files = [_for_make(name) for name in dict.fromkeys((*inputs, *included))]
    text = f"{' '.join(named or [_for_make(target)])}: {' '.join(files)}\n"
    if options.depfile_phony:
        text += "".join(f"\n{name}:\n" for name in files[len(inputs) :])
    job.outputs.files.append((path, text.encode()))


def _for_make(name: str) -> str:
    return name.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ")


def _keep(job: Compilation, units: list[Unit]) -> None:
    """KCC_KEEP: every artefact of every input, and what was asked for, as files."""
    folder = job.keep
    if not folder:
        return
    os.makedirs(folder, exist_ok=True)
    kept = {os.path.basename(path): data for path, data in job.outputs.files if path != "-"}
    for unit in units:
        for name, artefact in unit.artefacts.items():
            kept[f"{unit.stem}.{name}"] = STAGES[name].show(job, artefact)
    job.outputs.files += [(os.path.join(folder, name), data) for name, data in kept.items()]
