"""Pointers into MRAM and objects there: each line of a C program ends in what it is told."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from kcc.frontend import pp
from kcc.frontend.check import check
from kcc.frontend.diag import Diagnostics
from kcc.frontend.dump import dump
from kcc.frontend.parse import parse
from kcc.frontend.scope import CheckOptions
from kcc.frontend.source import SourceFile
from kcc.frontend.tast import Program

PROGRAM = """
typedef unsigned long word;
int printf(const char *format, ...);
struct s { int a; __mram_ptr int *next; };
struct t { __mram_ptr int a; };  // address-space
__mram_ptr int n = 5;
extern __mram_ptr int many[];
__mram_ptr struct s s;
int w;
const __mram_ptr int fixed = 3;
__mram_ptr int *p = &n, *q = many + 2;
__mram_ptr int *wrong = &w;  // address-space
int *other = &n;  // address-space
__mram_ptr int *null = 0;
__mram_ptr int *of_number = (__mram_ptr int *)0x08000000;
__mram_ptr int *__mram_ptr inner = &n;
word number = (word)&n;
__mram_ptr int result(void);  // address-space
void take(__mram_ptr int *to, const void *from);
void array(__mram_ptr int many[8]) { many[1] = 2; }
void itself(__mram_ptr int n) {}  // address-space
void f(__mram_ptr void *v, void *l, int *i) {
 __mram_ptr int own;  // address-space
 static __mram_ptr int kept;
 extern __mram_ptr int many[];
 take(p, i);
 take(i, i);  // address-space
 take(p, p);  // address-space
 take(v, v);  // address-space
 p = i;  // address-space
 i = p;  // address-space
 l = v;  // address-space
 v = p;
 p = v;
 i = (int *)p;  // address-space
 p = (__mram_ptr int *)i;  // address-space
 v = (__mram_ptr void *)l;  // address-space
 p = (__mram_ptr int *)(word)i;
 i = (int *)(word)p;
 p = 0;
 if (p == i) w = 1;  // address-space
 if (p == 0 || p != q) w = p - q;
 w = p - i;  // address-space
 i = w ? p : i;  // address-space
 n = w;
 w = ++n + (n += 2) + n-- + many[w];
 fixed = 2;  // assign-to-const
 s.next = &n;
 s.next = &w;  // address-space
 *s.next = 3;
 struct s local = s;
 s = local;
 p = (__mram_ptr int[]){1};  // address-space
 p = &kept;
 p = inner;
 i = &*p;  // address-space
 printf("%s", (__mram_ptr char *)v);  // address-space
 printf("%p %d", v, *p);
}
"""


def checked(text: str) -> tuple[Program, Diagnostics]:
    diags = Diagnostics(max_errors=0)
    tokens = pp.preprocess(SourceFile("t.c", text), pp.PPOptions(std="c11"), diags)
    return check(parse(tokens, diags, std="c11"), diags, CheckOptions("c11")), diags


def test_no_pointer_goes_from_one_memory_to_the_other() -> None:
    _, diags = checked(PROGRAM)
    places = [(d.span.outermost(), d.code) for d in diags.seen if d.span is not None]
    said = {span.file.position(span.start)[0]: code for span, code in places}
    lines = enumerate(PROGRAM.split("\n"), 1)
    assert said == {n: line.partition("  // ")[2] for n, line in lines if "  // " in line}


# Where clang differs: it has no memory of its own for the spaces it numbers.
OWN = ("result(void)", "(int *)p;", "(__mram_ptr int *)i;", "(__mram_ptr void *)l;", "p == i")
OWN += ("array(__mram_ptr int many[8])", "(__mram_ptr char *)v)")


@pytest.mark.oracle("clang-19")
def test_clang_says_so_of_another_address_space(tmp_path: Path) -> None:
    (tmp_path / "t.c").write_text(PROGRAM)
    space = "-D__mram_ptr=__attribute__((address_space(255)))"
    flags = ["--target=riscv64", "-std=c11", "-fsyntax-only", "-w", "-ferror-limit=0", space]
    command = ["clang-19", *flags, str(tmp_path / "t.c")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    wrong = {int(line) for line in re.findall(r"t\.c:(\d+):\d+: error", run.stderr)}
    lines = list(enumerate(PROGRAM.split("\n"), 1))
    differs = {line for n, line in lines if (n in wrong) != ("  // " in line)}
    assert differs == {line for _, line in lines if any(text in line for text in OWN)}


def test_dumps_name_the_memory() -> None:
    program, diags = checked("__mram_ptr int *p; int f(void) { return *p; }")
    diags.raise_errors()
    text = dump(program)
    assert "__mram_ptr int *" in text


def test_opencl_does_not_know_the_word() -> None:
    diags = Diagnostics()
    text = "int __mram_ptr(int a) { return a; }"
    check(parse(pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(), diags), diags), diags)
    diags.raise_errors()
