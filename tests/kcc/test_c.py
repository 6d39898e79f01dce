"""C programs through the command line: which inputs are C, and what their objects hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcc.cli import run_command
from kcc.linker.elf import ET_REL, read_elf

PROGRAM = """\
typedef __UINT64_TYPE__ uint64_t;
struct node { struct node *next; uint64_t value; };
struct node last = {0, 5}, first = {&last, 3};
static int half;
int kernel = 3, global[4] = {1, [3] = 2};
const char *names[] = {"a", "bc"};
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
int barrier(void) { static int calls = 7; return calls++; }
int main(void) {
    long long sum = 0;
    for (struct node *n = &first; n; n = n->next) sum += n->value;
    half++;
    return (int)sum + fib(global[0]) + kernel + names[1][0];
}
"""


@pytest.mark.parametrize("language", [[], ["-xc"]])
def test_an_object_has_what_a_program_of_c_defines(language: list[str], tmp_path: Path) -> None:
    source = tmp_path / ("program.c" if not language else "program.cl")
    source.write_text(PROGRAM)
    assert run_command(["-c", *language, str(source), "-o", str(tmp_path / "o.o")]) == 0
    elf = read_elf((tmp_path / "o.o").read_bytes(), (ET_REL,))
    symbols = {s.name: s for s in elf.symbols if s.name and not s.name.startswith((".", "$"))}
    visible = {name for name, s in symbols.items() if s.binding}
    assert visible == {"last", "first", "kernel", "global", "names", "barrier", "main"}
    sizes = {name: symbols[name].size for name in ("first", "global", "names", "barrier.calls")}
    assert sizes == {"first": 16, "global": 16, "names": 16, "barrier.calls": 4}


def test_the_same_is_no_program_of_opencl_c(tmp_path: Path) -> None:
    source = tmp_path / "program.cl"
    source.write_text(PROGRAM)
    assert run_command(["-fsyntax-only", str(source)]) == 1
    assert run_command(["-fsyntax-only", "-xc", "-std=c11", str(source)]) == 0
    assert run_command(["-fsyntax-only", "-xc", "-std=c2z", str(source)]) == 2
