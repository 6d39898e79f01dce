"""Strings, numbers and assertions of C on DPUs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kcc.cli import run_command
from kcc.device.dpu.device import Dpu, Outcome
from kcc.device.dpu.log import log_of
from scripted import HERE, built

LIMIT = 10_000_000
KERNELS = HERE.parents[2] / "kernels"
EXAMPLES, LIBRARY = KERNELS / "examples" / "dpu", KERNELS / "rt" / "dpu"


def run(elf: bytes) -> tuple[Outcome, str]:
    """How the program ends, and what it prints."""
    dpu = Dpu()
    dpu.load(elf)
    outcome = dpu.launch(LIMIT)
    return outcome, (log_of(dpu) or b"").decode()


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
def test_strings_and_numbers_are_those_of_the_hosts_c(tmp_path: Path) -> None:
    source, native = HERE / "strings.c", tmp_path / "native"
    subprocess.run(["clang-19", "-w", "-D_GNU_SOURCE", source, "-o", native], check=True)
    said = subprocess.run([native], check=True, capture_output=True).stdout
    outcome, text = run(built(tmp_path, source))
    assert outcome.status == (0,)
    assert text.encode() == said


def test_blocks_of_a_list_come_back(tmp_path: Path) -> None:
    outcome, _ = run(built(tmp_path, EXAMPLES / "fsb_example.c"))
    assert outcome.status == (0x45,)


@pytest.mark.slow
def test_strings_in_a_buddy_heap_come_back(tmp_path: Path) -> None:
    outcome, text = run(built(tmp_path, EXAMPLES / "buddy_example.c"))
    assert outcome.status == (0,)
    assert text.split() == ["Massachusetts", "Colorado", "Arizona", "Texas"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("does", "flags", "fault", "says"),
    [
        ("assert(1 > 2)", (), 3, "program.c:4: main: assertion failed: 1 > 2\n"),
        ("assert(2 > 1)", (), None, ""),
        ("assert(1 > 2)", ("-DNDEBUG",), None, ""),
        ("abort()", (), 4, ""),
    ],
)
def test_a_program_may_end_itself(
    does: str, flags: tuple[str, ...], fault: int | None, says: str, tmp_path: Path
) -> None:
    source = tmp_path / "program.c"
    source.write_text(f"#include <assert.h>\n#include <stdlib.h>\nint main(void) {{\n{does};}}\n")
    outcome, text = run(built(tmp_path, source, *flags))
    assert (outcome.fault and outcome.fault.code) == fault
    assert text.endswith(says)
    assert bool(text) == bool(says)


HEADERS = """alloc assert attributes buddy_alloc ctype errno float fsb_allocator inttypes limits
    seqread stdalign stdbool stddef stdint stdlib stdnoreturn string""".split()
SAME = [  # numbers of the headers, and clang's for the target
    *(f"{name} == __{name}__" for name in ("SCHAR_MAX", "SHRT_MAX", "INT_MAX", "LONG_MAX")),
    *(
        f"{sign}{kind}{bits}_MAX == __{sign}{kind}{bits}_MAX__"
        for sign in ("INT", "UINT")
        for kind in ("", "_LEAST", "_FAST")
        for bits in (8, 16, 32, 64)
    ),
    *(f"{name}_MAX == __{name}_MAX__" for name in ("INTMAX", "UINTMAX", "INTPTR", "SIZE")),
    *(f"sizeof({t}_t) == sizeof(__{t.upper()}_TYPE__)" for t in ("size", "ptrdiff", "wchar")),
    *(f"INT{bits}_MIN == -INT{bits}_MAX - 1" for bits in (8, 16, 32, 64)),
    "CHAR_BIT == __CHAR_BIT__",
    "DBL_MANT_DIG == 53 && FLT_MAX_EXP == 128",
    "CHAR_MAX == (((char)-1) < 0 ? SCHAR_MAX : UCHAR_MAX)",
    "offsetof(seqreader_t, mram_addr) == 8",
    "UINT64_C(1) << 63 == (uint64_t)INT64_MIN",
]
IN_C = "".join(f"#include <{name}.h>\n" for name in HEADERS)
CHECKS = "".join(f'_Static_assert({same}, "{same}");\n' for same in SAME)


def test_headers_are_for_c_and_for_kernels(tmp_path: Path) -> None:
    program = tmp_path / "program.c"
    program.write_text(IN_C + CHECKS)
    kernel = tmp_path / "kernel.cl"
    kernel.write_text(IN_C + "kernel void k(global char *p) { *p = *(char *)mem_alloc(1); }\n")
    assert run_command(["-mdevice=dpu", "-fsyntax-only", "-Werror", str(program)]) == 0
    for standard in ("CL1.2", "CL3.0"):
        assert run_command(["-fsyntax-only", "-Werror", f"-cl-std={standard}", str(kernel)]) == 0


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
def test_headers_please_clang(tmp_path: Path) -> None:
    program = tmp_path / "program.c"
    program.write_text(IN_C + CHECKS)
    command = ["clang-19", "--target=riscv64", "-nostdinc", "-isystem", LIBRARY / "include"]
    command += ["-std=c11", "-Wall", "-Wextra", "-Wsystem-headers", "-Wno-unknown-attributes"]
    command += ["-Werror", "-fsyntax-only", "-D__mram_ptr=", "-D__dpu__"]
    subprocess.run([*command, program], check=True)
