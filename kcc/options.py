"""Command-line flags of the compiler: one table, clang's names and meanings.

Kept free of heavy imports (no re, dataclasses, pathlib): a cache hit pays for this module.
"""

from __future__ import annotations

import os

from kcc.frontend.dialect import C_STANDARDS, DEFAULT_C, VERSIONS, standard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kcc.ir.abi import Target

# How a flag takes its value:
FLAG = "flag"  # none
JOINED = "joined"  # -O2, -Wfoo, --emit=x: the rest of the word
SEPARATE = "separate"  # -o FILE: the next word
EITHER = "either"  # -DX or -D X

# fmt: off
FLAGS = (
    # spelling, kind, destination (* appends), value shown, what it does
    ("-o", EITHER, "output", "FILE", "write to FILE ('-': standard output)"),
    ("-c", FLAG, "mode=obj", "", "compile to an object, do not link"),
    ("-S", FLAG, "mode=asm", "", "compile to assembly text"),
    ("-E", FLAG, "mode=pp", "", "preprocess only"),
    ("-P", FLAG, "no_line_markers", "", "with -E: no line markers"),
    ("-fsyntax-only", FLAG, "mode=check", "", "check only, write nothing"),
    ("-emit-llvm", FLAG, "emit_llvm", "", "with -S or -c: LLVM IR or bitcode"),
    ("--emit=", JOINED, "emit", "STAGE", "write a stage: tokens ast tast ir optir asm obj elf map"),
    ("--print-after=", JOINED, "print_after*",
     "PASS|all", "print LLVM IR after a pass, on standard error"),
    ("--time", FLAG, "time", "", "print the time of each stage"),
    ("-O", JOINED, "opt", "LEVEL", "optimise: 0 1 2 3 (default 3)"),
    ("-g", FLAG, "debug", "", "emit line information"),
    ("-D", EITHER, "macros*", "NAME[=VAL]", "define a macro"),
    ("-U", EITHER, "macros*", "NAME", "undefine a macro"),
    ("-I", EITHER, "include_dirs*", "DIR", "search DIR for included files"),
    ("-include", SEPARATE, "includes*", "FILE", "include FILE first"),
    ("-x", EITHER, "language", "LANG", "language of the inputs: cl, c, assembler, none"),
    ("-W", JOINED, "warnings*", "NAME", "warning NAME; no-NAME, error, error=NAME"),
    ("-w", FLAG, "warnings*=none", "", "no warnings"),
    ("-pedantic", FLAG, "warnings*=pedantic", "", "warn of what the standards do not have"),
    ("-pedantic-errors", FLAG, "warnings*=error=pedantic", "", "errors for the same"),
    ("-ferror-limit=", JOINED, "error_limit", "N", "stop after N errors (0: never)"),
    ("-fcheck=", JOINED, "checks*", "barriers", "check that work-items meet at the same barriers"),
    ("-fsub-group-size=", JOINED, "sub_group_size", "N", "work-items of a sub-group (16)"),
    ("-fwork-item-mode=", JOINED, "work_item_mode", "wg|wi",
     "what a hart runs: work-groups, or one item of each (RefSi G1, Formosa)"),
    ("-fvectorize", FLAG, "vectorize=on", "", "use vector instructions (default from -O2 on)"),
    ("-fno-vectorize", FLAG, "vectorize=", "", "use none, across work-items or in loops"),
    ("-Rpass=", JOINED, "remarks*", "REGEX",
     "say what passes have done: workitem-vectorize, loop-vectorize"),
    ("-Rpass-missed=", JOINED, "remarks*", "REGEX", "say what they could not do, and why"),
    ("-Rpass-analysis=", JOINED, "remarks*", "REGEX", "say more of it"),
    ("-ffp-contract=", JOINED, "fp_contract", "on|off|fast", "fuse multiplications and additions"),
    ("-fdiagnostics-format=", JOINED, "diagnostics_format",
     "text|json|sarif", "how errors and warnings are printed"),
    ("-fcolor-diagnostics", FLAG, "colour=on", "", "colour in diagnostics"),
    ("-fno-color-diagnostics", FLAG, "colour=off", "", "no colour in diagnostics"),
    ("-march=", JOINED, "arch", "ISA", "RISC-V instruction set"),
    ("-mdevice=", JOINED, "device", "NAME", "what it is for: refsi (default), formosa, dpu"),
    ("-pie", FLAG, "pie=yes", "", "on formosa: a program that goes anywhere (the default there)"),
    ("-no-pie", FLAG, "pie=no", "", "on formosa: one for a fixed address"),
    ("-T", EITHER, "script", "SCRIPT", "linker script"),
    ("--memory=", JOINED, "memory*", "REGION=ORIGIN:LENGTH", "where a region of the script is"),
    ("-Map=", JOINED, "map_file", "FILE", "write a link map"),
    ("-MD", FLAG, "depfile=all", "", "write a dependency file beside the output"),
    ("-MMD", FLAG, "depfile=user", "", "the same"),
    ("-MF", EITHER, "depfile_path", "FILE", "name of the dependency file"),
    ("-MT", EITHER, "depfile_targets*", "NAME", "target in the dependency file, as it stands"),
    ("-MQ", EITHER, "depfile_targets*", "NAME", "the same, quoted for make"),
    ("-MP", FLAG, "depfile_phony", "", "a rule without dependencies for each included file"),
    ("-v", FLAG, "verbose", "", "say what is done"),
    ("-###", FLAG, "dry_run", "", "say what would be done, do nothing"),
    ("-cl-std=", JOINED, "cl_std", "CLx.y", "version of OpenCL C (default CL1.2)"),
    ("-std=", JOINED, "c_std", "STD", "standard of C: c99 c11 c17 gnu99 gnu11 gnu17 (default)"),
    ("-cl-opt-disable", FLAG, "opt=0", "", "same as -O0"),
    ("-cl-single-precision-constant", FLAG, "cl_flags*=single-precision-constant",
     "", "1.0 is a float"),
    ("-cl-denorms-are-zero", FLAG, "cl_flags*=denorms-are-zero",
     "", "subnormals may be flushed (they are kept)"),
    ("-cl-fp32-correctly-rounded-divide-sqrt", FLAG, "cl_flags*=fp32-correctly-rounded-divide-sqrt",
     "", "exact / and sqrt (they always are)"),
    ("-cl-mad-enable", FLAG, "cl_flags*=mad-enable", "", "a * b + c may be fused"),
    ("-cl-no-signed-zeros", FLAG, "cl_flags*=no-signed-zeros",
     "", "the sign of zero does not matter"),
    ("-cl-unsafe-math-optimizations", FLAG, "cl_flags*=unsafe-math-optimizations",
     "", "reassociate and fuse"),
    ("-cl-finite-math-only", FLAG, "cl_flags*=finite-math-only", "", "no NaN, no infinity"),
    ("-cl-fast-relaxed-math", FLAG, "cl_flags*=fast-relaxed-math", "", "all of the relaxations"),
    ("-cl-strict-aliasing", FLAG, "cl_flags*=strict-aliasing", "", "accepted for OpenCL 1.0"),
    ("-cl-kernel-arg-info", FLAG, "cl_flags*=kernel-arg-info",
     "", "keep what clGetKernelArgInfo tells; shown by kcc info"),
    ("-cl-uniform-work-group-size", FLAG, "cl_flags*=uniform-work-group-size",
     "", "groups are all of one size"),
    ("--help", FLAG, "help", "", "print this help"),
    ("-h", FLAG, "help", "", "print this help"),
    ("--version", FLAG, "version", "", "print the version"),
)
# fmt: on

DIAGNOSTICS_FORMATS = ("text", "json", "sarif")
EMITS = ("tokens", "ast", "tast", "ir", "optir", "asm", "obj", "elf", "map")
SUB_GROUP_SIZES = tuple(str(1 << n) for n in range(11))
DEVICES = ("refsi", "formosa", "dpu")
LEVELS = {"0": 0, "1": 1, "2": 2, "3": 3, "": 2, "fast": 3, "s": 2, "z": 2}


class UsageError(Exception):
    """The command line is wrong; exit status 2."""


class Options:
    """What the command line asks of the compiler. Lists keep command-line order."""

    def __init__(self) -> None:
        self.inputs: list[str] = []
        self.output: str | None = None
        self.mode = "elf"
        self.emit_llvm = False
        self.emit: str | None = None
        self.print_after: list[str] = []
        self.time = False
        self.opt = "3"
        self.debug = False
        self.macros: list[str] = []  # "DNAME=VAL" or "UNAME"
        self.include_dirs: list[str] = []
        self.includes: list[str] = []
        self.language = "none"
        self.warnings: list[str] = []
        # The input belongs to the device library, and is for inlining; no flag sets these.
        self.runtime = self.inlined = False
        self.error_limit = "20"
        self.fp_contract = "on"
        self.vectorize = "on"
        self.remarks: list[str] = []  # "-Rpass=REGEX" and the like
        self.checks: list[str] = []
        self.sub_group_size: str | None = None
        self.work_item_mode = "wg"
        self.colour = "auto"
        self.diagnostics_format = "text"
        self.arch: str | None = None
        self.device: Target = "refsi"
        self.pie: str | None = None  # "yes" or "no"
        self.script: str | None = None
        self.memory: list[str] = []
        self.map_file: str | None = None
        self.depfile: str | None = None
        self.depfile_path: str | None = None
        self.depfile_targets: list[str] = []  # "TNAME" or "QNAME"
        self.depfile_phony = False
        self.no_line_markers = False
        self.verbose = False
        self.dry_run = False
        self.cl_std = "CL1.2"
        self.c_std = DEFAULT_C
        self.cl_flags: list[str] = []
        self.help = False
        self.version = False

    @property
    def opt_level(self) -> int:
        return LEVELS[self.opt]

    @property
    def regions(self) -> dict[str, tuple[int, int]]:
        """Memory regions of the linker script that are elsewhere: origin and length.

        raises: UsageError for what is none.
        """
        regions = {}
        for text in self.memory:
            name, equals, place = text.partition("=")
            origin, colon, length = place.partition(":")
            try:
                regions[name] = int(origin, 0), int(length, 0)
            except ValueError:
                regions[name] = -1, -1
            if not (name and equals and colon) or not all(0 <= n < 1 << 64 for n in regions[name]):
                raise UsageError(f"invalid value '{text}' in '--memory=': REGION=ORIGIN:LENGTH")
        return regions


_BY_NAME = {row[0]: row for row in FLAGS}
# Longest first, so that -MD is not -M and -cl-std= not -c.
_PREFIXES = sorted(
    (row for row in FLAGS if row[1] in (JOINED, EITHER)), key=lambda row: -len(row[0])
)


def parse_options(argv: Iterable[str]) -> Options:
    """Read a compiler command line.

    raises: UsageError for an unknown flag (naming the nearest known one), a missing or bad
            value, or combinations that contradict each other.
    """
    options = Options()
    words = iter(list(expand_response_files(argv)))
    for word in words:
        if word == "-" or not word.startswith("-"):
            options.inputs.append(word)
        elif word == "--":
            options.inputs.extend(words)
        else:
            _take(options, word, words)
    _check(options)
    return options


def _take(options: Options, word: str, words: Iterator[str]) -> None:
    row = _BY_NAME.get(word)
    if row is not None and row[1] == FLAG:
        _set(options, row[2], None, word)
        return
    if row is not None and row[1] in (SEPARATE, EITHER):
        value = next(words, None)
        if value is None:
            raise UsageError(f"argument to '{word}' is missing (expected {row[3]})")
        _set(options, row[2], value, row[0])
        return
    for row in _PREFIXES:
        if word.startswith(row[0]) and (word != row[0] or row[0] in ("-O", "-W")):
            _set(options, row[2], word[len(row[0]) :], row[0])
            return
    raise UsageError(unknown_flag(word, _BY_NAME))


def unknown_flag(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), 1, 0.5)
    return f"unknown argument '{word}'" + (f"; did you mean '{near[0]}'?" if near else "")


def _set(options: Options, destination: str, value: str | None, flag: str) -> None:
    name, _, constant = destination.partition("=")
    if name.endswith("*"):
        name = name[:-1]
        text = constant if value is None else value
        if name in ("macros", "depfile_targets"):
            text = flag[-1] + text
        elif name == "remarks":
            text = flag + text
        getattr(options, name).append(text)
    elif "=" in destination:
        setattr(options, name, constant)
    else:
        setattr(options, name, True if value is None else value)


def _check(options: Options) -> None:
    if options.opt not in LEVELS:
        raise UsageError(f"invalid value '{options.opt}' in '-O{options.opt}': 0, 1, 2 or 3")
    if options.emit is not None and options.emit not in EMITS:
        raise UsageError(f"unknown stage '{options.emit}' in '--emit=': {', '.join(EMITS)}")
    cl_std = standard(options.cl_std)
    if cl_std is None:
        known = ", ".join(VERSIONS)
        raise UsageError(f"invalid value '{options.cl_std}' in '-cl-std=': {known}")
    options.cl_std = cl_std
    if options.c_std not in C_STANDARDS:
        known = ", ".join(C_STANDARDS)
        raise UsageError(f"invalid value '{options.c_std}' in '-std=': {known}")
    if not options.error_limit.isdecimal():
        raise UsageError(f"invalid value '{options.error_limit}' in '-ferror-limit='")
    if options.diagnostics_format not in DIAGNOSTICS_FORMATS:
        known = ", ".join(DIAGNOSTICS_FORMATS)
        given = options.diagnostics_format
        raise UsageError(f"invalid value '{given}' in '-fdiagnostics-format=': {known}")
    for remark in options.remarks:
        _check_regex(remark)
    for check in options.checks:
        if check != "barriers":
            raise UsageError(f"invalid value '{check}' in '-fcheck='; what can be: barriers")
    if options.sub_group_size is not None and options.sub_group_size not in SUB_GROUP_SIZES:
        given = options.sub_group_size
        raise UsageError(f"invalid value '{given}' in '-fsub-group-size=': a power of two to 1024")
    if options.work_item_mode not in ("wg", "wi"):
        raise UsageError(f"invalid value '{options.work_item_mode}' in '-fwork-item-mode=': wg, wi")
    if options.work_item_mode == "wi" and options.sub_group_size not in (None, "1"):
        raise UsageError("a sub-group is one work-item with '-fwork-item-mode=wi'")
    if options.fp_contract not in ("on", "off", "fast"):
        raise UsageError(f"invalid value '{options.fp_contract}' in '-ffp-contract='")
    if options.language not in ("cl", "c", "assembler", "none"):
        raise UsageError(f"language not recognized: '{options.language}'")
    if options.device not in DEVICES:
        known = ", ".join(DEVICES)
        raise UsageError(f"invalid value '{options.device}' in '-mdevice=': {known}")
    if options.pie == "yes" and options.device != "formosa":
        raise UsageError(f"-pie: a program for {options.device} stays where it is linked to")
    if options.work_item_mode == "wi" and options.device == "dpu":
        raise UsageError("-fwork-item-mode=wi: a program for dpu has no work-items")
    _ = options.regions  # raises what is wrong with them
    if options.emit_llvm and options.mode not in ("obj", "asm"):
        raise UsageError("-emit-llvm cannot be used when linking; add -S or -c")
    if options.output == "":
        raise UsageError("the name of the output is empty")
    for macro in options.macros:
        if not macro[1:].strip():
            raise UsageError("macro name missing after '-" + macro[0] + "'")
    if options.help or options.version:
        return
    if options.depfile is None and (options.depfile_path or options.depfile_targets):
        raise UsageError("-MF, -MT and -MQ describe a dependency file: add -MD")
    per_input = options.mode in ("obj", "asm") or options.emit not in (None, "elf", "map")
    if per_input and options.output is not None and len(options.inputs) > 1:
        raise UsageError("cannot specify -o when generating multiple output files")
    if options.inputs.count("-") > 1:
        raise UsageError("standard input can be read only once")


def _check_regex(flag: str) -> None:
    import re

    name, _, text = flag.partition("=")
    try:
        re.compile(text)
    except re.error as e:
        raise UsageError(f"in '{name}=', not a regular expression: {e}") from e


def expand_response_files(argv: Iterable[str], depth: int = 0) -> Iterator[str]:
    """Replace every @FILE by the words in FILE (shell-like quoting), as clang and gcc do."""
    for word in argv:
        if not word.startswith("@") or len(word) == 1 or not os.path.isfile(word[1:]):
            yield word
            continue
        if depth >= 20:
            raise UsageError(f"response file '{word[1:]}' includes itself")
        import shlex

        try:
            with open(word[1:], encoding="utf-8", errors="surrogateescape") as file:
                words = shlex.split(file.read(), comments=False)
        except (OSError, ValueError) as e:
            raise UsageError(f"cannot read response file '{word[1:]}': {e}") from e
        yield from expand_response_files(words, depth + 1)


def usage() -> str:
    """The text of `kcc --help`."""
    lines = [
        "usage: kcc INPUT.cl|INPUT.c... [-o OUT] [options]   compile OpenCL C or C to a RISC-V ELF",
        "       kcc run FILE.cl|FILE.elf -g X NAME=VALUE...    run a kernel on a simulated device",
        "       kcc info FILE.elf                       kernels, arguments, sections",
        "       kcc disasm [-S] FILE.elf                disassemble, with symbols [and source]",
        "       kcc cmdbuf dump FILE                    print a RefSi command buffer",
        "",
        "options:",
    ]
    for spelling, kind, _destination, value, text in FLAGS:
        shown = spelling + (" " if kind == SEPARATE or spelling == "-o" else "") + value
        lines.append(f"  {shown:<26} {text}" if len(shown) <= 26 else f"  {shown}\n{'':29}{text}")
    lines += ["", "'kcc run --help' describes running. '-' is standard input or output."]
    return "\n".join(lines)
