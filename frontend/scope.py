"""Names and what they stand for, and what every part of the checker shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from . import ast, dialect, tast
from .diag import Diagnostics
from .record import field, record
from .source import NO_SPAN, Span
from .types import ERROR, INT, NO_QUALS, AddrSpace, Enum, Quals, Scalar, Struct, Type

if TYPE_CHECKING:
    from .warn import Walk


@record
class CheckOptions:
    """What the command line says of the language.

    std: as in `-cl-std=`, or of dialect.C_STANDARDS.
    single_precision_constant: an unsuffixed floating constant is a float.
    fp64, fp16: double and half arithmetic exist; fp16 also by `#pragma OPENCL EXTENSION`.
    """

    std: str = "CL1.2"
    single_precision_constant: bool = False
    fp64: bool = True
    fp16: bool = False

    @property
    def version(self) -> int:
        """120 for CL1.2, 0 for C; an unknown standard is the command line's to reject."""
        return dialect.version_of(self.std)

    @property
    def is_c(self) -> bool:
        return dialect.is_c(self.std)

    def has(self, feature: str) -> bool:
        """Whether the language has an optional part, one of dialect.FEATURES."""
        return dialect.has(feature, self.version)


@record
class Written:
    """A type with the qualifiers of the object it is for.

    spaced: the address space was written, not defaulted. host_sized: it is size_t or one of
    its kin, which no kernel parameter may be. spelling: the type with the names of the typedefs
    in it, if there are any.
    """

    type: Type
    quals: Quals = NO_QUALS
    spaced: bool = False
    host_sized: bool = False
    spelling: Type | None = field(default=None, compare=False, repr=False)


@record
class Typedef:
    name: str
    meaning: Written
    span: Span = NO_SPAN


@record
class EnumConstant:
    name: str
    value: int
    type: Scalar = INT
    span: Span = NO_SPAN


Symbol: TypeAlias = tast.Var | tast.Function | Typedef | EnumConstant
Tag: TypeAlias = Struct | Enum


def describe(symbol: Symbol) -> str:
    match symbol:
        case tast.Var():
            return "parameter" if symbol.storage == "param" else "variable"
        case tast.Function():
            return "kernel" if symbol.is_kernel else "function"
        case Typedef():
            return "type"
        case EnumConstant():
            return "enumerator"


@record(frozen=False)
class Scope:
    parent: Scope | None = None
    names: dict[str, Symbol] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)

    def find(self, name: str) -> Symbol | None:
        scope: Scope | None = self
        while scope is not None:
            if (hit := scope.names.get(name)) is not None:
                return hit
            scope = scope.parent
        return None

    def find_tag(self, name: str) -> Tag | None:
        scope: Scope | None = self
        while scope is not None:
            if (hit := scope.tags.get(name)) is not None:
                return hit
            scope = scope.parent
        return None

    def visible(self) -> set[str]:
        scope: Scope | None = self
        names: set[str] = set()
        while scope is not None:
            names |= scope.names.keys()
            scope = scope.parent
        return names


@record(frozen=False)
class FunctionState:
    """What checking one function body keeps track of."""

    function: tast.Function
    body_scope: Scope  # parameters and outermost block: one scope in C
    labels: dict[str, Span] = field(default_factory=dict)
    gotos: list[ast.Goto] = field(default_factory=list)
    breakable: int = 0  # loops and switches around us
    loops: int = 0
    switches: list[SwitchState] = field(default_factory=list)
    locals: list[tast.Var] = field(default_factory=list)
    fallthroughs: set[int] = field(default_factory=set)  # where such attributes stand, by offset


@record(frozen=False)
class SwitchState:
    type: Type
    written: Type  # before the promotion
    cases: list[tuple[int, int, Span]] = field(default_factory=list)
    default: Span | None = None


@record(frozen=False)
class Context:
    diags: Diagnostics
    options: CheckOptions
    program: tast.Program = field(default_factory=tast.Program)
    scope: Scope = field(default_factory=Scope)  # the innermost one
    program_scope: Scope = field(default_factory=Scope)
    # What functions declare that the program scope does not.
    externs: dict[str, tast.Var | tast.Function] = field(default_factory=dict)
    function: FunctionState | None = None
    fp16: bool = False
    fp64: bool = True  # a constant without a suffix is a double
    fp_contract: tast.Contraction = "default"
    used: set[tast.Var] = field(default_factory=set)
    # Functions with the name of this one, itself among them, once one is `overloadable`.
    overloads: dict[tast.Function, list[tast.Function]] = field(default_factory=dict)
    unevaluated: int = 0  # inside sizeof: what is named there is not used
    unreached: int = 0  # inside what a constant condition rules out
    doubtful: frozenset[str] = frozenset()  # names that a syntax error may have hidden
    folding: int = 0  # inside a constant expression: what is named there leaves no trace
    measured: set[tast.Var] = field(default_factory=set)  # named in either
    walk: Walk | None = None
    tag_spans: dict[Tag, Span] = field(default_factory=dict)
    pack: int = 0  # bytes, by `#pragma pack`: fields are aligned to no more; 0: as they are
    pack_stack: list[tuple[str, int]] = field(default_factory=list)  # (name, pack), innermost last
    folded: dict[int, tuple[tast.Expr, int]] = field(default_factory=dict)  # by id: constants
    parameters: dict[int, Written] = field(default_factory=dict)  # by id of the ast.Param

    @contextmanager
    def block(self) -> Iterator[Scope]:
        outer = self.scope
        self.scope = Scope(outer)
        try:
            yield self.scope
        finally:
            self.scope = outer

    @contextmanager
    def reached(self, reached: bool) -> Iterator[None]:
        """Check what may be ruled out: it is not warned of what it would do when executed."""
        self.unreached += not reached
        try:
            yield
        finally:
            self.unreached -= not reached

    @property
    def executed(self) -> bool:
        """Whether what is checked now may be executed, for all that constants tell."""
        return not (self.unreached or self.unevaluated)

    @property
    def is_c(self) -> bool:
        return self.options.is_c

    @property
    def default_space(self) -> AddrSpace:
        """Of a pointee without one (OpenCL C 3.0, section 6.7.8)."""
        generic = self.options.has(dialect.GENERIC_SPACE)
        return AddrSpace.GENERIC if generic else AddrSpace.PRIVATE

    def unsupported(self, what: str, span: Span, hint: str | None = None) -> None:
        """`what` is a whole clause: "bit-fields are"."""
        self.diags.error("unsupported", f"{what} not supported yet", span, hint=hint)

    def lacks(self, what: str) -> str:
        """Why something of C is an error: OpenCL C does without, and kcc does not know C's."""
        return f"{what} are not supported" if self.is_c else f"OpenCL C has no {what}"

    def declare(self, name: str, symbol: Symbol, span: Span) -> bool:
        """Enter a name into the innermost scope; False, with an error, if it is taken."""
        if name in ("true", "false") and not self.is_c:
            self.diags.error("reserved-name", f"'{name}' is a constant of OpenCL C", span)
            return False
        old = self.scope.names.get(name)
        if old is not None and not (isinstance(old, tast.Var) and old.type is ERROR):
            kind = describe(old)
            note = (f"the {kind} '{name}' is declared here", old.span)
            self.diags.error("redefinition", f"'{name}' is declared twice", span, notes=(note,))
            return False
        if self.scope.parent is not None and isinstance(symbol, tast.Var):
            self._warn_of_shadow(name, span, self.scope.parent)
        self.scope.names[name] = symbol
        return True

    def _warn_of_shadow(self, name: str, span: Span, around: Scope) -> None:
        hidden = around.find(name)
        if isinstance(hidden, tast.Var) and hidden.type is not ERROR:
            note = (f"the other '{name}' is declared here", hidden.span)
            message = f"this '{name}' hides another variable of that name"
            self.diags.warning("shadow", message, span, notes=(note,))
