"""What clang accepts and rejects as syntax, the parser accepts and rejects."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.pp import PPOptions, preprocess
from kcc.frontend.source import SourceFile

PRELUDE = """typedef int T; typedef float4 V; struct P { int m; V v; struct P *next; };
int x, y, z; float4 q; struct P p, *r; int g(int); int *ptr; int arr[9];
"""
EXPRESSIONS = """
x ## (x) ## ((x)) ## x + y * z - x / y % z ## x << 1 >> 2 ## x < y == z > x ## x & y ^ z ## x ##
-x ## +x ## ~x ## !x ## *ptr ## &x ## ++x ## --x ## x++ ## x-- ## - -x ## !~-+x ## *&x ## &*ptr ##
sizeof x ## sizeof(x) ## sizeof(T) ## sizeof(int *) ## sizeof(int[3]) ## sizeof -x ## sizeof(T) *
2 ## sizeof (x)[0] ## (T)x ## (T)(x) ## (T)-x ## (T)(T)x ## (float4)(1, 2, 3, 4) ## (float4)(1) ##
(V)(1, 2, 3, 4) ## (V)(q) ## (float4)(1, 2, 3, 4).x ## (V)(1, 2, 3, 4).xy ## (float4)((float2)(1,
2), 3, 4) ## (float4)(float4)(1) ## (int)q.x ## (const float4)(1) ## sizeof(float4)(1, 2, 3, 4) ##
(float4)q + q ## (float4)-q ## (float4){1} ## (struct P){1} ## (struct P){.m = 1} ## (int[]){1, 2,
3} ## (int[2]){[0] = 1, [1] = 2} ## (V){1, 2}.x ## x ? y : z ## x ? y : z ? x : y ## x ? y, z : z
## x = y ## x = y = z ## x += y -= z ## x *= 2 ## x /= 2 ## x %= 2 ## x <<= 2 ## x >>= 2 ## x &= 2
## x ^= 2 ## x ## 1 ## x |= 2 ## x, y, z ## (x, y) ## g(x) ## g((x, y)) ## p.m ## r->m ##
r->next->next->m ## p.v.xyzw.x ## arr[1] ## arr[x + 1] ## 1[arr] ## g(1)+g(2) ## ptr[0]++ ## x &&
y || z ## x || y && !z ## 'a' ## "a"[0] ## "a" "b"[1] ## 0x1f ## 1.5f ## 1e3 ## .5 ## 017 ## 1UL
## __extension__ x ## vec_step(float4) ## vec_step(q) ## __alignof__(int) ## (x) + (y) ## (x)(y)
## x ++ + ++ y ## + ## x + ## * ## x y ## 1 2 ## (x ## x) ## () ## x + ) ## [1] ## arr[] ## arr[1
## g( ## g(x, ## g(x,) ## g(,x) ## x ? y ## x ? : ## x ? y : ## ? x : y ## x : y ## x = ## = x ##
x += ## (T) ## (T)x y ## sizeof ## sizeof() ## T ## x + T ## T + x ## (int) ## (int)) ##
(float4)(1, ## (float4)() ## p. ## p.1 ## r-> ## r->"m" ## .m ## x.. ## x ! y ## (int x)y ## (T
T)x ## (struct)x ## &&& x ## x &&| || x ## == x ## x === y ## x => y ## x <> y ## {1} ## (V){1 ##
"a" x ## 'a' 'b' ## if ## return ## x return ## int ## x int ## kernel ## for ## sizeof(int)x ##
++ ## x ~
"""
STATEMENTS = """
; ## ;; ## {} ## {;} ## x; ## {x; y;} ## if (x) y; ## if (x) y; else z; ## if (x) {} else {} ## if
(x) if (y) z; else x; ## if (x) if (y) z; else x; else y; ## if (x) while (y) if (z) x; else y; ##
if (x) for (;;) if (y) ; else ; else ; ## while (x) y; ## while (x) ; ## do x; while (y); ## do {}
while (x); ## for (;;) ; ## for (x = 0; x < 3; x++) y; ## for (int i = 0; i < 3; i++) x; ## for
(int i = 0, j = 1; ; ) x; ## for (T i = 0; i < 1;) {} ## for (; x; ) ; ## for (;; x++, y++) ; ##
switch (x) { case 1: y; break; default: z; } ## switch (x) { case 1 ... 3: y; } ## switch (x) {
case 1: case 2: ; } ## switch (x) case 1: y; ## switch (x) ; ## while (x) { break; } ## while (x)
{ continue; } ## return; ## goto L; L: ; ## L: x; goto L; ## L: M: x; goto L; goto M; ## T: x;
goto T; ## int a; ## int a, b; ## int a = 1, *b = &a, c[2]; ## T a; ## T T; ## T T = 1; T = T + 1;
## T *a, b; ## int T = 1; x = T * x; ## int (a); ## int (*a); ## int (*a)[3]; ## int *a[3]; ## int
a[2][3]; ## T (a); ## T (*a); ## int a[] = {1, 2, 3}; ## int a[] = {1, 2,}; ## int a[3] = {[1] =
2}; ## int a[9] = {[1 ... 3] = 2}; ## int a[2][2] = {{1, 2}, {3}}; ## struct P s = {1}; ## struct
P s = {.m = 1, .v = 2}; ## struct P s = {.v.x = 1}; ## struct Q { int a; } s; ## struct Q { int a,
*b; float c[2]; }; ## struct { int a; } s; ## union U { int a; float b; } u; ## struct P; ## enum
E { A, B }; ## enum E { A = 1, B, } e = A; ## enum { A }; ## const int a = 1; ## int const a = 1;
## const T a = 1; ## T const a = 1; ## volatile int a; ## private int a; ## __private int *a; ##
global int *a; ## __global int *a; ## global int *const a = 0; ## int global *a; ## constant int
*a; ## local int *a; ## const global float4 *restrict a; ## unsigned a; ## unsigned int a; ## long
unsigned int a; ## int unsigned a; ## signed char a; ## short int a; ## bool a; ## size_t a; ##
uint a; ## uchar4 a; ## typedef int U; U a; ## typedef int U, *W; W a; ## typedef struct { int a;
} U; U a; ## typedef V W; x = ((W)(1)).x; ## typedef int U[3]; U a; ## int a
__attribute__((aligned(16))); ## __attribute__((aligned(16))) int a; ## int
__attribute__((aligned(16))) a; ## int a __attribute__((aligned(16))) = 1; ## int a,
__attribute__((aligned(16))) b; ## struct __attribute__((packed)) Q { int a; }; ## struct Q { int
a; } __attribute__((packed)); ## int a __attribute__(()); ## int a __attribute__((unused)), b
__attribute__((unused, aligned(8))); ## __attribute__((opencl_unroll_hint(2))) for (;;) ; ##
typedef float F4 __attribute__((ext_vector_type(4))); ## int *__attribute__((unused)) a; ## { int
x; { float x; } } ## if (x) { T T; } T a; ## for (int T = 0;;) ; T a; ## { int T; T = 1; } T a; ##
struct { T T; T U; } s; s.T = 1; ## struct { int T; } s; T a; ## typeof(x) a; ## typeof(int) a; ##
typeof(T) a; ## __typeof__(x + 1) a; ## _Static_assert(1, "m"); ## extern int a; ## static
constant int a = 1; ## int f(int); ## int f(void), a; ## int f(int a, T b, T); ## void f(T T); ##
void f(int (T)); ## __extension__ int a; ## const int *const *volatile a; ## int (*a[2])[3]; ##
sizeof(struct Q { int a; }); ## event_t e; ## sampler_t s = 0; ## half *h; ## x ## if ## if x ##
if (x) ## if (x y; ## if () y; ## else x; ## if (x) y else z; ## if (x) else y; ## while x y; ##
while () x; ## while (x) ## do x while (y); ## do x; while (y) ## do while (x); ## do x; ## for ##
for () x; ## for (;) x; ## for (x) y; ## for (;;;) x; ## for (x; y; z) ## for (x, y; z) ; ## for
(int i; int j;) ; ## switch x {} ## switch () {} ## switch (x) ## case ## case : x; ## case 1 x;
## default x; ## return x ## return return; ## break ## break x; ## continue x; ## goto ; ## goto
1; ## goto x ## L: } ## 1: x; ## { ## ( ## ) ## ] ## int ## int a ## int a = ; ## int = 1; ## int
a b; ## int a, ; ## int , a; ## int a[; ## int a[1; ## int a]; ## int 1; ## int a = {1; ## int a =
{1 2}; ## int a = {, 1}; ## int a[] = {[1] 2 3}; ## int a[] = {[] = 1}; ## int *; ## int * 3; ##
int (a; ## int a); ## int a(; ## int a(int; ## int a(int,); ## int f(int a,, int b); ## int f(int
a b); ## T 1; ## T T T; ## T = 1; ## T + 1; ## x = T; ## x T; ## struct { int a } s; ## struct {
int a; s; ## struct { a; } s; ## struct ; ## struct {int; ## struct P { int a = 1; }; ## enum { A
B }; ## enum { 1 }; ## enum { A = }; ## enum { ,A }; ## enum ; ## union ; ## typedef ## typedef
int ## const ## for (int i = 0 i < 3;) ; ## __attribute__ int a; ## __attribute__((x) int a; ##
__attribute__(x) int a; ## int a __attribute__((aligned(16)); ## x + ; ## ; x y ## ++; ## x..y; ##
p.; ## g(x; ## g x; ## arr[1; ## @; ## x @ y; ## `x`; ## typeof x a; ## typeof() a; ## sizeof int;
## (int)(; ## _Static_assert(1 "m"); ## _Static_assert; ## int a = 1 int b; ## x = 1 y = 2; ## if
(x) int; ## {x} ## int T U; ## T: int ## int a{}; ## int a(){}
"""
FILES = r"""
;int a; ## int a;; ## int f(void) { return 1; } int b; ## kernel void f(void) {} ## __kernel void
f(global int *a) {} ## static int f(int a) { return a; } ## inline int f(int a) { return a; } ##
__attribute__((noinline)) void f(void) {} ## kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void f(void) {} ## kernel void __attribute__((reqd_work_group_size(1, 1, 1))) f(void) {} ##
__attribute__((vec_type_hint(float4))) kernel void f(void) {} ## void f(void)
__attribute__((noinline)); ## constant int a[] = {1, 2}; ## constant float4 a = (float4)(1, 2, 3,
4); ## struct S { int a; }; ## struct S; ## enum E { A }; ## typedef int T; ## typedef struct S S;
struct S { int a; }; ## int (*const a)[3]; ## int f(int), g(float); ## int *f(void); ## void f(int
a[], int b[3], int c[const 4], int d[static 2]); ## void f(int, float *, int (*)[3]); ## void
f(int a[*]); ## typedef int T; void f(T a, T b) { T c = a; } ## typedef int T; void f(T T) { T =
1; } ## typedef int T; T f(T a) { return (T)a; } ## typedef int T; struct T { T T; }; struct T t;
## typedef int T; void f(int T) { T * 3; } T b; ## typedef int T; void f(int T); T b; ## void
f(read_only image2d_t i, sampler_t s) {} ## kernel void f(local int *a, constant float *b, int c)
{} ## #pragma foo\nint a; ## int a;\n#pragma OPENCL EXTENSION all : disable\nint b; ##
_Static_assert(1, "m"); ## extern int a; ## extern constant int a; ## int printf(constant char *,
...); ## void f(void) {\n#pragma unroll\nfor (int i = 0; i < 4; i++) ;\n} ## constant int a =
sizeof(int[3]); ## typedef float F __attribute__((ext_vector_type(4))); F f(void) { return (F)(1,
2, 3, 4); } ## int a ## int ## int a = 1 ## int a(void) { ## int a(void) { } } ## } ## int a[ ##
struct S { int a; } ## struct S { ## kernel ## kernel void ## kernel void f( ## kernel void f() ##
x = 1; ## 1; ## return; ## if (1) ; ## int f(void) int a; ## int f(void) { return 1; }, b; ## int
f(a b) {} ## int f(int a,) {} ## int f(...) { ## typedef int T; int f(T T T) {} ## typedef ; int
1; ## int f(void) = {}; ## (int) a; ## while (1) {} ## int f(void) { int g(void) { } } ## struct S
{ int f(void) {} }; ## int a b; ## foo bar; ## void f(foo a) {} ## f(void) { ## template <int N>
void f() {} ## class A {}; ## "a" ## ) ## int a, ## kernel void f(int a; int b) {}
"""


def split(text: str) -> list[str]:
    return [" ".join(s.split()) for s in text.split("##")]


def corpus() -> list[str]:
    texts = [f"{PRELUDE}void f(void) {{ {e}; }}" for e in split(EXPRESSIONS)]
    texts += [f"{PRELUDE}void f(void) {{ {s} }}" for s in split(STATEMENTS)]
    texts += [s.replace("\\n", "\n") for s in split(FILES)]
    return [t for t in texts if t.strip()]


# Where the two differ on purpose. Either clang files the error under another category, or
# the checker is the one to complain, or the form is accepted for programs written for others.
DIFFERENT = {
    "x + T;", "x = T;", "break", "break x;", "continue x;", "typeof x a;", "x = 1;",
    "void f(int a[*]);", "int f(a b) {}", "foo bar;", "void f(foo a) {}",
    "struct { int a } s;",  # clang warns
    "kernel;",  # no type: the checker's
    "typeof(x) a;", "typeof(int) a;", "typeof(T) a;",  # clang wants __typeof__
}  # fmt: skip
# Complaints of clang that are about meaning although its parser makes them, or that this parser
# leaves to the checker.
MEANING = (
    "use of undeclared identifier",
    "is a C23 extension",
    "expression is not assignable",
)


def bare(text: str) -> str:
    """A text of the corpus without what was put around it."""
    if not text.startswith(PRELUDE):
        return text
    return text.removeprefix(f"{PRELUDE}void f(void) {{ ").removesuffix(" }")


def accepted(text: str) -> bool:
    diags = Diagnostics()
    try:
        parse(preprocess(SourceFile("t.cl", text), PPOptions(), diags), diags)
        diags.raise_errors()
    except CompileError:
        return False
    return True


@pytest.mark.oracle("clang-19")
def test_syntax_is_accepted_where_clang_accepts_it(tmp_path: Path) -> None:
    texts = corpus()
    names = []
    for i, text in enumerate(texts):
        (tmp_path / f"s{i}.cl").write_text(text)
        names.append(f"s{i}.cl")
    run = subprocess.run(
        "clang-19 -cc1 -triple spir64 -cl-std=CL2.0 -fsyntax-only -w -ferror-limit 0 "
        "-finclude-default-header -fdeclare-opencl-builtins "
        "-fdiagnostics-show-category name -fno-caret-diagnostics".split()
        + names,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    rejected = set()
    for line in run.stderr.splitlines():
        if ": error: " in line and "[Parse Issue]" in line and not any(m in line for m in MEANING):
            rejected.add(int(line.split(".cl:")[0][1:]))
    assert len(rejected) > 100
    wrong = [
        (t.removeprefix(PRELUDE), "clang rejects" if i in rejected else "clang accepts")
        for i, t in enumerate(texts)
        if accepted(t) == (i in rejected) and bare(t) not in DIFFERENT
    ]
    assert wrong == []
