"""Host code can be loaded wherever the system has room for its parts."""

from __future__ import annotations

import io
import mmap
import platform
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

from kcc.device.sim.host import Effort, compile_ir

WIDE = {1, 24}  # R_X86_64_64, R_X86_64_PC64


@pytest.mark.skipif(platform.machine() != "x86_64", reason="relocations of x86-64")
def test_no_reference_to_another_section_is_limited_to_32_bits() -> None:
    code = compile_ir(
        """
        declare double @llvm.fma.f64(double, double, double)
        define double @f(double %x) nounwind {
            %y = call double @llvm.fma.f64(double %x, double 3.7, double 0.1)
            ret double %y
        }
        """
    )
    sections = ELFFile(io.BytesIO(code)).iter_sections()
    found = [
        r["r_info_type"]
        for section in sections
        if isinstance(section, RelocationSection)
        for r in section.iter_relocations()
    ]
    assert found, "the constants are loaded from somewhere"
    assert set(found) <= WIDE


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("effort", [Effort.ROUNDS, Effort.LOOPS])
def test_compiling_keeps_no_memory(effort: Effort) -> None:
    def resident_bytes() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

    text = "define i64 @f(i64 %x) {\n  %y = mul i64 %x, 3\n  ret i64 %y\n}\n"
    for _ in range(4):
        compile_ir(text, effort)
    before = resident_bytes()
    for _ in range(40):
        compile_ir(text, effort)
    assert resident_bytes() - before < 1 << 20
