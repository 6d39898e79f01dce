"""Linker scripts: text to the commands of `script`, by recursive descent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from ..frontend.diag import Diagnostics
from ..frontend.source import SourceFile
from . import elf
from .script import (
    Assert,
    Assign,
    Data,
    Expr,
    Fill,
    Glob,
    InputPattern,
    Num,
    PhdrCommand,
    Region,
    Script,
    SectionCommand,
    SectionGlob,
    SectionItem,
)
from .scriptexpr import MAX_DEPTH, ExpressionParser
from .scriptscan import PATTERN, SECTION_NAME, STRING, SYMBOL

ASSIGNMENT = re.compile(r"(?:\+|-|\*|/|<<|>>|&|\||\^)?=(?!=)")
TYPES = re.compile(r"\(\s*(NOLOAD|INFO|COPY|DSECT|OVERLAY|READONLY)\s*\)")
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


class _Parser(ExpressionParser):
    def __init__(
        self,
        file: SourceFile,
        diags: Diagnostics,
        script: Script,
        read_include: ReadInclude | None,
        depth: int = 0,
    ) -> None:
        super().__init__(file, diags, depth)
        self.script = script
        self.read_include = read_include

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
