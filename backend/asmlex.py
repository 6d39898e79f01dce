"""Assembly text to statements: comments dropped, tokens with their places, expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

from ..frontend.diag import Diagnostics
from ..frontend.record import record
from ..frontend.source import SourceFile, Span

Kind = Literal["name", "number", "string", "local", "op"]

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\f\v]+)
    | (?P<comment>/\*.*?\*/)
    | (?P<rest>(?:\#|//)[^\n]*)
    | (?P<end>[\n;])
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<char>'(?:[^'\\\n]|\\.)'?)
    | (?P<local>[0-9]+[fb](?![\w.$]))
    | (?P<number>0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)(?![\w.$])
    | (?P<name>%?[A-Za-z_.$@][\w.$@]*)
    | (?P<op><<|>>|/(?!\*)|[-+*%&|^~!(),:=<>])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": 10, "t": 9, "r": 13, "b": 8, "f": 12, "v": 11, "a": 7, "e": 27}


@record
class Token:
    kind: Kind
    text: str  # a string's text is its bytes, as latin-1
    span: Span
    value: int = 0


class SyntaxFault(Exception):
    """A statement that cannot be read; the assembler reports it and goes on with the next."""

    def __init__(self, code: str, message: str, span: Span) -> None:
        super().__init__(message)
        self.code, self.message, self.span = code, message, span


def statements(file: SourceFile, diags: Diagnostics) -> list[list[Token]]:
    """The tokens of each statement; labels are still in front of theirs. Bad text is reported."""
    text = file.text
    found: list[list[Token]] = []
    line: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            unclosed = text.startswith("/*", at)
            what = "comment" if unclosed else "text"
            message = "this comment has no end" if unclosed else f"stray '{text[at]}'"
            diags.error(f"asm-{what}", message, Span(file, at, at + 1))
            at = len(text) if unclosed else at + 1
            continue
        span = Span(file, at, match.end())
        at = match.end()
        kind, value = match.lastgroup, match[0]
        if kind in ("end", "rest"):
            if kind == "end" and line:
                found.append(line)
                line = []
            continue
        if kind == "string":
            data = unescape(value[1:-1])
            line.append(Token("string", data.decode("latin-1"), span))
        elif kind == "char":
            data = unescape(value.strip("'") or "'")
            line.append(Token("number", value, span, data[0]))
        elif kind == "number":
            octal = len(value) > 1 and value.isdigit() and value[0] == "0"
            try:
                line.append(Token("number", value, span, int(value, 8 if octal else 0)))
            except ValueError:
                diags.error("asm-text", f"'{value}' is not a number", span)
        elif kind == "name":
            line.append(Token("name", value, span))
        elif kind == "local":
            line.append(Token("local", value, span))
        elif kind == "op":
            line.append(Token("op", value, span))
    if line:
        found.append(line)
    return found


def unescape(text: str) -> bytes:
    """The bytes of a string's inside: C escapes, octal and hexadecimal ones too."""

    def one(match: re.Match[str]) -> str:
        body = match[1]
        if body[0] in "01234567":
            return chr(int(body, 8) & 0xFF)
        if body[0] == "x":
            return chr(int(body[1:], 16) & 0xFF)
        return chr(_ESCAPES.get(body, ord(body)))

    raw = text.encode().decode("latin-1")  # one character a byte
    whole = re.sub(r"\\([0-7]{1,3}|x[0-9a-fA-F]+|.)", one, raw, flags=re.DOTALL)
    return whole.encode("latin-1")


def split(tokens: list[Token]) -> list[list[Token]]:
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


# -- expressions ----------------------------------------------------------------------------------


@record
class Number:
    value: int
    span: Span


@record
class Name:
    name: str  # "." is here; "1f" and "1b" are local labels
    span: Span


@record
class Unary:
    op: str
    operand: Expr
    span: Span


@record
class Binary:
    op: str
    left: Expr
    right: Expr
    span: Span


@record
class Modified:
    """%hi(x) and its like."""

    modifier: str
    operand: Expr
    span: Span


Expr = Number | Name | Unary | Binary | Modified

MODIFIERS = ("%hi", "%lo", "%pcrel_hi", "%pcrel_lo")
_LEVELS = (("|",), ("^",), ("&",), ("<<", ">>"), ("+", "-"), ("*", "/", "%"))
_MAX_DEPTH = 40  # of parentheses and signs; each takes a dozen Python frames
_MAX_OPERATORS = 300


class ExprReader:
    """Reads expressions from a statement's tokens, C's precedence, from `at` on."""

    def __init__(self, tokens: Sequence[Token], at: int, end: Span) -> None:
        self.tokens, self.at, self.end = tokens, at, end
        self.depth = self.operators = 0

    def peek(self) -> str:
        """The text of the next token, empty at the end; strings look like nothing else."""
        if self.at >= len(self.tokens):
            return ""
        token = self.tokens[self.at]
        return '"' if token.kind == "string" else token.text

    def take(self) -> Token:
        if self.at >= len(self.tokens):
            raise SyntaxFault("asm-syntax", "something is missing at the end", self.end)
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, text: str) -> Token:
        if self.peek() != text:
            span = self.tokens[self.at].span if self.at < len(self.tokens) else self.end
            raise SyntaxFault("asm-syntax", f"expected '{text}'", span)
        return self.take()

    def expression(self, level: int = 0) -> Expr:
        if level == len(_LEVELS):
            return self._unary()
        left = self.expression(level + 1)
        while self.peek() in _LEVELS[level]:
            op = self.take()
            self.operators += 1
            if self.operators > _MAX_OPERATORS:
                raise SyntaxFault("asm-syntax", "expression too long", op.span)
            right = self.expression(level + 1)
            left = Binary(op.text, left, right, left.span.to(right.span))
        return left

    def _unary(self) -> Expr:
        token = self.take()
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise SyntaxFault("asm-syntax", "expression too deep", token.span)
        try:
            return self._operand(token)
        finally:
            self.depth -= 1

    def _operand(self, token: Token) -> Expr:
        if token.text in MODIFIERS and token.kind == "name":
            self.expect("(")
            inner = self.expression()
            return Modified(token.text, inner, token.span.to(self.expect(")").span))
        if token.kind == "number":
            return Number(token.value, token.span)
        if token.kind in ("name", "local") and not token.text.startswith("%"):
            return Name(token.text, token.span)
        if token.text == "(" and token.kind == "op":
            inner = self.expression()
            self.expect(")")
            return inner
        if token.text in ("-", "+", "~", "!") and token.kind == "op":
            operand = self._unary()
            return Unary(token.text, operand, token.span.to(operand.span))
        raise SyntaxFault("asm-syntax", f"'{token.text}' is not an operand", token.span)


_UNARY: dict[str, Callable[[int], int]] = {
    "-": lambda a: -a,
    "+": lambda a: a,
    "~": lambda a: ~a,
    "!": lambda a: int(a == 0),
}
_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b if 0 <= b < 64 else 0,
    ">>": lambda a, b: (a & (1 << 64) - 1) >> b if 0 <= b < 64 else 0,
    # C's division: towards zero; the caller has refused a zero divisor.
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "%": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
}


def unary(op: str, value: int) -> int:
    return wrap(_UNARY[op](value))


def binary(op: str, left: int, right: int, span: Span) -> int:
    if op in "/%" and right == 0:
        raise SyntaxFault("asm-value", "division by zero", span)
    return wrap(_BINARY[op](left, right))


def wrap(value: int) -> int:
    """The signed 64-bit number that `value` is modulo 2**64, unless it fits unsigned."""
    if -(1 << 63) <= value < 1 << 64:
        return value
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value
