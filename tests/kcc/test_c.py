"""C programs through the command line: which inputs are C, and what their objects hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcc.cli import run_command
from kcc.linker.elf import ET_REL, SHF_GNU_RETAIN, SHT_NOBITS, read_elf

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


PLACED = """\
#define S(name) __attribute__((section(name), used))
static const int constants[3] S(".mram") = {1, 2, 3};
static int room[3] S(".bss.mram");
int weak_one __attribute__((weak)) = 4;
extern int absent __attribute__((weak));
__attribute__((weak)) int replaced(void) { return constants[0]; }
static void __attribute__((used)) kept(void) {}
__attribute__((section(".text.special"), noinline)) int special(void) { return replaced(); }
int main(void) { return (&absent ? absent : 0) + special() + weak_one + __builtin_clz(1u); }
"""


def test_attributes_place_symbols(tmp_path: Path) -> None:
    (tmp_path / "p.c").write_text(PLACED)
    assert run_command(["-c", "-w", str(tmp_path / "p.c"), "-o", str(tmp_path / "p.o")]) == 0
    elf = read_elf((tmp_path / "p.o").read_bytes(), (ET_REL,))
    symbols = {s.name: s for s in elf.symbols}
    placed = {
        name: (elf.sections[symbols[name].shndx].name, symbols[name].binding)
        for name in ("constants", "room", "weak_one", "replaced", "special", "absent", "kept")
    }
    assert placed == {
        "constants": (".mram", 0),
        "room": (".bss.mram", 0),
        "weak_one": (".data", 2),
        "replaced": (".text.replaced", 2),
        "special": (".text.special", 1),
        "absent": ("", 2),
        "kept": (".text.kept", 0),
    }
    assert elf.sections[symbols["room"].shndx].header.type == SHT_NOBITS
    retained = [s for s in elf.sections if s.header.flags & SHF_GNU_RETAIN]
    assert {s.name for s in retained} == {".mram", ".bss.mram", ".text.kept"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('int x __attribute__((section(".bss.mram"))) = 1;', "bad-initialiser"),
        ('void f(void) { int x __attribute__((section(".mram"))); }', "bad-attribute"),
        ("static int x __attribute__((weak));", "bad-attribute"),
        ("int x __attribute__((section(3)));", "bad-attribute"),
        ("__kernel void f(void) {}", "unsupported"),
        ("long double x;", "unsupported"),
    ],
)
def test_what_is_refused_is_named(
    text: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.c").write_text(text)
    assert run_command(["-c", str(tmp_path / "p.c"), "-o", str(tmp_path / "p.o")]) == 1
    assert f"error[{code}]" in capsys.readouterr().err


def test_programs_can_tell_a_dpu(tmp_path: Path) -> None:
    (tmp_path / "p.c").write_text("#if !__dpu__\n#error elsewhere\n#endif\n")
    assert run_command(["-fsyntax-only", "-mdevice=dpu", str(tmp_path / "p.c")]) == 0
    assert run_command(["-fsyntax-only", str(tmp_path / "p.c")]) == 1


def test_main_alone_may_end_without_a_return(tmp_path: Path) -> None:
    source = tmp_path / "program.c"
    for name, status in (("main", 0), ("other", 1)):
        source.write_text(f"int {name}(void) {{}}")
        assert run_command(["-fsyntax-only", "-Werror", str(source)]) == status


def test_errors_name_types_as_c_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "int f(unsigned char *p, unsigned u) { int x = p; return u % 1.5f + x; }\n"
    (tmp_path / "wrong.c").write_text(text)
    (tmp_path / "right.c").write_text("int g(unsigned u, int i) { return u * i; }\n")
    assert run_command(["-fsyntax-only", str(tmp_path / "wrong.c")]) == 1
    assert run_command(["-fsyntax-only", "-Wsign-conversion", str(tmp_path / "right.c")]) == 0
    said = capsys.readouterr().err
    assert "makes an integer 'int' from the pointer 'unsigned char *'" in said
    assert "operands of type 'unsigned int' and 'float'" in said
    assert "write (unsigned int) if it is meant" in said
    assert "OpenCL" not in said
