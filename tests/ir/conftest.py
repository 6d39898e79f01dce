"""Lowering and running kernels on the host: LLVM's JIT is the machine, ctypes the driver."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest

from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.pp import PPOptions, preprocess
from kcc.frontend.source import SourceFile
from kcc.ir.abi import WG_INFO, WG_INFO_SIZE, KernelInfo, pack_record
from kcc.ir.lower import Lowered, LowerOptions, lower
from kcc.ir.pipeline import PipelineOptions, run_pipeline

ROOT = Path(__file__).resolve().parents[2]
RT = ROOT / "kernels" / "rt"
PUTSTRING = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


def lower_text(text: str, options: LowerOptions | None = None) -> Lowered:
    diags = Diagnostics()
    tokens = preprocess(SourceFile("test.cl", text), PPOptions(), diags)
    unit = parse(tokens, diags)
    diags.raise_errors()
    program = check(unit, diags, CheckOptions())
    diags.raise_errors()
    return lower(program, options or LowerOptions(), diags)


@lru_cache
def host_machine(opt: int) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(opt=opt, jit=True, codemodel="jitdefault", reloc="pic")


@lru_cache
def library_ir(name: str, opt: int) -> str:
    text = (RT / name).read_text()
    lowered = lower_text(text, LowerOptions(opt_level=opt, runtime=True))
    return str(run_pipeline(lowered, host_machine(opt), PipelineOptions(opt, verify_each=True)))


@dataclass
class Program:
    """Kernels compiled for the host."""

    engine: Any
    kernels: dict[str, KernelInfo]
    ir: str
    printed: list[bytes] = field(default_factory=list)
    keep: list[Any] = field(default_factory=list)

    def run(
        self,
        name: str,
        *args: Any,
        size: tuple[int, ...] = (1,),
        local: tuple[int, ...] = (1,),
        offset: tuple[int, ...] = (0,),
    ) -> None:
        """Launch a kernel. Arrays are changed in place; NumPy scalars and bytes go by value;
        a Python int is the size of a local argument."""
        info = self.kernels[name]
        block = bytearray(info.block_size)
        for arg, given in zip(info.args, args, strict=True):
            if isinstance(given, np.generic):
                raw = given.tobytes()
            elif isinstance(given, np.ndarray):
                raw = given.ctypes.data.to_bytes(8, "little")
            elif isinstance(given, int):
                raw = given.to_bytes(8, "little")
            else:
                raw = bytes(given)
            assert len(raw) == arg.size, arg
            block[arg.offset : arg.offset + arg.size] = raw
        dims = len(size)
        size, local = (tuple(t) + (1,) * (3 - len(t)) for t in (size, local))
        offset = tuple(offset) + (0,) * (3 - len(offset))
        groups = tuple(s // n for s, n in zip(size, local, strict=True))
        aligned = ctypes.create_string_buffer(len(block) + 256)
        address = -(-ctypes.addressof(aligned) // 256) * 256
        ctypes.memmove(address, bytes(block), len(block))
        entry = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(
            self.engine.get_function_address(name)
        )
        for z, y, x in itertools.product(*(range(n) for n in reversed(groups))):
            wg = pack_record(
                WG_INFO,
                WG_INFO_SIZE,
                group_id=(x, y, z),
                num_groups=groups,
                global_offset=offset,
                local_size=local,
                num_dim=dims,
            )
            entry(address, ctypes.c_char_p(wg))

    @property
    def text(self) -> str:
        return b"".join(self.printed).decode()


def build_for_host(
    text: str, opt: int = 2, options: LowerOptions | None = None, library: tuple[str, ...] = ()
) -> Program:
    return load_program(lower_text(text, options or LowerOptions(opt_level=opt)), opt, library)


def load_program(lowered: Lowered, opt: int = 2, library: tuple[str, ...] = ()) -> Program:
    machine = host_machine(opt)
    module = run_pipeline(lowered, machine, PipelineOptions(opt, verify_each=True))
    ir = str(module)
    printed: list[bytes] = []
    put = PUTSTRING(printed.append)
    for name in library:
        part = llvm.parse_assembly(library_ir(name, opt))
        module.link_in(part)
    if "printf.cl" in library:
        llvm.add_symbol("__kcc_putstring", ctypes.cast(put, ctypes.c_void_p).value)
    engine = engine_for(module, opt)
    kernels = {k.name: k for k in lowered.kernels}
    return Program(engine, kernels, ir, printed, [put])


def engine_for(module: Any, opt: int) -> Any:
    """The host's code of a module."""
    engine = llvm.create_mcjit_compiler(module, machine_for_jit(opt))
    engine.finalize_object()
    return engine


def machine_for_jit(opt: int) -> Any:
    """A machine of its own: the engine takes it over."""
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(opt=opt, jit=True, codemodel="jitdefault", reloc="pic")


@pytest.fixture
def load() -> Callable[..., Any]:
    """load(lowered, opt) -> the engine, for programs without kernels"""
    return lambda lowered, opt: engine_for(
        run_pipeline(lowered, host_machine(opt), PipelineOptions(opt)), opt
    )


@pytest.fixture
def build() -> Callable[..., Program]:
    """build(text, opt=2, options=None, library=()) -> Program"""
    return build_for_host


@pytest.fixture
def build_program() -> Callable[..., Program]:
    """build_program(tast.Program) -> Program"""
    return lambda program: load_program(lower(program))


@pytest.fixture
def lowered() -> Callable[..., Lowered]:
    """lowered(text, options) -> Lowered, before any pass"""
    return lower_text
