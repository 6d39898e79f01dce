"""The checker: its messages and where they point, the shape of its tree, and bad input."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcc.frontend import pp, tast
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostic, Diagnostics, render
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile
from kcc.frontend.types import LONG, AddrSpace, Quals

EXAMPLES = Path(__file__).resolve().parents[2] / "kernels" / "examples"


def checked(
    text: str, options: CheckOptions | None = None, warnings: tuple[str, ...] = ()
) -> tuple[tast.Program | None, tuple[Diagnostic, ...]]:
    diags = Diagnostics(settings=warnings)
    try:
        pp_options = pp.PPOptions(std=(options or CheckOptions()).std)
        tokens = pp.preprocess(SourceFile("t.cl", text), pp_options, diags)
        unit = parse(tokens, diags)
        diags.raise_errors()
        program = check(unit, diags, options)
        diags.raise_errors()
    except CompileError as error:
        return None, error.diagnostics
    return program, tuple(diags.seen)


def program(text: str, options: CheckOptions | None = None) -> tast.Program:
    made, diagnostics = checked(text, options)
    assert made is not None, [render(d) for d in diagnostics]
    return made


def statements(body: str, params: str = "global int *a, int n, float x") -> tuple[tast.Stmt, ...]:
    (function,) = program(f"kernel void k({params}) {{ {body} }}").functions
    assert function.body is not None
    return function.body.items


def expression(body: str) -> tast.Expr:
    statement = statements(body)[-1]
    assert isinstance(statement, tast.ExprStmt)
    dropped = statement.expr
    assert isinstance(dropped, tast.Convert)
    assert not isinstance(dropped.operand, tast.OBJECTS)
    return dropped.operand


# -- messages ------------------------------------------------------------

EXPECTED = """
constant int t[2] = {1, 2};
int twice(int x) { return 2 * x; }
struct S { int first; };
kernel void k(global int *a, local int *b, int n) {
    a[0] = missing; // error: undeclared
    a[1] = missing + 1;
    a = b; // error: address-space
    int v = twice(1, 2); // error: argument-count
    a[v] = twice(a); // error: int-conversion
    struct S s;
    s.frist = 1; // error: no-such-field
    t[0] = 1; // error: assign-to-const
    float4 w;
    w.w4 = 1; // error: no-such-component
    a[0] = sin(1); // error: ambiguous-call
    get_image_width(1); // error: unsupported
    if (n) break; // error: misplaced-statement
}
"""


def test_every_error_is_on_its_line_and_nothing_follows_from_it():
    _none, diagnostics = checked(EXPECTED)
    found = {
        (d.span.file.position(d.span.start)[0], d.code)
        for d in diagnostics
        if d.span is not None and d.severity == "error"
    }
    wanted = {
        (number, match[1])
        for number, line in enumerate(EXPECTED.splitlines(), 1)
        if (match := re.search(r"// error: ([\w-]+)", line))
    }
    assert found == wanted


def only(text: str, **more: object) -> Diagnostic:
    _program, (diagnostic,) = checked(text, **more)  # type: ignore[arg-type]
    return diagnostic


def pointed_at(d: Diagnostic) -> str:
    assert d.span is not None
    return d.span.file.text[d.span.start : d.span.end]


def test_a_message_points_at_the_culprit_and_names_the_types():
    d = only("kernel void k(global int *a, local int *b) { a = b; }")
    assert pointed_at(d) == "b"
    assert "'local int *' to 'global int *'" in d.message


def test_redefinition_shows_the_first_one():
    d = only("constant int first = 1; int first(void);")
    assert d.code == "redefinition"
    ((note, span),) = d.notes
    assert span is not None
    assert span.file.text[span.start : span.end] == "first"
    assert "declared here" in note


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("kernel void k(int number) { numbr = 1; }", "did you mean 'number'?"),
        ("kernel void k(int n) { n = get_globl_id(0); }", "did you mean 'get_global_id'?"),
        ("struct S { int width; }; int f(struct S s) { return s.widht; }", "'width'"),
        ("struct S { int a; }; int f(struct S *s) { return s.a; }", "use '->'"),
        ("constant int *p = 0;", "write 'constant'"),
        ("kernel void k(long n) { n = get_global_linear_id(); }", "-cl-std=CL2.0"),
    ],
)
def test_hints(text: str, hint: str) -> None:
    assert hint in (only(text).hint or "")


def test_recursion_shows_the_cycle():
    d = only("int g(int); int f(int x) { return g(x); } int g(int x) { return f(x); }")
    assert d.code == "recursion"
    assert [note for note, _span in d.notes] == ["'f' calls 'g' here", "'g' calls 'f' here"]


def test_an_undeclared_name_is_reported_once_a_function():
    _none, diagnostics = checked("void f(void) { q = 1; q++; r(q); } void g(void) { q = 1; }")
    assert [d.message for d in diagnostics] == [
        "'q' is not declared",
        "function 'r' is not declared",
        "'q' is not declared",
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("uchar c = 300; a[0] = c;", "constant-conversion"),
        ("char c = 200; a[0] = c;", "constant-conversion"),
        ("int i = 0x100000000L; a[0] = i;", "constant-conversion"),
        ("int i = 2.5f; a[0] = i;", "literal-conversion"),
        ("int i = 1e20f; a[0] = i;", "literal-conversion"),
        ("a[0] = n << 32;", "shift-count-overflow"),
        ("a[0] = n >> -1;", "shift-count-negative"),
        ("a[0] = n / 0;", "division-by-zero"),
        ("a[0] = n % 0;", "division-by-zero"),
        ("a[0] = 1 ? n / 0 : n % 0;", "division-by-zero"),
        ("if (0) a[0] = n % 0; else a[0] = n / 0;", "division-by-zero"),
        ("if (n); a[0] = 1;", "empty-body"),
        ("int t[2]; a[0] = t[2];", "array-bounds"),
        ("int t[2] = {1, 2, 3}; a[0] = t[0];", "excess-initializers"),
        ("global float *p = a; p[0] = 1;", "incompatible-pointer-types"),
        ("global uint *p = a; p[0] = 1;", "pointer-sign"),
        ("const global int *p = a; a = p;", "incompatible-pointer-types-discards-qualifiers"),
        ("a[0] = a == (global float *)a;", "compare-distinct-pointer-types"),
        ('printf("%d", 1L);', "format"),
        ('printf("%d", 1, 2);', "format-extra-args"),
        ('printf("%d");', "format-insufficient-args"),
        ('printf("%d", 1.0f);', "format"),
        ('printf("%f", 1);', "format"),
        ('printf("%s", 1);', "format"),
        ('printf("%v4f", 1.0f);', "format"),
        ('printf("%*d", 1.0f, 1);', "format"),
        ('printf("%v2d", (uint2)(1));', "format"),
        ('printf("%q", 1);', "format-invalid-specifier"),
        ("__attribute__((fancy)) int i = 1; a[0] = i;", "unknown-attributes"),
        ("\n#pragma fancy\n", "unknown-pragmas"),
        ("\n#pragma OPENCL EXTENSION cl_fancy : enable\n", "ignored-pragmas"),
        ("switch ((uchar)n) { case 300: ; }", "switch"),
    ],
)
def test_warnings(body: str, code: str) -> None:
    text = f"kernel void k(global int *a, int n) {{ {body} }}"
    d = only(text, warnings=(code,))
    assert (d.severity, d.code) == ("warning", code)
    assert only(text, warnings=(f"error={code}",)).severity == "error"
    assert checked(text, warnings=(f"no-{code}",))[1] == ()


@pytest.mark.parametrize(
    "body",
    [
        "a[0] = (0 && n / 0) + (1 || n << 40);",
        "a[0] = 0 ? n / 0 : 1 ? 2 : n % 0;",
        "int t[2]; if (0) a[0] = t[2]; else if (1) a[0] = sizeof(n / 0); else a[0] = n % 0;",
        "uint u = -1; a[0] = u;",
        "uchar c = 255; c = -1; char d = -128; a[0] = c + d;",
        "float f = 3; int i = 2.0f; a[0] = f + i;",
        "bool b = 2; a[0] = b;",
        "int mask = 0xffffffff; a[0] = mask;",
        "if (n)\n;",
        "int t[2]; a[0] = *(t + 2 - 1); global int *e = &a[5];",
    ],
)
def test_no_warning(body: str) -> None:
    assert checked(f"kernel void k(global int *a, int n) {{ {body} }}")[1] == ()


@pytest.mark.parametrize(
    ("body", "falls"),
    [
        ("", True),
        ("return 1;", False),
        ("if (n) return 1;", True),
        ("if (n) return 1; else return 2;", False),
        ("while (1) ;", False),
        ("while (1) { if (n) break; }", True),
        ("for (;;) { switch (n) { case 1: break; } }", False),
        ("switch (n) { case 1: return 1; default: return 2; }", False),
        ("switch (n) { case 1: return 1; }", True),
        ("switch (n) { default: break; }", True),
        ("do { return 1; } while (n);", False),
        ("goto end; end: return 1;", False),
    ],
)
def test_return_type_warning(body: str, falls: bool) -> None:
    _program, diagnostics = checked(f"int f(int n) {{ {body} }}")
    assert [d.code for d in diagnostics] == (["return-type"] if falls else [])


def test_unused_variables_only_on_request():
    text = "void f(int p) { int used = 1, not_used = used; }"
    assert checked(text)[1] == ()
    assert only(text, warnings=("unused",)).code == "unused-variable"


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("printf(1)", "format"),
        ('struct S { int i; } s; printf("%d", s)', "format"),
        ("private const char *p = 0; printf(p)", "format"),
        ("printf()", "argument-count"),
    ],
)
def test_bad_printf(call: str, code: str) -> None:
    assert only(f"void f(void) {{ {call}; }}").code == code


# -- the tree ------------------------------------------------------------


def test_conversions_are_nodes():
    assign = expression("a[n] = x;")
    assert isinstance(assign, tast.Assign)
    assert isinstance(assign.value, tast.Convert)
    assert assign.value.kind == "float-to-int"
    assert isinstance(assign.target, tast.Deref)
    assert isinstance(assign.target.pointer, tast.PointerAdd)
    assert assign.target.pointer.index.type == LONG
    assert assign.target.quals.space is AddrSpace.GLOBAL


def test_update_evaluates_its_target_once():
    update = expression("char c = 1; c += x;")
    assert isinstance(update, tast.Update)
    back = update.value
    assert isinstance(back, tast.Convert)
    assert back.kind == "float-to-int"
    added = back.operand
    assert isinstance(added, tast.Binary)
    assert isinstance(added.left, tast.Convert)
    assert isinstance(added.left.operand, tast.Current)
    assert update.result == "new"
    post = expression("n++;")
    assert isinstance(post, tast.Update)
    assert post.result == "old"


def paths(body: str) -> list[tuple[tuple[int, ...], int | float]]:
    declared = statements(body)[-1]
    assert isinstance(declared, tast.VarDecl)
    assert isinstance(declared.init, tast.Aggregate)
    return [(p, e.value) for p, e in declared.init.entries if isinstance(e, tast.Const)]


def test_initialisers_are_flattened():
    assert paths("int t[2][2] = {1, 2, 3};") == [((0, 0), 1), ((0, 1), 2), ((1, 0), 3)]
    assert paths("int t[2][2] = {{1}, 3};") == [((0, 0), 1), ((1, 0), 3)]
    nested = "struct { int p; struct { int q, r; } in[2]; int s; } v"
    assert paths(f"{nested} = {{1, 2, 3, 4, 5, 6}};") == [
        ((0,), 1), ((1, 0, 0), 2), ((1, 0, 1), 3), ((1, 1, 0), 4), ((1, 1, 1), 5), ((2,), 6),
    ]  # fmt: skip
    # Behind a designator the cursor goes on from there, outwards too.
    assert paths(f"{nested} = {{.in[0].r = 1, 2, 3, 4}};") == [
        ((1, 0, 1), 1), ((1, 1, 0), 2), ((1, 1, 1), 3), ((2,), 4),
    ]  # fmt: skip
    assert paths("int t[] = {[2] = 1, 2, [0] = 3};") == [((2,), 1), ((3,), 2), ((0,), 3)]
    assert paths("int t[4] = {[1 ... 2] = 7, 8};") == [((1,), 7), ((2,), 7), ((3,), 8)]
    assert paths("union { int i; float f; } v = {.f = 1.0f};") == [((1,), 1.0)]
    assert paths('struct { char s[3]; int i; } v = {"a", 2};') == [
        ((0, 0), 97), ((0, 1), 0), ((1,), 2),
    ]  # fmt: skip
    anonymous = "struct { int p; union { int q; float r; }; } v"
    assert paths(f"{anonymous} = {{.r = 1.0f}};") == [((1, 1), 1.0)]


def test_where_variables_live():
    text = "constant int c = 1; kernel void k(int n) { local int l[4]; constant int d = 2; int p; }"
    made = program(text)
    assert [(v.name, v.storage) for v in made.globals] == [("c", "static"), ("k.d", "static")]
    (function,) = made.functions
    assert function.body is not None
    assert [type(s).__name__ for s in function.body.items] == ["VarDecl"]
    used = statements("local int l; l = n;")[-1]
    assert isinstance(used, tast.ExprStmt)
    stored = used.expr.operand  # type: ignore[union-attr]
    assert isinstance(stored, tast.Assign)
    assert isinstance(stored.target, tast.VarRef)
    assert (stored.target.var.storage, stored.target.quals) == ("group", Quals(AddrSpace.LOCAL))


def test_switch_labels_are_values_of_the_promoted_type():
    (switch,) = statements("switch ((uchar)n) { case 1 ... 3: break; default: ; }")
    assert isinstance(switch, tast.Switch)
    assert str(switch.value.type) == "int"
    assert isinstance(switch.body, tast.Block)
    first, second = switch.body.items
    assert isinstance(first, tast.Case)
    assert isinstance(second, tast.Case)
    assert ((first.low, first.high), second.low) == ((1, 3), None)


@pytest.mark.parametrize(
    ("before", "unroll"),
    [
        ("", None),
        ("\n#pragma unroll\n", 0),
        ("\n#pragma unroll 4\n", 4),
        ("\n#pragma unroll(8)\n", 8),
        ("\n#pragma nounroll\n", 1),
        ("__attribute__((opencl_unroll_hint(2)))", 2),
        ("__attribute__((opencl_unroll_hint))", 0),
    ],
)
def test_unrolling(before: str, unroll: int | None) -> None:
    (loop,) = statements(f"{before} for (int i = 0; i < n; i++) a[i] = i;")
    assert isinstance(loop, tast.Loop)
    assert loop.unroll == unroll


def test_attributes_and_contraction_are_recorded():
    text = "kernel __attribute__((reqd_work_group_size(8, 2, 1))) void k(void) {}"
    (plain,) = program(text).functions
    assert plain.attrs.reqd_work_group_size == (8, 2, 1)
    assert plain.attrs.fp_contract == "default"
    (exact,) = program("#pragma OPENCL FP_CONTRACT OFF\nkernel void k(void) {}").functions
    assert exact.attrs.fp_contract == "off"


def test_externs_are_those_called_and_not_defined():
    made = program("int f(int); int g(int); int h(int); int h(int x) { return f(x); }")
    assert [f.name for f in made.externs] == ["f"]
    assert [f.name for f in made.functions] == ["h"]


def test_language_versions():
    text = "kernel void k(global ulong *a) { a[0] = get_global_linear_id(); }"
    assert checked(text)[0] is None
    assert checked(text, CheckOptions("CL2.0"))[0] is not None
    generic = "int f(int *p) { return *p; } kernel void k(global int *a) { a[0] = f(a); }"
    assert checked(generic)[0] is None
    assert checked(generic, CheckOptions("CL2.0"))[0] is not None


def test_half_and_double_by_option():
    half = "kernel void k(global half *h) { half v = h[0]; h[1] = v * v; }"
    assert checked(half)[0] is None
    assert checked(half, CheckOptions(fp16=True))[0] is not None
    enabled = f"#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n{half}"
    assert checked(enabled)[0] is not None
    assert only("double f(void);", options=CheckOptions(fp64=False)).code == "no-double"


# -- bad input ------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.cl")), ids=lambda p: p.stem)
def test_examples_have_no_diagnostics(path: Path) -> None:
    assert checked(path.read_text())[1] == ()


@pytest.mark.parametrize(
    "text",
    [
        f"kernel void k(global int *a, int n) {{ a[0] = {'+'.join(['n'] * 5000)}; }}",
        f"kernel void k(global int *a, int n) {{ a[0] = {'&&'.join(['n'] * 5000)}; }}",
        f"kernel void k(global int *a, int n) {{ a[0] = ({','.join(['n'] * 5000)}); }}",
        "".join(f"struct S{i} {{ struct S{i - 1} s; }};" for i in range(1, 1000)).replace(
            "struct S0 s", "int s"
        ),
    ],
)
def test_long_chains_need_no_stack(text: str) -> None:
    assert checked(text)[0] is not None


def test_nesting_past_any_use_is_an_error(monkeypatch):
    monkeypatch.setattr("kcc.frontend.nesting.DEPTH", 1000)
    types = "typedef int T0;" + "".join(f"typedef T{i} *T{i + 1};" for i in range(5000))
    _none, diagnostics = checked(f"{types} void f(T5000 p, T4999 q) {{ p = q; }}")
    assert diagnostics[-1].code == "nesting-too-deep"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("typedef float F __attribute__((ext_vector_type(4)));", "unsupported"),
        ("void f(void) { typedef int T __attribute__((mode(DI))); }", "unsupported"),
        ("void f(void) { float x __attribute__((vector_size(16))); }", "unsupported"),
        ("typedef struct { char c; int i; } P __attribute__((packed));", "ignored-attributes"),
        ("void f(int n) { n = (int __attribute__((vector_size(16)))) 1; }", "unsupported"),
        ("static extern constant int x = 1;", "bad-storage"),
        ("struct E {}; kernel void k(struct E e) {}", "kernel-argument"),
        ('void f(int n) { printf("%2147483648d", n); }', "format"),
        ('void f(float x) { printf("%.99999999999g", x); }', "format"),
        ("void f(void) { int x = 1.0f / 0.0f; }", "float-overflow-conversion"),
        ("void f(void) { int x = 0.0f / 0.0f; }", "float-overflow-conversion"),
    ],
)
def test_nothing_asked_for_is_ignored_in_silence(text: str, code: str) -> None:
    _program, diagnostics = checked(text, warnings=("float-conversion",))
    assert code in [d.code for d in diagnostics]


def test_parameters_are_aligned_as_asked():
    (function,) = program("void f(int n __attribute__((aligned(32)))) {}").functions
    assert [p.align for p in function.params] == [32]


SEEDS = [path.read_text() for path in sorted(EXAMPLES.glob("*.cl"))] + [EXPECTED]
PIECES = [re.findall(r"\w+|[^\s\w]|\s+", text) for text in SEEDS]


def mutated(rng: random.Random) -> str:
    pieces = list(rng.choice(PIECES))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(pieces))
        match rng.randrange(3):
            case 0:
                pieces[at] = rng.choice(rng.choice(PIECES))
            case 1:
                pieces[at] = ""
            case _:
                other = rng.randrange(len(pieces))
                pieces[at], pieces[other] = pieces[other], pieces[at]
    return "".join(pieces)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_mutated_kernels_end_in_a_program_or_an_error(seed: int) -> None:
    made, diagnostics = checked(mutated(random.Random(seed)))
    for diagnostic in diagnostics:
        render(diagnostic)
    assert made is not None or any(d.severity == "error" for d in diagnostics)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_many_mutated_kernels(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(500):
        made, diagnostics = checked(mutated(rng))
        assert made is not None or any(d.severity == "error" for d in diagnostics)
