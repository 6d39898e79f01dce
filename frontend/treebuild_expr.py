"""Rules of opencl.lark for what is built of its children alone: expressions, initialisers.

See treebuild.py, which has the others.
"""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from . import ast
from .source import Span
from .tokens import Token
from .words import WORDS

Attributes: TypeAlias = tuple[ast.Attribute, ...]


class Expressions:
    """Functions as Builder's."""

    # -- expressions --------------------------------------------------------------------------

    def comma(self, span: Span, left: ast.Expr, right: ast.Expr) -> ast.Comma:
        return ast.Comma(left, right, span=span)

    def assign(self, span: Span, target: ast.Expr, op: Token, value: ast.Expr) -> ast.Assign:
        return ast.Assign(op.text, target, value, span=span)

    def conditional(
        self, span: Span, cond: ast.Expr, then: ast.Expr, other: ast.Expr
    ) -> ast.Conditional:
        return ast.Conditional(cond, then, other, span=span)

    def binary(self, span: Span, left: ast.Expr, op: Token, right: ast.Expr) -> ast.Binary:
        return ast.Binary(op.text, left, right, span=span)

    def cast(self, span: Span, target: ast.TypeName, operand: ast.Expr) -> ast.Cast:
        return ast.Cast(target, operand, span=span)

    def prefix(self, span: Span, op: Token, operand: ast.Expr) -> ast.Unary:
        return ast.Unary(cast(Any, op.text), operand, span=span)

    def query(self, span: Span, op: Token, operand: ast.Expr | ast.TypeName) -> ast.TypeQuery:
        return ast.TypeQuery(cast(Any, WORDS[op.text][1]), operand, span=span)

    def index(self, span: Span, base: ast.Expr, index: ast.Expr) -> ast.Index:
        return ast.Index(base, index, span=span)

    def call(self, span: Span, callee: ast.Expr, *args: ast.Expr) -> ast.Call:
        return ast.Call(callee, args, span=span)

    def member(self, span: Span, base: ast.Expr, name: Token) -> ast.Member:
        return ast.Member(base, name.text, False, span=span, name_span=name.span)

    def arrow(self, span: Span, base: ast.Expr, name: Token) -> ast.Member:
        return ast.Member(base, name.text, True, span=span, name_span=name.span)

    def postfix(self, span: Span, operand: ast.Expr, op: Token) -> ast.Postfix:
        return ast.Postfix(cast(Any, op.text), operand, span=span)

    def compound_literal(
        self, span: Span, target: ast.TypeName, init: ast.InitList
    ) -> ast.CompoundLiteral:
        return ast.CompoundLiteral(target, init, span=span)

    def vector_literal(
        self, span: Span, target: ast.TypeName, *parts: ast.Expr
    ) -> ast.VectorLiteral:
        return ast.VectorLiteral(target, parts, span=span)

    def ident(self, span: Span, name: Token) -> ast.Ident:
        return ast.Ident(name.text, span=span)

    def number(self, span: Span, token: Token) -> ast.Number:
        return ast.Number(token.text, span=span)

    def char_const(self, span: Span, token: Token) -> ast.CharConst:
        return ast.CharConst(token.text, span=span)

    def string(self, span: Span, *tokens: Token) -> ast.String:
        return ast.String(tuple(t.text for t in tokens), span=span)

    def offset_of(
        self, span: Span, target: ast.TypeName, path: tuple[ast.Designator, ...]
    ) -> ast.OffsetOf:
        return ast.OffsetOf(target, path, span=span)

    def member_path(
        self, _span: Span, name: Token, *steps: ast.Designator
    ) -> tuple[ast.Designator, ...]:
        return ast.FieldDesignator(name.text, span=name.span), *steps

    def statement_expression(self, span: Span, body: ast.Compound) -> ast.StatementExpr:
        return ast.StatementExpr(body, span=span)

    def paren_type(self, _span: Span, type_name: ast.TypeName) -> ast.TypeName:
        return type_name

    # -- initialisers -------------------------------------------------------------------------

    def init_list(self, span: Span, *items: ast.InitItem) -> ast.InitList:
        return ast.InitList(items, span=span)

    def init_item(self, span: Span, value: ast.Init) -> ast.InitItem:
        return ast.InitItem((), value, span=span)

    def designated_item(
        self, span: Span, designators: tuple[ast.Designator, ...], value: ast.Init
    ) -> ast.InitItem:
        return ast.InitItem(designators, value, span=span)

    def designators(self, _span: Span, *items: ast.Designator) -> tuple[ast.Designator, ...]:
        return items

    def field_designator(self, span: Span, name: Token) -> ast.FieldDesignator:
        return ast.FieldDesignator(name.text, span=span)

    def index_designator(
        self, span: Span, index: ast.Expr, last: ast.Expr | None = None
    ) -> ast.IndexDesignator:
        return ast.IndexDesignator(index, last, span=span)

    # -- attributes ---------------------------------------------------------------------------

    def attributes(self, _span: Span, *lists: Attributes) -> Attributes:
        return tuple(a for attributes in lists for a in attributes)

    def attribute(self, _span: Span, *items: ast.Attribute | None) -> Attributes:
        return tuple(a for a in items if a is not None)

    def attribute_item(
        self, span: Span, name: Token, *args: ast.Expr | ast.TypeName
    ) -> ast.Attribute:
        return ast.Attribute(name.text.strip("_") or name.text, args, span=span)
