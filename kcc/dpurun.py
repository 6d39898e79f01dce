"""`kcc run --device dpu`: one DPU runs a program, whose first tasklet's result is the status."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DeviceError
from .options import UsageError, parse_options

if TYPE_CHECKING:
    from kcc.device.dpu.device import Dpu, Outcome

    from .runcmd import RunOptions

# Of the options of `kcc run`, those that mean something to a program without kernels.
_MEANT = frozenset({"file", "device", "limit", "stats", "dpu_check", "dpu_timing", "compiler"})


def run_dpu(options: RunOptions, limit: int | None) -> int:
    """Run the program; prints what it prints. returns: its exit status, of 8 bits.

    raises: UsageError; DeviceError for what is no program, and for a run that ends in a fault.
    """
    from kcc.device.dpu.device import CHECKS, Dpu
    from kcc.linker.elf import ElfError

    from . import config
    from .program import Program

    _refuse_the_rest(options)
    checks = CHECKS.get(options.dpu_check)
    if checks is None:
        known = ", ".join(CHECKS)
        raise UsageError(f"invalid value '{options.dpu_check}' in '--dpu-check=': {known}")
    assert options.file is not None
    elf = _program(options.file, options.compiler)
    folder = config.cache_dir("translations")
    if Program(elf, options.file).infos:
        raise DeviceError(f"'{options.file}' holds kernels, and a DPU runs programs")
    dpu = Dpu(checks, options.dpu_timing, Path(folder) if folder else None)
    try:
        dpu.load(elf)
    except ElfError as e:
        raise DeviceError(f"'{options.file}': {e}") from e
    try:
        outcome = dpu.launch(limit)
    except KeyboardInterrupt:
        _print_log(dpu)  # what it has printed may say why it does not end
        raise
    log_error = _print_log(dpu)
    if options.stats:
        _print_stats(outcome)
    if options.dpu_timing:
        print(f"{outcome.cycles} cycles")
    sys.stdout.flush()
    for line in outcome.warnings:
        print(f"kcc: warning: {line}", file=sys.stderr)
    if outcome.fault is not None:
        raise DeviceError(str(outcome.fault))
    if log_error:
        raise DeviceError(log_error)
    return (outcome.status[0] or 0) & 0xFF


def _refuse_the_rest(options: RunOptions) -> None:
    """Flags for kernels and their arguments. raises: UsageError."""
    from .runcmd import RUN_FLAGS, RunOptions

    if options.values:
        raise UsageError(f"'{options.values[0]}': a program for a DPU has no arguments")
    plain = vars(RunOptions())
    for flag, destination, *_ in RUN_FLAGS:
        name = destination.rstrip("*")
        if name not in _MEANT and getattr(options, name) != plain[name]:
            raise UsageError(f"'{flag}' is not for programs, which a DPU runs")


def _program(file: str, flags: list[str]) -> bytes:
    """An ELF's bytes; or those of the program compiled, with places in the source for faults."""
    from .compilecache import obtain, read_input
    from .program import refuse_other_outputs

    data = read_input(file)
    if data.startswith(b"\x7fELF"):
        if flags:
            raise UsageError(f"'{flags[0]}' is for compiling, and '{file}' is compiled already")
        return data
    if file.endswith(".elf"):
        raise DeviceError(f"'{file}' is not an ELF file")
    compiling = parse_options(["-mdevice=dpu", "-g", *flags])
    refuse_other_outputs(compiling)
    compiling.inputs, compiling.output = [file], "a.elf"  # which is not written
    made = obtain(compiling, [(file, data)])
    sys.stderr.write(made.messages)
    return made.files[0][1]


def _print_log(dpu: Dpu) -> str:
    """returns: why it cannot be read, which may be the doing of what ends the run; "" if it can."""
    from kcc.device.dpu.log import LogError, log_of

    try:
        text = log_of(dpu)
    except LogError as e:
        return (
            f"what the program has printed cannot be read: {e}; something else was written there, "
            "by a stack that overflowed perhaps: see --dpu-check"
        )
    sys.stdout.flush()
    sys.stdout.buffer.write(text or b"")
    return ""


def _print_stats(outcome: Outcome) -> None:
    results = ", ".join("-" if status is None else str(status) for status in outcome.status)
    print(f"{outcome.retired} instructions; results of tasklets: {results}")
