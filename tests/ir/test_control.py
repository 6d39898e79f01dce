"""Statements, structs and initialisers: the same C text through clang must give the same."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from kcc.frontend.diag import CompileError

# Bodies of `static int fN(int x)`, in the language that C and OpenCL C share.
BODIES = {
    "loops": "int s = 0; for (int i = 0; i < x; i++) { if (i % 3 == 0) continue; if (i > 20) break;"
    " s += i; } int j = x; while (j > 0) { s ^= j; j /= 2; } do s++; while (s % 7); return s;",
    "endless": "int i = 0; for (;;) { if (++i > x) return i; }",
    "switch": "int r = 0; switch (x) { case 0: r = 5; case 1: r += 1; break; case -3: return 99;"
    " default: r = -1; break; case 7: { r = 70; break; } } return r;",
    "switch_ranges": "switch (x) { case -5 ... -1: return 1; case 0 ... 3: return 2;"
    " case 10 ... 1000: return 3; case 2000 ... 2000000: return 4; } return 5;",
    "switch_default_in_the_middle": "int r = 0; switch (x & 3) { case 0: r += 1;"
    " default: r += 10; case 2: r += 100; } return r;",
    "switch_over_range_with_default": "switch (x) { case 100 ... 900: return 1; default: return 7;"
    " case -900 ... -100: return 2; } return 3;",
    "duffs_device": "int n = (x & 15) + 1, s = 0, k = (n + 3) / 4; switch (n % 4) {"
    " case 0: do { s += 1; case 3: s += 10; case 2: s += 100; case 1: s += 1000; } while (--k > 0);"
    " } return s;",
    "switch_on_long": "long long_x = (long)x << 33; switch (long_x) { case 1L << 33: return 1;"
    " case -1L << 33: return 2; } return 0;",
    "unreachable_cases": "switch (x) { int never; never = 1; case 1: return 1; } return 0;",
    "goto": "int i = 0; again: i += x & 3; if (i < 20) { if (i == 7) goto out; i++; goto again; }"
    " out: return i;",
    "goto_into_block": "int r = 1; if (x > 5) goto inside; r = 2; { r += 10; inside: r += 100; }"
    " return r;",
    "nested_switch_in_loop": "int r = 0; for (int i = 0; i < 10; i++) { switch (i & 3) {"
    " case 1: continue; case 2: if (x & 1) break; r += 2; default: r++; } r *= 3; r &= 0xffff; }"
    " return r;",
    "short_circuit": "int n = 0; int a = (n++, x > 0) && (n += 10, x > 5) || (n += 100, x < -5);"
    " if (!(a && n > 50) || (x == 3 && ++n)) n++; return n * 2 + a;",
    "conditional": "int y = x > 3 ? x < 10 ? 1 : 2 : x; return (x ? &y : &x) == &y ? y : -y;",
    "comma": "int a, b; a = (b = x, b + 1); for (a = 0, b = 9; a < b;"
    " a += 2, b--) { } return a * b;",
    "compound_assignment": "unsigned char c = 250; c += x; short s = 1000; s *= x; int i = 17;"
    " i <<= x & 7; i ^= c; i -= s; i |= 1; i %= 1001; float f = 2.5f; f *= x & 7; i += f;"
    " return i;",
    "increments": "signed char c = 127; int a = c++; int b = ++c; unsigned short u = 0;"
    " int d = u--;"
    " int e = u; int p = x++ + --x; return a + b * 3 + d * 5 + e * 7 + p * 11;",
    "pointers": "int a[10]; int *p = a; for (int i = 0; i < 10; i++) *p++ = i * x; p -= 3;"
    " int *q = &a[2]; return p[0] + p[-2] + (int)(p - q) + *(q + 1) + (p > q) + (&*q == q)"
    " + (q - 1)[1];",
    "two_dimensions": "int m[3][4] = {{1, 2}, {3, 4, 5, 6}, [2][3] = 9}; int s = 0;"
    " for (int i = 0; i < 3; i++) for (int j = 0; j < 4; j++) s = s * 3 + m[i][j] * (x & 3);"
    " int (*row)[4] = &m[1]; return (s + (*row)[2] + row[1][3]) & 0xffffff;",
    "struct_copies": "struct in { char c; short s[3]; }; struct out { int a; struct in b;"
    " long d; };"
    " struct out o = {x, {1, {2, 3, 4}}, 5}, p; p = o; p.b.s[1] += x; struct in i = p.b; o.b = i;"
    " struct out *q = &o; q->a++; return o.a + o.b.s[1] * 3 + (int)q->d + p.a + (int)sizeof(o);",
    "struct_values": "struct pair { int a; int b; }; struct pair p = {x, 2}, q = {3, 4};"
    " struct pair r = x & 1 ? p : q; p = (q = r, r); return p.a * 10 + q.b + (x > 2 ? p : r).a;",
    "designators": "struct s { int a, b; int c[4]; } v = {.c = {[2] = 7, 8}, .a = x, .b = 2,"
    " .c[0] = 5}; int w[] = {[3] = 1, [1] = x, 4}; return v.a + v.b * 3 + v.c[0] * 5 + v.c[2] * 7"
    " + v.c[3] * 9 + v.c[1] + w[1] + w[2] + (int)sizeof(w);",
    "unions": "union u { unsigned int i; float f; unsigned char b[4]; } v = {.f = 1.5f};"
    " unsigned int bits = v.i; v.b[3] = x & 127; union u w = v;"
    " return (int)(bits >> 16) ^ (int)w.i;",
    "packed": "struct __attribute__((packed)) p { char c; int i; short s[2]; double d; };"
    " struct p v = {1, x, {3, 4}, 5.0}; struct p w[2] = {v, v}; w[1].i += 7; w[1].s[x & 1] = 9;"
    " int *unused = 0; return w[1].i + w[1].s[0] * 3 + w[1].s[1] * 5 + (int)w[0].d"
    " + (int)sizeof(w) + (unused == 0);",
    "aligned_members": "struct a { char c; int i __attribute__((aligned(16))); char d; };"
    " struct a v = {1, x, 3}; return (int)sizeof(v) + v.i + v.d;",
    "bools": "_Bool b = x; _Bool c = 0.5f; struct { _Bool f[3]; } s = {{x > 1, 5, 0}};"
    " s.f[2] = x & 2; b ^= 1; return b + c * 2 + s.f[0] * 4 + s.f[1] * 8 + s.f[2] * 16"
    " + (int)sizeof(s);",
    "enums": "enum e { A = -2, B, C = 10, D }; enum e v = x > 0 ? D : A; switch (v) { case D:"
    " return B + C; default: return v; }",
    "strings": 'char t[] = "abc"; char u[8] = "hi";'
    " return t[x & 3] + u[5] + (int)sizeof(t) + u[1];",
    "compound_literals": "struct p { int a, b; }; struct p q = (struct p){x, 2}; int s = 0;"
    " for (int i = 0; i < 3; i++) { int *v = (int[2]){i, x}; s += v[0] + v[1]; v[0] = 100; }"
    " return s + q.a * (struct p){4, 5}.b;",
    "unsigned_mix": "unsigned u = x; long l = u; l -= x; int r = (u > -1) + (x < 3u) * 2;"
    " unsigned char c = x; r += (c << 24) >> 24; return r + (int)(l >> 32) + (int)(u / 3u % 7);",
    "shadowing": "int r = x; { int x = 5; r += x; { float x = 2.5f; r += x * 2; } r += x; }"
    " for (int x = 0; x < 3; x++) r += x; return r + x;",
    "void_calls": "int r = 0; bump(&r, x); (void)r; bump(&r, 1); return r;",
    "struct_calls": "struct wide w = make(x); struct wide v = twice(twice(w)); w.a[0] = 1;"
    " return v.a[0] + v.a[4] * 2 + w.a[1] + twice(make(3)).tag + w.tag;",
    "deep_else_if": "if (x == 1) return 10; "
    + "".join(f"else if (x == {i}) return {i * 3}; " for i in range(2, 60))
    + "else return 7; return 8;",
}
HELPERS = """
struct wide { int a[5]; char tag; };
static void bump(int *p, int by) { if (by < 0) return; *p += by + 1; }
static struct wide make(int x) { struct wide w = {{x, x + 1, x + 2}, 7}; w.a[4] = 9; return w; }
static struct wide twice(struct wide w) { for (int i = 0; i < 5; i++) w.a[i] *= 2; return w; }
"""
INPUTS = [*range(-12, 30), 99, 100, 500, 900, 901, 1000, 1001, 2000, 2000000, 2000001, -100, -901]


def functions() -> str:
    return HELPERS + "\n".join(
        f"static int f_{name}(int x) {{ {body} }}" for name, body in BODIES.items()
    )


@pytest.fixture(scope="module")
def oracle(tmp_path_factory) -> ctypes.CDLL:
    folder = Path(tmp_path_factory.mktemp("oracle"))
    text = functions() + "\n".join(
        f"int g_{name}(int x) {{ return f_{name}(x); }}" for name in BODIES
    )
    source, library = folder / "f.c", folder / "f.so"
    source.write_text(text)
    command = ["clang-19", "-std=gnu11", "-w", "-O1", "-fwrapv", "-fPIC", "-shared"]
    subprocess.run([*command, str(source), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.oracle("clang-19")
@pytest.mark.parametrize("opt", [0, 3])
def test_bodies_behave_as_through_clang(build, oracle, opt):
    kernels = "\n".join(
        f"kernel void k_{name}(global const int *x, global int *y)"
        f" {{ size_t i = get_global_id(0); y[i] = f_{name}(x[i]); }}"
        for name in BODIES
    )
    source = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n" + functions() + kernels
    program = build(source.replace("_Bool", "bool"), opt, library=("mem.cl",))
    x = np.array(INPUTS, np.int32)
    for name in BODIES:
        y = np.zeros(len(x), np.int32)
        program.run(f"k_{name}", x, y, size=(len(x),), local=(len(x),))
        want = [getattr(oracle, f"g_{name}")(ctypes.c_int(int(v))) for v in x]
        assert y.tolist() == want, name


@pytest.mark.parametrize("opt", [0, 3])
def test_constants_of_the_program(build, opt):
    program = build(
        """#pragma OPENCL EXTENSION cl_khr_fp64 : enable
        typedef struct { char c; int values[3]; constant char *name; double d; } row;
        constant int scale = 3 * 7;
        constant float weights[2][2] = {{0.5f, 1}, {[1] = 2}};
        constant row rows[] = {{1, {2, 3}, "one", 1e10}, {.name = "two", .values = {[2] = -4}}};
        constant int *constant pointer = &rows[1].values[2];
        constant char text[6] = "hey";
        constant bool flags[2] = {3, 0};
        extern constant long later;
        kernel void k(global double *out) {
            constant int inner[2] = {40, 41};
            out[0] = scale; out[1] = weights[0][0] + weights[0][1] + weights[1][1];
            out[2] = weights[1][0]; out[3] = rows[0].c + rows[0].values[1] + rows[0].d;
            out[4] = rows[1].name[1]; out[5] = *pointer; out[6] = text[2] + text[5];
            out[7] = flags[0] + 2 * flags[1]; out[8] = inner[1]; out[9] = later;
            out[10] = pointer == &rows[1].values[2]; out[11] = rows[1].c;
        }
        constant long later = -5;""",
        opt,
    )
    out = np.zeros(12)
    program.run("k", out)
    want = [21, 3.5, 0, 1e10 + 4, ord("w"), -4, ord("y"), 1, 41, -5, 1, 0]
    assert out.tolist() == want


@pytest.mark.parametrize("opt", [0, 3])
def test_a_later_member_of_a_union_replaces_the_earlier_one(build, opt):
    program = build(
        """struct halves { int low, high; };
        union word { struct halves h; long whole; };
        union pointer { struct halves h; constant int *p; };
        constant int seven = 7;
        constant union word w = {.h = {1, 2}, .whole = 5};
        constant struct { union pointer p; int next; } s = {{.h = {1, 2}, .p = &seven}, 9};
        kernel void k(global long *out) {
            out[0] = w.whole; out[1] = *s.p.p; out[2] = s.next; out[3] = sizeof(s);
        }""",
        opt,
    )
    out = np.zeros(4, np.int64)
    program.run("k", out)
    assert out.tolist() == [5, 7, 9, 16]


@pytest.mark.parametrize(
    "text",
    [
        "kernel void k(void) { local int t[4] __attribute__((aligned(256))); t[0] = 1; }",
        "struct S { int x; } __attribute__((aligned(256))); kernel void k(struct S s) {}",
    ],
)
def test_alignment_past_what_an_entry_gives_is_an_error(lowered, text):
    with pytest.raises(CompileError, match="an alignment of 256 bytes"):
        lowered(text)


def test_a_packed_field_by_its_address_keeps_its_alignment(lowered):
    packed = "struct __attribute__((packed)) P { char c; int n; };"
    text = f"{packed} int f(struct P p) {{ return *&p.n; }}"
    assert "align 1" in next(
        line for line in str(lowered(text).module).splitlines() if "load i32" in line
    )


def test_volatile_parameters_are_volatile(lowered):
    module = str(lowered("int f(volatile int x) { return x; }").module)
    assert "load volatile i32" in module
    assert "store volatile i32" in module


def test_unroll_hints_reach_llvm(lowered):
    text = str(
        lowered(
            """kernel void k(global int *p, int n) {
            #pragma unroll
            for (int i = 0; i < n; i++) p[i] = i;
            __attribute__((opencl_unroll_hint(4))) for (int i = 0; i < n; i++) p[i] = i;
            #pragma nounroll
            while (n) n--;
        }"""
        ).module
    )
    assert "llvm.loop.unroll.full" in text or "llvm.loop.unroll.enable" in text
    assert 'llvm.loop.unroll.count", i32 4' in text


def test_memory_library(build):
    program = build(
        """void *memcpy(void *to, const void *from, ulong size);
        kernel void unused() {}""",
        library=("mem.cl",),
    )
    address = program.engine.get_function_address
    word, pointer = ctypes.c_ulong, ctypes.c_void_p
    copy, move = (
        ctypes.CFUNCTYPE(pointer, pointer, pointer, word)(address(n)) for n in ("memcpy", "memmove")
    )
    fill = ctypes.CFUNCTYPE(pointer, pointer, ctypes.c_int, word)(address("memset"))
    compare = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer, word)(address("memcmp"))
    room = (ctypes.c_ubyte * 128)()
    base = ctypes.addressof(room)
    for to in range(40, 52):
        for source in range(40, 52):
            for size in (0, 1, 7, 8, 9, 30):
                data = bytearray(range(128))
                room[:] = data
                assert move(base + to, base + source, size) == base + to
                data[to : to + size] = data[source : source + size]
                assert bytes(room) == data
                room[:] = range(128)
                copy(base + to - 40, base + source + 30, size)
                want = bytearray(range(128))
                want[to - 40 : to - 40 + size] = want[source + 30 : source + 30 + size]
                assert bytes(room) == want
    for to in range(9):
        for size in (0, 3, 8, 29):
            room[:] = bytes(128)
            fill(base + to, 0x1A5, size)
            assert bytes(room) == bytes(to) + b"\xa5" * size + bytes(128 - to - size)
    room[:] = bytes(range(64)) * 2
    room[70] = 200
    assert compare(base, base + 64, 6) == 0
    assert compare(base, base + 64, 7) == -1
    assert compare(base + 64, base, 7) == 1
