"""Vectors in expressions: what is accepted and which error there is otherwise, as clang has it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from kcc.frontend import pp
from kcc.frontend.check import check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile

# An error code, or ok, and what is in the body of a kernel.
VERDICTS = """
type-mismatch      char4 c; c + 1;
ok                 char4 c; c + (char)1;
type-mismatch      int4 c; c + 1.0f;
type-mismatch      int4 c; c + 1L;
type-mismatch      int4 c; uint u=1; c + u;
ok                 float4 c; c + 1;
type-mismatch      float4 c; c + 1.0;
type-mismatch      float4 c; double d=1; c*d;
ok                 float4 c; long d=1; c*d;
type-mismatch      int4 a; uint4 b; a + b;
type-mismatch      int4 a; uint4 b; a = b;
ok                 int4 a; int b=1; a = b;
ok                 int4 a; float b=1; a = b;
ok                 float4 a; int b=1; a = b;
ok                 char4 a; int b=1; a = b;
ok                 char4 a; a = 1000;
ok                 int4 a; a = (int4)(1,2,3,4);
ok                 int4 a = {1,2,3,4};
vector-literal     int4 a = {1,2,3};
ok                 int4 a = 1;
vector-literal     int4 a = {1,2,3,4,5};
type-mismatch      int4 a; int2 b; a = b;
bad-cast           int4 a; float4 f; a = (int4)f;
ok                 int4 a; float4 f; f = (float4)1;
bad-cast           int4 a; uint4 b = (uint4)a;
bad-cast           char4 c; int x = (int)c;
type-mismatch      char4 c; int x = c;
type-mismatch      int4 a; if (a) {}
ok                 int4 a; a && a;
ok                 int4 a; a && 1;
ok                 int4 a; !a;
ok                 float4 a; int4 b = !a;
ok                 float4 a; int4 b = a < a;
type-mismatch      float4 a; float4 b = a < a;
ok                 char4 a; char4 b = a == a;
ok                 uchar4 a; char4 b = a == a;
type-mismatch      uchar4 a; uchar4 b = a == a;
ok                 double2 a; long2 b = a < a;
type-mismatch      float4 a; a << 1;
ok                 int4 a; a << 1;
ok                 int4 a; a << a;
ok                 int4 a; uint4 b; a << b;
ok                 int4 a; long b; a << b;
ok                 char4 a; int b; a << b;
type-mismatch      int a=1; int4 b; a << b;
ok                 int4 a; uint b; a >> b;
ok                 int4 a; a ? a : a;
ok                 int4 c; float4 a; c ? a : a;
ok                 int4 c; float4 a; float b; c ? a : b;
ok                 int c; float4 a; c ? a : a;
ok                 int c; float4 a; float b; c ? a : b;
ok                 int4 c; int a; c ? a : a;
ok                 uint4 c; float4 a; c ? a : a;
type-mismatch      float4 c; float4 a; c ? a : a;
type-mismatch      char4 c; float4 a; c ? a : a;
ok                 int4 a; a++;
type-mismatch      float4 a; a++;
ok                 int4 a; -a;
type-mismatch      float4 a; ~a;
ok                 int4 a; ~a;
type-mismatch      float4 a; a % a;
ok                 int4 a; a += 1;
type-mismatch      int4 a; a += 1L;
type-mismatch      char4 a; a += 1;
type-mismatch      char4 a; int x; a += x;
ok                 int4 a; a.x = 3;
ok                 int4 a; a.xy = (int2)(1,2);
not-an-lvalue      int4 a; a.xx = (int2)(1,2);
not-an-lvalue      int4 a; int *p = &a.x;
ok                 int4 a; int2 b = a.xz;
ok                 int4 a; a.xyzw.yx = (int2)1;
no-such-component  int3 a; a.w = 1;
ok                 int8 a; a.s7 = 1;
no-such-component  int8 a; a.s8 = 1;
no-such-component  int4 a; a.xs0 = 1;
ok                 int4 a; a.S0 = 1;
ok                 int16 a; a.sAbf;
ok                 int16 a; int8 b = a.hi;
ok                 int3 a; int2 b = a.hi;
ok                 int2 a; int b = a.lo;
ok                 int4 a; a.rgba;
ok                 int4 a; a.r;
no-such-component  int4 a; a.xg;
ok                 int4 a; a[1] = 2;
ok                 int4 a; int i = 1; a[i] = 2;
not-an-lvalue      int4 a; int *p = &a[1];
ok                 int4 a; a[4] = 2;
unknown-type       bool4 a;
ok                 int4 a; sizeof(a.x);
ok                 int3 a; int x[sizeof(a) == 16 ? 1 : -1];
ok                 float4 f = (float4)(1.0f, (float2)(2,3), 4);
vector-literal     float4 f = (float4)(1.0f, 2.0f);
vector-literal     float4 f = (float4)(1.0f, 2.0f, 3, 4, 5);
ok                 float4 f = (float4)(1);
ok                 float4 f = (float4){1,2,3,4};
ok                 float4 f; float4 g = (float4)(f);
ok                 float4 f; f = 1.0;
ok                 int4 a, b; a = b = 3;
ok                 int4 a; a.xy.x = 1;
ok                 int4 a; (a + a).x;
not-an-lvalue      int4 a; (a + a).x = 1;
ok                 int4 a; a, a;
ok                 int4 a; int4 *p = &a; p->x = 1; p->xy = p->yx;
assign-to-const    const int4 a = (int4)(0); a.x = 1;
ok                 int4 a; a = a == a ? a : 1;
type-mismatch      int a; a.x;
type-mismatch      float4 a; float3 b = a.xyz; b = a;
type-mismatch      int4 a; switch (a) {}
ok                 int4 a; while (a.x) {}
ok                 int4 a; a *= a; a |= a; a ^= 1; a <<= 2; a %= a;
ok                 float4 a; a *= 2.0f; a /= a;
type-mismatch      float4 a; a *= 2.0;
ok                 float4 a; int x=2; a *= x;
type-mismatch      int x = 1; x += (int4)(1);
ok                 int2 v; int2 w = {v.x, 3};
ok                 int4 v = {(int2)(1,2), 3, 4};
ok                 struct {int4 a; int b;} s = {{1,2,3,4}, 5};
ok                 struct {int4 a; int b;} s = {1,2,3,4, 5};
ok                 int4 v[2] = {{1,2,3,4},{5,6,7,8}};
ok                 int4 v[2] = {1,2,3,4,5,6,7,8};
ok                 int4 v; &v;
ok                 uchar4 a; a = a + (uchar)1;
type-mismatch      uchar4 a; a = a * 2;
ok                 ushort4 a; a >>= 1;
type-mismatch      int4 a; uint4 b; a == b;
ok                 int4 a; 3 < a;
type-mismatch      int4 a; a < 1.0f;
type-mismatch      int4 a; a & 1u;
ok                 float4 a; a == 1;
ok                 float4 a; a.x++;
type-mismatch      float4 a; a.xy++;
ok                 float4 a; a.xy += 1;
ok                 int4 a; int b = a.x ? 1 : 2;
ok                 int4 a; a = a || 0;
type-mismatch      int4 a; float4 b; a && b;
ok                 float4 a; a || a;
ok                 int4 v; vec_step(v) + vec_step(int3);
"""
ROWS = [tuple(line.split(None, 1)) for line in VERDICTS.strip().splitlines()]


def verdict(body: str) -> str:
    diags = Diagnostics()
    try:
        tokens = pp.preprocess(SourceFile("t.cl", kernel(body)), pp.PPOptions(), diags)
        check(parse(tokens, diags), diags, None)
        diags.raise_errors()
    except CompileError as error:
        return next(d.code for d in error.diagnostics if d.severity == "error")
    return "ok"


def kernel(body: str, name: str = "k") -> str:
    return f"kernel void {name}() {{ {body} }}\n"


@pytest.mark.parametrize(("code", "body"), ROWS)
def test_verdict(code: str, body: str) -> None:
    assert verdict(body) == code


@pytest.mark.oracle("clang-19")
def test_clang_agrees(tmp_path: Path) -> None:
    source = tmp_path / "t.cl"
    source.write_text("".join(kernel(body, f"k{i}") for i, (_, body) in enumerate(ROWS)))
    flags = "-x cl -cl-std=CL1.2 --target=riscv64 -fsyntax-only -w -ferror-limit=0 -Xclang"
    run = subprocess.run(
        ["clang-19", *flags.split(), "-cl-ext=+all", "-Xclang", "-finclude-default-header", source],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    refused = {int(n) - 1 for n in re.findall(r"t\.cl:(\d+):\d+: error", run.stderr)}
    assert refused == {i for i, (code, _) in enumerate(ROWS) if code != "ok"}
