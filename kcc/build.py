"""What a command line asks of the compiler, done in memory: stages of each input, then a link."""

from __future__ import annotations

import os
from hashlib import sha256

from . import __version__
from .compilation import LINKED, Compilation, Outputs, Unit
from .options import Options, UsageError
from .stages import STAGES, assemble, joined, make, steps

_SUFFIXES = {"obj": ".o", "asm": ".s"}


def compile_inputs(options: Options, sources: list[tuple[str, bytes]]) -> Outputs:
    """Do what the command line asks, in memory; nothing is written here.

    raises: CompileError when a program is wrong; UsageError; OSError for further files.
    """
    job = Compilation(options)
    units = [Unit(name, data) for name, data in sources]
    goal = job.goal
    if options.verbose or options.dry_run:
        job.say(_describe_job(job, units, goal))
    if not options.dry_run:
        if goal in LINKED:
            _link(job, units, goal)
        else:
            for unit in units:
                _compile_unit(job, unit, goal)
        _keep(job, units)
    job.outputs.read = [(p, sha256(d).hexdigest()) for p, d in job.dependencies.read]
    job.outputs.absent = job.dependencies.absent
    job.outputs.messages = job.messages()
    return job.outputs


def _compile_unit(job: Compilation, unit: Unit, goal: str) -> None:
    kind = job.kind(unit)
    if kind == "link" or (kind == "asm" and goal != "obj"):
        raise UsageError(f"'{unit.name}' is of no use here: nothing is linked")
    if kind == "asm":
        unit.artefacts["obj"] = [assemble(job, unit)]
    else:
        make(job, unit, goal)
    if job.options.mode == "check" and job.options.emit is None:
        return
    if job.options.emit_llvm and job.options.mode == "obj":
        data = joined(unit.artefacts["optir"]).as_bitcode()
    else:
        data = STAGES[goal].show(job, unit.artefacts[goal])
    path = _unit_output(job.options, unit, goal)
    job.outputs.files.append((path, data))
    _depend(job, [unit], path)


def _unit_output(options: Options, unit: Unit, goal: str) -> str:
    if options.output is not None:
        return options.output
    if options.mode == "pp" or options.emit is not None:
        return "-"
    if options.emit_llvm:
        return unit.stem + (".ll" if options.mode == "asm" else ".bc")
    return unit.stem + _SUFFIXES[goal]


def _link(job: Compilation, units: list[Unit], goal: str) -> None:
    from .linking import link_units

    result = link_units(job, units)
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


def _describe_job(job: Compilation, units: list[Unit], goal: str) -> str:
    names = [*STAGES]
    lines = [f"kcc {__version__}", f"target: riscv64-unknown-elf, {job.arch}, lp64d"]
    for unit in units:
        kind = job.kind(unit)
        last = goal if goal in STAGES else "obj"
        through = {"cl": steps(last), "c": steps(last), "asm": ["assemble"], "link": ["read"]}[kind]
        lines.append(f'"{unit.name}": {" ".join(through)}')
    if goal not in names:
        script = job.options.script or f"{job.options.device}.ld"
        lines.append(f"link: {script} -> {job.options.output or 'a.out'}")
    return "\n".join(lines) + "\n"


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
