"""The tree as written: what the source says, before anyone asks what it means.

Nodes are frozen; spans do not take part in comparison, so tests compare trees. Functions of
treebuild*.py make them, one for each rule of opencl.lark.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from .record import field, record
from .source import NO_SPAN, Span


@record(kw_only=True)
class Node:
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


# -- types ------------------------------------------------------------------------------------


@record
class Attribute(Node):
    """One item of `__attribute__((...))`; args are expressions, or a type for vec_type_hint."""

    name: str  # without surrounding underscores
    args: tuple[Expr | TypeName, ...] = ()


@record
class NamedType(Node):
    """A type made of keywords: ("unsigned", "int"), ("float4",), ("image2d_t",)."""

    words: tuple[str, ...]


@record
class TypedefName(Node):
    name: str


@record
class StructSpec(Node):
    kind: Literal["struct", "union"]
    tag: str | None
    fields: tuple[StructLine, ...] | None  # None: `struct S`, no body
    attributes: tuple[Attribute, ...] = ()


@record
class Enumerator(Node):
    name: str
    value: Expr | None
    attributes: tuple[Attribute, ...] = ()


@record
class EnumSpec(Node):
    tag: str | None
    enumerators: tuple[Enumerator, ...] | None
    attributes: tuple[Attribute, ...] = ()


@record
class TypeofSpec(Node):
    operand: Expr | TypeName


TypeSpec: TypeAlias = NamedType | TypedefName | StructSpec | EnumSpec | TypeofSpec


@record
class DeclSpecs(Node):
    """Everything left of the declarators. Words keep their order and repetitions."""

    type: TypeSpec | None  # None: none written (an error in OpenCL C, reported by the checker)
    storage: tuple[str, ...] = ()  # typedef extern static auto register
    quals: tuple[str, ...] = ()  # const volatile restrict, global constant local private generic,
    # read_only write_only read_write; always spelled without underscores
    function: tuple[str, ...] = ()  # inline kernel noreturn
    attributes: tuple[Attribute, ...] = ()


@record
class PointerPart(Node):
    quals: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()


@record
class ArrayPart(Node):
    count: Expr | None
    quals: tuple[str, ...] = ()  # `static` and qualifiers inside the brackets


@record
class FunctionPart(Node):
    params: tuple[Param, ...]
    variadic: bool = False
    empty: bool = False  # `()`, as opposed to `(void)`: both mean no parameters here
    old_style: bool = False  # only names stood here, the types before the function's body


DeclPart: TypeAlias = PointerPart | ArrayPart | FunctionPart


@record
class Declarator(Node):
    """A name and how it is derived, outermost first: `int *a[3]` is (Array 3, Pointer)."""

    name: str | None  # None: abstract
    parts: tuple[DeclPart, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    name_span: Span = field(default=NO_SPAN, compare=False, repr=False)


@record
class Param(Node):
    specs: DeclSpecs
    declarator: Declarator


@record
class TypeName(Node):
    specs: DeclSpecs
    declarator: Declarator


# -- expressions --------------------------------------------------------------------------------


@record
class Ident(Node):
    name: str


@record
class Number(Node):
    """An integer or floating constant, as written; the checker gives it value and type."""

    text: str


@record
class CharConst(Node):
    text: str  # with its quotes


@record
class String(Node):
    parts: tuple[str, ...]  # adjacent literals, with their quotes


@record
class Unary(Node):
    op: Literal["+", "-", "~", "!", "*", "&", "++", "--"]
    operand: Expr


@record
class Postfix(Node):
    op: Literal["++", "--"]
    operand: Expr


@record
class Binary(Node):
    """* / % + - << >> < > <= >= == != & ^ | && ||"""

    op: str
    left: Expr
    right: Expr


@record
class Assign(Node):
    op: str  # "=", "+=", ...
    target: Expr
    value: Expr


@record
class Conditional(Node):
    cond: Expr
    then: Expr
    other: Expr


@record
class Comma(Node):
    left: Expr
    right: Expr


@record
class Call(Node):
    callee: Expr
    args: tuple[Expr, ...]


@record
class Index(Node):
    base: Expr
    index: Expr


@record
class Member(Node):
    base: Expr
    name: str
    arrow: bool
    name_span: Span = field(default=NO_SPAN, compare=False, repr=False)


@record
class Cast(Node):
    target: TypeName
    operand: Expr


@record
class VectorLiteral(Node):
    """`(float4)(a, b)`: a cast of a parenthesised list; the checker rejects non-vectors.

    `(float4)(x)` with one part parses as this as well, so does `(int)(x)`: the parser makes
    a Cast of the latter when the parentheses hold one expression and the type is no vector
    keyword; the checker treats the one-part vector case as a splat or conversion.
    """

    target: TypeName
    parts: tuple[Expr, ...]


@record
class FieldDesignator(Node):
    name: str


@record
class IndexDesignator(Node):
    index: Expr
    last: Expr | None = None  # GNU range [a ... b]


Designator: TypeAlias = FieldDesignator | IndexDesignator


@record
class InitItem(Node):
    designators: tuple[Designator, ...]
    value: Init


@record
class InitList(Node):
    items: tuple[InitItem, ...]


@record
class CompoundLiteral(Node):
    target: TypeName
    init: InitList


@record
class TypeQuery(Node):
    """sizeof, alignof, vec_step of an expression or a type."""

    op: Literal["sizeof", "alignof", "vec_step"]
    operand: Expr | TypeName


@record
class OffsetOf(Node):
    """GNU C's `__builtin_offsetof(struct s, a.b[1])`."""

    target: TypeName
    path: tuple[FieldDesignator | IndexDesignator, ...]


@record
class StatementExpr(Node):
    """GNU `({ ... })`; parsed so that it can be named in an error."""

    body: Compound


Expr: TypeAlias = (
    Ident
    | Number
    | CharConst
    | String
    | Unary
    | Postfix
    | Binary
    | Assign
    | Conditional
    | Comma
    | Call
    | Index
    | Member
    | Cast
    | VectorLiteral
    | CompoundLiteral
    | TypeQuery
    | OffsetOf
    | StatementExpr
)
Init: TypeAlias = Expr | InitList

# -- declarations ---------------------------------------------------------------------------------


@record
class InitDeclarator(Node):
    declarator: Declarator
    init: Init | None = None
    bits: Expr | None = None  # a bit-field's width: only in structs, always an error later


@record
class Declaration(Node):
    """`specs a = 1, *b;` also a struct's field line, a typedef, or a bare `struct S {...};`."""

    specs: DeclSpecs
    items: tuple[InitDeclarator, ...]


@record
class FunctionDef(Node):
    specs: DeclSpecs
    declarator: Declarator
    body: Compound


@record
class StaticAssert(Node):
    cond: Expr
    message: String | None


@record
class Pragma(Node):
    """A pragma that reached the parser: text after `#pragma`. At file scope or as a statement."""

    text: str


@record
class TranslationUnit(Node):
    decls: tuple[ExternalDecl, ...]
    # Names in what syntax errors had dropped: they may be declared there.
    doubtful: frozenset[str] = field(default=frozenset(), compare=False, repr=False)


StructLine: TypeAlias = Declaration | StaticAssert
ExternalDecl: TypeAlias = Declaration | FunctionDef | StaticAssert | Pragma

# -- statements -----------------------------------------------------------------------------------


@record
class Compound(Node):
    items: tuple[BlockItem, ...]


@record
class ExprStmt(Node):
    expr: Expr | None  # None: `;`


@record
class If(Node):
    cond: Expr
    then: Stmt
    other: Stmt | None


@record
class While(Node):
    cond: Expr
    body: Stmt


@record
class DoWhile(Node):
    body: Stmt
    cond: Expr


@record
class For(Node):
    init: Declaration | ExprStmt
    cond: Expr | None
    step: Expr | None
    body: Stmt


@record
class Switch(Node):
    value: Expr
    body: Stmt


@record
class Case(Node):
    value: Expr
    last: Expr | None  # GNU range `case 1 ... 5:`
    body: Stmt


@record
class Default(Node):
    body: Stmt


@record
class Break(Node):
    pass


@record
class Continue(Node):
    pass


@record
class Return(Node):
    value: Expr | None


@record
class Goto(Node):
    label: str


@record
class Label(Node):
    name: str
    body: Stmt


@record
class Asm(Node):
    """`asm(...)`: parsed so that it can be named in an error."""


@record
class AttributedStmt(Node):
    """`__attribute__((opencl_unroll_hint(4))) for (...)`."""

    attributes: tuple[Attribute, ...]
    body: Stmt


Stmt: TypeAlias = (
    Compound
    | ExprStmt
    | If
    | While
    | DoWhile
    | For
    | Switch
    | Case
    | Default
    | Break
    | Continue
    | Return
    | Goto
    | Label
    | Asm
    | AttributedStmt
    | Pragma
)
BlockItem: TypeAlias = Stmt | Declaration | StaticAssert
