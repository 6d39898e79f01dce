"""Inputs to one program: objects made, the device library added where it is needed, linked.

Inputs whose calls need each other's bodies go on as one from tast (frontend/join.py).
"""

from __future__ import annotations

import re
from typing import Any

from kcc.frontend.source import SourceFile

from .compilation import Compilation, Unit
from .options import Options, UsageError
from .stages import assemble, make


def link_units(job: Compilation, units: list[Unit]) -> Any:
    """The program of all inputs: a linker.link.LinkResult."""
    from kcc.linker.link import LinkInput, link

    from .device_library import libraries, start_code

    options = job.options
    inputs = start_code(options.device, job.arch)
    for unit in _join(job, units):
        kind = job.kind(unit)
        if kind == "link":
            _check_device(job, unit)
            objects = [unit.data]
        elif kind == "asm":
            objects = [assemble(job, unit)]
        else:
            objects = make(job, unit, "obj")
        name = ", ".join([unit.name, *unit.joined])
        inputs += [LinkInput(name, data) for data in objects]
    inputs += job.timed("library", lambda: libraries(inputs, options.device, job.arch))
    script, settings = _script(options), _link_options(options)
    return job.timed("link", lambda: link(inputs, script, settings, job.diags))


def _join(job: Compilation, units: list[Unit]) -> list[Unit]:
    """The inputs, but of those that are lowered together the first alone."""
    sources = [unit for unit in units if job.kind(unit) == "cl"]
    in_c = [unit for unit in units if job.kind(unit) == "c"]
    if sources and in_c:
        _check_calls_of_c(job, sources, in_c)
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


def _check_calls_of_c(job: Compilation, sources: list[Unit], in_c: list[Unit]) -> None:
    """C cannot call OpenCL C: it has no work-item, which is what such functions are given."""
    defined = {f.name: f for unit in sources for f in make(job, unit, "tast").functions}
    for unit in in_c:
        for function in make(job, unit, "tast").externs:
            if function.name in defined:
                message = f"'{function.name}' is OpenCL C, which C cannot call"
                note = (f"'{function.name}' is defined here", defined[function.name].span)
                job.diags.error("unsupported", message, function.span, notes=(note,))
    job.diags.raise_errors()


def _link_options(options: Options) -> Any:
    from kcc.ir.abi import FIXED_BASE
    from kcc.linker.link import LinkOptions

    regions = options.regions
    if options.device == "refsi":
        return LinkOptions(regions=regions)
    if options.device == "dpu":
        return LinkOptions(regions=regions, defines=_dpu_sizes(options))
    if options.pie == "no":
        return LinkOptions(regions=regions, defines=(f"__image_base = {FIXED_BASE:#x}",))
    return LinkOptions(regions=regions, pie=True)


_SIZE = re.compile(
    r"(NR_TASKLETS|STACK_SIZE_DEFAULT|STACK_SIZE_TASKLET_([0-9]|1[0-9]|2[0-3]))=(.*)"
)


def _dpu_sizes(options: Options) -> tuple[str, ...]:
    """What the script wants to know of -D: how many tasklets there are, and of what stacks.

    raises: UsageError for what is no number.
    """
    sizes: dict[str, int] = {}
    for macro in options.macros:
        text = macro[1:] if "=" in macro else macro[1:] + "=1"
        match = _SIZE.fullmatch(text)
        if match is None:
            continue
        name, value = match[1], match[3].strip("() ")
        if macro[0] == "U":
            sizes.pop(name, None)
            continue
        try:
            sizes[name] = int(value.rstrip("uUlL"), 0)
        except ValueError:
            reason = "the linker takes a whole number"
            raise UsageError(f"invalid value '{match[3]}' in '-D{name}=': {reason}") from None
    return tuple(f"{name} = {number:#x}" for name, number in sizes.items())


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
