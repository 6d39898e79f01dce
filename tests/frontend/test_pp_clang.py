"""Macro expansion and #if against clang: the same tokens, the same values."""

from __future__ import annotations

import random
import subprocess

import pytest

from kcc.frontend.diag import Diagnostics
from kcc.frontend.lexer import lex_text
from kcc.frontend.pp import PPOptions, preprocess, render
from kcc.frontend.pp_expr import Value, evaluate
from kcc.frontend.source import NO_SPAN, SourceFile

pytestmark = pytest.mark.oracle("clang-19")

# Each text stands for itself; the names say what could go wrong.
SNIPPETS = {
    "standard example 3": """
#define x 3
#define f(a) f(x * (a))
#undef x
#define x 2
#define g f
#define z z[0]
#define h g(~
#define m(a) a(w)
#define w 0,1
#define t(a) a
#define p() int
#define q(x) x
#define r(x,y) x ## y
#define str(x) # x
f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);
g(x+(3,4)-w) | h 5) & m
(f)^m(m);
p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };
char c[2][6] = { str(hello), str() };""",
    "standard example 4": r"""
#define str(s) # s
#define xstr(s) str(s)
#define debug(s, t) printf("x" # s "= %d, x" # t "= %s", \
  x ## s, x ## t)
#define INCFILE(n) vers ## n
#define glue(a, b) a ## b
#define xglue(a, b) glue(a, b)
#define HIGHLOW "hello"
#define LOW LOW ", world"
debug(1, 2);
fputs(str(strncmp("abc\0d", "abc", '\4') // this goes away
  == 0) str(: @\n), s);
xstr(INCFILE(2).h)
glue(HIGH, LOW);
xglue(HIGH, LOW)""",
    "standard example 5": """
#define t(x,y,z) x ## y ## z
int j[] = { t(1,2,3), t(,4,5), t(6,,7), t(8,9,), t(10,,), t(,11,), t(,,12), t(,,) };""",
    "standard example 7": """
#define debug(...) fprintf(stderr, __VA_ARGS__)
#define showlist(...) puts(#__VA_ARGS__)
#define report(test, ...) ((test)?puts(#test): printf(__VA_ARGS__))
debug("Flag");
debug("X = %d", x);
showlist(The first, second, and third items.);
report(x>y, "x is %d but y is %d", x, y);""",
    "hash_hash": """
#define hash_hash # ## #
#define mkstr(a) # a
#define in_between(a) mkstr(a)
#define join(c, d) in_between(c hash_hash d)
char p[] = join(x, y);""",
    "unspecified nesting": "#define f(a) a*g\n#define g(a) f(a)\nf(2)(9)",
    "mutual recursion": "#define a b c\n#define b a d\na b",
    "painted for ever": "#define f(x) x f\n#define id(x) x\nid(f(1)(2)) f(1)(2) id(id)(3)",
    "painted in an argument": "#define foo foo a\n#define id(x) x\nid(foo) id(id(foo))",
    "name at the end of a body": "#define f(x) [x]\n#define g f\ng(1) g\n(2) g (3) g",
    "name at the end of an argument": "#define f(x) [x]\n#define id(x) x\nid(f)(1) id(f (2)) id(f)",
    "name without a call": "#define f(x) [x]\nf f; f\n\n(\n1\n) f /* */ (2)",
    "call over lines and comments": "#define f(x,y) x-y\nf(a /* , */ , // )\n b\n)c",
    "parentheses and commas": "#define f(x,y) x|y\nf((a,b),[c)] f((,),(()))",
    "arguments that are empty": "#define f(x,y) <x y>\nf(,) f(a,) f(,b) f( , )",
    "no parameters": "#define f() x\nf() f( ) f(\n) f",
    "one empty argument": "#define f(x) <x>\nf() f( )",
    "named variadic": '#define e(f, a...) p(f, ## a)\ne("x") e("x", 1) e("x", 1, 2)',
    "variadic alone": "#define v(...) f(a, __VA_ARGS__)\nv() v(1) v(1,2) v((1,2))",
    "variadic empty but there": '#define e(f, ...) p(f, ## __VA_ARGS__)\ne("x",) e("x", )',
    "comma paste is an operand": "#define e(x, ...) x, ## __VA_ARGS__\n#define w 9\ne(1, w) e(w)",
    "va_opt": """
#define F(a,...) f(0 __VA_OPT__(,) __VA_ARGS__)
#define G(X, ...) f(0, X __VA_OPT__(,) __VA_ARGS__)
#define SDEF(sname, ...) S sname __VA_OPT__(= { __VA_ARGS__ })
#define EMP
F(a,b,c) F() F(EMP) F(a,) F(a, EMP) G(a,b) G(a,) G(a) SDEF(foo); SDEF(bar, 1, 2);""",
    "va_opt with operators": """
#define H2(X, Y, ...) __VA_OPT__(X ## Y,) __VA_ARGS__
#define H3(X, ...) #__VA_OPT__(X##X X##X)
#define H4(X, ...) __VA_OPT__(a X ## X) ## b
#define H5A(...) __VA_OPT__()/**/__VA_OPT__()
#define H5B(X) a ## X ## b
#define H5C(X) H5B(X)
H2(a,b,c,d) H3(, 0) H3(a,b) H4(, 1) H4(q) H5C(H5A())""",
    "stringify": r"""
#define s(x) #x
#define v(...) #__VA_ARGS__
s(  a   b /* c */ d  ) s("\n") s('"') s('\'') s(a "b\"c\\" d) s() v(a , b,c) s(
 a
 b) s(@ \ x) s(L"a\n")""",
    "stringify does not expand": "#define a b\n#define s(x) #x\n#define xs(x) s(x)\ns(a) xs(a)",
    "paste": """
#define c(a,b) a##b
#define cc(a,b) c(a,b)
#define AB ok
c(A,B) c(1,e) c(1.,2) c(+,+) c(<,<=) c(a,1) c(.,5) c(L,'x') c(L,"x") cc(c(A,),B) c(1e,+) c(-,>)""",
    "paste makes a macro's name": "#define ab x\n#define c(p,q) p##q\nc(a,b) c(c,)(a,b)",
    "paste keeps operands unexpanded": "#define x 1\n#define f(a) a ## y a\nf(x)",
    "paste in an object": "#define e a ## b ## c\n#define abc ok\ne",
    "paste of many tokens": "#define f(x,y) x ## y\nf(a b, c d)",
    "empty expansion": "#define E\n#define N -\n-E- -N- E E -E E-\nE a E\nb",
    "tokens kept apart": "#define p +\n#define f(x) x\n"
    "+p p+ f(+)+f(+) -f(-) <f(<) .f(.). f(a)b 1f(2) f(1)f(.)f(2)",
    "digraphs": "%:define x <: :> <% %>\n%:define f(a) %:a a %:%: b\nx f(q) f()",
    "splices": '#define a\\\nb 1\\\n2\nab a\\\nb "x\\\ny" +\\\n+ /\\\n/ gone\\\n too\nend',
    "comments": '/* a */b/* c\n */ d // e /* f\n"/* g */" h /**/ i //*/ j\nk',
    "directive spelling": "  #  define  x  1\n/* */ # /* */ define y 2 // c\n#\n# // nothing\nx y",
    "not a directive": "#define E\n#define H #\nE # define x 1\nH define x 2\nx a # b",
    "object that looks like a function": "#define f (x)\n#define g(x) x\nf(1) g (2)",
    "undef and again": "#define a 1\na\n#undef a\na\n#undef a\n#define a(x) x\na(2) a",
    "same redefinition": "#define f(x) x  +  1\n#define f(x) x /* */ + 1\nf(2)",
    "conditionals": """
#define Y 1
#if 0
# if 1
no
# else
no
# endif
no 'unfinished
#elif Y
yes
#elif 1/0
no
#else
no
#endif
#ifdef Y
a
#ifndef N
b
#else
no
#endif
#endif
#ifndef Y
no
#elifdef N
no
#elifndef N
c
#endif
#if defined Y && defined(Y) && !defined ( N ) && !defined N
d
#endif
#if 0
#garbage
#else
e
#endif""",
    "macros in conditions": """
#define A 3
#define f(x,y) x > y
#define D defined(A)
#if A == 3 && f(4,A) && undefined == 0 && D
yes
#endif
#if f(A,\\
 4) || !f(A, 1)
no
#endif""",
    "directives in arguments": """
#define f(x) <x>
f(1
#define k 2
k
#ifdef k
3
#else
4
#endif
)""",
    "line and file": """
#define L __LINE__
__LINE__ L
L __LINE__ \\
__LINE__
#line 100
__LINE__ L
#line 7 "other.cl"
__FILE__ __LINE__
#define f(x) x __LINE__
f(
__LINE__
)
# 33 "third.cl"
__FILE__ L""",
    "counter": "#define C __COUNTER__\n__COUNTER__ C C\n#if __COUNTER__ == 3\n__COUNTER__\n#endif",
    "has_include": '#if __has_include("no.h") || __has_include(<nope.h>)\nno\n#else\nyes\n#endif\n'
    "#if defined __has_include && defined(__has_include)\nyes\n#endif",
    "pp-numbers": "#define e 9\n#define x 8\n1e+e 0x1e+1 1.2.3 .5e .e 1..x 1_x 12e+x 1p-x",
    "odd characters": "a @ b ` c \\ d $e f$ é ü1",
    "recursive call through arguments": "#define f(x) x+1\nf(f(f(1))) f(f)(2)",
    "deep rescans": "#define A() 1\n#define B() A\n#define C() B()\n#define D C\nD()() D() ()",
    "deferred": """
#define EMPTY()
#define DEFER(id) id EMPTY()
#define OBSTRUCT(...) __VA_ARGS__ DEFER(EMPTY)()
#define EXPAND(...) __VA_ARGS__
#define A() 123
DEFER(A)() EXPAND(DEFER(A)()) EXPAND(OBSTRUCT(A)())""",
    "counting arguments": """
#define NARGS_(a,b,c,d,e,N,...) N
#define NARGS(...) NARGS_(__VA_ARGS__,5,4,3,2,1)
#define CAT_(a,b) a##b
#define CAT(a,b) CAT_(a,b)
#define SUM1(a) a
#define SUM2(a,b) a+b
#define SUM3(a,b,c) a+b+c
#define SUM(...) CAT(SUM,NARGS(__VA_ARGS__))(__VA_ARGS__)
SUM(1) SUM(1,2) SUM(1,2,3)""",
    "x macros": """
#define LIST X(a) X(b, 2) X(c)
#define X(n, ...) n = 0 __VA_ARGS__;
LIST
#undef X
#define X(n, ...) #n,
LIST""",
    "unbalanced in a body": "#define o (\n#define c )\n#define f(x) <x>\nf o 1 c f(o) ) f(2 c)",
    "painted while collecting": "#define f(x) x\n#define g f(g\ng) g 1)",
    "nothing": "",
}


def ours(text: str, name: str = "<t>") -> list[str]:
    diags = Diagnostics()
    tokens = preprocess(SourceFile(name, text), PPOptions(), diags)
    diags.raise_errors()
    return [t.text for t in tokens[:-1]]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory) -> dict[str, list[str]]:
    """clang's tokens for every snippet, from one run."""
    folder = tmp_path_factory.mktemp("snippets")
    paths = []
    for index, text in enumerate(SNIPPETS.values()):
        path = folder / f"s{index}.cl"
        path.write_text(f"{text}\n#line 1\nend_of_snippet\n")
        paths.append(str(path))
    command = ["clang-19", "-E", "-P", "-x", "cl", "-cl-no-stdinc", "-w", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    parts = done.stdout.split("end_of_snippet\n")[:-1]
    assert len(parts) == len(SNIPPETS)
    return dict(zip(SNIPPETS, parts, strict=True))


@pytest.mark.parametrize("name", SNIPPETS)
def test_same_tokens_as_clang(theirs, name):
    def canonical(tokens: list[str]) -> list[str]:
        spellings = {"<:": "[", ":>": "]", "<%": "{", "%>": "}", "%:": "#", "%:%:": "##"}
        return [spellings.get(t, t) for t in tokens]

    expected = [t.text for t in lex_text(theirs[name])]
    assert ours(SNIPPETS[name]) == canonical(expected)


@pytest.mark.parametrize("name", SNIPPETS)
def test_printed_text_reads_as_the_same_tokens(name):
    tokens = preprocess(SourceFile("<t>", SNIPPETS[name]), PPOptions(), Diagnostics())
    expected = [t.text for t in tokens[:-1]]
    assert [t.text for t in lex_text(render(tokens, line_markers=False))] == expected
    if "#" not in expected:
        assert ours(render(tokens)) == expected


def random_expression(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(
            ["0", "1", "2", "7", "63", "0u", "1u", "5u", "-1", "-2", "0x7fffffffffffffff", "'a'",
             "0xffffffffffffffffu", "0x8000000000000000", "'\\xff'", "010", "nothing", "1L", "3UL"]
        )  # fmt: skip
    a, b, c = (random_expression(rng, depth - 1) for _ in range(3))
    shift = f"({a} {rng.choice(['<<', '>>'])} {rng.randint(0, 63)})"
    operator = rng.choice("* / % + - < > <= >= == != & ^ | && ||".split())
    return rng.choice(
        [
            f"{a} {operator} {b}",
            f"({a}) {operator} ({b})",
            f"({a}) {operator} ({b})",
            shift,
            f"(-({a}))",
            f"~({a})",
            f"!({a})",
            f"+({a})",
            f"({a} ? {b} : {c})",
        ]
    )


def check_values(seed: int, count: int) -> None:
    """Asks clang whether each value, and its signedness, is what we say."""
    rng = random.Random(seed)
    lines, asked = [], 0
    while asked < count:
        text = random_expression(rng, rng.randint(1, 4))
        value = evaluate(lex_text(text), lambda _name: False, NO_SPAN, Diagnostics())
        if value is None:
            continue  # division by zero; errors have their own tests
        literal = str(value.number) + ("u" if value.unsigned else "")
        if value == Value(-(2**63)):
            literal = "(-0x7fffffffffffffff - 1)"
        sign = ">" if value.unsigned else "<"
        lines += [f"#if !(({text}) == {literal} && (({text}) * 0 - 1 {sign} 0))"]
        lines += [f"wrong {asked} : {text} is not {literal}", "#endif"]
        asked += 1
    command = ["clang-19", "-E", "-P", "-x", "c", "-std=c99", "-w", "-"]
    done = subprocess.run(
        command, input="\n".join(lines), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_values_of_conditions_are_clangs():
    check_values(seed=1, count=400)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
def test_values_of_many_conditions_are_clangs(seed):
    check_values(seed, 3000)
