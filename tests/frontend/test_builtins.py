"""The table of builtin functions, and which overload a call means."""

from __future__ import annotations

import pytest

from kcc.frontend import pp, tast
from kcc.frontend.builtins import Builtin, Language, is_builtin, names, outside, overloads, type_of
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import Diagnostic, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile
from kcc.frontend.types import SIZE_T

EVERYTHING = Language(300, double=True)
PLAIN = Language(120, double=True)


def results(
    calls: str, standard: str = "CL1.2", prelude: str = ""
) -> tuple[list[str], list[Diagnostic]]:
    """The type of each call, and what there is to say of them."""
    params = "int i, uint u, long l, char c, float f, double d, int4 i4, uint4 u4, float4 f4, "
    params += "double4 d4, global int *gi, local float *lf, constant float *cf, float4 *pf4, "
    params += "global const half *gh, const global uint *gu"
    diags = Diagnostics(max_errors=0)
    text = f"{prelude} void k({params}) {{ {calls} }}"
    tokens = pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(std=standard), diags)
    program = check(parse(tokens, diags), diags, CheckOptions(std=standard))
    types = []
    body = program.functions[-1].body
    assert body is not None
    for statement in body.items:
        call = statement.expr if isinstance(statement, tast.ExprStmt) else None
        while isinstance(call, tast.Convert):
            assert not isinstance(call.operand, tast.OBJECTS)
            call = call.operand
        types.append(str(call.type) if isinstance(call, tast.BuiltinCall) else "")
    return types, diags.seen


def test_no_name_has_two_overloads_alike() -> None:
    for name in names():
        seen: set[tuple[str, ...]] = set()
        for row in overloads(name, EVERYTHING):
            assert row.params not in seen, str(row)
            seen.add(row.params)


def test_every_word_of_every_row_is_a_type() -> None:
    total = 0
    for name in names():
        assert is_builtin(name)
        assert outside(name) is None
        for row in overloads(name, EVERYTHING):
            total += 1
            for word in (*row.params, row.result):
                t = type_of(word)
                assert str(t) == (str(SIZE_T) if word == "size_t" else word)
    assert total > 4000


def test_double_comes_with_its_extension() -> None:
    def lanes(language: Language) -> set[str]:
        return {row.result for row in overloads("fabs", language) if row.result[-1].isalpha()}

    assert lanes(PLAIN) == {"float", "double", "half"}
    assert lanes(Language(120, double=False)) == {"float", "half"}


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("fmax(f4, f)", "float4"),
        ("fmax(f4, i)", "float4"),  # i becomes a float before it would become a float4
        ("max(f4, f4)", "float4"),
        ("max(u, u)", "uint"),
        ("clamp(i4, 1, 2)", "int4"),
        ("abs(c)", "uchar"),
        ("abs('c')", "uint"),  # a character constant is an int
        ("popcount(c + c)", "int"),
        ("sqrt(f)", "float"),
        ("sqrt(1.0)", "double"),
        ("isnan(d)", "int"),
        ("isnan(d4)", "long4"),
        ("upsample(i, u)", "long"),
        ("select(f4, f4, u4)", "float4"),
        ("bitselect(d, d, d)", "double"),
        ("vload4(0, cf)", "float4"),
        ("vload3(i, gi)", "int3"),
        ("vload_half8(0, gh)", "float8"),
        ("vstore2((float2)(f), 1, lf)", "void"),
        ("fract(f4, pf4)", "float4"),
        ("ldexp(f4, 3)", "float4"),
        ("ilogb(d4)", "int4"),
        ("shuffle((float2)(1.0f), u4)", "float4"),
        ("dot(f4, f4)", "float"),
        ("mul_hi(l, 1L)", "long"),
        ("atomic_add(gi, u)", "int"),  # what would lose the pointer's type comes last
        ("atomic_xchg(lf, 1.0f)", "float"),
        ("half_sin(i)", "float"),
        ("read_mem_fence(1)", "void"),
    ],
)
def test_the_overload_that_is_meant(call: str, result: str) -> None:
    types, diagnostics = results(f"{call};")
    assert (types, diagnostics) == ([result], [])


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        ("isinf(i)", "ambiguous-call", "the call of 'isinf' with 'int' is ambiguous"),
        ("fmax(f, d)", "ambiguous-call", "'float', 'double'"),
        ("max(i, u)", "ambiguous-call", "'int', 'uint'"),
        ("max(i4, u4)", "no-matching-function", "no 'max' takes 'int4', 'uint4'"),
        ("fract(f, cf)", "no-matching-function", "no 'fract'"),
        ("vload4(0, i)", "no-matching-function", "no 'vload4'"),
        ("clz(1, 2)", "argument-count", "'clz' takes 1 argument, not 2"),
        ("get_global_id()", "argument-count", "'get_global_id' takes 1 argument, not 0"),
        ("get_global_id(f4)", "type-mismatch", "argument 1 of 'get_global_id'"),
        ("barrier(gi)", "int-conversion", "argument 1 of 'barrier'"),
        ("ctz(i)", "undeclared", "'ctz' needs OpenCL C 2.0"),
        ("atom_add(gi, 1L, l)", "argument-count", "'atom_add' takes 2 arguments, not 3"),
        ("sinn(f)", "undeclared", "'sinn' is not declared"),
        ("write_imagef(i)", "unsupported", "'write_imagef': images are not supported yet"),
    ],
)
def test_calls_that_mean_nothing(call: str, code: str, says: str) -> None:
    _, diagnostics = results(f"{call};")
    assert [d.code for d in diagnostics] == [code]
    assert says in diagnostics[0].message


def test_candidates_are_in_the_notes() -> None:
    _, (ambiguous, unfit) = results("fmax(f, d); select(f, f, f);")
    assert [note for note, _ in ambiguous.notes] == [
        "candidate: float fmax(float, float)",
        "candidate: double fmax(double, double)",
    ]
    assert [note for note, _ in unfit.notes] == [
        "candidate: float select(float, float, int)",
        "candidate: float select(float, float, uint)",
    ]


def test_features_decide_what_exists() -> None:
    _, (needs,) = results("sub_group_all(1);", "CL1.2")
    assert "needs OpenCL C 2.0" in needs.message
    assert results("sub_group_all(1);", "CL2.0")[0] == ["int"]
    assert results("work_group_all(1);", "CL3.0")[0] == ["int"]


def test_a_function_of_the_program_hides_a_builtin() -> None:
    types, diagnostics = results("clz(1, 2.0f);", prelude="int clz(int a, float b) { return a; }")
    assert (types, diagnostics) == ([""], [])


def test_spelling() -> None:
    row = Builtin("vload2", ("size_t", "global const char *"), "char2", 100, "")
    assert str(row) == "char2 vload2(size_t, global const char *)"
