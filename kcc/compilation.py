"""One command line's compilation: its inputs on their way, and what it made of them so far."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from kcc.frontend.diag import Diagnostics
from kcc.frontend.diag_formats import report
from kcc.frontend.pp_headers import Dependencies
from kcc.frontend.record import field, record

from . import __version__, config
from .options import Options, UsageError

LINKED = ("elf", "map")  # made once, of all inputs
_ASSEMBLY = (".s", ".S")
_LINKABLE = (".o", ".a")
_SOURCES = (".cl", ".clcpp", "")
_C_SOURCES = (".c", ".i")


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
        self.options = options
        self.arch = _arch(options)
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

    @property
    def goal(self) -> str:
        """The name of what is asked for: a stage, or one of LINKED."""
        options = self.options
        if options.emit is not None:
            return options.emit
        if options.emit_llvm:
            return "optir"
        return {"pp": "tokens", "check": "tast"}.get(options.mode, options.mode)

    def kind(self, unit: Unit) -> str:
        """ "cl", "c", "asm" or "link": what an input is, by -x or by its name.

        raises: UsageError for a name that does not tell, and for what the device cannot have.
        """
        kind = self._kind_by_name(unit)
        if kind == "cl" and self.options.device == "dpu":
            raise UsageError(f"'{unit.name}': a DPU runs programs in C, no kernels; -x c says so")
        return kind

    def _kind_by_name(self, unit: Unit) -> str:
        language = self.options.language
        suffix = os.path.splitext(unit.name)[1]
        if suffix in _LINKABLE:
            return "link"
        if language == "assembler" or (language == "none" and suffix in _ASSEMBLY):
            return "asm"
        if language != "none":
            return language
        if suffix in _C_SOURCES:
            return "c"
        if suffix in _SOURCES:
            return "cl"
        raise UsageError(f"'{unit.name}': unknown kind of input '{suffix}'; say which with -x cl")

    def standard(self, unit: Unit) -> str:
        """The language of a source, of dialect.VERSIONS or of C_STANDARDS."""
        return self.options.c_std if self.kind(unit) == "c" else self.options.cl_std

    def text(self, unit: Unit) -> str:
        """An input's bytes as text."""
        try:
            return unit.data.decode("utf-8")
        except UnicodeDecodeError as e:
            what = f"'{unit.name}' is not UTF-8 text (byte {e.start})"
            raise self.diags.fatal("encoding", what) from e

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


def _arch(options: Options) -> str:
    """The architecture to generate code for, which the device has."""
    from kcc.backend.target import DEFAULT_ARCH, DPU_ARCH, parse_target

    arch = options.arch or (DPU_ARCH if options.device == "dpu" else DEFAULT_ARCH)
    try:
        extensions = parse_target(arch).extensions
    except ValueError as e:
        raise UsageError(f"-march: {e}") from e
    if options.device == "dpu":
        lacking = sorted(extensions - parse_target(DPU_ARCH).extensions)
        if lacking:
            raise UsageError(f"-march: '{arch}': a DPU has no {', '.join(lacking)}")
    return arch


def _passes_to_print(options: Options, debug: int) -> frozenset[str]:
    if not options.print_after:
        return frozenset({"all"} if debug >= 3 else ())
    from kcc.ir.pipeline import PASS_NAMES

    known = ["all", *PASS_NAMES]
    for name in options.print_after:
        if name not in known:
            raise UsageError(f"unknown pass '{name}' in '--print-after=': {', '.join(known)}")
    return frozenset(options.print_after)
