"""The compiler's stages as a table, every artefact by name.

    tokens -> ast -> tast -> ir -> optir -> asm | obj      for each input
    objects (+ device library) -> elf, map                 once

Heavy stages are imported when they run, so that `-E` pays for the preprocessor alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from kcc.frontend.diag import CompileError, Diagnostics, render
from kcc.frontend.source import SourceFile

from . import config
from .options import Options, UsageError


@dataclass
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


@dataclass
class Unit:
    """One input on its way: the artefacts made so far, by stage name."""

    name: str
    data: bytes
    artefacts: dict[str, Any] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        return "stdin" if self.name == "-" else os.path.splitext(os.path.basename(self.name))[0]


class Compilation:
    """One command line's work: its options, what it found wrong, and where its time went."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.diags = Diagnostics(
            settings=tuple(options.warnings), max_errors=int(options.error_limit)
        )
        self.outputs = Outputs()
        self.times: list[tuple[str, float]] = []
        self.log: list[str] = []
        self.debug = config.number("KCC_DEBUG")

    def timed(self, name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        try:
            return work()
        finally:
            self.times.append((name, time.perf_counter() - start))
            if self.options.verbose:
                self.log.append(f"kcc: {name}")


# -- stages of one input ------------------------------------------------------------------------


def _tokens(job: Compilation, unit: Unit) -> Any:
    from kcc.frontend.pp import PPOptions, preprocess

    options = job.options
    source = SourceFile("<stdin>" if unit.name == "-" else unit.name, _decode(job, unit))
    settings = PPOptions(
        macros=tuple(options.macros),
        include_dirs=tuple(options.include_dirs),
        includes=tuple(options.includes),
        cl_std=options.cl_std,
        fast_relaxed_math="fast-relaxed-math" in options.cl_flags,
    )
    result = preprocess(source, settings, job.diags)
    if not any(t.text for t in result) and job.options.mode != "pp":
        job.diags.error("empty-input", f"'{source.name}' holds no declarations", None)
    return result


def _decode(job: Compilation, unit: Unit) -> str:
    try:
        return unit.data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise job.diags.fatal(
            "encoding", f"'{unit.name}' is not UTF-8 text (byte {e.start})"
        ) from e


def _ast(job: Compilation, unit: Unit) -> Any:
    from kcc.frontend.parse import parse

    tree = parse(unit.artefacts["tokens"], job.diags)
    job.diags.raise_errors()
    return tree


def _tast(job: Compilation, unit: Unit) -> Any:
    from kcc.frontend.check import CheckOptions, check

    options = job.options
    settings = CheckOptions(
        cl_std=options.cl_std,
        single_precision_constant="single-precision-constant" in options.cl_flags,
    )
    program = check(unit.artefacts["ast"], job.diags, settings)
    job.diags.raise_errors()
    return program


def _ir(job: Compilation, unit: Unit) -> Any:
    from kcc.ir.lower import LowerOptions, lower

    options = job.options
    settings = LowerOptions(
        opt_level=options.opt_level,
        debug=options.debug,
        fp_contract=options.fp_contract != "off",
    )
    lowered = lower(unit.artefacts["tast"], settings)
    job.diags.raise_errors()
    return lowered


# -- ways to print an artefact ------------------------------------------------------------------
