"""`kcc run`: launch one kernel from the shell, with arguments, expectations and output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .compilecache import write_files
from .errors import DeviceError
from .options import EITHER, FLAG, FLAGS, SEPARATE, UsageError, unknown_flag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kcc.ir.abi import KernelArg, KernelInfo

    from .devices import Device
    from .kernel import LaunchStats
    from .program import Program
    from .values import Value

# fmt: off
RUN_FLAGS = (
    # spelling, destination (* appends), value shown, what it does
    ("-k", "kernel", "KERNEL", "which kernel; needed when the program has several"),
    ("-g", "global_size", "X[,Y[,Z]]", "global size, in work-items (required)"),
    ("-l", "local_size", "X[,Y[,Z]]", "work-group size; chosen when not given"),
    ("--offset", "offset", "X[,Y[,Z]]", "global offset"),
    ("--device", "device", "NAME", "to run on: m1, g1, formosa, a file describing one; or dpu"),
    ("--vlen", "vlen", "N", "bits of its vector registers, if not its own"),
    ("--expect", "expect*", "EXPR", "NumPy expression that must hold, e.g. \"c == a + b\""),
    ("--ulp", "ulp", "N", "how far apart floats may be in an expected =="),
    ("--print", "print*", "NAME[:N]", "print the first N (16) elements of an argument afterwards"),
    ("--save", "save*", "NAME=FILE.npy", "save an argument's final value"),
    ("--max-instructions", "limit", "N", "stop with an error after N instructions on all harts"),
    ("--gdb", "gdb", "PORT", "let gdb control the run: wait for it on this port, 0 for a free one"),
    ("--stats", "stats", "", "print instructions retired, groups run and units translated"),
    ("--counters", "counters", "", "print what each hart did: cycles, loads, stores, ..."),
    ("--threads", "threads", "N", "run harts on N threads in parallel; 1: in turns"),
    ("--trace", "trace", "FILE", "write what instructions do (-: stdout); FILE.json: for Perfetto"),
    ("--trace-filter", "trace_filter*", "WHAT", "of it: hart=N[,N-M], function=NAME or range=A:B"),
    ("--dpu-check", "dpu_check", "LEVEL", "what a DPU does not check: off, warn of it, or strict"),
    ("--dpu-timing", "dpu_timing", "", "print how many cycles a DPU takes"),
    ("--help", "help", "", "print this help"),
)
# fmt: on
_BY_NAME = {row[0]: row for row in RUN_FLAGS} | {"-h": RUN_FLAGS[-1]}
_COMPILER = {row[0]: row[1] for row in FLAGS}
DEFAULT_PRINTED = 16


@dataclass
class RunOptions:
    """What one `kcc run` command line says. Sizes are as written until checked."""

    file: str | None = None
    kernel: str | None = None
    global_size: str | None = None
    local_size: str | None = None
    offset: str | None = None
    device: str = "m1"
    vlen: str | None = None
    expect: list[str] = field(default_factory=list)
    ulp: str = "0"
    print: list[str] = field(default_factory=list)
    save: list[str] = field(default_factory=list)
    limit: str | None = None
    gdb: str | None = None
    stats: bool = False
    counters: bool = False
    threads: str = "1"
    trace: str | None = None
    trace_filter: list[str] = field(default_factory=list)
    dpu_check: str = "off"
    dpu_timing: bool = False
    help: bool = False
    values: list[str] = field(default_factory=list)  # NAME=VALUE
    compiler: list[str] = field(default_factory=list)  # flags for a .cl input


def run_main(argv: list[str]) -> int:
    """The `run` command; returns the exit status."""
    options = parse_run_options(argv)
    if options.help:
        print(run_usage())
        return 0
    if options.file is None:
        raise UsageError("no program to run: give a .cl or .elf file")
    limit = parse_count("--max-instructions", options.limit) if options.limit else None
    if options.device == "dpu":
        from .dpurun import run_dpu

        return run_dpu(options, limit)
    if options.dpu_timing or options.dpu_check != "off":
        raise UsageError("'--dpu-check' and '--dpu-timing' are for '--device dpu'")
    if options.global_size is None:
        raise UsageError("no global size: give -g X[,Y[,Z]], or --device dpu for a program in C")
    launch = _Launch(
        parse_size("-g", options.global_size),
        parse_size("-l", options.local_size) if options.local_size else None,
        parse_size("--offset", options.offset, least=0) if options.offset else None,
        limit,
    )
    if options.trace_filter and options.trace is None:
        raise UsageError("'--trace-filter' is for a trace: give --trace FILE")
    open_device = partial(
        _device,
        options.device,
        threads=parse_count("--threads", options.threads, least=1),
        vlen=parse_count("--vlen", options.vlen) if options.vlen else None,
        counters=options.counters,
        gdb_port=_parse_port("--gdb", options.gdb) if options.gdb else None,
        trace=options.trace,
        trace_filter=options.trace_filter,
    )
    after = _After(
        options.expect,
        parse_count("--ulp", options.ulp),
        [_split_print(text) for text in options.print],
        [_split_save(text) for text in options.save],
        options.stats,
        options.counters,
    )
    program = load_program(
        options.file,
        options.compiler,
        debugged=options.gdb is not None,
        traced=options.trace is not None,
        device=options.device,
    )
    info = choose_kernel(program, options.kernel)
    after.prints = [(_parameter(info, name).name, count) for name, count in after.prints]
    after.saves = [(_parameter(info, name).name, path) for name, path in after.saves]
    values = bind_values(info, options.values)
    initial = {name: _shown(value) for name, value in values.items()}
    stats = _run(open_device, program, info, values, launch)
    return _report(after, values, initial, stats)


@dataclass(frozen=True)
class _Launch:
    global_size: tuple[int, ...]
    local_size: tuple[int, ...] | None
    offset: tuple[int, ...] | None
    limit: int | None


@dataclass
class _After:
    """What to do with the results."""

    expressions: list[str]
    ulp: int
    prints: list[tuple[str, int]]
    saves: list[tuple[str, str]]
    stats: bool
    counters: bool


def _device(name: str, **options: Any) -> Device:
    from .devices import Device

    return Device(name, **options)


def _run(
    open_device: Callable[[], Device],
    program: Program,
    info: KernelInfo,
    values: Mapping[str, Value],
    launch: _Launch,
) -> LaunchStats:
    with open_device() as device:
        return device.load(program)[info.name](
            *values.values(),
            global_size=launch.global_size,
            local_size=launch.local_size,
            global_offset=launch.offset,
            max_instructions=launch.limit,
        )


def _report(
    after: _After, values: Mapping[str, Value], initial: dict[str, Any], stats: LaunchStats
) -> int:
    from .values import Local, Raw

    if after.stats:
        print(stats)
    if after.counters:
        print("\n".join(_table(stats.counters)))
    for name, count in after.prints:
        print(f"{name} = {_text(values[name], count)}")
    files = []
    for name, path in after.saves:
        value = values[name]
        if isinstance(value, Local | Raw):
            raise DeviceError(f"argument '{name}' has no array to save")
        files.append((path, _npy_bytes(value)))
    write_files(files)
    final = {name: _shown(value) for name, value in values.items()}
    return _check(after, final, initial) if after.expressions else 0


def _table(counters: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    """A line for each counter that is not 0: its sum, and each hart's part."""
    harts = len(next(iter(counters.values())))
    rows = [("", "all harts", *(f"hart {hart}" for hart in range(harts)))]
    rows += [
        (name, f"{sum(n):,}", *(f"{i:,}" for i in n)) for name, n in counters.items() if any(n)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers in rows:
        parts = (f"{n:>{width}}" for n, width in zip(numbers, widths[1:], strict=True))
        yield f"{name:<{widths[0]}}  {'  '.join(parts)}"


def _check(after: _After, final: dict[str, Any], initial: dict[str, Any]) -> int:
    from .expect import check_expectation

    status = 0
    for expression in after.expressions:
        mismatch = check_expectation(expression, final, initial, after.ulp)
        if mismatch is not None:
            print(mismatch, file=sys.stderr)
            status = 1
    return status


def _shown(value: Value) -> Any:
    """A value as expressions see it: a copy, scalars as NumPy scalars."""
    from .values import Local, Raw

    if isinstance(value, Local):
        return value.nbytes
    if isinstance(value, Raw):
        return value.data
    return value.copy() if value.ndim else value[()]


def _text(value: Value, count: int) -> str:
    import numpy as np

    from .values import Local, Raw

    if isinstance(value, Local | Raw):
        return str(value)
    shown = value[:count] if value.ndim else value
    text = np.array2string(shown, separator=", ", threshold=sys.maxsize, max_line_width=100)
    return text + (f" ... of {len(value)}" if value.ndim and len(value) > count else "")


def _npy_bytes(value: Any) -> bytes:
    import io

    import numpy as np

    out = io.BytesIO()
    np.save(out, value, allow_pickle=False)
    return out.getvalue()


# -- the command line ---------------------------------------------------------------------------


def parse_run_options(argv: list[str]) -> RunOptions:
    """Read the words after `kcc run`. raises: UsageError."""
    from .options import expand_response_files

    options = RunOptions()
    words = iter(list(expand_response_files(argv)))
    for word in words:
        name, equals, joined = word.partition("=")
        if word == "--":
            for rest in words:
                _take_word(options, rest)
        elif not word.startswith("-") or word == "-":
            _take_word(options, word)
        elif word in _BY_NAME or (name in _BY_NAME and name.startswith("--") and equals):
            row = _BY_NAME[name]
            if not row[2]:
                setattr(options, row[1], True)
                continue
            value = joined if equals else next(words, None)
            if value is None:
                raise UsageError(f"argument to '{name}' is missing (expected {row[2]})")
            if row[1].endswith("*"):
                getattr(options, row[1][:-1]).append(value)
            else:
                setattr(options, row[1], value)
        else:
            _take_compiler_flag(options, word, words)
    return options


def _take_word(options: RunOptions, word: str) -> None:
    if options.file is None:
        options.file = word
    elif "=" in word:
        options.values.append(word)
    else:
        raise UsageError(f"unexpected '{word}': arguments are written NAME=VALUE")


def _take_compiler_flag(options: RunOptions, word: str, words: Iterator[str]) -> None:
    kind = _COMPILER.get(word)
    joined = any(word.startswith(name) for name, k in _COMPILER.items() if k != FLAG)
    if kind is None and not joined:
        raise UsageError(unknown_flag(word, [*_BY_NAME, *_COMPILER]))
    options.compiler.append(word)
    if kind in (SEPARATE, EITHER):
        value = next(words, None)
        if value is None:
            raise UsageError(f"argument to '{word}' is missing")
        options.compiler.append(value)


def parse_size(flag: str, text: str, least: int = 1) -> tuple[int, ...]:
    """X[,Y[,Z]] as numbers. raises: UsageError."""
    parts = text.split(",")
    if len(parts) > 3:
        raise UsageError(f"'{flag} {text}': at most three dimensions")
    try:
        sizes = tuple(int(p, 0) for p in parts)
    except ValueError:
        raise UsageError(f"'{flag} {text}': sizes are whole numbers, X[,Y[,Z]]") from None
    if min(sizes) < least or max(sizes) >= 1 << 32:
        raise UsageError(f"'{flag} {text}': sizes lie between {least} and {(1 << 32) - 1}")
    return sizes


def parse_count(flag: str, text: str, least: int = 0) -> int:
    """A whole number, not below `least`. raises: UsageError."""
    try:
        count = int(text, 0)
    except ValueError:
        count = least - 1
    if count < least:
        limit = f"{least} or more" if least else "not negative"
        raise UsageError(f"'{flag} {text}': expected a whole number, {limit}")
    return count


def _parse_port(flag: str, text: str) -> int:
    port = parse_count(flag, text)
    if port >= 1 << 16:
        raise UsageError(f"'{flag} {text}': a port is less than {1 << 16}")
    return port


def _split_print(text: str) -> tuple[str, int]:
    name, colon, count = text.partition(":")
    return name, parse_count("--print", count) if colon else DEFAULT_PRINTED


def _split_save(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise UsageError(f"'--save {text}': expected NAME=FILE.npy")
    return name, path


# -- program, kernel, arguments -----------------------------------------------------------------


def load_program(
    file: str,
    compiler: list[str],
    *,
    debugged: bool = False,
    traced: bool = False,
    device: str = "m1",
) -> Program:
    """The program in an ELF, or compiled from a .cl file (through the compile cache).

    debugged: have the compiler describe it to debuggers. traced: have it stay where it is linked.
    device:   that it is to suit: compiled for what that executes, unless -march= is given.
    """
    from .program import compile, load

    if file == "-" or not _is_elf(file):
        if Path(file).suffix == ".elf":
            raise DeviceError(f"'{file}' is not an ELF file")
        watched = debugged or traced
        flags = [*_device_flags(device, compiler, watched), *compiler]
        program = compile(Path(file), [*flags, "-g"] if debugged else flags)
        sys.stderr.write(program.log)
        return program
    if compiler:
        raise UsageError(f"'{compiler[0]}' is for compiling, and '{file}' is compiled already")
    return load(file)


def _device_flags(device: str, compiler: list[str], watched: bool) -> list[str]:
    """What the compiler needs to know of a device; of several -march=, the last one counts."""
    from .devices import compile_flags, profile_of

    flags = compile_flags(profile_of(device), watched=watched)
    has_script = any(word.startswith("-T") for word in compiler)  # which says where things are
    return [flag for flag in flags if not (has_script and flag.startswith("--memory="))]


def _is_elf(file: str) -> bool:
    if os.path.isdir(file):
        raise IsADirectoryError(21, "Is a directory", file)
    with open(file, "rb") as handle:
        return handle.read(4) == b"\x7fELF"


def choose_kernel(program: Program, name: str | None) -> KernelInfo:
    """The kernel called `name`, or the only one. raises: DeviceError listing what there is."""
    infos = program.infos
    if not infos:
        from .dpuinfo import is_dpu_program

        hint = ": it is for --device dpu" if is_dpu_program(program.image) else ""
        raise DeviceError(f"the program has no kernels{hint}")
    if name is None:
        if len(infos) > 1:
            raise DeviceError(f"the program has several kernels, choose with -k: {_list(infos)}")
        return next(iter(infos.values()))
    if name not in infos:
        raise DeviceError(f"no kernel is called '{name}'; there are: {_list(infos)}")
    return infos[name]


def _list(names: Mapping[str, object]) -> str:
    return ", ".join(names)


def bind_values(info: KernelInfo, words: list[str]) -> dict[str, Value]:
    """NAME=VALUE words to values, in the order of the parameters.

    raises: DeviceError for a name that is no parameter, one given twice, or one missing;
            ValueSpecError for text that is no value of its type.
    """
    from .values import parse_value

    texts: dict[str, str] = {}
    for word in words:
        name, _, text = word.partition("=")
        arg = _parameter(info, name)
        if arg.name in texts:
            raise DeviceError(f"argument '{arg.name}' is given twice")
        texts[arg.name] = text
    missing = [f"'{arg.name}' ({arg.type})" for arg in info.args if arg.name not in texts]
    if missing:
        raise DeviceError(f"kernel '{info.name}' also needs {', '.join(missing)}")
    return {arg.name: parse_value(arg, texts[arg.name]) for arg in info.args}


def _parameter(info: KernelInfo, name: str) -> KernelArg:
    if name.isdecimal() and int(name) < len(info.args):
        return info.args[int(name)]
    for arg in info.args:
        if arg.name == name:
            return arg
    params = ", ".join(f"{a.name} ({a.type})" for a in info.args) or "none"
    raise DeviceError(f"kernel '{info.name}' has no parameter '{name}'; its parameters: {params}")


def run_usage() -> str:
    """The text of `kcc run --help`."""
    lines = [
        "usage: kcc run FILE.cl|FILE.elf -g X[,Y[,Z]] [options] NAME=VALUE...",
        "       kcc run FILE.c|FILE.elf --device dpu [options]",
        "",
        "options:",
    ]
    lines += [f"  {f'{name} {value}':<26} {text}" for name, _, value, text in RUN_FLAGS]
    lines += [
        "  and, for a .cl or .c file, the compiler's flags",
        "",
        "NAME is a parameter of the kernel, or its position. VALUE is",
        "  for a scalar:       42   2.5   0x1f   (1,2,3,4) for a vector   @file for raw bytes",
        "  for a buffer:       range:N[:START[:STEP]]   fill:N:V   zeros:N   [1,2,3]",
        "                      random:N[:SEED[:LOW:HIGH]]   @file.npy",
        "  for local memory:   local:BYTES",
        "",
        "EXPR is a NumPy expression over the final values; initial.NAME is what a value was",
        "before. A mismatch prints the first ten differences and exits with status 1.",
    ]
    return "\n".join(lines)
