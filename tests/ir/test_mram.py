"""Accesses to MRAM are calls of the device library, one for each access of the program.

The library here is Python's: it notes each call, and moves bytes of the host's memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import pytest

from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostics, InternalError
from kcc.frontend.parse import parse
from kcc.frontend.pp import PPOptions, preprocess
from kcc.frontend.source import SourceFile
from kcc.ir import lower_mram
from kcc.ir.abi import Target
from kcc.ir.lower import Lowered, LowerOptions, lower

COMMON = """
struct s { int a; long b; char c[24]; };
struct __attribute__((packed)) p { char c; int x; };
__mram_ptr int n = 5, many[8] = {1, 2, 3, 4};
__mram_ptr struct s s, t = {7, 8, {9}};
__mram_ptr struct p packed = {1, 0x01020304};
__mram_ptr float real = 1.5f;
__mram_ptr double wide = 2.5;
__mram_ptr _Bool flag;
__mram_ptr char small = -3;
volatile __mram_ptr short hot = 40000;
__mram_ptr int *__mram_ptr inner = &many[2];
__mram_ptr int *next = &many[1];
int i = 3;
static struct s given(void) { return t; }
static int sum(struct s v) { v.a += v.b; return v.a; }
"""
# Bodies of functions, the calls that each makes, and what it returns.
CASES = [
    ("return n;", "load32", 5),
    ("n = 6; return 0;", "store32", 0),
    ("n = n + 1; return n;", "load32 store32 load32", 7),
    ("n += 2; return 0;", "load32 store32", 0),
    ("return n++;", "load32 store32", 9),
    ("return --n;", "load32 store32", 9),
    ("return many[i];", "load32", 4),
    ("many[i] ^= 6; return many[i];", "load32 store32 load32", 2),
    ("return *next++ + *next;", "load32 load32", 5),
    ("return *inner;", "load64 load32", 3),
    ("inner = &many[0]; return *inner;", "store64 load64 load32", 1),
    ("real = real * 2; return real == 3;", "load32 store32 load32", 1),
    ("wide += 1; return wide == 3.5;", "load64 store64 load64", 1),
    ("flag = 2; return flag;", "store8 load8", 1),
    ("return small;", "load8", -3),
    ("small = 300; return small;", "store8 load8", 44),
    ("hot; return 0;", "load16", 0),
    ("hot = 1; hot = 1; return hot;", "store16 store16 load16", 1),
    ("return packed.x;", "mram_to_wram4", 0x01020304),
    ("packed.x++; return packed.c;", "mram_to_wram4 wram_to_mram4 load8", 1),
    ("struct s own = t; return own.a + own.c[0];", "mram_to_wram40", 16),
    ("struct s own = {1, 2}; s = own; return s.b;", "wram_to_mram40 load64", 2),
    ("s = t; return s.c[0];", "mram_to_mram40 load8", 9),
    ("s = (struct s){4}; return s.a + s.b;", "wram_to_mram40 load32 load64", 4),
    ("s = given(); return s.a;", "mram_to_wram40 wram_to_mram40 load32", 7),
    ("return sum(t);", "mram_to_wram40", 15),
    ("return (i ? t : s).a;", "mram_to_wram40", 7),
    ("static __mram_ptr int kept = 1; return kept *= 3;", "load32 store32", 3),
    ("return &many[3] - next;", "", 1),
    ("return next && (unsigned long)next % 4 == 0;", "", 1),
    ("return sizeof(many) + sizeof(t);", "", 72),
]
TEXT = COMMON + "".join(f"long f{i}(void) {{ {body} }}\n" for i, (body, _, _) in enumerate(CASES))


def lowered(text: str, device: Target = "dpu") -> Lowered:
    diags = Diagnostics()
    tokens = preprocess(SourceFile("t.c", text), PPOptions(std="c11"), diags)
    program = check(parse(tokens, diags, std="c11"), diags, CheckOptions("c11"))
    diags.raise_errors()
    return lower(program, LowerOptions(device=device), diags)


def library(calls: list[str]) -> dict[str, Any]:
    """The functions, for LLVM to call, by name; they note in `calls` what is asked of them."""
    made: dict[str, Any] = {}

    def define(name: str, result: Any, arguments: list[Any], act: Callable[..., Any]) -> None:
        def noted(*values: Any) -> Any:
            calls.append(name + (str(values[2]) if len(values) == 3 else ""))
            return act(*values)

        made[f"__mram_{name}" if name[0] in "ls" else f"__{name}"] = ctypes.CFUNCTYPE(
            result, *arguments
        )(noted)

    for size in (1, 2, 4, 8):
        typ: Any = getattr(ctypes, f"c_uint{8 * size}")
        address = ctypes.c_void_p
        define(f"load{8 * size}", typ, [address], lambda at, t=typ: t.from_address(at).value)

        def put(at: int, value: int, t: Any = typ) -> None:
            t.from_address(at).value = value

        define(f"store{8 * size}", None, [address, typ], put)
    for name in ("mram_to_wram", "wram_to_mram", "mram_to_mram"):
        define(name, None, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t], ctypes.memmove)
    return made


@pytest.mark.parametrize("level", [0, 3])
def test_each_access_is_one_call(level: int, load: Callable[[Lowered, int], Any]) -> None:
    calls: list[str] = []
    functions = library(calls)
    for name, function in functions.items():
        llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
    engine = load(lowered(TEXT), level)
    found = []
    for i, (body, _, _) in enumerate(CASES):
        function = ctypes.CFUNCTYPE(ctypes.c_long)(engine.get_function_address(f"f{i}"))
        calls.clear()
        result = function()
        found.append((body, " ".join(calls), result))
    assert found == CASES


def test_variables_lie_in_sections_of_mram_on_words() -> None:
    text = "__mram_ptr char a = 1; static __mram_ptr char b; const __mram_ptr int c = 3;"
    text += "extern __mram_ptr int d; int f(void) { return a + b + c + d; }"
    variables = {v.name: v for v in lowered(text).module.global_values if hasattr(v, "section")}
    assert [(variables[n].section, variables[n].align) for n in "abc"] == [
        (".mram", 8),
        (".bss.mram", 8),
        (".mram", 8),
    ]
    assert not variables["d"].section


def test_attributes_behind_a_star_are_of_the_variable() -> None:
    text = 'int *__mram_ptr __attribute__((aligned(64), section(".mram.x"))) p;'
    (variable,) = lowered(text).module.global_values
    assert (variable.section, variable.align) == (".mram.x", 64)


def test_a_section_of_the_other_memory_is_refused() -> None:
    for declaration in ("__mram_ptr int *p", "int p"):
        with pytest.raises(CompileError, match=r"'p' lies in WRAM, and its section '\.mram'"):
            lowered(f'{declaration} __attribute__((section(".mram")));')
    with pytest.raises(CompileError, match=r"'p' lies in MRAM, and its section '\.data'"):
        lowered('int *__mram_ptr p __attribute__((section(".data")));')


def test_other_devices_load_and_store() -> None:
    text = str(lowered("__mram_ptr int n; void f(void) { n++; }", "refsi").module)
    assert "load i32, ptr addrspace(255) @" in text
    assert "__mram" not in text


def test_the_library_may_use_what_it_defines() -> None:
    text = """
    typedef unsigned int word;
    void f(__mram_ptr int *p) { *p = *p; }
    word __mram_load32(const __mram_ptr void *from) { return 1; }
    void __mram_store32(__mram_ptr void *to, word value);
    """
    assert str(lowered(text).module).count('@"__mram_load32"') == 2


def test_a_function_of_another_type_is_refused() -> None:
    text = "int f(__mram_ptr int *p) { return *p; } long __mram_load32(int n) { return n; }"
    with pytest.raises(CompileError, match="of the device library, of another type"):
        lowered(text)


def test_what_is_no_call_is_found() -> None:
    for body in ("n++;", "m = n;", "n = 1;", "t = s;", "w = s;", "s = w;"):
        text = "__mram_ptr int n, m; struct s { char c[99]; } w; __mram_ptr struct s s, t;"
        with pytest.raises(InternalError, match="no call"):
            lower_mram.verify(lowered(text + f"void f(void) {{ {body} }}", "refsi").module)
