"""One function for each rule of opencl.lark: children in, node of ast.py out.

Functions take the span of what the rule covers, then the rule's children as Lark shapes them:
words in quotes left out, `_rules` spliced, None for an absent `[...]`. The few that open or
close a scope, or bring a name into it, are the feedback by which the parser tells typedef
names from others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias, cast

from . import ast, old_style
from .diag import CompileError, Diagnostics
from .record import record, replace
from .source import Span
from .tokens import Token
from .treebuild_expr import Attributes, Expressions
from .words import PREDECLARED, VECTOR_WORDS, WORDS

NameKind: TypeAlias = Literal["other", "type", "vector"]
Head: TypeAlias = Callable[..., ast.Stmt]  # a statement that lacks its body
VECTORS = frozenset(VECTOR_WORDS)
BRACKET_LIMIT = 256  # brackets in brackets, as with clang; parts of a declarator
NESTING_LIMIT = 5_000  # operators, statements and `else if`s that wait for what comes


@record
class Opened:
    """A construct that opened a scope; `depth` is how many there were before."""

    depth: int
    payload: Any = None


@record
class Marked:
    """`case 1: int x;`: a label of nothing, and the declaration behind it."""

    statement: ast.Stmt
    declaration: ast.Declaration


class Builder(Expressions):
    """Builds nodes; `scopes` says of every name in scope whether it is a type."""

    def __init__(self, diags: Diagnostics, values: Sequence[Any], is_c: bool = False) -> None:
        self.diags = diags
        self.values = values  # the parser's stack: what stands left of the rule being built
        self.scopes: list[dict[str, NameKind]] = [{}, {}]
        if not is_c:
            self.scopes[0] |= dict.fromkeys(PREDECLARED, "type")
        self.after_vector_head = False  # a "(" next would open a vector literal

    # -- scopes -------------------------------------------------------------------------------

    def kind_of(self, name: str) -> NameKind | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def open(self, payload: Any = None) -> Opened:
        self.scopes.append({})
        return Opened(len(self.scopes) - 1, payload)

    def close(self, opened: Opened) -> None:
        del self.scopes[opened.depth :]

    def declare(self, name: str | None, kind: NameKind = "other") -> None:
        if name is not None:
            self.scopes[-1][name] = kind

    # -- top ----------------------------------------------------------------------------------

    def translation_unit(self, span: Span, *decls: Any) -> ast.TranslationUnit:
        return ast.TranslationUnit(tuple(d for d in decls if d is not None), span=span)

    def function_head(
        self, _span: Span, specs: ast.DeclSpecs, declarator: ast.Declarator, attrs: Attributes = ()
    ) -> Opened:
        declarator = _attach(declarator, attrs)
        self.declare(declarator.name)
        opened = self.open((specs, declarator))
        if declarator.parts and isinstance(declarator.parts[0], ast.FunctionPart):
            for param in declarator.parts[0].params:
                self.declare(param.declarator.name)
        return opened

    old_head = function_head

    def old_function(
        self, span: Span, inner: ast.Declarator, opened: Opened, *names: Token
    ) -> ast.Declarator:
        self.close(opened)
        declarators = [self.named_declarator(name.span, name) for name in names]
        return self.suffixed_declarator(span, inner, old_style.untyped(declarators, span))

    def old_definition(self, span: Span, head: Opened, *rest: Any) -> ast.FunctionDef:
        *declarations, body = rest
        self.close(head)
        specs, declarator = head.payload
        declarator = old_style.typed(declarator, declarations, self.diags)
        return ast.FunctionDef(specs, declarator, body, span=span)

    def function_definition(self, span: Span, head: Opened, body: ast.Compound) -> ast.FunctionDef:
        self.close(head)
        specs, declarator = head.payload
        return ast.FunctionDef(specs, declarator, body, span=span)

    def pragma(self, span: Span, token: Token) -> ast.Pragma:
        return ast.Pragma(token.text, span=span)

    def static_assert(
        self, span: Span, cond: ast.Expr, message: ast.String | None
    ) -> ast.StaticAssert:
        return ast.StaticAssert(cond, message, span=span)

    def file_asm(self, span: Span, *_parts: Any) -> None:
        self.diags.error("unsupported", "assembler code is not supported", span)

    # -- declarations -------------------------------------------------------------------------

    def declaration(
        self, span: Span, specs: ast.DeclSpecs, *items: ast.InitDeclarator
    ) -> ast.Declaration:
        return ast.Declaration(specs, items, span=span)

    def declared(
        self,
        _span: Span,
        declarator: ast.Declarator,
        _asm_name: None,
        attrs: Attributes | None,
    ) -> ast.Declarator:
        declarator = _attach(declarator, attrs)
        specs = next(v for v in reversed(self.values) if isinstance(v, ast.DeclSpecs))
        kind: NameKind = "other"
        if "typedef" in specs.storage:
            kind = "vector" if self._is_vector(specs, declarator) else "type"
        self.declare(declarator.name, kind)
        return declarator

    def _is_vector(self, specs: ast.DeclSpecs, declarator: ast.Declarator) -> bool:
        if declarator.parts:
            return False
        if any(
            a.name in ("ext_vector_type", "vector_size")
            for a in specs.attributes + declarator.attributes
        ):
            return True
        match specs.type:
            case ast.NamedType((word,)):
                return word in VECTORS
            case ast.TypedefName(name):
                return self.kind_of(name) == "vector"
            case _:
                return False

    def asm_name(self, span: Span, _name: ast.String) -> None:
        self.diags.error("unsupported", "assembler names are not supported", span)

    def init_declarator(
        self, span: Span, declarator: ast.Declarator, init: ast.Init | None
    ) -> ast.InitDeclarator:
        return ast.InitDeclarator(declarator, init, span=span)

    def attributed_declarator(
        self, span: Span, attrs: Attributes, item: ast.InitDeclarator
    ) -> ast.InitDeclarator:
        return replace(item, declarator=_attach(item.declarator, attrs), span=span)

    def leading_specs(self, span: Span, *items: Any) -> ast.DeclSpecs:
        """Sort what stands left of the declarators into its kinds, order kept in each."""
        type_: ast.TypeSpec | None = None
        type_words: list[Token] = []
        words: dict[str, list[str]] = {"STORAGE": [], "QUALIFIER": [], "FUNCTION_WORD": []}
        attributes: list[ast.Attribute] = []
        for item in items:
            if isinstance(item, Token):
                kind, word = WORDS[item.text]
                if kind == "TYPE_WORD":
                    type_words.append(item)
                else:
                    words[kind].append(word)
            elif isinstance(item, tuple):
                attributes += item
            else:
                type_ = item
        if type_words:
            named = tuple(WORDS[t.text][1] for t in type_words)
            type_ = ast.NamedType(named, span=type_words[0].span.to(type_words[-1].span))
        return ast.DeclSpecs(
            type_,
            tuple(words["STORAGE"]),
            tuple(words["QUALIFIER"]),
            tuple(words["FUNCTION_WORD"]),
            tuple(attributes),
            span=span,
        )

    vector_specs = leading_specs

    def alignas(self, span: Span, operand: ast.Expr | ast.TypeName) -> Attributes:
        return (ast.Attribute("_Alignas", (operand,), span=span),)

    def typedef_name(self, span: Span, token: Token) -> ast.TypedefName:
        return ast.TypedefName(token.text, span=span)

    def vector_word(self, span: Span, token: Token) -> ast.NamedType:
        return ast.NamedType((token.text,), span=span)

    def typeof(self, span: Span, operand: ast.Expr | ast.TypeName) -> ast.TypeofSpec:
        return ast.TypeofSpec(operand, span=span)

    def tag_reference(
        self, span: Span, kind: Token, attrs: Attributes | None, name: Token
    ) -> ast.StructSpec:
        return ast.StructSpec(_tag_kind(kind), name.text, None, attrs or (), span=span)

    def struct_spec(self, span: Span, kind: Token, *parts: Any) -> ast.StructSpec:
        before, name, body, after = parts
        attrs = (before or ()) + (after or ())
        tag = name.text if name else None
        return ast.StructSpec(_tag_kind(kind), tag, body, attrs, span=span)

    def enum_reference(self, span: Span, attrs: Attributes | None, name: Token) -> ast.EnumSpec:
        return ast.EnumSpec(name.text, None, attrs or (), span=span)

    def enum_spec(
        self,
        span: Span,
        before: Attributes | None,
        name: Token | None,
        body: tuple[ast.Enumerator, ...] | None,
        after: Attributes | None,
    ) -> ast.EnumSpec:
        attrs = (before or ()) + (after or ())
        return ast.EnumSpec(name.text if name else None, body or (), attrs, span=span)

    def struct_body(self, _span: Span, *lines: ast.StructLine) -> tuple[ast.StructLine, ...]:
        return lines

    struct_line = declaration

    def struct_declarator(
        self, span: Span, declarator: ast.Declarator, attrs: Attributes | None
    ) -> ast.InitDeclarator:
        return ast.InitDeclarator(_attach(declarator, attrs), span=span)

    def bit_field(
        self, span: Span, declarator: ast.Declarator, bits: ast.Expr, attrs: Attributes | None
    ) -> ast.InitDeclarator:
        return ast.InitDeclarator(_attach(declarator, attrs), None, bits, span=span)

    def unnamed_bit_field(
        self, span: Span, bits: ast.Expr, attrs: Attributes | None
    ) -> ast.InitDeclarator:
        declarator = ast.Declarator(None, (), attrs or (), span=span)
        return ast.InitDeclarator(declarator, None, bits, span=span)

    def enumerators(self, _span: Span, *items: ast.Enumerator) -> tuple[ast.Enumerator, ...]:
        return items

    def enumerator(
        self, span: Span, name: Token, attrs: Attributes | None, value: ast.Expr | None
    ) -> ast.Enumerator:
        self.declare(name.text)
        return ast.Enumerator(name.text, value, attrs or (), span=span)

    # -- declarators --------------------------------------------------------------------------

    def named_declarator(self, span: Span, name: Token) -> ast.Declarator:
        return ast.Declarator(name.text, span=span, name_span=span)

    def pointer_declarator(
        self, span: Span, pointer: ast.PointerPart, inner: ast.Declarator
    ) -> ast.Declarator:
        return self.suffixed_declarator(span, inner, pointer)

    def suffixed_declarator(
        self, span: Span, inner: ast.Declarator, part: ast.DeclPart
    ) -> ast.Declarator:
        if len(inner.parts) >= BRACKET_LIMIT:
            raise too_deep(self.diags, span, BRACKET_LIMIT)
        return replace(inner, parts=(*inner.parts, part), span=span)

    def suffix_only(self, span: Span, part: ast.DeclPart) -> ast.Declarator:
        return ast.Declarator(None, (part,), span=span, name_span=span)

    pointer_only = suffix_only

    def pointer(self, span: Span, *items: Token | Attributes) -> ast.PointerPart:
        attrs: list[ast.Attribute] = []
        for item in items:
            if not isinstance(item, Token):
                attrs += item
        return ast.PointerPart(_spellings(items), tuple(attrs), span=span)

    def array_part(self, span: Span, *items: Any) -> ast.ArrayPart:
        count = items[-1] if items and not isinstance(items[-1], Token) else None
        return ast.ArrayPart(count, _spellings(items), span=span)

    def unknown_array_part(self, span: Span, *words: Token) -> ast.ArrayPart:
        self.diags.error("unsupported", "variable-length arrays are not supported", span)
        return ast.ArrayPart(None, _spellings(words), span=span)

    def parameter_scope(self, _span: Span) -> Opened:
        return self.open()

    def no_parameters(self, span: Span, opened: Opened) -> ast.FunctionPart:
        self.close(opened)
        return ast.FunctionPart((), empty=True, span=span)

    def function_part(self, span: Span, opened: Opened, *params: ast.Param) -> ast.FunctionPart:
        self.close(opened)
        return ast.FunctionPart(() if _is_void(params) else params, span=span)

    def variadic_parameters(
        self, span: Span, opened: Opened, *params: ast.Param
    ) -> ast.FunctionPart:
        self.close(opened)
        return ast.FunctionPart(params, variadic=True, span=span)

    def parameter(
        self,
        span: Span,
        specs: ast.DeclSpecs,
        declarator: ast.Declarator,
        attrs: Attributes | None,
    ) -> ast.Param:
        self.declare(declarator.name)
        return ast.Param(specs, _attach(declarator, attrs), span=span)

    def unnamed_parameter(
        self, span: Span, specs: ast.DeclSpecs, declarator: ast.Declarator | None = None
    ) -> ast.Param:
        return ast.Param(specs, declarator or _no_declarator(specs), span=span)

    def type_name(
        self, span: Span, specs: ast.DeclSpecs, declarator: ast.Declarator | None = None
    ) -> ast.TypeName:
        return ast.TypeName(specs, declarator or _no_declarator(specs), span=span)

    vector_name = type_name

    def vector_head(self, _span: Span, type_name: ast.TypeName) -> ast.TypeName:
        self.after_vector_head = True
        return type_name

    # -- statements ---------------------------------------------------------------------------

    def block_open(self, _span: Span) -> Opened:
        return self.open()

    def compound(
        self, span: Span, opened: Opened, *items: ast.BlockItem | Marked | None
    ) -> ast.Compound:
        self.close(opened)
        flat: list[ast.BlockItem] = []
        for item in items:
            if isinstance(item, Marked):
                flat += (item.statement, item.declaration)
            elif item is not None:  # the last one is, but for a label before the "}"
                flat.append(item)
        return ast.Compound(tuple(flat), span=span)

    def marked_declaration(self, span: Span, mark: Head, declaration: ast.Declaration) -> Marked:
        self._warn_of_mark("a label before a declaration", span)
        return Marked(mark(_nothing(declaration.span), span=span), declaration)

    def marked_end(self, span: Span, mark: Head) -> ast.Stmt:
        self._warn_of_mark("a label at the end of a block", span)
        return mark(_nothing(span), span=span)

    def further_mark(self, span: Span, mark: Head, rest: ast.Stmt | Marked) -> ast.Stmt | Marked:
        if isinstance(rest, Marked):
            return Marked(mark(rest.statement, span=span), rest.declaration)
        return mark(rest, span=span)

    def _warn_of_mark(self, what: str, span: Span) -> None:
        hint = "write a ';' behind the label"
        self.diags.warning("c23-extensions", f"{what} is an extension from C23", span, hint=hint)

    def pragma_body(self, span: Span, pragma: ast.Pragma, body: ast.Stmt) -> ast.Compound:
        return ast.Compound((pragma, body), span=span)

    def attributed(self, span: Span, attrs: Attributes, body: ast.Stmt) -> ast.AttributedStmt:
        return ast.AttributedStmt(attrs, body, span=span)

    def if_statement(
        self, span: Span, cond: ast.Expr, then: ast.Stmt, other: ast.Stmt | None = None
    ) -> ast.If:
        return ast.If(cond, then, other, span=span)

    def headed(self, span: Span, head: Head | Opened, body: ast.Stmt) -> ast.Stmt:
        if isinstance(head, Opened):
            self.close(head)
            head = cast(Head, head.payload)
        return head(body, span=span)

    def while_head(self, _span: Span, cond: ast.Expr) -> Head:
        return partial(ast.While, cond)

    def switch_head(self, _span: Span, value: ast.Expr) -> Head:
        return partial(ast.Switch, value)

    def for_open(self, _span: Span) -> Opened:
        return self.open()

    def for_head(
        self,
        _span: Span,
        opened: Opened,
        init: ast.Declaration | ast.ExprStmt,
        cond: ast.Expr | None,
        step: ast.Expr | None,
    ) -> Opened:
        return Opened(opened.depth, partial(ast.For, init, cond, step))

    def case_head(self, _span: Span, value: ast.Expr, last: ast.Expr | None = None) -> Head:
        return partial(ast.Case, value, last)

    def default_head(self, _span: Span) -> Head:
        return ast.Default

    def label_head(self, _span: Span, name: Token) -> Head:
        return partial(ast.Label, name.text)

    def expression_statement(self, span: Span, expr: ast.Expr | None) -> ast.ExprStmt:
        return ast.ExprStmt(expr, span=span)

    def do_statement(self, span: Span, body: ast.Stmt, cond: ast.Expr) -> ast.DoWhile:
        return ast.DoWhile(body, cond, span=span)

    def goto(self, span: Span, name: Token) -> ast.Goto:
        return ast.Goto(name.text, span=span)

    def continue_statement(self, span: Span) -> ast.Continue:
        return ast.Continue(span=span)

    def break_statement(self, span: Span) -> ast.Break:
        return ast.Break(span=span)

    def return_statement(self, span: Span, value: ast.Expr | None) -> ast.Return:
        return ast.Return(value, span=span)

    def asm(self, span: Span, *_parts: Any) -> ast.Asm:
        return ast.Asm(span=span)

    def asm_word(self, _span: Span) -> None:
        return None


def too_deep(diags: Diagnostics, span: Span, limit: int) -> CompileError:
    return diags.fatal(
        "nesting-too-deep",
        f"nested more than {limit} levels deep",
        span,
        hint="split it with variables or functions",
    )


def _nothing(span: Span) -> ast.ExprStmt:
    return ast.ExprStmt(None, span=span)


def _attach(declarator: ast.Declarator, attrs: Attributes | None) -> ast.Declarator:
    if not attrs:
        return declarator
    return replace(declarator, attributes=declarator.attributes + attrs)


def _no_declarator(specs: ast.DeclSpecs) -> ast.Declarator:
    return ast.Declarator(None, span=specs.span, name_span=specs.span)


def _tag_kind(token: Token) -> Literal["struct", "union"]:
    return "struct" if token.text == "struct" else "union"


def _spellings(items: Iterable[Any]) -> tuple[str, ...]:
    return tuple(WORDS[i.text][1] for i in items if isinstance(i, Token))


def _is_void(params: tuple[ast.Param, ...]) -> bool:
    """`(void)`, which is how C writes an empty parameter list."""
    match params:
        case (
            ast.Param(
                ast.DeclSpecs(ast.NamedType(("void",)), (), (), (), ()),
                ast.Declarator(None, (), ()),
            ),
        ):
            return True
        case _:
            return False
