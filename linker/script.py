"""Linker scripts: text to commands and expressions, with the place of each.

Written by hand, not as a grammar: a linker script is lexed differently where it names files and
sections (`*-crt0.o`, `lib/a.o`) than where it computes, and only the parser knows which comes
next. It also saves every link the import of a parser generator. Language: "Linker Scripts" in
the GNU ld manual.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from ..frontend.diag import Diagnostics
from ..frontend.record import field, record
from ..frontend.source import SourceFile, Span
from . import elf

# -- expressions ------------------------------------------------------------------------------


@record
class Num:
    value: int
    span: Span = field(compare=False, repr=False)


@record
class Name:
    """A symbol, or `.`, the location counter."""

    name: str
    span: Span = field(compare=False, repr=False)


@record
class Unary:
    op: str
    operand: Expr
    span: Span = field(compare=False, repr=False)


@record
class Binary:
    op: str
    left: Expr
    right: Expr
    span: Span = field(compare=False, repr=False)


@record
class Conditional:
    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span = field(compare=False, repr=False)


@record
class Call:
    """A builtin function: `name` is what it is about (a section, region or symbol), or ""."""

    function: str
    name: str
    args: tuple[Expr, ...]
    span: Span = field(compare=False, repr=False)


Expr: TypeAlias = Num | Name | Unary | Binary | Conditional | Call

# Builtin functions by what they take: "n" a name, "e" an expression, "?" optional from here on.
FUNCTIONS = {
    "ABSOLUTE": "e", "ADDR": "n", "ALIGN": "e?e", "ALIGNOF": "n", "BLOCK": "e", "CONSTANT": "n",
    "DATA_SEGMENT_ALIGN": "ee", "DATA_SEGMENT_END": "e", "DATA_SEGMENT_RELRO_END": "ee",
    "DEFINED": "n", "LENGTH": "n", "LOADADDR": "n", "LOG2CEIL": "e", "MAX": "ee", "MIN": "ee",
    "NEXT": "e", "ORIGIN": "n", "SEGMENT_START": "ne", "SIZEOF": "n",
}  # fmt: skip
WORDS = frozenset({"SIZEOF_HEADERS", "sizeof_headers"})  # functions without parentheses

# -- commands ---------------------------------------------------------------------------------


@record
class Assign:
    """symbol op expr; `provide` only where needed and undefined, `hidden` not for others."""

    symbol: str
    op: str  # "=", "+=", ...
    expr: Expr
    span: Span = field(compare=False, repr=False)
    provide: bool = False
    hidden: bool = False


@record
class Assert:
    condition: Expr
    message: str
    span: Span = field(compare=False, repr=False)


@record
class Glob:
    text: str

    def matcher(self) -> Callable[[str], bool]:
        """A test for names; cheap for the common shapes."""
        text = self.text
        if text == "*":
            return lambda _: True
        if not any(c in text for c in "*?[\\"):
            return text.__eq__
        if text[-1] == "*" and not any(c in text[:-1] for c in "*?[\\"):
            return lambda name: name.startswith(text[:-1])
        regex = _glob_regex(text)
        return lambda name: regex.fullmatch(name) is not None


@record
class SectionGlob:
    glob: Glob
    exclude: tuple[Glob, ...] = ()  # files
    # outermost first: "name", "alignment", "init" or "none"
    sorts: tuple[str, ...] = ()


@record
class InputPattern:
    """file(section section ...): the input sections that go here."""

    file: Glob
    sections: tuple[SectionGlob, ...]
    span: Span = field(compare=False, repr=False)
    exclude: tuple[Glob, ...] = ()
    keep: bool = False
    sort_files: bool = False


@record
class Data:
    size: int  # bytes
    expr: Expr
    span: Span = field(compare=False, repr=False)


@record
class Fill:
    """What gaps are filled with: the bytes of a hexadecimal literal, else four of a value."""

    expr: Expr
    literal: bytes | None
    span: Span = field(compare=False, repr=False)


SectionItem: TypeAlias = Assign | Assert | InputPattern | Data | Fill


@record
class SectionCommand:
    """An output section: how to place it, and what goes into it."""

    name: str
    items: tuple[SectionItem, ...]
    span: Span = field(compare=False, repr=False)
    address: Expr | None = None
    type: str = ""
    load_address: Expr | None = None
    align: Expr | None = None
    subalign: Expr | None = None
    constraint: str = ""  # ONLY_IF_RO, ONLY_IF_RW
    region: str | None = None
    load_region: str | None = None
    phdrs: tuple[str, ...] = ()
    fill: Fill | None = None


@record
class Region:
    """MEMORY { name (attributes) : ORIGIN = origin, LENGTH = length }"""

    name: str
    attributes: str
    origin: Expr
    length: Expr
    span: Span = field(compare=False, repr=False)


@record
class PhdrCommand:
    name: str
    type: Expr
    span: Span = field(compare=False, repr=False)
    filehdr: bool = False
    phdrs: bool = False
    at: Expr | None = None
    flags: Expr | None = None


Command: TypeAlias = Assign | Assert | SectionCommand


@record(frozen=False)
class Script:
    """A parsed script: its commands in order, the rest by kind."""

    commands: list[Command] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)  # REGION_ALIAS
    phdrs: list[PhdrCommand] = field(default_factory=list)
    entry: tuple[str, Span] | None = None
    externs: list[str] = field(default_factory=list)
    has_sections: bool = False

    def assignments(self) -> list[Assign]:
        """Every assignment, inside sections and outside, but not those to `.`."""
        found: list[Assign] = []
        for command in self.commands:
            items = command.items if isinstance(command, SectionCommand) else (command,)
            found += [i for i in items if isinstance(i, Assign) and i.symbol != "."]
        return found


# -- parser -----------------------------------------------------------------------------------

SPACE = re.compile(r"(?:\s+|/\*.*?\*/)+", re.DOTALL)
SYMBOL = re.compile(r"[A-Za-z_.$][\w.$]*")
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([kKmM]?)(?![\w.])")
STRING = re.compile(r'"([^"\n]*)"')
SECTION_NAME = re.compile(r"[\w.$/~+\-\[\]*?\\^!@%]+")  # of an output section
PATTERN = re.compile(r"[\w.$/~+\-\[\]*?\\^!@%:]+")  # of files and input sections
ASSIGNMENT = re.compile(r"(?:\+|-|\*|/|<<|>>|&|\||\^)?=(?!=)")
OPERATOR = re.compile(r"<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^<>?:(),~!]")
TYPES = re.compile(r"\(\s*(NOLOAD|INFO|COPY|DSECT|OVERLAY|READONLY)\s*\)")
PRECEDENCE = {
    op: level
    for level, ops in enumerate(
        ("||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %"), start=1
    )
    for op in ops.split()
}
DATA_SIZES = {"BYTE": 1, "SHORT": 2, "LONG": 4, "QUAD": 8, "SQUAD": 8}
SORTS = {
    "SORT": "name",
    "SORT_BY_NAME": "name",
    "SORT_BY_ALIGNMENT": "alignment",
    "SORT_BY_INIT_PRIORITY": "init",
    "SORT_NONE": "none",
}
PHDR_TYPES = {
    "PT_NULL": elf.PT_NULL, "PT_LOAD": elf.PT_LOAD, "PT_DYNAMIC": elf.PT_DYNAMIC,
    "PT_INTERP": elf.PT_INTERP, "PT_NOTE": elf.PT_NOTE, "PT_SHLIB": elf.PT_SHLIB,
    "PT_PHDR": elf.PT_PHDR, "PT_TLS": elf.PT_TLS, "PT_GNU_STACK": elf.PT_GNU_STACK,
    "PT_RISCV_ATTRIBUTES": elf.PT_RISCV_ATTRIBUTES,
}  # fmt: skip
# Commands that change nothing here: there is one architecture, one format, one search path.
IGNORED = frozenset({"OUTPUT_ARCH", "OUTPUT_FORMAT", "SEARCH_DIR", "TARGET", "NOCROSSREFS"})
UNSUPPORTED = frozenset({
    "GROUP", "INPUT", "OUTPUT", "STARTUP", "OVERLAY", "VERSION", "INSERT",
    "FORCE_COMMON_ALLOCATION", "INHIBIT_COMMON_ALLOCATION", "NOCROSSREFS_TO", "LD_FEATURE",
    "AS_NEEDED", "FLOAT", "NOFLOAT",
})  # fmt: skip
MAX_DEPTH = 40  # of nested parentheses, conditionals and includes
MAX_OPERATORS = 300  # in one expression, which bounds how deep its tree is

ReadInclude: TypeAlias = Callable[[str], SourceFile | None]


def parse_script(
    file: SourceFile, diags: Diagnostics, read_include: ReadInclude | None = None
) -> Script:
    """Parse a linker script.

    read_include:  finds the file an INCLUDE names, None when there is none.
    raises:        CompileError (code script-syntax) at the first thing that is not understood.
    """
    script = Script()
    _Parser(file, diags, script, read_include).commands(inside_sections=False)
    return script


class _Parser:
    def __init__(
        self,
        file: SourceFile,
        diags: Diagnostics,
        script: Script,
        read_include: ReadInclude | None,
        depth: int = 0,
    ) -> None:
        self.file = file
        self.text = file.text
        self.at = 0
        self.end = 0  # of the word last read
        self.diags = diags
        self.script = script
        self.read_include = read_include
        self.depth = self.base_depth = depth
        self.operators = 0  # of the expression being read
        self.skip_space()

    # -- lexing: the caller says what kind of word it expects ---------------------------------

    def skip_space(self) -> None:
        self.end = self.at
        if m := SPACE.match(self.text, self.at):
            self.at = m.end()
        if self.text.startswith("/*", self.at):
            self.fail("this comment does not end", self.at, self.at + 2)

    def fail(self, message: str, start: int | None = None, end: int | None = None) -> NoReturn:
        if start is None:
            start = self.at
            word = PATTERN.match(self.text, start)
            end = word.end() if word else min(start + 1, len(self.text))
        raise self.diags.fatal("script-syntax", message, Span(self.file, start, end or start))

    def found(self) -> str:
        m = PATTERN.match(self.text, self.at)
        word = m.group() if m else self.text[self.at : self.at + 1]
        return f"'{word}'" if word else "the end of the script"

    def span(self, start: int) -> Span:
        """From `start` to the last character read."""
        return Span(self.file, start, max(start, self.end))

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def accept(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        self.skip_space()
        return True

    def expect(self, text: str, after: str) -> None:
        if not self.accept(text):
            self.fail(f"expected '{text}' {after}, found {self.found()}")

    def take(self, pattern: re.Pattern[str]) -> str | None:
        m = pattern.match(self.text, self.at)
        if m is None:
            return None
        self.at = m.end()
        self.skip_space()
        return m.group(1) if pattern.groups else m.group()

    def word(self, pattern: re.Pattern[str], what: str) -> str:
        """A word of the kind, or the same in quotes."""
        word = self.take(STRING)
        if word is None:
            word = self.take(pattern)
        if word is None:
            self.fail(f"expected {what}, found {self.found()}")
        return word

    def keyword(self) -> str:
        """The symbol that stands here, not read yet."""
        m = SYMBOL.match(self.text, self.at)
        return m.group() if m else ""

    def calls(self, name: str) -> bool:
        """Read `name (` when it stands here."""
        start = self.at
        if self.keyword() == name:
            self.at += len(name)
            self.skip_space()
            if self.accept("("):
                return True
        self.at = start
        return False

    # -- commands -----------------------------------------------------------------------------

    def commands(self, inside_sections: bool) -> None:
        """Commands up to the end of the text, or to the } that ends SECTIONS."""
        while self.at < len(self.text):
            if inside_sections and self.peek("}"):
                return
            if self.accept(";"):
                continue
            self.command(inside_sections)

    def command(self, inside_sections: bool) -> None:
        start = self.at
        statement = self.statement()
        if statement is not None:
            self.script.commands.append(statement)
            return
        keyword = self.keyword()
        rest = self.text[start + len(keyword) :].lstrip()[:1]
        if keyword in UNSUPPORTED and (rest in "({" or not inside_sections):
            self.fail(f"{keyword} is not supported in linker scripts")
        if keyword == "INCLUDE":
            self.include(lambda parser: parser.commands(inside_sections))
        elif keyword == "ENTRY" and rest == "(":
            self.entry()
        elif inside_sections:
            self.script.commands.append(self.section())
        elif keyword in ("SECTIONS", "MEMORY", "PHDRS"):
            self.take(SYMBOL)
            self.expect("{", f"after {keyword}")
            self.block(keyword)
        elif keyword == "EXTERN":
            self.script.externs += self.name_list()
        elif keyword == "REGION_ALIAS":
            alias, region = self.name_list(2)
            self.script.aliases[alias] = region
        elif keyword in IGNORED:
            self.name_list()
        else:
            self.fail(f"expected a linker script command, found {self.found()}")

    def block(self, keyword: str) -> None:
        if keyword == "SECTIONS":
            self.script.has_sections = True
            self.commands(inside_sections=True)
        else:
            read = self.region if keyword == "MEMORY" else self.phdr
            while self.at < len(self.text) and not self.peek("}"):
                if self.keyword() == "INCLUDE":
                    self.fail(f"INCLUDE is not supported inside {keyword}")
                read()
        self.expect("}", f"at the end of {keyword}")

    def include(self, parse: Callable[[_Parser], None]) -> None:
        start = self.at
        self.take(SYMBOL)
        name = self.word(PATTERN, "a file name after INCLUDE")
        span = self.span(start)
        file = self.read_include(name) if self.read_include else None
        if file is None:
            raise self.diags.fatal("script-syntax", f"cannot find the script '{name}'", span)
        if self.depth >= MAX_DEPTH:
            raise self.diags.fatal("script-syntax", f"'{name}' is included too deeply", span)
        text = SourceFile(file.name, file.text, included_from=span)  # one for each use
        inner = _Parser(text, self.diags, self.script, self.read_include, self.depth + 1)
        parse(inner)
        if inner.at < len(inner.text):
            inner.fail(f"unexpected {inner.found()}")

    def entry(self) -> None:
        start = self.at
        (name,) = self.name_list(1)
        self.script.entry = (name, self.span(start))

    def name_list(self, count: int | None = None) -> list[str]:
        """KEYWORD ( name [,] name ... )"""
        keyword = self.take(SYMBOL)
        self.expect("(", f"after {keyword}")
        names = []
        start = self.at
        while not self.accept(")"):
            names.append(self.word(PATTERN, "a name"))
            self.accept(",")
        if count is not None and len(names) != count:
            self.fail(f"{keyword} takes {count} name{'s' * (count != 1)}", start, self.at)
        return names

    def region(self) -> None:
        start = self.at
        name = self.word(SYMBOL, "the name of a memory region")
        attributes = ""
        if self.accept("("):
            attributes = self.take(re.compile(r"[rRwWxXaAiIlL!\s]*")) or ""
            self.expect(")", "after the attributes of a region")
        self.expect(":", "after the name of a region")
        origin = self.region_value(name, ("ORIGIN", "org", "o"))
        self.accept(",")
        length = self.region_value(name, ("LENGTH", "len", "l"))
        self.accept(",")
        if any(r.name == name for r in self.script.regions):
            self.fail(f"memory region '{name}' is described twice", start, start + len(name))
        self.script.regions.append(Region(name, attributes, origin, length, self.span(start)))

    def region_value(self, region: str, words: tuple[str, ...]) -> Expr:
        start = self.at
        if self.take(SYMBOL) not in words:
            self.at = start
            self.fail(f"expected {words[0]} in memory region '{region}', found {self.found()}")
        self.expect("=", f"after {words[0]}")
        return self.expr()

    def phdr(self) -> None:
        start = self.at
        name = self.word(SYMBOL, "the name of a program header")
        if (kind := self.keyword()) in PHDR_TYPES:
            self.take(SYMBOL)
            type_: Expr = Num(PHDR_TYPES[kind], self.span(start))
        else:
            type_ = self.expr()
        filehdr = phdrs = False
        at = flags = None
        while not self.peek(";"):
            if self.calls("AT"):
                at = self.parenthesised()
            elif self.calls("FLAGS"):
                flags = self.parenthesised()
            elif (word := self.take(SYMBOL)) == "FILEHDR":
                filehdr = True
            elif word == "PHDRS":
                phdrs = True
            else:
                self.fail(f"expected ';' after a program header, found {self.found()}")
        self.expect(";", "after a program header")
        span = self.span(start)
        self.script.phdrs.append(PhdrCommand(name, type_, span, filehdr, phdrs, at, flags))

    def statement(self) -> Assign | Assert | None:
        """An assignment or assertion when one stands here; allowed anywhere."""
        start = self.at
        if self.calls("ASSERT"):
            condition = self.expr()
            self.expect(",", "in ASSERT")
            message = self.take(STRING)
            if message is None:
                self.fail("expected a message in quotes")
            self.expect(")", "after ASSERT")
            return self.ended(Assert(condition, message, self.span(start)))
        for keyword in ("PROVIDE_HIDDEN", "PROVIDE", "HIDDEN"):
            if self.calls(keyword):
                inner = self.assignment()
                if inner is None or inner.op != "=":
                    self.fail(f"expected symbol = expression in {keyword}", start, self.at)
                self.expect(")", f"after {keyword}")
                provide, hidden = "PROVIDE" in keyword, "HIDDEN" in keyword
                span = self.span(start)
                return self.ended(Assign(inner.symbol, "=", inner.expr, span, provide, hidden))
        plain = self.assignment()
        return self.ended(plain) if plain else None

    def ended(self, statement: Assign | Assert) -> Assign | Assert:
        if not (self.accept(";") or self.accept(",") or self.peek("}")):
            if self.at >= len(self.text) or isinstance(statement, Assert):
                return statement
            self.fail(f"expected ';', found {self.found()}")
        return statement

    def assignment(self) -> Assign | None:
        start = self.at
        symbol = self.take(STRING)
        if symbol is None:
            symbol = self.take(SYMBOL)
        op = self.take(ASSIGNMENT) if symbol else None
        if not symbol or op is None:
            self.at = start
            return None
        if symbol == "." and op not in ("=", "+=", "-="):
            self.fail(f"'{op}' cannot move the location counter", start, self.at)
        return Assign(symbol, op, self.expr(), self.span(start))

    # -- output sections ----------------------------------------------------------------------

    def section(self) -> SectionCommand:
        start = self.at
        name = self.word(SECTION_NAME, "an output section or a symbol assignment")
        span = self.span(start)
        type_ = self.take(TYPES) or ""
        address = None
        if not type_ and not self.peek(":"):
            address = self.expr()
            type_ = self.take(TYPES) or ""
        self.expect(":", f"after output section '{name}'")
        load = align = subalign = None
        constraint = ""
        while not self.peek("{"):
            if self.calls("AT"):
                load = self.parenthesised()
            elif self.calls("ALIGN"):
                align = self.parenthesised()
            elif self.calls("SUBALIGN"):
                subalign = self.parenthesised()
            elif self.keyword() in ("ONLY_IF_RO", "ONLY_IF_RW"):
                constraint = self.take(SYMBOL) or ""
            else:
                self.fail(f"expected '{{' in output section '{name}', found {self.found()}")
        self.expect("{", "")
        items = self.items()
        self.expect("}", f"at the end of output section '{name}'")
        region = load_region = None
        phdrs: list[str] = []
        fill = None
        while True:
            if self.accept(">"):
                region = self.word(SYMBOL, "a memory region")
            elif self.keyword() == "AT":
                self.take(SYMBOL)
                self.expect(">", "after AT")
                load_region = self.word(SYMBOL, "a memory region")
            elif self.accept(":"):
                phdrs.append(self.word(SYMBOL, "a program header"))
            elif self.peek("=") and fill is None:
                at = self.at
                self.accept("=")
                # An operand only, or the next section's name would be read as an expression.
                fill = self.fill(at, self.operand)
            else:
                break
        self.accept(",")
        return SectionCommand(
            name, items, span, address, type_, load, align, subalign, constraint,
            region, load_region, tuple(phdrs), fill,
        )  # fmt: skip

    def fill(self, start: int, read: Callable[[], Expr]) -> Fill:
        literal = re.compile(r"0[xX]([0-9a-fA-F]+)(?![\w.])").match(self.text, self.at)
        expr = read()
        pattern = None
        if literal and isinstance(expr, Num):
            digits = literal.group(1)
            pattern = bytes.fromhex("0" * (len(digits) % 2) + digits)
        return Fill(expr, pattern, self.span(start))

    def items(self) -> tuple[SectionItem, ...]:
        items: list[SectionItem] = []
        while self.at < len(self.text) and not self.peek("}"):
            if self.accept(";"):
                continue
            statement = self.statement()
            if statement is not None:
                items.append(statement)
                continue
            keyword = self.keyword()
            start = self.at
            if keyword in DATA_SIZES and self.calls(keyword):
                items.append(Data(DATA_SIZES[keyword], self.parenthesised(), self.span(start)))
            elif self.calls("FILL"):
                items.append(self.fill(start, self.expr))
                self.expect(")", "after FILL")
            elif self.calls("KEEP"):
                items.append(self.pattern(keep=True))
                self.expect(")", "after KEEP")
            elif keyword == "CONSTRUCTORS":
                self.take(SYMBOL)  # ELF has none: constructors are ordinary sections
            elif keyword == "INCLUDE":
                self.include(lambda parser: items.extend(parser.items()))
            elif keyword in ("INPUT_SECTION_FLAGS", "CREATE_OBJECT_SYMBOLS", "ASCIZ"):
                self.fail(f"{keyword} is not supported in linker scripts")
            else:
                items.append(self.pattern())
        return tuple(items)

    def pattern(self, keep: bool = False) -> InputPattern:
        start = self.at
        exclude = self.excluded()
        sort_files = False
        for sort in ("SORT", "SORT_BY_NAME"):
            if self.calls(sort):
                sort_files = True
        name = self.word(PATTERN, "an input section description or a statement")
        if sort_files:
            self.expect(")", "after SORT")
        sections: list[SectionGlob] = []
        if self.accept("("):
            while not self.accept(")"):
                sections.append(self.section_glob())
                self.accept(",")
        else:
            sections = [SectionGlob(Glob("*"))]
        span = self.span(start)
        return InputPattern(Glob(name), tuple(sections), span, exclude, keep, sort_files)

    def section_glob(self) -> SectionGlob:
        exclude = self.excluded()
        if (keyword := self.keyword()) in SORTS and self.calls(keyword):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                self.fail("nested too deeply")
            inner = self.section_glob()
            self.depth -= 1
            self.expect(")", f"after {keyword}")
            sorts = (SORTS[keyword], *inner.sorts)
            return SectionGlob(inner.glob, exclude + inner.exclude, sorts)
        return SectionGlob(Glob(self.word(PATTERN, "an input section name")), exclude)

    def excluded(self) -> tuple[Glob, ...]:
        files: list[Glob] = []
        while self.calls("EXCLUDE_FILE"):
            while not self.accept(")"):
                files.append(Glob(self.word(PATTERN, "a file name")))
                self.accept(",")
        return tuple(files)

    # -- expressions --------------------------------------------------------------------------

    def expr(self) -> Expr:
        start = self.at
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("expression nested too deeply")
        if self.depth == self.base_depth + 1:
            self.operators = 0
        result = self.binary(1)
        if self.accept("?"):
            then = self.expr()
            self.expect(":", "in a conditional expression")
            otherwise = self.expr()
            result = Conditional(result, then, otherwise, self.span(start))
        self.depth -= 1
        return result

    def binary(self, level: int) -> Expr:
        """Operators that bind at least as tightly as `level`."""
        start = self.at
        left = self.operand()
        while m := OPERATOR.match(self.text, self.at):
            op = m.group()
            precedence = PRECEDENCE.get(op, 0)
            if precedence < level or self.text.startswith("=", m.end()):
                break
            self.operators += 1
            if self.operators > MAX_OPERATORS:
                self.fail("expression too long")
            self.accept(op)
            right = self.binary(precedence + 1)
            left = Binary(op, left, right, self.span(start))
        return left

    def operand(self) -> Expr:
        start = self.at
        for op in ("-", "~", "!", "+"):
            if self.accept(op):
                self.depth += 1
                if self.depth > MAX_DEPTH:
                    self.fail("expression nested too deeply")
                operand = self.operand()
                self.depth -= 1
                return Unary(op, operand, self.span(start))
        if self.accept("("):
            return self.parenthesised()
        if m := NUMBER.match(self.text, self.at):
            self.at = m.end()
            self.skip_space()
            digits, suffix = m.groups()
            value = int(digits, 0) if digits[:2] in ("0x", "0X") else self.decimal(digits, m)
            scale = {"": 1, "k": 1 << 10, "m": 1 << 20}[suffix.lower()]
            if value * scale >= 1 << 64:
                self.fail("number does not fit into 64 bits", m.start(), m.end())
            return Num(value * scale, self.span(start))
        quoted = self.take(STRING)
        name = quoted if quoted is not None else self.take(SYMBOL)
        if name is None:
            self.fail(f"expected an expression, found {self.found()}")
        if name in WORDS:
            return Call(name.upper(), "", (), self.span(start))
        if quoted is None and self.peek("(") and name in FUNCTIONS:
            return self.call(name, start)
        if quoted is None and self.peek("("):
            self.fail(f"'{name}' is not a function of linker scripts", start, start + len(name))
        return Name(name, self.span(start))

    def decimal(self, digits: str, m: re.Match[str]) -> int:
        """A leading zero means octal, as in C."""
        try:
            return int(digits, 8 if digits[0] == "0" else 10)
        except ValueError:
            self.fail("malformed number", m.start(), m.end())

    def call(self, function: str, start: int) -> Expr:
        self.expect("(", "")
        name = ""
        args: list[Expr] = []
        shape = FUNCTIONS[function]
        for index, kind in enumerate(shape.replace("?", "")):
            if index and not self.accept(","):
                if 0 <= shape.find("?") <= index:
                    break
                self.fail(f"{function} takes {len(shape)} arguments", start, self.at)
            if kind == "n":
                name = self.word(SECTION_NAME, f"a name in {function}")
            else:
                args.append(self.expr())
        self.expect(")", f"after {function}")
        return Call(function, name, tuple(args), self.span(start))

    def parenthesised(self) -> Expr:
        """The rest of `( expression )`."""
        result = self.expr()
        self.expect(")", "in an expression")
        return result


def _glob_regex(text: str) -> re.Pattern[str]:
    from fnmatch import translate

    return re.compile(translate(text.replace("[^", "[!")))
