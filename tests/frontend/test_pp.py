"""The preprocessor: includes, options, diagnostics, places, limits and hostile input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcc.frontend import pp_predefined
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.diag import render as render_diagnostic
from kcc.frontend.lexer import lex_text
from kcc.frontend.literals import parse_number
from kcc.frontend.pp import PPOptions, preprocess, render
from kcc.frontend.pp_headers import Dependencies
from kcc.frontend.source import SourceFile
from kcc.frontend.tokens import Token, TokenKind


def run(text: str, name: str = "t.cl", **options) -> tuple[list[Token], Diagnostics]:
    diags = Diagnostics()
    try:
        return preprocess(SourceFile(name, text), PPOptions(**options), diags), diags
    except CompileError:
        return [], diags


def words(text: str, **options) -> str:
    tokens, diags = run(text, **options)
    assert not diags.seen, [render_diagnostic(d) for d in diags.seen]
    return " ".join(t.text for t in tokens[:-1])


def codes(text: str, **options) -> list[str]:
    return [d.code for d in run(text, **options)[1].seen]


# -- options and predefined macros ---------------------------------------------------------------


def test_command_line_macros_are_defined_in_order():
    macros = ("DA", "DB=2 3", "DF(x)=<x>", "DC=", "UA", "DB2=B")
    assert words("A [B] F(1) [C] B2", macros=macros) == "A [ 2 3 ] < 1 > [ ] 2 3"


def test_a_bad_command_line_macro_is_an_error_on_the_command_line():
    _tokens, diags = run("", macros=("D1x=3",))
    assert diags.seen[0].code == "macro-name"
    assert render_diagnostic(diags.seen[0]).startswith("<command line>:1:")


def test_a_command_line_macro_may_replace_a_predefined_one_silently():
    assert words("M_PI_F", macros=("DM_PI_F=3",)) == "3"
    assert codes("#define M_PI_F 3\n") == ["macro-redefined"]


@pytest.mark.parametrize(
    ("cl_std", "version"), [("CL1.1", "110"), ("cl1.2", "120"), ("CL3.0", "300")]
)
def test_language_version(cl_std, version):
    assert words("__OPENCL_C_VERSION__", std=cl_std) == version
    platform = str(max(120, int(version)))
    assert words("__OPENCL_VERSION__ CL_VERSION_2_0", std=cl_std) == f"{platform} 200"


def test_features_are_those_of_the_version():
    features = "__opencl_c_int64 __opencl_c_generic_address_space __opencl_c_fp64"
    names = features.split()
    assert words(features, std="CL1.2") == f"1 {names[1]} {names[2]}"
    assert words(features, std="CL2.0") == f"1 1 {names[2]}"
    assert words(features, std="CL3.0") == "1 1 1"


def test_a_predefined_macro_may_have_parameters():
    asked = words("kernel_exec(8, float4)").replace(" ", "")
    assert asked.startswith("__kernel__attribute__((work_group_size_hint(8,1,1)))")
    assert asked.endswith("((vec_type_hint(float4)))")


def test_an_if_may_ask_for_attributes():
    asked = "#if {}\nyes\n#else\nno\n#endif"
    for condition, answer in {
        "defined(__has_attribute) && defined __has_builtin": "yes",
        "__has_attribute(aligned) && __has_attribute(__packed__)": "yes",
        "__has_attribute(reqd_work_group_size)": "yes",
        "__has_attribute(frobnicate)": "no",
        "__has_builtin(__builtin_trap) || __has_feature(x) || __has_extension(y)": "no",
    }.items():
        assert words(asked.format(condition)) == answer, condition
    of_c = asked.format("__has_attribute(section) && __has_attribute(__weak__)")
    assert (words(of_c), words(of_c, std="c11")) == ("no", "yes")


def test_macros_say_what_the_options_ask():
    asked = "__OPTIMIZE__ __NO_INLINE__ __FINITE_MATH_ONLY__ __FAST_MATH__"
    assert words(asked) == "1 __NO_INLINE__ 0 __FAST_MATH__"
    assert words(asked, opt_level=0) == "__OPTIMIZE__ 1 0 __FAST_MATH__"
    assert words(asked, relaxations=("finite-math-only",)).split()[2] == "1"
    assert words(asked, relaxations=("fast-relaxed-math",)).split()[2:] == ["1", "1"]


def test_fast_relaxed_math_is_visible():
    assert words("__FAST_RELAXED_MATH__", relaxations=("fast-relaxed-math",)) == "1"
    assert words("__FAST_RELAXED_MATH__") == "__FAST_RELAXED_MATH__"


def test_predefined_macros_are_one_token_or_an_expression_in_parentheses():
    for name, body in pp_predefined.predefined("CL3.0", ("fast-relaxed-math",)).items():
        if body.startswith("#define"):
            continue
        tokens = lex_text(body)
        signed = tokens[0].text in "+-" and len(tokens) == 2
        assert len(tokens) == 1 or signed or (tokens[0].text, tokens[-1].text) == ("(", ")"), name


def test_predefined_numbers_are_never_doubtful():
    for name, body in pp_predefined.predefined("CL3.0", ("fast-relaxed-math",)).items():
        for token in lex_text(body):
            if token.kind is TokenKind.NUMBER:
                for single_precision in (False, True):
                    assert not parse_number(token.text, single_precision).warnings, name


def test_predefined_macros_that_are_used_are_expanded_to_the_end():
    assert words("CHAR_MAX INT_MIN") == "127 ( - 2147483647 - 1 )"


def test_dates_do_not_change():
    tokens, diags = run("__DATE__ __TIME__ __TIMESTAMP__")
    assert [t.text for t in tokens[:-1]] == [
        '"Jan  1 1970"', '"00:00:00"', '"Thu Jan  1 00:00:00 1970"',
    ]  # fmt: skip
    assert [d.code for d in diags.seen] == ["date-time"] * 3


# -- includes ------------------------------------------------------------------------------------


def test_quotes_look_beside_the_includer_then_in_I(tmp_path):
    (tmp_path / "a" / "sub").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "sub" / "x.h").write_text('#include "y.h"\n#include <y.h>\n#include "z.h"\n')
    (tmp_path / "a" / "sub" / "y.h").write_text("beside\n")
    (tmp_path / "b" / "y.h").write_text("searched\n")
    (tmp_path / "b" / "z.h").write_text("z\n")
    seen = Dependencies()
    tokens = preprocess(
        SourceFile(str(tmp_path / "a" / "t.cl"), '#include "sub/x.h" // all\n__INCLUDE_LEVEL__\n'),
        PPOptions(include_dirs=(str(tmp_path / "b"),)),
        Diagnostics(),
        seen,
    )
    assert [t.text for t in tokens[:-1]] == ["beside", "searched", "z", "0"]
    assert [path.removeprefix(str(tmp_path)) for path, _data in seen.read] == [
        "/a/sub/x.h", "/a/sub/y.h", "/b/y.h", "/b/z.h",
    ]  # fmt: skip
    assert seen.read[2][1] == b"searched\n"
    assert [path.removeprefix(str(tmp_path)) for path in seen.absent] == ["/a/sub/z.h"]


def test_a_header_name_may_come_from_macros_and_hold_odd_characters(tmp_path):
    (tmp_path / "it's//odd.h").parent.mkdir()
    (tmp_path / "it's" / "odd.h").write_text("odd\n")
    (tmp_path / "a.h").write_text("a\n")
    text = (
        '#define H <a.h>\n#include H\n#define Q "a.h"\n#include Q\n#include <it\'s//odd.h> // x\n'
    )
    assert words(text, include_dirs=(str(tmp_path),), name=str(tmp_path / "t.cl")) == "a a odd"


def test_includes_come_first_in_order_after_the_macros(tmp_path):
    (tmp_path / "a.h").write_text("A M __LINE__\n#define N 1\n")
    (tmp_path / "b.h").write_text("B N\n")
    names = (str(tmp_path / "a.h"), str(tmp_path / "b.h"))
    assert words("main __LINE__", includes=names, macros=("DM=x",)) == "A x 1 B 1 main 1"
    assert codes("", includes=("missing.h",)) == ["include-not-found"]


def test_the_command_lines_includes_are_sought_in_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.h").write_text("wrong\n")
    (tmp_path / "x.h").write_text("right\n")
    (tmp_path / "a" / "y.h").write_text("y\n")
    monkeypatch.chdir(tmp_path)
    assert words("main", name="a/t.cl", includes=("x.h", "a/y.h")) == "right y main"


def test_pragma_once_and_guards(tmp_path):
    (tmp_path / "once.h").write_text("#pragma once\nonce\n")
    (tmp_path / "link.h").symlink_to(tmp_path / "once.h")
    (tmp_path / "guard.h").write_text("#ifndef G\n#define G\nguard\n#endif\n")
    text = '#include "once.h"\n#include "link.h"\n' + '#include "guard.h"\n' * 2
    assert words(text, include_dirs=(str(tmp_path),)) == "once guard"


def test_a_missing_header_says_where_it_looked(tmp_path):
    _tokens, diags = run('#include "no.h"\n', name="dir/t.cl", include_dirs=("x", "y"))
    assert diags.seen[0].code == "include-not-found"
    assert diags.seen[0].hint == "searched 'dir', 'x', 'y'"
    assert codes("#include <no.h>") == ["include-not-found"]
    assert codes(f'#include "{tmp_path}"') == ["include-not-found"]
    assert codes('#include "a\0b"') == ["include-not-found"]
    assert codes('#include ""') == ["include-not-found"]


def test_an_include_cycle_ends(tmp_path):
    (tmp_path / "a.h").write_text('#include "a.h"\n')
    assert codes('#include "a.h"\n', include_dirs=(str(tmp_path),)) == ["include-depth"]


def test_a_header_that_is_not_utf8_is_an_error(tmp_path):
    (tmp_path / "a.h").write_bytes(b"int caf\xe9;\n")
    assert codes('#include "a.h"\n', include_dirs=(str(tmp_path),)) == ["encoding"]


def test_conditionals_and_macro_uses_end_with_their_file(tmp_path):
    (tmp_path / "if.h").write_text("#if 1\n")
    (tmp_path / "use.h").write_text("#define f(x) x\nf(1\n")
    options = {"include_dirs": (str(tmp_path),)}
    assert codes('#include "if.h"\n#endif\n', **options) == [
        "unterminated-conditional", "unmatched-conditional",
    ]  # fmt: skip
    assert codes('#include "use.h"\n)\n', **options) == ["unterminated-macro-use"]


def test_has_include_sees_files(tmp_path):
    (tmp_path / "a.h").write_text("")
    text = (
        '#define H "a.h"\n#if __has_include("a.h") && __has_include(<a.h>) && __has_include(H)\n1'
    )
    assert words(text + "\n#endif", include_dirs=(str(tmp_path),)) == "1"


# -- places --------------------------------------------------------------------------------------


def test_tokens_know_where_they_come_from():
    text = "#define TWICE(x) (x + \\\n x) * WIDTH\n#define WIDTH 4\n  TWICE(abc)\n"
    tokens, _diags = run(text)
    by_text = {t.text: t.span for t in tokens}
    assert text[by_text["abc"].start : by_text["abc"].end] == "abc"
    assert by_text["abc"].expanded_from is None
    plus = by_text["+"]
    assert text[plus.start : plus.end] == "+"
    assert plus.expanded_from is not None
    assert plus.expanded_from.macro == "TWICE"
    assert text[plus.expanded_from.use.start : plus.expanded_from.use.end] == "TWICE(abc)"
    four = by_text["4"]
    assert [four.expanded_from.macro, four.expanded_from.use.expanded_from.macro] == [
        "WIDTH", "TWICE",
    ]  # fmt: skip
    assert four.outermost().file.position(four.outermost().start) == (4, 3)


def test_an_error_in_a_macro_shows_the_use_and_the_body():
    _tokens, diags = run("#define CAT(a, b) a ## b\n\nint x = CAT(+, /);\n")
    assert render_diagnostic(diags.seen[0]).split("\n") == [
        "t.cl:3:9: error[macro-paste]: pasting forms '+/', which is not one token",
        "    int x = CAT(+, /);",
        "            ^~~~~~~~~",
        "t.cl:1:21: note: expanded from macro 'CAT'",
        "    #define CAT(a, b) a ## b",
        "                        ^~",
    ]


def test_splices_and_line_directives_in_places():
    tokens, _diags = run('a\\\nb\n#line 50 "gen.y"\n  c\n')
    ab, c = tokens[0].span, tokens[1].span
    assert (ab.start, ab.end) == (0, 4)
    assert c.file.presumed(c.start) == ("gen.y", 50, 3)
    assert c.file.position(c.start) == (4, 3)


# -- printing ------------------------------------------------------------------------------------


def test_printed_text_has_line_markers(tmp_path):
    (tmp_path / "a.h").write_text("in_a\n")
    text = (
        '#include "a.h"\nx\n#define E\n\n\n\n\n\n\n\n\n\n  y /* */ z\n#pragma unroll 4\nE w E E v\n'
    )
    tokens, _diags = run(text, include_dirs=(str(tmp_path),))
    assert render(tokens).split("\n") == [
        f'# 1 "{tmp_path}/a.h"', "in_a", '# 2 "t.cl" 2', "x", '# 13 "t.cl"',
        "  y z", "#pragma unroll 4", "  w v", "",
    ]  # fmt: skip
    assert render(tokens, line_markers=False).split("\n") == [
        "in_a", "x", "  y z", "#pragma unroll 4", "  w v", "",
    ]  # fmt: skip


def test_printed_text_read_again_gives_the_same_lines():
    text = 'a\n\n\n\n\n\n\n\n\n\n\n\nb __LINE__\n#pragma x y\n_Pragma("p") c\n'
    first, _diags = run(text)
    second, _diags = run(render(first))
    assert [(t.kind, t.text) for t in first] == [(t.kind, t.text) for t in second]
    places = [[t.span.file.presumed(t.span.start)[:2] for t in ts[:-1]] for ts in (first, second)]
    assert places[0] == places[1]


# -- pragmas -------------------------------------------------------------------------------------


def test_pragmas_are_tokens():
    text = "#define N 4\n#pragma unroll N\n#pragma OPENCL EXTENSION N : enable\n#pragma\n"
    tokens, _diags = run(text + 'a _Pragma("x \\"y\\" \\\\n") b')
    pragmas = [t.text for t in tokens if t.kind is TokenKind.PRAGMA]
    assert pragmas == ["unroll 4", "OPENCL EXTENSION N : enable", "", 'x "y" \\n']


def test_a_pragma_in_arguments_comes_before_the_expansion():
    assert words("#define f(x) <x>\nf(\n#pragma p\n1)") == "p < 1 >"


def test_line_ends_and_byte_order_marks_of_other_systems():
    assert words("\ufeff#define X \\\r\n 1\r\n#if X\r\nX\r\n#endif\r\n") == "1"


# -- errors and warnings -------------------------------------------------------------------------

WRONG = {
    "#if 1\n": "unterminated-conditional",
    "#else\n": "unmatched-conditional",
    "#endif\n": "unmatched-conditional",
    "#elif 1\n": "unmatched-conditional",
    "#if 1\n#else\n#else\n#endif\n": "unmatched-conditional",
    "#if 1\n#else\n#elif 1\n#endif\n": "unmatched-conditional",
    "#if\n#endif\n": "pp-expression",
    "#if 1 +\n#endif\n": "pp-expression",
    "#if 1 2\n#endif\n": "pp-expression",
    "#if (1\n#endif\n": "pp-expression",
    "#if 1 ? 2\n#endif\n": "pp-expression",
    "#if 1 / 0\n#endif\n": "pp-expression",
    "#if 1 % 0\n#endif\n": "pp-expression",
    "#if 1.0\n#endif\n": "pp-expression",
    '#if "a"\n#endif\n': "pp-expression",
    "#if f(1)\n#endif\n": "pp-expression",
    "#if = 1\n#endif\n": "pp-expression",
    "#if defined\n#endif\n": "pp-expression",
    "#if defined(\n#endif\n": "pp-expression",
    "#if defined(X\n#endif\n": "pp-expression",
    "#if 1x\n#endif\n": "bad-suffix",
    "#if ''\n#endif\n": "bad-char",
    "#if 99999999999999999999\n#endif\n": "integer-too-large",
    "#if __has_include\n#endif\n": "bad-include",
    "#if __has_include(x)\n#endif\n": "bad-include",
    "#ifdef\n#endif\n": "macro-name",
    "#ifdef 1\n#endif\n": "macro-name",
    "#define\n": "macro-name",
    "#define 1\n": "macro-name",
    "#define defined\n": "macro-name",
    "#undef\n": "macro-name",
    "#undef defined\n": "macro-name",
    "#define f(\n": "macro-params",
    "#define f(a\n": "macro-params",
    "#define f(a,\n": "macro-params",
    "#define f(a,)\n": "macro-params",
    "#define f(,)\n": "macro-params",
    "#define f(a b)\n": "macro-params",
    "#define f(1)\n": "macro-params",
    "#define f(a,a)\n": "macro-params",
    "#define f(..., a)\n": "macro-params",
    "#define f(__VA_ARGS__)\n": "macro-params",
    "#define f(x) #y\n": "macro-stringify",
    "#define f(x) #\n": "macro-stringify",
    "#define f ## x\n": "macro-paste",
    "#define f x ##\n": "macro-paste",
    "#define f(...) __VA_OPT__\n": "macro-va-opt",
    "#define f(...) __VA_OPT__(\n": "macro-va-opt",
    "#define f(...) __VA_OPT__(__VA_OPT__())\n": "macro-va-opt",
    "#define f(x) x\nf(1, 2)\n": "macro-arguments",
    "#define f(x, y) x\nf(1)\n": "macro-arguments",
    "#define f() x\nf(1)\n": "macro-arguments",
    "#define f(x, y, ...) x\nf(1)\n": "macro-arguments",
    "#define f(x) x\nf(1\n": "unterminated-macro-use",
    "#define f(x) x\nf(f(1)\n": "unterminated-macro-use",
    "#define c(a, b) a ## b\nc(/, /)\n": "macro-paste",
    "#define c(a, b) a ## b\nc(x, +)\n": "macro-paste",
    "#include\n": "bad-include",
    "#include x\n": "bad-include",
    "#include <x\n": "bad-include",
    '#include "x\n': "bad-include",
    '#define f(x) x\nf(\n#include "x"\n)': "include-in-arguments",
    "#line\n": "bad-line",
    "#line x\n": "bad-line",
    "#line 0\n": "bad-line",
    "#line 2147483648\n": "bad-line",
    "#line 1 x\n": "bad-line",
    "#error stop here\n": "user-error",
    "#foo\n": "unknown-directive",
    "# !\n": "unknown-directive",
    "/* never closed": "unterminated-comment",
    '"never closed\n': "unterminated-string",
    "'never closed\n": "unterminated-string",
    "_Pragma\n": "bad-pragma",
    "_Pragma(x)\n": "bad-pragma",
    '_Pragma("x"\n': "bad-pragma",
}


@pytest.mark.parametrize("text", WRONG)
def test_errors(text):
    tokens, diags = run(text)
    assert [(d.severity, d.code) for d in diags.seen] == [("error", WRONG[text])]
    assert tokens == [] or tokens[-1].kind is TokenKind.EOF
    assert diags.seen[0].span is not None


DOUBTFUL = {
    "#warning careful\n": "#warnings",
    "#define a 1\n#define a 2\n": "macro-redefined",
    "#define f(x) x\n#define f(y) y\n": "macro-redefined",
    "#define f(x) x\n#define f x\n": "macro-redefined",
    "#define a b c\n#define a bc\n": "macro-redefined",
    "#define __LINE__ 3\n": "builtin-macro-redefined",
    "#undef __FILE__\n": "builtin-macro-redefined",
    "#define a+1\n": "c99-extensions",
    "#define a __VA_ARGS__\n": "variadic-macros",
    "#ifdef a b\n#endif\n": "extra-tokens",
    "#if 1\n#endif a\n": "extra-tokens",
    "#undef a b\n": "extra-tokens",
    "#if 0x7fffffffffffffff + 1\n#endif\n": "integer-overflow",
    "#pragma once\n": "pragma-once-outside-header",
}


@pytest.mark.parametrize("text", DOUBTFUL)
def test_warnings(text):
    _tokens, diags = run(text)
    assert [(d.severity, d.code) for d in diags.seen] == [("warning", DOUBTFUL[text])]


def test_notes_and_hints():
    _tokens, diags = run("#define f(x, y) x\nf(1)\n#defin a\n")
    assert diags.seen[0].message == "macro 'f' takes 2 arguments, 1 given"
    assert diags.seen[0].notes[0][0] == "macro 'f' is defined here"
    assert diags.seen[1].hint == "did you mean '#define'?"


def test_true_and_false_have_their_values_and_are_no_macros():
    assert words("#if true && !false && !defined(true)\ntrue\n#endif\n") == "true"


def test_undef_is_warned_about_when_asked():
    diags = Diagnostics(settings=("undef",))
    preprocess(SourceFile("t", "#if X || defined(Y)\n#endif\n"), PPOptions(), diags)
    assert [d.code for d in diags.seen] == ["undef"]


def test_nothing_in_a_skipped_group_is_looked_at():
    text = "#if 0\n#error no\n#include <no>\n#define\n'\n#if 1/0\n#else x\n#endif\n"
    assert words(text + "#elif 1\nyes\n#endif") == "yes"
    assert words("#if 1\nyes\n#elif 1/0\n#elif\n#else\nno\n#endif") == "yes"


def test_errors_do_not_stop_the_rest():
    assert codes("#if 1 +\n#error not here\n#endif\n#define 1\n#foo\n") == [
        "pp-expression", "macro-name", "unknown-directive",
    ]  # fmt: skip


# -- limits --------------------------------------------------------------------------------------


def doubling(levels: int) -> str:
    lines = [f"#define A{i} A{i + 1} A{i + 1}" for i in range(levels)]
    return "\n".join([*lines, "A0"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(doubling(60), "macro-limit", marks=pytest.mark.slow),
        ("#define f(x) x x\n" + "f(" * 60 + "1" + ")" * 60, "macro-limit"),
        ("#define c0(x) x\n" + "".join(f"#define c{i}(x) c{i - 1}(x##x)\n" for i in range(1, 60))
         + "c59(a)", "macro-paste"),
        ("#define s(x) #x\n#define x(y) s(y)\n" + "x(" * 110 + r'"\\"' + ")" * 110, "macro-limit"),
        pytest.param("#define f(x) x\n" + "f(" * 5000 + "1" + ")" * 5000, "nesting-limit",
                     marks=pytest.mark.slow),
        ("#if " + "(" * 5000 + "1" + ")" * 5000 + "\n#endif", "nesting-limit"),
        ("#if " + "-" * 1 + " - " * 5000 + "1\n#endif", "nesting-limit"),
        ("#if " + "1 ? 1 : " * 5000 + "1\n#endif", "nesting-limit"),
        ("#if " + "0 || (" * 5000 + "\n#endif", "nesting-limit"),
        ("#if 1\n" * 5000 + "#endif\n" * 5000, None),
        ("#if " + "1 + " * 5000 + "1\n#endif", None),
        ("#if 0\n" + "#if 1\n" * 5000 + "#endif\n" * 5001, None),
        pytest.param("".join(f"#define A{i} A{i + 1}\n" for i in range(5000)) + "A0", None,
                     marks=pytest.mark.slow),
        ("#define f(x) f\nf" + "(1)" * 5000, None),
        ("#define f(x) x\n" + "f(" * 5000, "unterminated-macro-use"),
        ("(" * 100_000, None),
        ("/*" * 100_000, "unterminated-comment"),
        ("/**/" * 100_000, None),
        ('"' * 100_001, "unterminated-string"),
        ("\\\n" * 100_000, None),
        ("a" * 1_000_000, None),
        ("1" * 1_000_000, None),
        ("\0" * 1000, None),
        ("#define " + "a" * 100_000 + "\n#defin" + "e" * 100_000, "unknown-directive"),
    ],
    ids=lambda value: (value or "fine")[:20].replace("\0", "NUL") if value != "" else "",
)  # fmt: skip
def test_limits(text, code):
    """Large and hostile programs end, and with one error where they are too much."""
    _tokens, diags = run(text)
    assert [d.code for d in diags.seen][:1] == ([code] if code else [])
    for diagnostic in diags.seen[:3]:
        assert len(render_diagnostic(diagnostic)) < 5000


# -- any text ------------------------------------------------------------------------------------

PARTS = st.sampled_from(
    ["#", "##", "define", "undef", "if", "ifdef", "elif", "else", "endif", "include", "line",
     "error", "pragma", "defined", "__VA_ARGS__", "__VA_OPT__", "...", "_Pragma", "__LINE__",
     "__has_include", "f", "g", "a", "b", "(", ")", "(", ")", ",", "\n", "\n", "\n#",
     "\n#define f(a)", "\n#define g(a,...)",
     "\n#if ", " ", "\\\n", "/*", "*/", "//", '"', "'", "\\", "0", "1", "<",
     ">", "+", "-", "?", ":", "&&", "%:", "\t", "\r\n", "\0", "é", "1e+", '"x"', "'c'"]
)  # fmt: skip


def check_any(text: str) -> None:
    diags = Diagnostics()
    try:
        tokens = preprocess(SourceFile("fuzz", text), PPOptions(), diags)
    except CompileError:
        tokens = []
    for diagnostic in diags.seen:
        render_diagnostic(diagnostic)
    backslash = any(t.text == "\\" for t in tokens)  # at the end of a line it is a splice
    if tokens and not backslash and not diags.error_count():
        written = lex_text(render(tokens, line_markers=False))
        pragmas = any(t.kind is TokenKind.PRAGMA for t in tokens)
        assert pragmas or [t.text for t in written] == [t.text for t in tokens[:-1]]


@given(st.lists(PARTS, max_size=40).map("".join))
@settings(max_examples=200, deadline=None)
def test_any_sequence_of_parts_is_tokens_or_an_error(text):
    check_any(text)


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_is_tokens_or_an_error(text):
    check_any(text)


@pytest.mark.slow
@given(st.lists(PARTS, max_size=200).map("".join))
@settings(max_examples=5000, deadline=None)
def test_any_long_sequence_of_parts_is_tokens_or_an_error(text):
    check_any(text)
