"""The expressions of linker scripts, parsed by precedence."""

from __future__ import annotations

import re

from ..frontend.diag import Diagnostics
from ..frontend.source import SourceFile
from .script import Binary, Call, Conditional, Expr, Name, Num, Unary
from .scriptscan import SECTION_NAME, STRING, SYMBOL, Scanner

# Builtin functions by what they take: "n" a name, "e" an expression, "?" optional from here on.
FUNCTIONS = {
    "ABSOLUTE": "e", "ADDR": "n", "ALIGN": "e?e", "ALIGNOF": "n", "BLOCK": "e", "CONSTANT": "n",
    "DATA_SEGMENT_ALIGN": "ee", "DATA_SEGMENT_END": "e", "DATA_SEGMENT_RELRO_END": "ee",
    "DEFINED": "n", "LENGTH": "n", "LOADADDR": "n", "LOG2CEIL": "e", "MAX": "ee", "MIN": "ee",
    "NEXT": "e", "ORIGIN": "n", "SEGMENT_START": "ne", "SIZEOF": "n",
}  # fmt: skip
WORDS = frozenset({"SIZEOF_HEADERS", "sizeof_headers"})  # functions without parentheses
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([kKmM]?)(?![\w.])")
OPERATOR = re.compile(r"<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^<>?:(),~!]")
PRECEDENCE = {
    op: level
    for level, ops in enumerate(
        ("||", "&&", "|", "^", "&", "== !=", "< > <= >=", "<< >>", "+ -", "* / %"), start=1
    )
    for op in ops.split()
}
MAX_DEPTH = 40  # of nested parentheses, conditionals and includes
MAX_OPERATORS = 300  # in one expression, which bounds how deep its tree is


class ExpressionParser(Scanner):
    def __init__(self, file: SourceFile, diags: Diagnostics, depth: int = 0) -> None:
        super().__init__(file, diags)
        self.depth = self.base_depth = depth
        self.operators = 0  # of the expression being read

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
