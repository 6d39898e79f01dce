"""One object under assembly: sections, symbols, expressions over them, relocations.

What names labels is filled in by `late` work, when all statements are read.
"""

from __future__ import annotations

from collections.abc import Callable

from ..frontend.diag import Diagnostics
from ..frontend.record import field, record
from ..frontend.source import NO_SPAN, SourceFile, Span
from . import asmlex, objwriter
from .asmlex import Binary, Expr, ExprReader, Modified, Name, Number, SyntaxFault, Token, Unary
from .asmlines import LineTable
from .objwriter import ObjReloc, ObjSection, ObjSymbol

# Relocations of plain addresses, by bytes (RISC-V ELF psABI): R_RISCV_32, R_RISCV_64.
ABSOLUTE = {4: 1, 8: 2}
MAX_SPACE = 1 << 28  # bytes one directive may make
SECTION_TYPES = {
    "progbits": objwriter.SHT_PROGBITS, "nobits": objwriter.SHT_NOBITS,
    "note": objwriter.SHT_NOTE, "init_array": objwriter.SHT_INIT_ARRAY,
    "fini_array": objwriter.SHT_FINI_ARRAY,
}  # fmt: skip
SECTION_FLAGS = {
    "a": objwriter.SHF_ALLOC, "w": objwriter.SHF_WRITE, "x": objwriter.SHF_EXECINSTR,
    "M": objwriter.SHF_MERGE, "S": objwriter.SHF_STRINGS,
    "R": objwriter.SHF_GNU_RETAIN,
}  # fmt: skip
# Sections known by name: flags and type when a directive gives none.
_KNOWN_SECTIONS = (
    (".text", "ax", "progbits"), (".init", "ax", "progbits"), (".fini", "ax", "progbits"),
    (".data", "aw", "progbits"), (".sdata", "aw", "progbits"),
    (".bss", "aw", "nobits"), (".sbss", "aw", "nobits"),
    (".rodata", "a", "progbits"), (".srodata", "a", "progbits"), (".note", "", "note"),
    (".init_array", "aw", "init_array"), (".fini_array", "aw", "fini_array"),
)  # fmt: skip


@record
class Value:
    """What an expression amounts to: a number, or a symbol and a number."""

    number: int
    symbol: ObjSymbol | None = None

    @property
    def place(self) -> ObjSection | None:
        return self.symbol.section if self.symbol else None

    @property
    def offset(self) -> int:
        return self.number + (self.symbol.value if self.symbol else 0)


class Unknown(SyntaxFault):
    """Not to be known yet, or ever: it hangs on a label that is not defined."""


@record(frozen=False)
class State:
    """What `.option push` keeps."""

    compress: bool
    extensions: set[str]


@record(frozen=False)
class Job:
    file: SourceFile
    diags: Diagnostics
    extensions: set[str]
    far: frozenset[int] = frozenset()  # branches out of a compressed one's reach, by number
    branches: int = 0  # how many so far that could be compressed
    too_far: set[int] = field(default_factory=set)  # those of this reading that do not reach
    # By name and by what tells those of one name apart, -1 for the usual one.
    sections: dict[tuple[str, int], ObjSection] = field(default_factory=dict)
    symbols: dict[str, ObjSymbol] = field(default_factory=dict)
    defined_at: dict[str, Span] = field(default_factory=dict)
    numeric: dict[str, int] = field(default_factory=dict)  # local labels: how many so far
    used: set[int] = field(default_factory=set)  # id of symbols that relocations name
    anchors: dict[int, ObjSymbol] = field(default_factory=dict)  # by id of a section: its symbol
    late: list[Callable[[], None]] = field(default_factory=list)  # work for when labels are known
    stack: list[ObjSection] = field(default_factory=list)
    options: list[State] = field(default_factory=list)
    hidden_labels: int = 0
    lines: LineTable = field(default_factory=LineTable)

    def __post_init__(self) -> None:
        self.compress = "c" in self.extensions
        self.section = self.previous = self.named_section(".text")

    def attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except SyntaxFault as fault:
            self.diags.error(fault.code, fault.message, fault.span)

    def label(self, token: Token) -> None:
        if token.kind == "number" and token.text.isdigit():
            name = f"{token.value}:{self.numeric.get(str(token.value), 0)}"
            self.numeric[str(token.value)] = self.numeric.get(str(token.value), 0) + 1
        elif token.kind == "name" and not token.text.startswith("%"):
            name = token.text
        else:
            raise SyntaxFault("asm-syntax", f"'{token.text}' is no label", token.span)
        symbol = self.symbol(name)
        if symbol.section is not None or symbol.special:
            note = ("defined here before", self.defined_at[name])
            self.diags.error(
                "asm-redefined", f"'{token.text}' is defined twice", token.span, notes=(note,)
            )
            return
        symbol.section, symbol.value = self.section, len(self.section.data)
        self.defined_at[name] = token.span

    def symbol(self, name: str) -> ObjSymbol:
        return self.symbols.setdefault(name, ObjSymbol(name))

    def expression(self, tokens: list[Token], after: Span) -> Expr:
        """The expression that `tokens` are, all of them, bound to this place."""
        reader = ExprReader(tokens, 0, after)
        expr = reader.expression()
        if reader.at < len(tokens):
            extra = tokens[reader.at]
            raise SyntaxFault("asm-syntax", f"unexpected '{extra.text}'", extra.span)
        return self.bind(expr)

    def bind(self, expr: Expr) -> Expr:
        """Names that depend on where they stand (`.`, `1b`, constants) become what they mean."""
        match expr:
            case Name(".", span):
                self.hidden_labels += 1
                here = f".:{self.hidden_labels}"
                self.symbols[here] = ObjSymbol(here, self.section, len(self.section.data))
                return Name(here, span)
            case Name(name, span) if name[0].isdigit():
                number = str(int(name[:-1]))
                count = self.numeric.get(number, 0)
                if name[-1] == "b" and count == 0:
                    raise SyntaxFault("asm-undefined", f"no label {number}: before here", span)
                return Name(self.symbol(f"{number}:{count - (name[-1] == 'b')}").name, span)
            case Name(name, span):
                symbol = self.symbol(name)
                constant = symbol.special == objwriter.SHN_ABS
                return Number(symbol.value, span) if constant else expr
            case Unary(op, operand, span):
                return Unary(op, self.bind(operand), span)
            case Binary(op, left, right, span):
                return Binary(op, self.bind(left), self.bind(right), span)
            case Modified(modifier, operand, span):
                return Modified(modifier, self.bind(operand), span)
            case Number():
                return expr

    def evaluate(self, expr: Expr) -> Value:
        """Raises Unknown where it hangs on what is not known, SyntaxFault where it is wrong."""
        match expr:
            case Number(number):
                return Value(number)
            case Name(name):
                symbol = self.symbols[name]
                if symbol.special == objwriter.SHN_ABS:
                    return Value(symbol.value)
                return Value(0, symbol)
            case Unary(op, operand, span):
                value = self.evaluate(operand)
                if value.symbol and op != "+":
                    raise Unknown("asm-value", f"'{op}' needs a number", span)
                return Value(asmlex.unary(op, value.number), value.symbol)
            case Binary(op, left, right, span):
                return self.combine(op, self.evaluate(left), self.evaluate(right), span)
            case Modified(modifier, _, span):
                raise SyntaxFault("asm-value", f"{modifier} cannot be used here", span)

    def combine(self, op: str, left: Value, right: Value, span: Span) -> Value:
        if not right.symbol and (op in "+-" or not left.symbol):
            return Value(asmlex.binary(op, left.number, right.number, span), left.symbol)
        if op == "+" and not left.symbol:
            return Value(asmlex.wrap(left.number + right.number), right.symbol)
        if op == "-" and left.symbol and right.symbol:
            if left.symbol is right.symbol:
                return Value(asmlex.wrap(left.number - right.number))
            if left.place is not None and left.place is right.place:
                return Value(left.offset - right.offset)
            raise Unknown("asm-value", "the labels of a difference must share a section", span)
        raise Unknown("asm-value", f"'{op}' cannot be computed from labels", span)

    def number(self, tokens: list[Token], after: Span) -> int:
        """A value that must be known now."""
        expr = self.expression(tokens, after)
        try:
            value = self.evaluate(expr)
        except Unknown:
            value = Value(0, ObjSymbol(""))
        if value.symbol:
            raise SyntaxFault("asm-value", "this must be a number that is known here", expr.span)
        return value.number

    def named_section(
        self,
        name: str,
        flags: str | None = None,
        kind: str | None = None,
        entsize: int = 0,
        unique: int = -1,
    ) -> ObjSection:
        usual = next(
            (row for row in _KNOWN_SECTIONS if name == row[0] or name.startswith(row[0] + ".")),
            ("", "", "progbits"),
        )
        bits = sum(SECTION_FLAGS[c] for c in set(usual[1] if flags is None else flags))
        section = self.sections.get((name, unique))
        if section is None:
            section = ObjSection(name, SECTION_TYPES[kind or usual[2]], bits, entsize)
            self.sections[name, unique] = section
        return section

    def enter(self, section: ObjSection) -> None:
        if section is not self.section:
            self.lines.pending = None
        self.previous, self.section = self.section, section

    def append(self, data: bytes, span: Span) -> None:
        if self.section.type == objwriter.SHT_NOBITS and any(data):
            raise SyntaxFault("asm-value", f"'{self.section.name}' holds no bytes", span)
        if self.lines.pending is not None:
            self.lines.place(self.section)
        self.section.data += data
        if len(self.section.data) > MAX_SPACE:
            raise self.diags.fatal("asm-value", f"section '{self.section.name}' is too large", span)

    def relocate(
        self, section: ObjSection, offset: int, kind: int, value: Value, span: Span
    ) -> None:
        symbol, addend = value.symbol, value.number
        assert symbol is not None
        if symbol.section is None and not symbol.special and is_temporary(symbol.name):
            shown = symbol.name.partition(":")[0]
            raise SyntaxFault("asm-undefined", f"label '{shown}' is not defined", span)
        if symbol.section is not None and is_temporary(symbol.name):
            addend += symbol.value
            symbol = self.anchors.setdefault(
                id(symbol.section),
                ObjSymbol("", symbol.section, type=objwriter.STT_SECTION),
            )
        self.used.add(id(symbol))
        section.relocs.append(ObjReloc(offset, kind, symbol, addend))

    def settle(self) -> None:
        """Fill in what names labels; where `too_far` has something then, sizes must change."""
        for work in self.late:
            self.attempt(work)
        if self.lines.rows and not self.too_far:
            self._add_lines()

    def _add_lines(self) -> None:
        table = self.named_section(".debug_line", "", "progbits")
        data, addresses = self.lines.encode()
        for offset, section, first in addresses:
            start = Value(first, ObjSymbol(".L", section))
            self.relocate(table, len(table.data) + offset, ABSOLUTE[8], start, NO_SPAN)
        table.data += data

    def finish(self) -> bytes:
        """The object's bytes; raises CompileError with all that was wrong."""
        self.diags.raise_errors()
        kept = [s for s in self.symbols.values() if self.is_kept(s)]
        for symbol in kept:
            if symbol.section is None and not symbol.special and not symbol.binding:
                symbol.binding = objwriter.STB_GLOBAL
            symbol.name = symbol.name.replace(":", ".") if ":" in symbol.name else symbol.name
        sections = [s for s in self.sections.values() if s.data or s.name != ".text" or s.flags]
        return objwriter.write_object(sections, [*self.anchors.values(), *kept])

    def is_kept(self, symbol: ObjSymbol) -> bool:
        if id(symbol) in self.used:
            return True
        if is_temporary(symbol.name):
            return False
        weak = symbol.binding == objwriter.STB_WEAK
        return symbol.section is not None or symbol.special != 0 or weak


def is_temporary(name: str) -> bool:
    return name.startswith(".L") or ":" in name
