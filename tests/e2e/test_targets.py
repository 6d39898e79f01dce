"""What is generated for each architecture: all of it known to our table, and good as text too."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcc.backend.disasm import disassemble
from kcc.backend.target import parse_target
from kcc.build import compile_inputs
from kcc.linker.elf import SHF_EXECINSTR, ElfFile, read_elf
from kcc.options import parse_options

EXAMPLES = Path(__file__).resolve().parents[2] / "kernels" / "examples"
ARCHS = (
    "rv64gc",
    "rv64gcv",
    "rv64gcv_zvl512b",
    "rv64g_zba_zbb_zbs_zicond",
    "rv64gcv_zba_zbb_zbc_zbs_zfh_zvfh_zicond_zvl1024b",
)


def build(arch: str, name: str, text: bytes, *flags: str) -> bytes:
    """The one file that kcc makes of `text`."""
    options = parse_options([f"-march={arch}", *flags, name, "-o", "out"])
    ((_, data),) = compile_inputs(options, [(name, text)]).files
    return data


def contents(elf: ElfFile) -> dict[str, tuple[int, int, bytes]]:
    """Address, flags and bytes of the sections that are in memory."""
    return {
        s.name: (s.addr, s.header.flags, bytes(elf.contents(s))) for s in elf.sections if s.alloc
    }


@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize(
    "name",
    [
        "mandelbrot",
        *(pytest.param(path.stem, marks=pytest.mark.slow) for path in sorted(EXAMPLES.glob("*.cl"))
          if path.stem != "mandelbrot"),
    ],
)  # fmt: skip
def test_generated_code_is_known_and_assembles_to_itself(name: str, arch: str) -> None:
    source = (EXAMPLES / f"{name}.cl").read_bytes()
    elf = read_elf(build(arch, "k.cl", source))
    mnemonics = set()
    for section in elf.sections:
        if section.header.flags & SHF_EXECINSTR:
            lines = disassemble(bytes(elf.contents(section)), section.addr, {})
            mnemonics |= {line.text.partition("\t")[0] for line in lines}
    assert not {m for m in mnemonics if m.startswith(".")}
    if name == "mandelbrot":  # a loop that gains by vectors
        assert ("vsetvli" in mnemonics) == ("v" in parse_target(arch).extensions)
    again = read_elf(build(arch, "k.s", build(arch, "k.cl", source, "-S")))
    assert contents(again) == contents(elf)
