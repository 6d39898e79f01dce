"""Both trees as text."""

from __future__ import annotations

from kcc.frontend import ast, tast
from kcc.frontend.diag import Diagnostics
from kcc.frontend.dump import dump
from kcc.frontend.parse import parse
from kcc.frontend.pp import PPOptions, preprocess
from kcc.frontend.source import SourceFile
from kcc.frontend.types import FLOAT, INT, NO_QUALS, VOID, AddrSpace, Function, Pointer, Quals


def test_a_written_tree() -> None:
    diags = Diagnostics()
    text = "kernel void f(global int *p) { p[0] = -1; }"
    unit = parse(preprocess(SourceFile("t.cl", text), PPOptions(), diags), diags)
    assert dump(unit) == (
        """\
TranslationUnit
  decls:
    FunctionDef
      specs: DeclSpecs function=(kernel)
        type: NamedType words=(void)
      declarator: Declarator 'f'
        parts:
          FunctionPart
            params:
              Param
                specs: DeclSpecs quals=(global)
                  type: NamedType words=(int)
                declarator: Declarator 'p'
                  parts:
                    PointerPart
      body: Compound
        items:
          ExprStmt
            expr: Assign '='
              target: Index
                base: Ident 'p'
                index: Number '0'
              value: Unary '-'
                operand: Number '1'
"""
    )


def test_a_typed_tree_names_its_variables() -> None:
    outer = tast.Var("x", Pointer(FLOAT, Quals(AddrSpace.GLOBAL)), NO_QUALS, "param")
    inner = tast.Var("x", INT, NO_QUALS, "auto")
    load = tast.Load(tast.VarRef(inner, type=INT), type=INT)
    body = tast.Block(
        (
            tast.VarDecl(inner, tast.Const(0, type=INT)),
            tast.ExprStmt(tast.Assign(tast.VarRef(inner, type=INT), load, type=INT)),
        )
    )
    function = tast.Function("f", Function(VOID, (outer.type,)), (outer,), body=body)
    program = tast.Program(functions=[function])
    text = dump(program)
    assert "Function f : void (global float *)" in text
    assert "Var x storage='param' : global float *" in text
    assert "var: Var x.2 storage='auto' : int" in text
    assert "target: VarRef x.2 : int" in text
    assert "value: Load : int" in text
    assert dump(program) == text


def test_depth_is_no_limit() -> None:
    chain: ast.Expr = ast.Number("1")
    for _ in range(5000):
        chain = ast.Binary("+", chain, ast.Number("1"))
    text = dump(chain)
    assert text.count("\n") == 10001
    assert "[5000] left: Number '1'" in text
