"""How objects lie in memory: sizes, alignments and offsets, as clang has them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from kcc.frontend import pp
from kcc.frontend.check import check
from kcc.frontend.diag import Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile

# Declarations that make one type T, and its (size, alignment); perhaps of its field m too.
# fmt: off
TYPES = [
    ("typedef struct { char c; int m; } T;", 8, 4, 4),
    ("typedef struct { char c; int m; } __attribute__((packed)) T;", 5, 1, 1),
    ("typedef struct __attribute__((packed, aligned(2))) { char c; int m; } T;", 6, 2, 1),
    ("typedef struct { char c; int m __attribute__((packed)); } T;", 5, 1, 1),
    ("typedef struct { short c; int m __attribute__((packed, aligned(2))); } T;", 6, 2, 2),
    ("typedef struct { char c; int m __attribute__((aligned(2))); } T;", 8, 4, 4),
    ("typedef struct { char c; int m __attribute__((aligned(16))); } T;", 32, 16, 16),
    ("typedef struct { char c; _Alignas(16) int m; } T;", 32, 16, 16),
    ("typedef int I __attribute__((aligned(2))); typedef struct { char c; I m; } T;", 6, 2, 2),
    ("typedef int I __attribute__((aligned(16))); typedef struct { char c; I m; } T;", 32, 16, 16),
    ("typedef int I __attribute__((aligned(16)));"
     "typedef struct { char c; I m; } __attribute__((packed)) T;", 5, 1, 1),
    ("typedef int I __attribute__((aligned(2))); typedef struct { char c; I m[2]; } T;", 10, 2, 2),
    ("typedef struct { float x, y, m; } T __attribute__((aligned(16)));", 12, 16, 4),
    ("typedef struct { int m; } T __attribute__((aligned(2)));", 4, 2, 4),
    ("typedef struct { char c; struct { char d; int e; } __attribute__((packed)) m; } T;", 6, 1, 1),
    ("typedef struct { char c; struct { char d; int e; } m; } __attribute__((packed)) T;", 9, 1, 1),
    ("typedef struct { char c; int3 v; char m; } T;", 48, 16, 1),
    ("typedef struct { char c; union { int i; double d; }; struct { char x, m; }; } T;", 24, 8, 1),
    ("typedef union { char c[5]; int m; } T;", 8, 4, 4),
    ("typedef union { char c[5]; int m; } __attribute__((aligned(16))) T;", 16, 16, 4),
    ("typedef union { char c[5]; int m __attribute__((packed)); } T;", 5, 1, 1),
    ("typedef struct { short s[3]; half h[2][3]; bool m; } T;", 20, 2, 1),
    ("typedef struct { size_t n; global int *m; } T;", 16, 8, 8),
    ("typedef enum { A, B = 5 } T;", 4, 4, 0),
    ("typedef enum { A, B = 200 } __attribute__((packed)) T;", 1, 1, 0),
    ("typedef enum { A, B = 256 } __attribute__((packed)) T;", 2, 2, 0),
    ("typedef enum { A = -1, B = 0xffffffff } T;", 8, 8, 0),
    ("typedef enum { A } __attribute__((aligned(8))) T;", 4, 8, 0),
    ("typedef struct { char c; enum { A, B } __attribute__((packed)) m; } T;", 2, 1, 1),
    ("typedef int T[3][5];", 60, 4, 0),
    ("typedef double3 T;", 32, 32, 0),
]
OTHERS = [
    "int x __attribute__((aligned(64))); CHECK(__alignof__(x) == 64);",
    "int x __attribute__((aligned(2))); CHECK(__alignof__(x) == 2);",
    "int __attribute__((aligned(16))) x, y; CHECK(__alignof__(y) == 16);",
    "typedef int T __attribute__((aligned(1))); T *p; CHECK(__alignof__(p[1]) == 1);",
    "enum E { A }; CHECK((enum E)-1 > 0);",
    "enum E { A = -1 }; CHECK((enum E)-1 < 0);",
    "enum E { A = 0x7fffffff, B }; CHECK(B > 0 && sizeof(B) == 4 && sizeof(A) == 4);",
    "enum E { A = 0x80000000, B = sizeof(A) }; CHECK(A > 0 && B == 4);",
    "enum E { A, B = 1L << 40 }; CHECK(sizeof(A) == 4 && sizeof(B) == 8);",
    "const int m = 4, n = m + 1; int a[n]; CHECK(sizeof a == 20);",
    "CHECK(vec_step(int3) == 4 && vec_step(uchar16) == 16 && vec_step(void) == 1);",
]
PACKED = [  # pragmas, and what then holds
    ("pack(1)", "sizeof(T) == 5 && __alignof__(T) == 1"),
    ("pack(2)", "sizeof(T) == 6"),
    ("pack(push)", "sizeof(T) == 6"),
    ("pack(16)", "sizeof(T) == 8"),
    ("pack(pop)", "sizeof(T) == 6"),
    ("pack()", "sizeof(T) == 8"),
    ("pack(push, a, 1)", "sizeof(T) == 5"),
    ("pack(push, b)", "sizeof(T) == 5"),
    ("pack(push, 2)", "sizeof(T) == 6"),
    ("pack(pop, a)", "sizeof(T) == 8"),
    ("pack(pop)", "sizeof(T) == 8"),
    ("pack(3)", "sizeof(T) == 8"),
    ("pack(push, c, 1", "sizeof(T) == 8"),
    ("pack(push, 2)", "sizeof(T) == 6"),
    ("pack(pop, 1)", "sizeof(T) == 5"),
]
# fmt: on


def source() -> str:
    """A program that is right if every size is as written."""
    lines = ["#define CHECK(x) _Static_assert(x, #x)"]
    for number, (text, size, align, of_m) in enumerate(TYPES):
        checks = [f"sizeof(T) == {size}", f"__alignof__(T) == {align}"]
        checks += [f"__alignof__(x.m) == {of_m}"] if of_m else []
        body = " ".join(f"CHECK({c});" for c in checks)
        lines.append(f"void f{number}(void) {{ {text} {'T x;' if of_m else ''} {body} }}")
    for number, (text, holds) in enumerate(PACKED):
        lines.append(f"#pragma {text}")
        lines.append(
            f"void p{number}(void) {{ typedef struct {{ char c; int i; }} T; CHECK({holds}); }}"
        )
    lines.append("#pragma pack(2)")
    lines.append(
        "void q(void) { struct S { char c; int i __attribute__((aligned(8))); };"
        " CHECK(sizeof(struct S) == 6); }"
    )
    lines.append("#pragma pack()")
    lines += [f"void g{number}(void) {{ {text} }}" for number, text in enumerate(OTHERS)]
    return "\n".join(lines).replace("half h", "short h")


def test_layouts() -> None:
    diags = Diagnostics()
    tokens = pp.preprocess(SourceFile("t.cl", source()), pp.PPOptions(), diags)
    check(parse(tokens, diags), diags)
    diags.raise_errors()


def test_a_wrong_size_is_seen() -> None:
    """The other test tests something."""
    diags = Diagnostics(max_errors=0)
    text = re.sub(r"sizeof\(T\) == (\d+)", r"sizeof(T) == \1 + 1", source())
    tokens = pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(), diags)
    check(parse(tokens, diags), diags)
    assert diags.error_count() == len(TYPES) + len(PACKED)


@pytest.mark.oracle("clang-19")
def test_clang_agrees(tmp_path: Path) -> None:
    path = tmp_path / "t.cl"
    path.write_text(source())
    command = ["clang-19", "-x", "cl", "-cl-std=CL1.2", "--target=spir64", "-fsyntax-only"]
    command += ["-Xclang", "-finclude-default-header", "-Xclang", "-fdeclare-opencl-builtins"]
    done = subprocess.run([*command, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["pack(3)", "pack 1", "pack(pop)", "pack(push, 3)", "pack(1, a)"])
def test_a_pack_without_effect_is_warned_of(text: str) -> None:
    diags = Diagnostics()
    source = SourceFile("t.cl", f"#pragma {text}\nstruct S {{ char c; int i; }};\n")
    check(parse(pp.preprocess(source, pp.PPOptions(), diags), diags), diags)
    assert [d.code for d in diags.seen] == ["ignored-pragmas"]


def test_a_struct_without_a_tag_has_its_typedefs_name() -> None:
    diags = Diagnostics()
    text = "typedef struct { int a; } P; typedef enum { A } K; void f(P p, K k) { k = p; p = k; }"
    tokens = pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(), diags)
    check(parse(tokens, diags), diags)
    assert [d.message.split("convert ")[1] for d in diags.seen] == ["'P' to 'K'", "'K' to 'P'"]
