"""The tree as meant: typed, every name resolved, every implicit conversion a node.

Lowering decides nothing: what this tree says is what is emitted. Every expression has a
`type` (never a qualified one) and a `span`. *Lvalues* are a closed set of nodes that denote
an object; they carry `quals` of that object. A value is read from one only by `Load`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from .record import field, record
from .source import NO_SPAN, Span
from .types import NO_QUALS, Quals, Struct, Type
from .types import Function as FunctionType


@record(kw_only=True)
class Node:
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@record(kw_only=True)
class TypedNode(Node):
    type: Type


# -- things with a name: compared by identity, since two `i` are not one `i` -----------------------


@record(eq=False, frozen=False)
class Linkage:
    """What a C program's attributes ask of a symbol: where it lies, that it stays, that another
    definition may win over it."""

    section: str = ""
    used: bool = False
    weak: bool = False


@record(eq=False, frozen=False)
class Var:
    """A variable, parameter or program-scope object.

    storage: "param" and "auto" live in the frame; "static" lives for the program (program
    scope, and function-scope `__constant` or `static`); "group" is a function-scope `__local`.
    """

    name: str
    type: Type
    quals: Quals
    storage: Literal["param", "auto", "static", "group"]
    span: Span = NO_SPAN
    spelling: Type | None = field(default=None, repr=False)  # with names of typedefs, if any
    init: Init | None = None  # static ones only; always a constant tree
    align: int = 0  # from __attribute__((aligned)); 0: natural
    known: int | None = None  # the value of an automatic const integer, as far as clang folds it
    is_extern: bool = False  # declared here, defined in another input
    is_static: bool = False  # `static` at program scope: not visible to other inputs
    may_be_unused: bool = False  # __attribute__((unused))
    linkage: Linkage | None = None
    definition: Var | None = field(default=None, repr=False)  # of an extern, in a joined input


# `#pragma OPENCL FP_CONTRACT`: whether a * b + c may become one fma, or the command line says.
Contraction: TypeAlias = Literal["on", "off", "default"]


@record(eq=False, frozen=False)
class FunctionAttrs:
    reqd_work_group_size: tuple[int, int, int] | None = None
    work_group_size_hint: tuple[int, int, int] | None = None
    vec_type_hint: str | None = None
    always_inline: bool = False
    noinline: bool = False
    noreturn: bool = False  # of C: control goes no further
    may_be_unused: bool = False  # __attribute__((unused))
    fp_contract: Contraction = "default"
    dma: str | None = None  # a row of check_dma.CONTRACTS
    blocking: bool = False  # waits for what other harts do


@record(eq=False, frozen=False)
class Function:
    """A function; `body` is None until it is defined here (and stays so for externs)."""

    name: str
    type: FunctionType
    params: tuple[Var, ...]
    is_kernel: bool = False
    is_static: bool = False
    is_inline: bool = False
    needs_locals: bool = False  # it, or a kernel it calls, has variables in local memory
    blocks: bool = False  # it, or a function it calls, may wait for other harts
    is_exported: bool = False  # some declaration lacks `inline` or has `extern` (C99 6.7.4)
    is_c: bool = False  # of a C program: it takes the arguments that are written, and no others
    is_overloadable: bool = False  # others may have its name; the linker's has its types in it
    attrs: FunctionAttrs = field(default_factory=FunctionAttrs)
    linkage: Linkage | None = None
    body: Block | None = None
    span: Span = NO_SPAN
    definition: Function | None = field(default=None, repr=False)  # as a Var's

    @property
    def types(self) -> tuple[Type, ...]:
        return self.type.params


# -- values -------------------------------------------------------------------------------------


@record
class Const(TypedNode):
    """A scalar constant: int for integers, bools and enums; float for floats; 0 for null."""

    value: int | float


@record
class Load(TypedNode):
    """The value held by an object. Of a 3-vector: three lanes."""

    source: LValue


ConvertKind: TypeAlias = Literal[
    "int",  # integer to integer of any width: extended by the *operand's* signedness
    "int-to-float",
    "float-to-int",  # toward zero; out of range is undefined as in C
    "float",  # float to float
    "to-bool",  # x != 0, for integers, floats and pointers; the result is `bool` (0 or 1)
    "splat",  # scalar to vector of that very element type
    "pointer",  # pointer to pointer, whatever pointee or address space
    "int-to-pointer",
    "pointer-to-int",
    "decay",  # operand is an array LValue; the result points to its first element
    "address",  # operand is an LValue; the result points to it (unary &)
    "void",  # value dropped
]


@record
class Convert(TypedNode):
    """Elementwise for vectors, except "splat". Implicit ones and casts alike."""

    kind: ConvertKind
    operand: Expr | LValue
    implicit: bool = True


UnaryOp: TypeAlias = Literal["neg", "not", "lnot"]
BinaryOp: TypeAlias = Literal[
    "add", "sub", "mul", "div", "rem", "shl", "shr", "and", "or", "xor",
    "eq", "ne", "lt", "gt", "le", "ge", "land", "lor",
]  # fmt: skip
# fmt: off
OPERATORS: dict[str, BinaryOp] = {
    "*": "mul", "/": "div", "%": "rem", "+": "add", "-": "sub", "<<": "shl", ">>": "shr",
    "<": "lt", ">": "gt", "<=": "le", ">=": "ge", "==": "eq", "!=": "ne",
    "&": "and", "^": "xor", "|": "or", "&&": "land", "||": "lor",
}
# fmt: on


@record
class Unary(TypedNode):
    """neg, not: type is the operand's. lnot: int 0/1 for a scalar, -1/0 lanes for a vector."""

    op: UnaryOp
    operand: Expr


@record
class Binary(TypedNode):
    """Both operands have one type (converted already), save the count of a shift.

    Arithmetic: `type` is the operands'. Signedness comes from the operand type. Comparisons:
    operands may be pointers; `type` is int (0/1), or for vectors the signed integer vector of
    the same lane size (0/-1). land, lor: scalars short-circuit, operands are `bool`, `type`
    is int; vectors are evaluated both, lanewise, giving 0/-1. Shift counts are taken modulo
    the width of the left operand (OpenCL C 3.0, 6.4.10).
    """

    op: BinaryOp
    left: Expr
    right: Expr


@record
class PointerAdd(TypedNode):
    """pointer + index elements; index is `long` (sign-extended or converted already)."""

    pointer: Expr
    index: Expr
    negate: bool = False  # pointer - index


@record
class PointerDiff(TypedNode):
    """left - right in elements, of type long."""

    left: Expr
    right: Expr


@record
class Assign(TypedNode):
    """Store value (already of the target's type); the value is the node's value."""

    target: LValue
    value: Expr


@record
class Current(TypedNode):
    """Inside an Update's `value`: what the target held before."""


@record
class Update(TypedNode):
    """`target op= x`, `++target`, `target--`: the target is evaluated once.

    value: an expression over Current(), converted back to the target's type.
    result: which value the node has, the one stored or the one before.
    """

    target: LValue
    value: Expr
    result: Literal["new", "old"]


@record
class Conditional(TypedNode):
    """cond is `bool`; only one arm is evaluated. Arms have one type (may be void)."""

    cond: Expr
    then: Expr
    other: Expr


@record
class VectorSelect(TypedNode):
    """Ternary on vectors: lanes of `then` where the most significant bit of cond is set."""

    cond: Expr
    then: Expr
    other: Expr


@record
class Comma(TypedNode):
    left: Expr
    right: Expr


@record
class Call(TypedNode):
    """A call of a function with a body somewhere; args are converted already."""

    function: Function
    args: tuple[Expr, ...]


@record
class FunctionAddress(TypedNode):
    """A function as a value: a pointer to it."""

    function: Function


@record
class CallPointer(TypedNode):
    """A call of what a pointer to a function leads to."""

    callee: Expr
    args: tuple[Expr, ...]


# Keys of the builtins at which work-items wait for each other.
BARRIERS = frozenset(
    ["barrier", "wait_group_events"]
    + [
        f"{team}_{what}"
        for team in ("work_group", "sub_group")
        for what in (
            *("barrier", "all", "any", "broadcast"),
            *(
                f"{how}_{op}"
                for how in ("reduce", "scan_inclusive", "scan_exclusive")
                for op in ("add", "min", "max")
            ),
        )
    ]
)


@record
class BuiltinCall(TypedNode):
    """A call of a builtin: `key` names the row in builtins.py and its lowering in ir."""

    key: str
    args: tuple[Expr, ...]


MAX_WIDTH = 4095  # C99 7.19.6.1, 15: no conversion need make more characters


@record
class Conversion:
    """A conversion of a printf format.

    letter: "" for what is no conversion: it prints as it is written.
    width, precision: "*" stands for an argument that comes before the one to print.
    length: "", "hh", "h", "hl" or "l". lanes: of a vector; 0: a scalar is printed.
    """

    letter: str
    flags: str = ""
    width: int | Literal["*"] = 0
    precision: int | Literal["*"] | None = None
    length: str = ""
    lanes: int = 0
    written: bytes = field(default=b"", compare=False)

    @property
    def stars(self) -> int:
        """How many arguments it takes before the one that it prints."""
        return (self.width == "*") + (self.precision == "*")

    def __str__(self) -> str:
        return self.written.decode(errors="replace")


@record
class Printf(TypedNode):
    """printf: texts and conversions, and the arguments that these take, of the right types.

    More arguments are computed, but not printed. int: 0, or -1 when nothing is printed because
    a width or a precision exceeds MAX_WIDTH.
    """

    pieces: tuple[bytes | Conversion, ...]
    args: tuple[Expr, ...]


@record
class VectorBuild(TypedNode):
    """A vector literal: the lanes of the parts (scalars and vectors), one after another."""

    parts: tuple[Expr, ...]


@record
class Shuffle(TypedNode):
    """Lanes of a vector *value* picked by number; a scalar when `lanes` has one."""

    operand: Expr
    lanes: tuple[int, ...]


Rounding: TypeAlias = Literal["default", "even", "zero", "up", "down"]


@record
class ConvertCall(TypedNode):
    """convert_type(x): component by component.

    saturate:  out of an integer's range gives its nearest value, and a NaN 0.
    rounding:  "default" is toward zero for integers, to nearest even for floats.
    """

    operand: Expr
    saturate: bool
    rounding: Rounding


@record
class Reinterpret(TypedNode):
    """as_type(x): same bits, other type."""

    operand: Expr


@record
class ValueMember(TypedNode):
    """A member of a struct that is a value, not an object: `f().x`."""

    operand: Expr
    index: int


# -- objects --------------------------------------------------------------------------------------


@record(kw_only=True)
class ObjectNode(TypedNode):
    quals: Quals = NO_QUALS


@record
class VarRef(ObjectNode):
    var: Var


@record
class Deref(ObjectNode):
    """*pointer; a[i] is Deref(PointerAdd(decayed a, i))."""

    pointer: Expr


@record
class MemberRef(ObjectNode):
    """A field of a struct or union object; `a->b` is MemberRef(Deref(a), index)."""

    base: LValue
    index: int


@record
class LanesRef(ObjectNode):
    """Lanes of a vector object, `v.xz`; assignable when no lane repeats."""

    base: LValue
    lanes: tuple[int, ...]


@record
class StringRef(ObjectNode):
    """A string literal: an array of char in constant memory; `value` includes the final NUL."""

    value: bytes


@record
class CompoundRef(ObjectNode):
    """A compound literal: a fresh unnamed object, initialised each time it is reached."""

    var: Var
    init: Init


@record
class Aggregate(TypedNode):
    """An initialiser list, flattened: each entry's path is field or element numbers from the
    outside in; everything not named is zero. Later entries win over earlier ones."""

    entries: tuple[tuple[tuple[int, ...], Expr], ...]


OBJECTS = (VarRef, Deref, MemberRef, LanesRef, StringRef, CompoundRef)  # LValue, for isinstance
LValue: TypeAlias = VarRef | Deref | MemberRef | LanesRef | StringRef | CompoundRef
Expr: TypeAlias = (
    Const
    | Load
    | Convert
    | Unary
    | Binary
    | PointerAdd
    | PointerDiff
    | Assign
    | Current
    | Update
    | Conditional
    | VectorSelect
    | Comma
    | Call
    | FunctionAddress
    | CallPointer
    | BuiltinCall
    | Printf
    | VectorBuild
    | Shuffle
    | ConvertCall
    | Reinterpret
    | ValueMember
)
Init: TypeAlias = Expr | Aggregate | StringRef  # StringRef: a char array initialised by a literal

# -- statements -----------------------------------------------------------------------------------


@record
class Block(Node):
    items: tuple[Stmt, ...]
    fp_contract: Contraction | None = None  # from here to its end; None: as around it


@record
class VarDecl(Node):
    """An automatic variable comes to life here; static and group ones are hoisted elsewhere."""

    var: Var
    init: Init | None


@record
class ExprStmt(Node):
    expr: Expr


@record
class If(Node):
    cond: Expr  # bool, as in every condition below
    then: Stmt
    other: Stmt | None


@record
class Loop(Node):
    """while, do and for. Order: [init] cond body step cond...; `test_first` is False for do.

    unroll: None as the optimiser likes; 0 fully; 1 never; n by that factor.
    """

    cond: Expr | None
    body: Stmt
    step: Expr | None = None
    init: Stmt | None = None
    test_first: bool = True
    unroll: int | None = None


@record
class Switch(Node):
    """Cases inside `body`, at any depth, belong to the innermost Switch around them."""

    value: Expr  # promoted integer
    body: Stmt


@record
class Case(Node):
    """low..high inclusive, as values of the switch's promoted type; None, None: default."""

    low: int | None
    high: int | None
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
    label: str  # unique in the function; the checker knows it exists


@record
class Label(Node):
    name: str
    body: Stmt


Stmt: TypeAlias = (
    Block
    | VarDecl
    | ExprStmt
    | If
    | Loop
    | Switch
    | Case
    | Break
    | Continue
    | Return
    | Goto
    | Label
)


@record(frozen=False)
class Program:
    """One translation unit, checked: functions in order of definition, kernels among them."""

    functions: list[Function] = field(default_factory=list)  # defined here
    externs: list[Function] = field(default_factory=list)  # declared and called, not defined
    globals: list[Var] = field(default_factory=list)  # static and extern objects, in order
    structs: list[Struct] = field(default_factory=list)  # complete ones, in order
    calls: dict[Function, list[tuple[Function, Span]]] = field(default_factory=dict)  # by caller
    addressed: list[tuple[Function, Span]] = field(default_factory=list)  # used as values
    waiting: set[Function] = field(default_factory=set)  # that have a barrier, or call such
    is_c: bool = False
