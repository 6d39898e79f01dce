"""Trees of each construct; where nodes lie; tables; limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcc.frontend import ast, tables
from kcc.frontend.ast import (
    Assign,
    Binary,
    Call,
    Cast,
    Comma,
    CompoundLiteral,
    Conditional,
    Declarator,
    DeclSpecs,
    Ident,
    Index,
    InitItem,
    InitList,
    Member,
    NamedType,
    Number,
    Postfix,
    String,
    TypedefName,
    TypeName,
    TypeQuery,
    Unary,
    VectorLiteral,
)
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.pp import PPOptions, preprocess
from kcc.frontend.record import fields
from kcc.frontend.source import SourceFile, Span
from kcc.frontend.store import Store


def tree(text: str) -> ast.TranslationUnit:
    diags = Diagnostics()
    unit = parse(preprocess(SourceFile("t.cl", text), PPOptions(), diags), diags)
    diags.raise_errors()
    return unit


def statement(text: str) -> ast.BlockItem:
    unit = tree(f"typedef int T; typedef float4 V; void f(void) {{ {text} }}")
    function = unit.decls[-1]
    assert isinstance(function, ast.FunctionDef)
    (item,) = function.body.items
    return item


def expression(text: str) -> ast.Expr:
    item = statement(text + ";")
    assert isinstance(item, ast.ExprStmt)
    assert item.expr is not None
    return item.expr


def declaration(text: str) -> ast.Declaration:
    (item,) = tree(text).decls
    assert isinstance(item, ast.Declaration)
    return item


def codes(text: str) -> list[str]:
    with pytest.raises(CompileError) as caught:
        tree(text)
    return [d.code for d in caught.value.diagnostics]


A, B, C, X = Ident("a"), Ident("b"), Ident("c"), Ident("x")
ONE, TWO = Number("1"), Number("2")


def type_name(*words: str) -> TypeName:
    return TypeName(DeclSpecs(NamedType(words)), Declarator(None))


FLOAT4 = type_name("float4")
V = TypeName(DeclSpecs(TypedefName("V")), Declarator(None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("a << 1 < b", Binary("<", Binary("<<", A, ONE), B)),
        ("a & b == c", Binary("&", A, Binary("==", B, C))),
        ("a | b ^ c & 1", Binary("|", A, Binary("^", B, Binary("&", C, ONE)))),
        ("a || b && c", Binary("||", A, Binary("&&", B, C))),
        ("(a, b)", Comma(A, B)),
        ("a = b = c", Assign("=", A, Assign("=", B, C))),
        ("a <<= 1, b", Comma(Assign("<<=", A, ONE), B)),
        ("a ? b : c ? 1 : 2", Conditional(A, B, Conditional(C, ONE, TWO))),
        ("-a++", Unary("-", Postfix("++", A))),
        ("*&--a", Unary("*", Unary("&", Unary("--", A)))),
        ("a[1].b->c", Member(Member(Index(A, ONE), "b", False), "c", True)),
        ("a(1, b)(c)", Call(Call(A, (ONE, B)), (C,))),
        ("a()", Call(A, ())),
        ("sizeof a", TypeQuery("sizeof", A)),
        ("sizeof(int)", TypeQuery("sizeof", type_name("int"))),
        ("sizeof(float4) * 2", Binary("*", TypeQuery("sizeof", FLOAT4), TWO)),
        ("__alignof__(a)", TypeQuery("alignof", A)),
        ("vec_step(float4)", TypeQuery("vec_step", FLOAT4)),
        ("(int)a + b", Binary("+", Cast(type_name("int"), A), B)),
        ("(int)(a)", Cast(type_name("int"), A)),
        ("(int)(a).b", Cast(type_name("int"), Member(A, "b", False))),
        ("(unsigned long int)a", Cast(type_name("unsigned", "long", "int"), A)),
        ("(float4)(1, 2)", VectorLiteral(FLOAT4, (ONE, TWO))),
        ("(float4)(1)", VectorLiteral(FLOAT4, (ONE,))),
        ("(float4)((1, 2), a)", VectorLiteral(FLOAT4, (Comma(ONE, TWO), A))),
        ("(float4)(a, b).x", Member(VectorLiteral(FLOAT4, (A, B)), "x", False)),
        ("(V)(a).x", Member(VectorLiteral(V, (A,)), "x", False)),
        ("(float4)a.x", Cast(FLOAT4, Member(A, "x", False))),
        ("(float4)-a", Cast(FLOAT4, Unary("-", A))),
        ("(float4)(float4)(1)", Cast(FLOAT4, VectorLiteral(FLOAT4, (ONE,)))),
        ("sizeof (float4)(1)", TypeQuery("sizeof", VectorLiteral(FLOAT4, (ONE,)))),
        (
            "(V){1}[a]",
            Index(CompoundLiteral(V, InitList((InitItem((), ONE),))), A),
        ),
        ("'x'", ast.CharConst("'x'")),
        ('"a" "b"', String(('"a"', '"b"'))),
        ("({ ; })", ast.StatementExpr(ast.Compound((ast.ExprStmt(None),)))),
        ("__extension__ a", A),
    ],
)
def test_expressions(text: str, expected: ast.Expr) -> None:
    assert expression(text) == expected


XS = ast.ExprStmt(X)
EMPTY = ast.ExprStmt(None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if (a) if (b) x; else ;", ast.If(A, ast.If(B, XS, EMPTY), None)),
        ("if (a) { if (b) x; } else ;", ast.If(A, ast.Compound((ast.If(B, XS, None),)), EMPTY)),
        ("if (a) while (b) if (c) x; else ;", ast.If(A, ast.While(B, ast.If(C, XS, EMPTY)), None)),
        ("do x; while (a);", ast.DoWhile(XS, A)),
        ("for (;;) x;", ast.For(EMPTY, None, None, XS)),
        ("for (a; b; c) x;", ast.For(ast.ExprStmt(A), B, C, XS)),
        ("switch (a) { default: x; }", ast.Switch(A, ast.Compound((ast.Default(XS),)))),
        ("case 1: case 1 ... 2: x;", ast.Case(ONE, None, ast.Case(ONE, TWO, XS))),
        ("T: goto T;", ast.Label("T", ast.Goto("T"))),
        ("return;", ast.Return(None)),
        ("return a;", ast.Return(A)),
        ("break;", ast.Break()),
        ("continue;", ast.Continue()),
        ('asm volatile("nop" : "=r"(a) : [b] "r"(b) : "memory");', ast.Asm()),
        ("\n#pragma unroll 4\n", ast.Pragma("unroll 4")),
        (
            "if (a)\n#pragma unroll\nx;",
            ast.If(A, ast.Compound((ast.Pragma("unroll"), XS)), None),
        ),
        (
            "__attribute__((opencl_unroll_hint(2), __x__)) x;",
            ast.AttributedStmt(
                (ast.Attribute("opencl_unroll_hint", (TWO,)), ast.Attribute("x")), XS
            ),
        ),
        ('_Static_assert(a, "m");', ast.StaticAssert(A, String(('"m"',)))),
    ],
)
def test_statements(text: str, expected: ast.BlockItem) -> None:
    assert statement(text) == expected


INT = DeclSpecs(NamedType(("int",)))


def param(declarator: Declarator, specs: DeclSpecs = INT) -> ast.Param:
    return ast.Param(specs, declarator)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("int d;", ()),
        ("int *d[3];", (ast.ArrayPart(Number("3")), ast.PointerPart())),
        ("int (*d)[3];", (ast.PointerPart(), ast.ArrayPart(Number("3")))),
        ("int d[1][2];", (ast.ArrayPart(ONE), ast.ArrayPart(TWO))),
        ("int *const *d;", (ast.PointerPart(), ast.PointerPart(("const",)))),
        ("int d();", (ast.FunctionPart((), empty=True),)),
        ("int d(void);", (ast.FunctionPart(()),)),
        ("int d(int, ...);", (ast.FunctionPart((param(Declarator(None)),), variadic=True),)),
        ("int (d);", ()),
        (
            "int *(*d)(int *a);",
            (
                ast.PointerPart(),
                ast.FunctionPart((param(Declarator("a", (ast.PointerPart(),))),)),
                ast.PointerPart(),
            ),
        ),
        (
            "int d(int a[static const 2]);",
            (
                ast.FunctionPart(
                    (param(Declarator("a", (ast.ArrayPart(TWO, ("static", "const")),))),)
                ),
            ),
        ),
    ],
)
def test_declarators_read_inside_out(text: str, parts: tuple[ast.DeclPart, ...]) -> None:
    (item,) = declaration(text).items
    assert item.declarator == Declarator("d", parts)


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("long unsigned int d;", DeclSpecs(NamedType(("long", "unsigned", "int")))),
        ("__global const int d;", DeclSpecs(INT.type, quals=("global", "const"))),
        ("int __constant static d;", DeclSpecs(INT.type, ("static",), ("constant",))),
        ("static d;", DeclSpecs(None, ("static",))),
        ("_Bool d;", DeclSpecs(NamedType(("bool",)))),
        ("struct S d;", DeclSpecs(ast.StructSpec("struct", "S", None))),
        (
            "__kernel __attribute__((x(int))) int d;",
            DeclSpecs(
                INT.type,
                function=("kernel",),
                attributes=(ast.Attribute("x", (type_name("int"),)),),
            ),
        ),
        (
            "enum __attribute__((x)) E { P = 1, Q, } __attribute__((y)) d;",
            DeclSpecs(
                ast.EnumSpec(
                    "E",
                    (ast.Enumerator("P", ONE), ast.Enumerator("Q", None)),
                    (ast.Attribute("x"), ast.Attribute("y")),
                )
            ),
        ),
        ("typeof(a) d;", DeclSpecs(ast.TypeofSpec(A))),
        (
            "_Alignas(int) int d;",
            DeclSpecs(INT.type, attributes=(ast.Attribute("_Alignas", (type_name("int"),)),)),
        ),
    ],
)
def test_specifiers(text: str, specs: DeclSpecs) -> None:
    assert declaration(text).specs == specs


def test_structs_keep_bit_fields_and_attributes() -> None:
    spec = declaration("struct S { int a : 1, : 2; } __attribute__((packed));").specs.type
    field = ast.Declaration(
        INT,
        (
            ast.InitDeclarator(Declarator("a"), bits=ONE),
            ast.InitDeclarator(Declarator(None), bits=TWO),
        ),
    )
    assert spec == ast.StructSpec("struct", "S", (field,), (ast.Attribute("packed"),))


def test_initialisers_keep_designators() -> None:
    (item,) = declaration("int d[] = {1, [1 ... 2] = a, .x[1] = {b},};").items
    assert item.init == InitList(
        (
            InitItem((), ONE),
            InitItem((ast.IndexDesignator(ONE, TWO),), A),
            InitItem(
                (ast.FieldDesignator("x"), ast.IndexDesignator(ONE)),
                InitList((InitItem((), B),)),
            ),
        )
    )


def test_an_empty_file_is_an_empty_unit() -> None:
    assert tree("") == ast.TranslationUnit(())
    assert tree(" ;; ") == ast.TranslationUnit(())


def test_every_node_has_a_span_within_its_parents() -> None:
    text = (
        Path(__file__).resolve().parents[2] / "kernels" / "examples" / "matrix_multiply.cl"
    ).read_text()
    work: list[tuple[object, Span | None]] = [(tree(text), None)]
    seen = 0
    while work:
        node, outer = work.pop()
        if isinstance(node, tuple):
            work += [(n, outer) for n in node]
        elif isinstance(node, ast.Node):
            seen += 1
            assert node.span.file.name == "t.cl"
            if outer is not None and outer.outermost().file is node.span.outermost().file:
                assert outer.outermost().start <= node.span.outermost().start
                assert node.span.outermost().end <= outer.outermost().end
            work += [(getattr(node, f.name), node.span) for f in fields(node)]
    assert seen > 50


def test_spans_cover_what_was_written() -> None:
    unit = tree("void f(void) { (a + b)[1] = c; }")
    function = unit.decls[0]
    assert isinstance(function, ast.FunctionDef)
    item = function.body.items[0]
    assert isinstance(item, ast.ExprStmt)
    assert isinstance(item.expr, Assign)

    def written(node: ast.Node) -> str:
        return node.span.file.text[node.span.start : node.span.end]

    assert written(item) == "(a + b)[1] = c;"
    assert written(item.expr.target) == "(a + b)[1]"
    assert written(item.expr.value) == "c"


# -- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deepest", "deeper"),
    [
        ("int x = " + "(" * 256 + "1" + ")" * 256 + ";", ("1", "(1)")),
        ("void f(void) " + "{" * 256 + "1;" + "}" * 256, ("1;", "{1;}")),
        ("int x = " + "a[" * 256 + "1" + "]" * 256 + ";", ("1", "a[1]")),
    ],
)
def test_brackets_nest_as_deep_as_with_clang(deepest: str, deeper: tuple[str, str]) -> None:
    tree(deepest)
    assert codes(deepest.replace(*deeper)) == ["nesting-too-deep"]


@pytest.mark.parametrize(
    ("before", "piece", "after"),
    [
        ("int x = ", "- ", "1;"),
        ("int x = ", "a[", "1"),
        ("int ", "(", "x"),
        ("", "struct { ", ""),
        ("void f(void) ", "{", ""),
        ("void f(void) { ", "if (a) ; else ", ";}"),
        *(
            pytest.param(*row, marks=pytest.mark.slow)
            for row in (
                ("int x = ", "(", "1"),
                ("int x = ", "(int)", "1;"),
                ("int x = ", "sizeof ", "1;"),
                ("int x = ", "a ? b : ", "1;"),
                ("int x[] = ", "{", "1"),
                ("int ", "*", "x;"),
                ("int x", "[1]", ";"),
                ("int f(int ", "(", ""),
                ("void f(void) { ", "while (a) ", ";}"),
                ("void f(void) { ", "case 1: ", ";}"),
                ("void f(void) { ", "a = ", "1;}"),
            )
        ),
    ],
)
def test_deep_nesting_is_an_error_not_a_crash(before: str, piece: str, after: str) -> None:
    assert "nesting-too-deep" in codes(before + piece * 8000 + after)


@pytest.mark.parametrize(
    "text",
    [
        "int x = " + "(" * 200 + "1" + ")" * 200 + ";",
        "void f(void) " + "{" * 200 + "}" * 200,
        "void f(void) {" + "if (a) {" * 100 + "}" * 100 + "}",
        "void f(void) {" + "if (a) ; else " * 4000 + ";}",
        "void f(void) { switch (a) {" + "case 1: " * 4000 + ";}}",
        "int x = " + "a ? b : " * 4000 + "1;",
        "int x = " + "a ? " * 200 + "1" + ": b" * 200 + ";",
        "int x = " + "1 + " * 5000 + "1;",
        "void f(void) {" + "a;" * 5000 + "}",
    ],
    ids=lambda text: text[:30],
)
def test_what_people_write_is_within_the_limits(text: str) -> None:
    tree(text)


# -- tables ---------------------------------------------------------------------------------------


def test_the_grammar_has_no_conflict() -> None:
    tables.analyse(tables.grammar_text())  # strict: raises on any


def test_a_conflict_would_be_found() -> None:
    from lark.exceptions import GrammarError

    bad = 'translation_unit: e\ne: e "+" e | "x"\n'
    with pytest.raises(GrammarError):
        tables.analyse(bad)


def kept_tables(folder: Path) -> tables.Tables:
    grammar = tables.grammar_text()
    return tables.kept_tables(grammar, tables.table_key(grammar), Store(str(folder)))


def test_tables_are_reproducible_and_kept(tmp_path: Path) -> None:
    first = kept_tables(tmp_path)
    (kept,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    data = kept.read_bytes()
    assert kept_tables(tmp_path).rows == first.rows
    kept.unlink()
    kept_tables(tmp_path)
    assert kept.read_bytes() == data


@pytest.mark.parametrize(
    "damage",
    [b"", *(pytest.param(b, marks=pytest.mark.slow) for b in (b"nonsense", b"\x80\x04}."))],
)
def test_damaged_tables_are_made_anew(tmp_path: Path, damage: bytes) -> None:
    rows = kept_tables(tmp_path).rows
    (kept,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    kept.write_bytes(damage)
    assert kept_tables(tmp_path).rows == rows
    assert kept.read_bytes() != damage


def test_tables_of_another_grammar_do_not_count() -> None:
    grammar = tables.grammar_text()
    data = tables.encode(tables.analyse(grammar), tables.table_key(grammar))
    assert tables.decode(data, tables.table_key(grammar)) is not None
    assert tables.decode(data, tables.table_key(grammar + " ")) is None
    assert tables.decode(data[:-1], tables.table_key(grammar)) is None


def test_every_rule_has_its_function() -> None:
    from kcc.frontend.treebuild import Builder

    names = {r.name for r in tables.load_tables().rules if r.name}
    missing = [n for n in names if not hasattr(Builder, n)]
    assert missing == []
