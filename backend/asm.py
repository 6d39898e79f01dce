"""The assembler for start code: GNU syntax in, a relocatable RISC-V object out.

Sizes are final as soon as a statement is read: branches to labels stay four bytes, and nothing
is left for the linker to relax. What names labels is filled in at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from functools import cache, partial

from ..frontend.diag import Diagnostics
from ..frontend.record import record
from ..frontend.source import SourceFile, Span
from . import asmlex, objwriter
from .asmlex import Binary, Expr, ExprReader, Modified, Name, Number, SyntaxFault, Token, Unary
from .encode import Decoded, EncodeError, compress, encode
from .isa import FIELDS, TABLE, Insn
from .objwriter import ObjReloc, ObjSection, ObjSymbol
from .pseudo import LOADS, PSEUDO, load_constant
from .regs import CSRS, F_NUMBERS, FENCE_LETTERS, ROUNDING, X_NUMBERS
from .target import DEFAULT_ARCH, parse_target

# Relocations (RISC-V ELF psABI, "Relocations").
_ABSOLUTE = {4: 1, 8: 2}  # by bytes: R_RISCV_32, R_RISCV_64
_TARGETS = {"branch13": 16, "jump21": 17, "cb": 44, "cj": 45}
_MODIFIED = {
    ("%hi", "upper20"): 26, ("%lo", "imm12"): 27, ("%lo", "store12"): 28,
    ("%pcrel_hi", "upper20"): 23, ("%pcrel_lo", "imm12"): 24, ("%pcrel_lo", "store12"): 25,
}  # fmt: skip
R_RISCV_CALL_PLT = 19

_MAX_SPACE = 1 << 28  # bytes one directive may make
_SECTION_TYPES = {
    "progbits": objwriter.SHT_PROGBITS, "nobits": objwriter.SHT_NOBITS,
    "note": objwriter.SHT_NOTE, "init_array": objwriter.SHT_INIT_ARRAY,
    "fini_array": objwriter.SHT_FINI_ARRAY,
}  # fmt: skip
_SECTION_FLAGS = {
    "a": objwriter.SHF_ALLOC, "w": objwriter.SHF_WRITE, "x": objwriter.SHF_EXECINSTR,
    "M": objwriter.SHF_MERGE, "S": objwriter.SHF_STRINGS,
}  # fmt: skip
# Sections known by name: flags and type when a directive gives none.
_KNOWN_SECTIONS = (
    (".text", "ax", "progbits"), (".init", "ax", "progbits"), (".fini", "ax", "progbits"),
    (".data", "aw", "progbits"), (".sdata", "aw", "progbits"),
    (".bss", "aw", "nobits"), (".sbss", "aw", "nobits"),
    (".rodata", "a", "progbits"), (".srodata", "a", "progbits"), (".note", "", "note"),
    (".init_array", "aw", "init_array"), (".fini_array", "aw", "fini_array"),
)  # fmt: skip
_SYMBOL_TYPES = {
    "function": objwriter.STT_FUNC, "object": objwriter.STT_OBJECT, "notype": objwriter.STT_NOTYPE,
}  # fmt: skip
_VISIBILITY = {".internal": 1, ".hidden": 2, ".protected": 3}
# Describe the source or the stack frame, or are true of all we do.
_IGNORED = frozenset(".file .ident .loc .attribute .addrsig .addrsig_sym .build_version".split())


def assemble(text: str, name: str, diags: Diagnostics, arch: str = DEFAULT_ARCH) -> bytes:
    """Assemble `text`; the object's bytes depend on nothing else.

    name:    of the source, for diagnostics.
    arch:    which instructions there are; machine-mode ones always.
    raises:  CompileError with all that is wrong, ValueError for an unknown `arch`.
    """
    job = _Assembler(SourceFile(name, text), diags, set(parse_target(arch).extensions))
    for statement in asmlex.statements(job.file, diags):
        job.attempt(partial(job.statement, statement))
    return job.finish()


@record
class _Value:
    """What an expression amounts to: a number, or a symbol and a number."""

    number: int
    symbol: ObjSymbol | None = None

    @property
    def place(self) -> ObjSection | None:
        return self.symbol.section if self.symbol else None

    @property
    def offset(self) -> int:
        return self.number + (self.symbol.value if self.symbol else 0)


class _Unknown(SyntaxFault):
    """Not to be known yet, or ever: it hangs on a label that is not defined."""


@record(frozen=False)
class _State:
    """What `.option push` keeps."""

    compress: bool
    extensions: set[str]


@record(frozen=False)
class _Assembler:
    file: SourceFile
    diags: Diagnostics
    extensions: set[str]
    sections: dict[str, ObjSection] = field(default_factory=dict)
    symbols: dict[str, ObjSymbol] = field(default_factory=dict)
    defined_at: dict[str, Span] = field(default_factory=dict)
    numeric: dict[str, int] = field(default_factory=dict)  # local labels: how many so far
    used: set[int] = field(default_factory=set)  # id of symbols that relocations name
    anchors: dict[str, ObjSymbol] = field(default_factory=dict)  # section symbols
    late: list[Callable[[], None]] = field(default_factory=list)  # work for when labels are known
    stack: list[ObjSection] = field(default_factory=list)
    options: list[_State] = field(default_factory=list)
    hidden_labels: int = 0

    def __post_init__(self) -> None:
        self.compress = "c" in self.extensions
        self.section = self.previous = self._named_section(".text")

    # -- statements -------------------------------------------------------------------------------

    def attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except SyntaxFault as fault:
            self.diags.error(fault.code, fault.message, fault.span)

    def statement(self, tokens: list[Token]) -> None:
        at = 0
        while len(tokens) > at + 1 and tokens[at + 1].text == ":" and tokens[at + 1].kind == "op":
            self._label(tokens[at])
            at += 2
        tokens = tokens[at:]
        if not tokens:
            return
        head, rest = tokens[0], tokens[1:]
        if head.kind != "name":
            raise SyntaxFault("asm-syntax", f"'{head.text}' starts no statement", head.span)
        if rest and rest[0].text == "=" and rest[0].kind == "op":
            self._assign([[head], rest[1:]], head)
            return
        operands = _split(rest)
        if head.text.startswith("."):
            self._directive(head, operands)
        else:
            self._instruction(head, operands)

    def _label(self, token: Token) -> None:
        if token.kind == "number" and token.text.isdigit():
            name = f"{token.value}:{self.numeric.get(str(token.value), 0)}"
            self.numeric[str(token.value)] = self.numeric.get(str(token.value), 0) + 1
        elif token.kind == "name" and not token.text.startswith("%"):
            name = token.text
        else:
            raise SyntaxFault("asm-syntax", f"'{token.text}' is no label", token.span)
        symbol = self._symbol(name)
        if symbol.section is not None or symbol.special:
            note = ("defined here before", self.defined_at[name])
            self.diags.error(
                "asm-redefined", f"'{token.text}' is defined twice", token.span, notes=(note,)
            )
            return
        symbol.section, symbol.value = self.section, len(self.section.data)
        self.defined_at[name] = token.span

    # -- expressions ------------------------------------------------------------------------------

    def _symbol(self, name: str) -> ObjSymbol:
        return self.symbols.setdefault(name, ObjSymbol(name))

    def _expression(self, tokens: list[Token], after: Span) -> Expr:
        """The expression that `tokens` are, all of them, bound to this place."""
        reader = ExprReader(tokens, 0, after)
        expr = reader.expression()
        if reader.at < len(tokens):
            extra = tokens[reader.at]
            raise SyntaxFault("asm-syntax", f"unexpected '{extra.text}'", extra.span)
        return self._bind(expr)

    def _bind(self, expr: Expr) -> Expr:
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
                return Name(self._symbol(f"{number}:{count - (name[-1] == 'b')}").name, span)
            case Name(name, span):
                symbol = self._symbol(name)
                constant = symbol.special == objwriter.SHN_ABS
                return Number(symbol.value, span) if constant else expr
            case Unary(op, operand, span):
                return Unary(op, self._bind(operand), span)
            case Binary(op, left, right, span):
                return Binary(op, self._bind(left), self._bind(right), span)
            case Modified(modifier, operand, span):
                return Modified(modifier, self._bind(operand), span)
            case Number():
                return expr

    def _evaluate(self, expr: Expr) -> _Value:
        """Raises _Unknown where it hangs on what is not known, SyntaxFault where it is wrong."""
        match expr:
            case Number(number):
                return _Value(number)
            case Name(name):
                symbol = self.symbols[name]
                if symbol.special == objwriter.SHN_ABS:
                    return _Value(symbol.value)
                return _Value(0, symbol)
            case Unary(op, operand, span):
                value = self._evaluate(operand)
                if value.symbol and op != "+":
                    raise _Unknown("asm-value", f"'{op}' needs a number", span)
                return _Value(asmlex.unary(op, value.number), value.symbol)
            case Binary(op, left, right, span):
                return self._combine(op, self._evaluate(left), self._evaluate(right), span)
            case Modified(modifier, _, span):
                raise SyntaxFault("asm-value", f"{modifier} cannot be used here", span)

    def _combine(self, op: str, left: _Value, right: _Value, span: Span) -> _Value:
        if not right.symbol and (op in "+-" or not left.symbol):
            return _Value(asmlex.binary(op, left.number, right.number, span), left.symbol)
        if op == "+" and not left.symbol:
            return _Value(asmlex.wrap(left.number + right.number), right.symbol)
        if op == "-" and left.symbol and right.symbol:
            if left.symbol is right.symbol:
                return _Value(asmlex.wrap(left.number - right.number))
            if left.place is not None and left.place is right.place:
                return _Value(left.offset - right.offset)
            raise _Unknown("asm-value", "the labels of a difference must share a section", span)
        raise _Unknown("asm-value", f"'{op}' cannot be computed from labels", span)

    def _number(self, tokens: list[Token], after: Span) -> int:
        """A value that must be known now."""
        expr = self._expression(tokens, after)
        try:
            value = self._evaluate(expr)
        except _Unknown:
            value = _Value(0, ObjSymbol(""))
        if value.symbol:
            raise SyntaxFault("asm-value", "this must be a number that is known here", expr.span)
        return value.number

    # -- directives -------------------------------------------------------------------------------

    def _directive(self, head: Token, operands: list[list[Token]]) -> None:
        name = head.text
        if name in _IGNORED or name.startswith(".cfi_"):
            return
        handler = _DIRECTIVES.get(name)
        if handler is None:
            raise SyntaxFault(
                "asm-directive", f"the directive '{name}' is not supported", head.span
            )
        handler(self, operands, head)

    def _named_section(
        self, name: str, flags: str | None = None, kind: str | None = None, entsize: int = 0
    ) -> ObjSection:
        usual = next(
            (row for row in _KNOWN_SECTIONS if name == row[0] or name.startswith(row[0] + ".")),
            ("", "", "progbits"),
        )
        bits = sum(_SECTION_FLAGS[c] for c in set(usual[1] if flags is None else flags))
        section = self.sections.get(name)
        if section is None:
            section = ObjSection(name, _SECTION_TYPES[kind or usual[2]], bits, entsize)
            self.sections[name] = section
        return section

    def _enter(self, section: ObjSection) -> None:
        self.previous, self.section = self.section, section

    def _section(self, operands: list[list[Token]], head: Token) -> None:
        if not operands:
            raise SyntaxFault("asm-syntax", "a section needs a name", head.span)
        # A name may hold what elsewhere are operators, `.note.GNU-stack`.
        name = "".join(t.text for t in operands[0])
        flags = kind = None
        entsize = 0
        for n, operand in enumerate(operands[1:]):
            (token, *more) = operand
            if n == 0 and token.kind == "string" and not more:
                flags = token.text
                unknown = set(flags) - set(_SECTION_FLAGS)
                if unknown:
                    what = f"section flag '{min(unknown)}' is not supported"
                    raise SyntaxFault("asm-directive", what, token.span)
            elif n == 1 and token.text.lstrip("@%") in _SECTION_TYPES and not more:
                kind = token.text.lstrip("@%")
            elif n == 2:
                entsize = self._number(operand, head.span)
            else:
                raise SyntaxFault("asm-syntax", f"unexpected '{token.text}'", token.span)
        old = self.sections.get(name)
        section = self._named_section(name, flags, kind, entsize)
        given = sum(_SECTION_FLAGS[c] for c in set(flags or ""))
        if old and flags is not None and given != old.flags:
            raise SyntaxFault(
                "asm-directive", f"section '{name}' had other flags before", head.span
            )
        if head.text == ".pushsection":
            self.stack.append(self.section)
        self._enter(section)

    def _pop_section(self, _operands: list[list[Token]], head: Token) -> None:
        if not self.stack:
            raise SyntaxFault("asm-directive", ".popsection without .pushsection", head.span)
        self._enter(self.stack.pop())

    def _previous(self, _operands: list[list[Token]], _head: Token) -> None:
        self._enter(self.previous)

    def _plain_section(self, _operands: list[list[Token]], head: Token) -> None:
        self._enter(self._named_section(head.text))

    def _names(self, operands: list[list[Token]], head: Token) -> list[ObjSymbol]:
        if not operands:
            raise SyntaxFault("asm-syntax", f"{head.text} needs a symbol", head.span)
        return [self._one_name(operand, head) for operand in operands]

    def _one_name(self, operand: list[Token], head: Token) -> ObjSymbol:
        if len(operand) != 1 or operand[0].kind != "name" or operand[0].text[0] in "%@":
            span = operand[0].span if operand else head.span
            raise SyntaxFault("asm-syntax", f"{head.text} needs a symbol", span)
        return self._symbol(operand[0].text)

    def _binding(self, binding: int, operands: list[list[Token]], head: Token) -> None:
        for symbol in self._names(operands, head):
            symbol.binding = binding

    def _visibility(self, operands: list[list[Token]], head: Token) -> None:
        for symbol in self._names(operands, head):
            symbol.visibility = _VISIBILITY[head.text]

    def _type(self, operands: list[list[Token]], head: Token) -> None:
        if len(operands) != 2 or len(operands[1]) != 1:
            raise SyntaxFault("asm-syntax", ".type needs a symbol and a type", head.span)
        kind = operands[1][0]
        if kind.text.lstrip("@%") not in _SYMBOL_TYPES:
            raise SyntaxFault("asm-directive", f"unknown symbol type '{kind.text}'", kind.span)
        self._one_name(operands[0], head).type = _SYMBOL_TYPES[kind.text.lstrip("@%")]

    def _size(self, operands: list[list[Token]], head: Token) -> None:
        if len(operands) != 2:
            raise SyntaxFault("asm-syntax", ".size needs a symbol and a size", head.span)
        symbol = self._one_name(operands[0], head)
        expr = self._expression(operands[1], head.span)

        def resolve() -> None:
            value = self._evaluate(expr)
            if value.symbol or value.number < 0:
                raise SyntaxFault("asm-value", "a size must be a number", expr.span)
            symbol.size = value.number

        self.late.append(resolve)

    def _assign(self, operands: list[list[Token]], head: Token) -> None:
        if len(operands) != 2:
            raise SyntaxFault("asm-syntax", "this needs a symbol and a value", head.span)
        symbol = self._one_name(operands[0], head)
        expr = self._expression(operands[1], head.span)
        value = self._evaluate(expr)
        if value.symbol and value.place is None:
            raise SyntaxFault("asm-value", "the value must be known here", expr.span)
        if symbol.section is not None and symbol.special == 0 and head.text == ".equiv":
            raise SyntaxFault("asm-redefined", f"'{symbol.name}' is defined twice", head.span)
        symbol.section, symbol.value = value.place, value.offset & (1 << 64) - 1
        symbol.special = 0 if value.symbol else objwriter.SHN_ABS
        if symbol.special:
            symbol.value = value.number
        self.defined_at[symbol.name] = head.span

    def _common(self, operands: list[list[Token]], head: Token) -> None:
        if len(operands) not in (2, 3):
            raise SyntaxFault("asm-syntax", ".comm needs a symbol, a size, an alignment", head.span)
        symbol = self._one_name(operands[0], head)
        if symbol.section is not None or symbol.special:
            raise SyntaxFault("asm-redefined", f"'{symbol.name}' is defined twice", head.span)
        size = self._number(operands[1], head.span)
        align = self._number(operands[2], head.span) if len(operands) == 3 else 1
        if not 0 <= size < _MAX_SPACE or align <= 0 or align & align - 1:
            raise SyntaxFault("asm-value", "bad size or alignment", head.span)
        symbol.special, symbol.size, symbol.value = objwriter.SHN_COMMON, size, align
        symbol.binding, symbol.type = objwriter.STB_GLOBAL, objwriter.STT_OBJECT
        self.defined_at[symbol.name] = head.span

    def _align(self, is_log2: bool, operands: list[list[Token]], head: Token) -> None:
        if not 1 <= len(operands) <= 3:
            raise SyntaxFault("asm-syntax", f"{head.text} needs an alignment", head.span)
        align = self._number(operands[0], head.span)
        if is_log2:
            align = 1 << align if 0 <= align <= 16 else 0
        if not 0 < align <= 1 << 16 or align & align - 1:
            raise SyntaxFault("asm-value", "an alignment is a power of two up to 65536", head.span)
        fill = self._number(operands[1], head.span) if len(operands) > 1 and operands[1] else None
        limit = self._number(operands[2], head.span) if len(operands) > 2 else align
        section = self.section
        count = -len(section.data) % align
        if count > limit:
            return
        section.align = max(section.align, align)
        if fill is None and section.flags & objwriter.SHF_EXECINSTR and count % 2 == 0:
            if count % 4:
                self._append(encode("c.nop").to_bytes(2, "little"), head.span)
            nop = encode("addi", rd=0, rs1=0, imm12=0).to_bytes(4, "little")
            self._append(nop * (count // 4), head.span)
        else:
            self._append(bytes([(fill or 0) & 0xFF]) * count, head.span)

    def _data(self, size: int, operands: list[list[Token]], head: Token) -> None:
        if not operands:
            raise SyntaxFault("asm-syntax", f"{head.text} needs a value", head.span)
        for operand in operands:
            expr = self._expression(operand, head.span)
            section, offset = self.section, len(self.section.data)
            self._append(bytes(size), expr.span)
            self.late.append(partial(self._fill_data, section, offset, size, expr))

    def _fill_data(self, section: ObjSection, offset: int, size: int, expr: Expr) -> None:
        value = self._evaluate(expr)
        if value.symbol is None:
            if not -(1 << 8 * size - 1) <= value.number < 1 << 8 * size:
                what = f"{value.number} does not fit into {size} bytes"
                raise SyntaxFault("asm-value", what, expr.span)
            data = (value.number & (1 << 8 * size) - 1).to_bytes(size, "little")
            if section.type == objwriter.SHT_NOBITS and value.number:
                raise SyntaxFault("asm-value", f"'{section.name}' holds no bytes", expr.span)
            section.data[offset : offset + size] = data
        elif size in _ABSOLUTE:
            self._relocate(section, offset, _ABSOLUTE[size], value, expr.span)
        else:
            raise SyntaxFault("asm-value", f"an address does not fit into {size} bytes", expr.span)

    def _string(self, end: bytes, operands: list[list[Token]], head: Token) -> None:
        for operand in operands:
            if len(operand) != 1 or operand[0].kind != "string":
                raise SyntaxFault("asm-syntax", f"{head.text} needs strings", head.span)
            self._append(operand[0].text.encode("latin-1") + end, operand[0].span)

    def _space(self, operands: list[list[Token]], head: Token) -> None:
        if not 1 <= len(operands) <= 2:
            raise SyntaxFault("asm-syntax", f"{head.text} needs a size", head.span)
        count = self._number(operands[0], head.span)
        fill = self._number(operands[1], head.span) if len(operands) > 1 else 0
        self._append(bytes([fill & 0xFF]) * self._checked_space(count, head), head.span)

    def _fill(self, operands: list[list[Token]], head: Token) -> None:
        if not 1 <= len(operands) <= 3:
            raise SyntaxFault("asm-syntax", ".fill needs a count, a size, a value", head.span)
        count, size, value = [self._number(o, head.span) for o in operands] + [1, 0][
            len(operands) - 1 :
        ]
        if not 0 <= size <= 8:
            raise SyntaxFault("asm-value", "the size of .fill is 0 to 8", head.span)
        self._checked_space(count * size, head)
        self._append((value & (1 << 8 * size) - 1).to_bytes(size, "little") * count, head.span)

    def _checked_space(self, count: int, head: Token) -> int:
        if not 0 <= count <= _MAX_SPACE:
            raise SyntaxFault("asm-value", f"cannot make {count} bytes", head.span)
        return count

    def _option(self, operands: list[list[Token]], head: Token) -> None:
        match ["".join(t.text for t in operand) for operand in operands]:
            case ["rvc"]:
                self.extensions.add("c")
                self.compress = True
            case ["norvc"]:
                self.compress = False
            case ["push"]:
                self.options.append(_State(self.compress, set(self.extensions)))
            case ["pop"] if self.options:
                state = self.options.pop()
                self.compress, self.extensions = state.compress, state.extensions
            case ["relax" | "norelax" | "nopic"]:
                pass  # nothing is ever relaxed, and no code is position-independent
            case ["arch", *names] if names:
                for name in names:
                    self._add_extension(name, head)
            case other:
                what = f".option {','.join(other)} is not supported"
                raise SyntaxFault("asm-directive", what, head.span)

    def _add_extension(self, name: str, head: Token) -> None:
        try:
            added = parse_target(name if name.startswith("rv") else f"{DEFAULT_ARCH}_{name[1:]}")
        except ValueError as e:
            raise SyntaxFault("asm-directive", str(e), head.span) from e
        if not name.startswith(("+", "rv")):
            raise SyntaxFault("asm-directive", f"write .option arch, +{name}", head.span)
        self.extensions |= added.extensions

    def _append(self, data: bytes, span: Span) -> None:
        if self.section.type == objwriter.SHT_NOBITS and any(data):
            raise SyntaxFault("asm-value", f"'{self.section.name}' holds no bytes", span)
        self.section.data += data
        if len(self.section.data) > _MAX_SPACE:
            raise self.diags.fatal("asm-value", f"section '{self.section.name}' is too large", span)

    # -- instructions -----------------------------------------------------------------------------

    def _instruction(self, head: Token, operands: list[list[Token]]) -> None:
        name = head.text.lower()
        if name == "zext.w" and "zba" in self.extensions:
            name = "zext.w+"  # one instruction does it
        templates = PSEUDO.get((name, len(operands)))
        if templates is not None:
            for template in templates:
                self._instruction(*_instantiate(template, operands, head))
            return
        special = _SPECIAL.get(name)
        if special is not None:
            special(self, operands, head)
            return
        if self._accesses_symbol(name, operands):
            self._access_symbol(name, operands, head)
            return
        flags = {}
        stem, _, suffix = name.rpartition(".")
        if suffix in ("aq", "rl", "aqrl") and stem in TABLE and TABLE[stem].ext == "A":
            name = stem
            flags = {"aq": int("aq" in suffix), "rl": int("rl" in suffix)}
        row = TABLE.get(name)
        if row is None:
            raise SyntaxFault("asm-instruction", f"unknown instruction '{head.text}'", head.span)
        short_form = TABLE.get(_IMMEDIATE_FORMS.get(name, ""))
        if short_form and len(operands) == 3 and self._is_constant(operands[2]):
            row = short_form  # `add a0,a1,5` is how objdump writes addi
        self._require(row, head)
        self._encode(row, self._operands(row, operands, head), flags, head)

    def _is_constant(self, operand: list[Token]) -> bool:
        if len(operand) != 1 or operand[0].kind != "name":
            return bool(operand)
        symbol = self.symbols.get(operand[0].text)
        return symbol is not None and symbol.special == objwriter.SHN_ABS

    def _require(self, row: Insn, head: Token) -> None:
        if row.ext != "M-mode" and row.ext.lower() not in self.extensions:
            raise SyntaxFault(
                "asm-extension", f"'{head.text}' needs the extension {row.ext}", head.span
            )

    def _operands(
        self, row: Insn, operands: list[list[Token]], head: Token
    ) -> dict[str, int | Expr]:
        """Values by field name; what is not a plain number yet stays an expression."""
        parts = _parts(row)
        least = sum(not _is_optional(part) for part in parts)
        if not least <= len(operands) <= len(parts):
            count = str(least) if least == len(parts) else f"{least} to {len(parts)}"
            raise SyntaxFault(
                "asm-syntax", f"'{row.name}' takes {count} operands, not {len(operands)}", head.span
            )
        given: dict[str, int | Expr] = {}
        for part, operand in zip(parts, operands, strict=False):
            self._operand(row, part, operand, head, given)
        return given

    def _operand(
        self,
        row: Insn,
        part: str,
        operand: list[Token],
        head: Token,
        given: dict[str, int | Expr],
    ) -> None:
        if not operand:
            raise SyntaxFault("asm-syntax", "an operand is missing", head.span)
        whole = operand[0].span.to(operand[-1].span)
        if part.endswith(")"):  # imm(reg) or (reg)
            key, _, base = part.rstrip(")").partition("(")
            if len(operand) < 3 or [operand[-3].text, operand[-1].text] != ["(", ")"]:
                raise SyntaxFault("asm-syntax", f"expected {'offset' * bool(key)}(register)", whole)
            self._register(base, operand[-2], given)
            number = operand[:-3]
            if key:
                given[key] = self._value(number, whole) if number else 0
            elif number and not (len(number) == 1 and number[0].value == 0):
                raise SyntaxFault("asm-value", f"'{row.name}' takes no offset", whole)
            return
        name = part.removeprefix("f.").partition("=")[0]
        kind = FIELDS[name].kind if name in FIELDS else "reg"
        word = operand[0].text if len(operand) == 1 and operand[0].kind == "name" else ""
        if kind == "reg":
            if len(operand) != 1:
                raise SyntaxFault("asm-syntax", "expected a register", whole)
            self._register(part, operand[0], given)
        elif kind == "rm":
            if word not in ROUNDING:
                raise SyntaxFault("asm-syntax", f"rounding modes are {', '.join(ROUNDING)}", whole)
            given[name] = ROUNDING[word]
        elif kind == "fence":
            letters = [FENCE_LETTERS.find(c) for c in word]
            ordered = letters == sorted(set(letters)) and -1 not in letters
            if not ordered or not (word or [t.text for t in operand] == ["0"]):
                raise SyntaxFault("asm-syntax", "expected some of iorw, or 0", whole)
            given[name] = sum(8 >> n for n in letters)
        elif kind == "csr" and word in CSRS:
            given[name] = CSRS[word]
        else:
            given[name] = self._value(operand, whole)

    def _register(self, part: str, token: Token, given: dict[str, int | Expr]) -> None:
        floating = part.startswith("f.")
        numbers = F_NUMBERS if floating else X_NUMBERS
        number = numbers.get(token.text) if token.kind == "name" else None
        if number is None:
            kind = "a floating-point" if floating else "an integer"
            raise SyntaxFault("asm-syntax", f"'{token.text}' is not {kind} register", token.span)
        if part == "sp":
            if number != X_NUMBERS["sp"]:
                raise SyntaxFault("asm-value", "this register must be sp", token.span)
            return
        given[part.removeprefix("f.")] = number

    def _value(self, tokens: list[Token], after: Span) -> int | Expr:
        """A number if it is known now and does not hang on where a label is."""
        expr = self._expression(tokens, after)
        return expr.value if isinstance(expr, Number) else self._folded(expr)

    def _folded(self, expr: Expr) -> int | Expr:
        if _mentions_labels(expr):
            return expr
        return self._evaluate(expr).number

    def _encode(
        self, row: Insn, given: dict[str, int | Expr], flags: dict[str, int], head: Token
    ) -> None:
        """Append the instruction, with room for what is filled in later."""
        section = self.section
        if not section.flags & objwriter.SHF_EXECINSTR:
            raise SyntaxFault("asm-value", f"'{section.name}' is no section for code", head.span)
        section.align = max(section.align, 2 if self.compress or row.size == 2 else 4)
        operands, waiting = dict(flags), []
        for key, value in given.items():
            shift = 12 if FIELDS[key].scale == 4096 else 0
            if isinstance(value, int) and FIELDS[key].kind != "target":
                operands[key] = _upper(value, head) if shift else value
            else:
                waiting.append((key, Number(value, head.span) if isinstance(value, int) else value))
        if not waiting:
            self._append(self._bytes(row, operands, head), head.span)
            return
        offset = len(section.data)
        self._append(bytes(row.size), head.span)

        def resolve() -> None:
            for key, expr in waiting:
                operands[key] = self._resolve(section, offset, key, expr)
            data = _encoded(row, operands, head).to_bytes(row.size, "little")
            section.data[offset : offset + row.size] = data

        self.late.append(resolve)

    def _bytes(self, row: Insn, operands: dict[str, int], head: Token) -> bytes:
        word, size = _encoded(row, operands, head), row.size
        if self.compress and size == 4:
            full = {o.key: operands.get(o.key, o.default) for o in row.operands}
            short = compress(Decoded(row, {k: v for k, v in full.items() if v is not None}))
            if short is not None:
                word, size = encode(short.insn, **short.operands), 2
        return word.to_bytes(size, "little")

    def _resolve(self, section: ObjSection, offset: int, key: str, expr: Expr) -> int:
        """The operand's value, 0 where a relocation will put it."""
        if isinstance(expr, Modified):
            return self._resolve_modified(section, offset, key, expr)
        value = self._evaluate(expr)
        if FIELDS[key].kind != "target":
            if value.symbol is not None:
                raise SyntaxFault(
                    "asm-value", "an address does not fit here; see %lo and la", expr.span
                )
            return _upper(value.number, expr) if key in ("upper20", "clui") else value.number
        if value.symbol is None:
            raise SyntaxFault("asm-value", "the target must be a label", expr.span)
        if value.place is section and value.symbol.binding != objwriter.STB_WEAK:
            return value.offset - offset
        self._relocate(section, offset, _TARGETS[key], value, expr.span)
        return 0

    def _resolve_modified(self, section: ObjSection, offset: int, key: str, expr: Modified) -> int:
        reloc = _MODIFIED.get((expr.modifier, key))
        if reloc is None:
            raise SyntaxFault("asm-value", f"{expr.modifier} cannot be used here", expr.span)
        value = self._evaluate(expr.operand)
        if value.symbol is None:
            if expr.modifier.startswith("%pcrel"):
                raise SyntaxFault("asm-value", f"{expr.modifier} needs a label", expr.span)
            low = (value.number & 0xFFF ^ 0x800) - 0x800
            high = (value.number - low & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
            return high if expr.modifier == "%hi" else low
        if expr.modifier == "%pcrel_lo":
            # It names the auipc whose %pcrel_hi it completes: the label itself must survive.
            if value.number or value.place is None:
                raise SyntaxFault("asm-value", "%pcrel_lo needs the label of an auipc", expr.span)
            self.used.add(id(value.symbol))
            section.relocs.append(ObjReloc(offset, reloc, value.symbol))
        else:
            self._relocate(section, offset, reloc, value, expr.span)
        return 0

    def _relocate(
        self, section: ObjSection, offset: int, kind: int, value: _Value, span: Span
    ) -> None:
        symbol, addend = value.symbol, value.number
        assert symbol is not None
        if symbol.section is None and not symbol.special and _is_temporary(symbol.name):
            shown = symbol.name.partition(":")[0]
            raise SyntaxFault("asm-undefined", f"label '{shown}' is not defined", span)
        if symbol.section is not None and _is_temporary(symbol.name):
            addend += symbol.value
            symbol = self.anchors.setdefault(
                symbol.section.name,
                ObjSymbol("", symbol.section, type=objwriter.STT_SECTION),
            )
        self.used.add(id(symbol))
        section.relocs.append(ObjReloc(offset, kind, symbol, addend))

    # -- instructions that are several -------------------------------------------------------------

    def _li(self, operands: list[list[Token]], head: Token) -> None:
        if len(operands) != 2:
            raise SyntaxFault("asm-syntax", "'li' takes 2 operands", head.span)
        value = self._number(operands[1], head.span)
        if not -(1 << 63) <= value < 1 << 64:
            raise SyntaxFault("asm-value", f"{value} does not fit into 64 bits", head.span)
        register: dict[str, int | Expr] = {}
        self._operand(TABLE["addi"], "rd", operands[0], head, register)
        rd = register["rd"]
        for name, source, immediate in load_constant(value):
            row = TABLE[name]
            given: dict[str, int | Expr] = {"rd": rd}
            for operand in row.operands[1:]:
                given[operand.key] = immediate
            if "rs1" in given:
                given["rs1"] = 0 if source == "zero" else rd
            if name == "lui":
                given["upper20"] = immediate >> 12
            self._encode(row, given, {}, head)

    def _pcrel_pair(
        self, row: Insn, given: dict[str, int | Expr], base: int, target: Expr, head: Token
    ) -> None:
        """auipc base, %pcrel_hi(target); then `row` with %pcrel_lo of that."""
        self.hidden_labels += 1
        label = f".Lpcrel_hi{self.hidden_labels}"
        self.symbols[label] = ObjSymbol(label, self.section, len(self.section.data))
        high = Modified("%pcrel_hi", target, target.span)
        self._encode(TABLE["auipc"], {"rd": base, "upper20": high}, {}, head)
        low = Modified("%pcrel_lo", Name(label, target.span), target.span)
        key = next(o.key for o in row.operands if o.key in ("imm12", "store12"))
        self._encode(row, {**given, "rs1": base, key: low}, {}, head)

    def _la(self, operands: list[list[Token]], head: Token) -> None:
        if len(operands) != 2:
            raise SyntaxFault("asm-syntax", f"'{head.text}' takes 2 operands", head.span)
        given: dict[str, int | Expr] = {}
        self._operand(TABLE["addi"], "rd", operands[0], head, given)
        rd = given["rd"]
        assert isinstance(rd, int)
        target = self._expression(operands[1], head.span)
        self._pcrel_pair(TABLE["addi"], {"rd": rd}, rd, target, head)

    def _accesses_symbol(self, name: str, operands: list[list[Token]]) -> bool:
        """`lw a0, table`, `sw a0, table, t0`: a load or store that names no base register."""
        row = TABLE.get(name)
        if row is None or name not in LOADS or len(operands) < 2 or not operands[1]:
            return False
        return operands[1][-1].text != ")" or not _has_base(operands[1])

    def _access_symbol(self, name: str, operands: list[list[Token]], head: Token) -> None:
        row = TABLE[name]
        register, _memory = _parts(row)
        own: dict[str, int | Expr] = {}
        self._require(row, head)
        self._operand(row, register, operands[0], head, own)
        needs_base = register != "rd"  # what is loaded into an integer register holds it before
        if len(operands) != 2 + needs_base:
            what = "a register for the address" if needs_base else "2 operands"
            raise SyntaxFault("asm-syntax", f"'{name}' of a symbol takes {what}", head.span)
        base: dict[str, int | Expr] = {}
        self._operand(row, "rd", operands[2] if needs_base else operands[0], head, base)
        number = base["rd"]
        assert isinstance(number, int)
        target = self._expression(operands[1], head.span)
        self._pcrel_pair(row, own, number, target, head)

    def _jump_register(self, operands: list[list[Token]], head: Token) -> None:
        """jr and jalr: with or without a link register and an offset, however written."""
        name = head.text.lower()
        given: dict[str, int | Expr] = {"rd": X_NUMBERS["zero" if name == "jr" else "ra"]}
        row = TABLE["jalr"]
        if name == "jalr" and len(operands) > 1:
            self._operand(row, "rd", operands[0], head, given)
            operands = operands[1:]
        if not 1 <= len(operands) <= 1 + (name == "jalr"):
            raise SyntaxFault("asm-syntax", f"'{name}' takes a register", head.span)
        if len(operands) == 2 or _is_register(operands[0]):
            self._operand(row, "rs1", operands[0], head, given)
            last = operands[1] if len(operands) == 2 else []
            given["imm12"] = self._value(last, head.span) if last else 0
        else:
            self._operand(row, "imm12(rs1)", operands[0], head, given)
        self._encode(row, given, {}, head)

    def _fence_tso(self, operands: list[list[Token]], head: Token) -> None:
        if operands:
            raise SyntaxFault("asm-syntax", "'fence.tso' takes no operands", head.span)
        self._encode(TABLE["fence"], {"pred": 3, "succ": 3, "fm": 8}, {}, head)

    def _call(self, operands: list[list[Token]], head: Token) -> None:
        """A call or jump to anywhere: two instructions under one relocation."""
        takes_register = head.text == "jump" or len(operands) == 2
        if len(operands) != 1 + takes_register:
            raise SyntaxFault("asm-syntax", f"'{head.text}' takes a symbol", head.span)
        link = {"call": "ra", "tail": "zero", "jump": "zero"}[head.text]
        through = {"call": "ra", "tail": "t1", "jump": "t1"}[head.text]
        numbers = [X_NUMBERS[link], X_NUMBERS[through]]
        target = operands[0]
        if takes_register:
            given: dict[str, int | Expr] = {}
            which = 1 if head.text == "jump" else 0
            target = operands[1 - which]
            self._operand(TABLE["addi"], "rd", operands[which], head, given)
            rd = given["rd"]
            assert isinstance(rd, int)
            numbers = [numbers[0], rd] if head.text == "jump" else [rd, rd]
        expr = self._expression(target, head.span)
        section, offset = self.section, len(self.section.data)
        compress, self.compress = self.compress, False  # the relocation covers eight bytes
        try:
            self._encode(TABLE["auipc"], {"rd": numbers[1], "upper20": 0}, {}, head)
            self._encode(TABLE["jalr"], {"rd": numbers[0], "rs1": numbers[1], "imm12": 0}, {}, head)
        finally:
            self.compress = compress

        def resolve() -> None:
            value = self._evaluate(expr)
            if value.symbol is None:
                raise SyntaxFault("asm-value", "the target must be a label", expr.span)
            self._relocate(section, offset, R_RISCV_CALL_PLT, value, expr.span)

        self.late.append(resolve)

    # -- the end ----------------------------------------------------------------------------------

    def finish(self) -> bytes:
        # Labels are final from here on.
        for work in self.late:
            self.attempt(work)
        self.diags.raise_errors()
        kept = [s for s in self.symbols.values() if self._is_kept(s)]
        for symbol in kept:
            if symbol.section is None and not symbol.special and not symbol.binding:
                symbol.binding = objwriter.STB_GLOBAL
            symbol.name = symbol.name.replace(":", ".") if ":" in symbol.name else symbol.name
        sections = [s for s in self.sections.values() if s.data or s.name != ".text" or s.flags]
        return objwriter.write_object(sections, [*self.anchors.values(), *kept])

    def _is_kept(self, symbol: ObjSymbol) -> bool:
        if id(symbol) in self.used:
            return True
        if _is_temporary(symbol.name):
            return False
        return symbol.section is not None or symbol.special != 0 or symbol.binding == 2


# -- helpers ------------------------------------------------------------------------------------


def _split(tokens: list[Token]) -> list[list[Token]]:
    """Operands at commas, none of them inside parentheses."""
    if not tokens:
        return []
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "op":
            depth += (token.text == "(") - (token.text == ")")
            if token.text == "," and depth <= 0:
                found.append([])
                continue
        found[-1].append(token)
    return found


def _is_temporary(name: str) -> bool:
    return name.startswith(".L") or ":" in name


def _is_register(operand: list[Token]) -> bool:
    return len(operand) == 1 and (operand[0].text in X_NUMBERS or operand[0].text in F_NUMBERS)


def _has_base(operand: list[Token]) -> bool:
    """Whether it ends in `(register)`, which `%lo(x)` does not."""
    before = operand[-4].text if len(operand) > 3 else ""
    return len(operand) > 2 and operand[-3].text == "(" and before not in asmlex.MODIFIERS


def _mentions_labels(expr: Expr) -> bool:
    match expr:
        case Name():
            return True
        case Modified(_, operand, _):
            return True
        case Unary(_, operand, _):
            return _mentions_labels(operand)
        case Binary(_, left, right, _):
            return _mentions_labels(left) or _mentions_labels(right)
        case Number():
            return False


def _upper(value: int, where: Token | Expr) -> int:
    """The value of lui or auipc from what is written: its upper twenty bits, signed or not."""
    if not -(1 << 19) <= value < 1 << 20:
        raise SyntaxFault("asm-value", f"{value} is not in the range 0 to 1048575", where.span)
    return ((value & 0xF_FFFF ^ 0x8_0000) - 0x8_0000) << 12


def _encoded(row: Insn, operands: dict[str, int], head: Token) -> int:
    try:
        return encode(row, **operands)
    except EncodeError as e:
        raise SyntaxFault("asm-value", f"'{row.name}': {e}", head.span) from e


@cache
def _parts(row: Insn) -> tuple[str, ...]:
    """A row's operands as they are written."""
    parts = row.syntax.split(",") if row.syntax else []
    return tuple(p for p in parts if p not in FIELDS or FIELDS[p].kind != "flag")


def _is_optional(part: str) -> bool:
    key = part.partition("=")[0]
    return key in FIELDS and FIELDS[key].kind == "rm"


@cache
def _template(text: str) -> tuple[Token, tuple[tuple[Token, ...], ...]]:
    (line,) = asmlex.statements(SourceFile("<pseudo-instruction>", text), Diagnostics())
    return line[0], tuple(tuple(operand) for operand in _split(line[1:]))


def _instantiate(
    text: str, operands: list[list[Token]], head: Token
) -> tuple[Token, list[list[Token]]]:
    """A template's statement, with places that point into the user's text."""
    name, parts = _template(text)
    filled: list[list[Token]] = []
    for part in parts:
        filled.append([])
        for token in part:
            if token.text[0] == "$":
                filled[-1] += operands[int(token.text[1:])]
            else:
                filled[-1].append(Token(token.kind, token.text, head.span, token.value))
    return Token("name", name.text, head.span), filled


_IMMEDIATE_FORMS = {
    name.replace("i", "", 1) if name != "sltiu" else "sltu": name
    for name in (
        "addi", "addiw", "xori", "ori", "andi", "slti", "sltiu", "slli", "srli", "srai",
    )
} | {
    "sllw": "slliw", "srlw": "srliw", "sraw": "sraiw", "ror": "rori", "rorw": "roriw",
    "bclr": "bclri", "bext": "bexti", "binv": "binvi", "bset": "bseti",
    "csrrw": "csrrwi", "csrrs": "csrrsi", "csrrc": "csrrci",
}  # fmt: skip

_Handler = Callable[[_Assembler, list[list[Token]], Token], None]


def _with(method: Callable[..., None], first: object) -> _Handler:
    return lambda job, operands, head: method(job, first, operands, head)


_A = _Assembler
_DIRECTIVES: dict[str, _Handler] = {
    **dict.fromkeys((".text", ".data", ".bss", ".rodata"), _A._plain_section),
    **dict.fromkeys((".section", ".pushsection"), _A._section),
    ".popsection": _A._pop_section,
    ".previous": _A._previous,
    **dict.fromkeys((".globl", ".global"), _with(_A._binding, objwriter.STB_GLOBAL)),
    ".local": _with(_A._binding, objwriter.STB_LOCAL),
    ".weak": _with(_A._binding, objwriter.STB_WEAK),
    **dict.fromkeys(_VISIBILITY, _A._visibility),
    ".type": _A._type,
    ".size": _A._size,
    **dict.fromkeys((".set", ".equ", ".equiv"), _A._assign),
    ".comm": _A._common,
    **dict.fromkeys((".align", ".p2align"), _with(_A._align, True)),
    ".balign": _with(_A._align, False),
    ".byte": _with(_A._data, 1),
    **dict.fromkeys((".half", ".hword", ".short", ".2byte"), _with(_A._data, 2)),
    **dict.fromkeys((".word", ".long", ".int", ".4byte"), _with(_A._data, 4)),
    **dict.fromkeys((".dword", ".quad", ".8byte"), _with(_A._data, 8)),
    ".ascii": _with(_A._string, b""),
    **dict.fromkeys((".asciz", ".string"), _with(_A._string, b"\0")),
    **dict.fromkeys((".zero", ".space", ".skip"), _A._space),
    ".fill": _A._fill,
    ".option": _A._option,
}
_SPECIAL: dict[str, _Handler] = {
    "li": _A._li,
    **dict.fromkeys(("la", "lla"), _A._la),
    "fence.tso": _A._fence_tso,
    **dict.fromkeys(("jr", "jalr"), _A._jump_register),
    **dict.fromkeys(("call", "tail", "jump"), _A._call),
}
