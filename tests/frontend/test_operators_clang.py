"""Every operator on every pair of kinds of operand: right where clang takes it, wrong where not.

One statement a line, one program for each version; the lines with errors are compared.
"""

from __future__ import annotations

import re
import subprocess
from itertools import product
from pathlib import Path

import pytest

from kcc.frontend import pp
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile

PRELUDE = """enum E { EA }; struct S { int m; }; union U { int m; float f; };
int fn(int); void vf(void);
kernel void k(global int *gi, global float *gf, local int *li, constant int *ci, global void *gv,
 const global int *cgi, global int4 *gi4) {
"""
VARIABLES = {
    "b": "bool b", "c": "char c", "us": "ushort us", "i": "int i", "u": "uint u", "l": "long l",
    "ul": "ulong ul", "f": "float f", "d": "double d", "i4": "int4 i4", "u4": "uint4 u4",
    "f4": "float4 f4", "c4": "char4 c4", "i2": "int2 i2", "l4": "long4 l4", "d4": "double4 d4",
    "e": "enum E e", "s": "struct S s", "un": "union U un", "pi": "int *pi", "pf": "float *pf",
    "pv": "void *pv", "ppi": "int **ppi", "ai": "int ai[3]", "cst": "const int cst = 1",
    "pu": "uint *pu", "pc": "const int *pc",
}  # fmt: skip
GIVEN = ("gi", "gf", "li", "ci", "gv", "cgi", "gi4")
CONSTANTS = ("0", "1", "1.0f", "2.5", "1ul", "'a'", "EA", '"s"', "vf()", "fn(1)", "(void *)0")
OPERANDS = (*VARIABLES, *GIVEN, *CONSTANTS)
BINARY = "+ - * / % << >> & | ^ && || < <= == != , =".split()
COMPOUND = "+= -= *= /= %= <<= >>= &= |= ^=".split()
UNARY = ("-{}", "+{}", "~{}", "!{}", "*{}", "&{}", "++{}", "{}--", "sizeof({})", "if ({});")
UNARY += ("(void){}", "{}.m", "{}->m", "{}.x", "{}.lo", "{}[0]", "{}[1.0f]", "gi[{}]", "fn({})")
UNARY += ("switch ({}) {{}}", "while ({});", "{0} ? {0} : {0}", "({0}, {0})", "{}()", "-{}.s0")
CASTS = ("bool", "char", "uint", "ulong", "float", "double", "int4", "float4", "char2", "enum E")
CASTS += ("struct S", "int *", "float *", "void *", "global int *", "local float *", "void")
CASTS += ("constant int *", "const int *", "long")


def statements() -> list[str]:
    found = [form.format(x) for form in UNARY for x in OPERANDS]
    found += [f"{x} {op} {y}" for op, x, y in product(BINARY, OPERANDS, OPERANDS)]
    targets = [*VARIABLES, *GIVEN]
    found += [f"{x} {op} {y}" for op, x, y in product(COMPOUND, targets, OPERANDS)]
    found += [f"({t}){x}" for t, x in product(CASTS, OPERANDS)]
    found += [f"{{ {t} v = {x}; }}" for t, x in product(CASTS, OPERANDS)]
    found += [f"i ? {x} : {y}" for x, y in product(OPERANDS, OPERANDS)]
    found += [f"i4 ? {x} : {y}" for x, y in product(OPERANDS, OPERANDS)]
    return [f"{s};" for s in found]


def program(lines: list[str]) -> str:
    declared = " ".join(f"{text};" for text in VARIABLES.values())
    return f"{PRELUDE}{declared}\n" + "\n".join(lines) + "\n}\n"


def wrong_lines(text: str, standard: str) -> set[int]:
    diags = Diagnostics(max_errors=0)
    try:
        options = pp.PPOptions(std=standard)
        tokens = pp.preprocess(SourceFile("t.cl", text), options, diags)
        check(parse(tokens, diags), diags, CheckOptions(std=standard))
    except CompileError:
        pass
    found = [d.span.outermost() for d in diags.seen if d.severity == "error"]
    return {span.file.position(span.start)[0] for span in found}


def justified(line: str) -> bool:
    """Whether clang only warns of what C99 makes an error."""
    # 6.5.15: a pointer and an integer that is no null pointer constant do not meet in ?:
    # 6.5.2.1: what is subscripted points to an object type
    return line.startswith(("i ? ", "gv[", "pv["))


@pytest.mark.slow
@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize("standard", ["CL1.2", "CL3.0"])
def test_operators_on_all_kinds_of_operands(tmp_path: Path, standard: str) -> None:
    lines = statements()
    (tmp_path / "t.cl").write_text(program(lines))
    done = subprocess.run(
        f"clang-19 -cc1 -triple spir64 -cl-std={standard} -fsyntax-only -ferror-limit 0 -w "
        "-finclude-default-header -fdeclare-opencl-builtins -fno-caret-diagnostics t.cl".split(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    clang = {int(n) for n in re.findall(r"^t\.cl:(\d+):\d+: error", done.stderr, re.M)}
    found = wrong_lines(program(lines), standard)
    first = PRELUDE.count("\n") + 2
    differ = [
        f"{line}  // clang {'rejects' if at in clang else 'accepts'}"
        for at, line in enumerate(lines, first)
        if (at in found) != (at in clang) and not (at in found and justified(line))
    ]
    assert not differ, "\n".join(differ)
