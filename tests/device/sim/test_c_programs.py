"""C programs of many kinds, by two compilers at three levels: they write what QEMU makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from guest import CLANG, GCC, PROGRAMS, compare, link

ORACLES = pytest.mark.oracle("qemu-riscv64", "clang-19", "ld.lld-19", "riscv64-unknown-elf-gcc")
NAMES = sorted(path.stem for path in PROGRAMS.glob("*.c") if path.stem != "integer")
BITS = "_zba_zbb_zbc_zbs"
CPU = "rv64,v=true,vlen=512,elen=64,vext_spec=v1.0,zba=true,zbb=true,zbc=true,zbs=true"
COMMON = ("-mabi=lp64d", "-fno-math-errno", "-Wno-unused-function")
SCALAR = [("gcc", level, f"rv64gc{BITS}") for level in ("-O0", "-O2", "-O3")]
# The only one of the two that makes vector code by itself.
VECTOR = [("clang", level, f"rv64gcv{BITS}") for level in ("-O0", "-O2", "-O3")]


def judge(name: str, compiler: str, level: str, march: str, folder: Path) -> None:
    command = {"gcc": GCC, "clang": CLANG}[compiler]
    flags = (*COMMON, level, f"-march={march}")
    elf = link(command, PROGRAMS / f"{name}.c", folder / f"{name}.elf", *flags)
    arch = march.replace("gcv", "gcv_zvl512b")
    compare(elf, CPU, arch)


@ORACLES
@pytest.mark.parametrize(("name", "build"), [("records", SCALAR[1]), ("fixedpoint", VECTOR[1])])
def test_a_program_of_each(name: str, build: tuple[str, str, str], tmp_path: Path) -> None:
    judge(name, *build, tmp_path)


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize(("compiler", "level", "march"), VECTOR)
@pytest.mark.parametrize("name", NAMES)
def test_every_vector_program(
    name: str, compiler: str, level: str, march: str, tmp_path: Path
) -> None:
    judge(name, compiler, level, march, tmp_path)


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize(("compiler", "level", "march"), SCALAR)
@pytest.mark.parametrize("name", NAMES)
def test_every_scalar_program(
    name: str, compiler: str, level: str, march: str, tmp_path: Path
) -> None:
    judge(name, compiler, level, march, tmp_path)
