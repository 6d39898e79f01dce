"""Values of `#if` expressions: 64-bit integers, signed and unsigned (C99 6.10.1)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial

from .diag import Diagnostics
from .literals import Literal, LiteralError, parse_char, parse_number
from .record import record
from .source import Span
from .tokens import Token, TokenKind

MAX_DEPTH = 100  # C99 5.2.4.1 asks for 63 parentheses
_BITS = 64
_MASK = (1 << _BITS) - 1


@record
class Value:
    number: int
    unsigned: bool = False


class ExprError(Exception):
    """Not a valid expression; already reported."""


def _divide(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _remainder(a: int, b: int) -> int:
    return a - b * _divide(a, b)


def _shift(a: int, by: int) -> int:
    """Left by `by`, right when negative; what C leaves undefined is done as if in wide numbers."""
    by = max(-_BITS, min(by, _BITS))
    return a << by if by >= 0 else a >> -by


@record
class _Op:
    level: int  # binds tighter when higher
    work: Callable[[int, int], int]
    kind: str  # arith: both converted; shift: as the left one; truth, logic: gives 0 or 1


# fmt: off
_OPS = {
    "||": _Op(1, lambda a, b: bool(a or b), "logic"),
    "&&": _Op(2, lambda a, b: bool(a and b), "logic"),
    "|":  _Op(3, operator.or_,   "arith"),
    "^":  _Op(4, operator.xor,   "arith"),
    "&":  _Op(5, operator.and_,  "arith"),
    "==": _Op(6, operator.eq,    "truth"),
    "!=": _Op(6, operator.ne,    "truth"),
    "<":  _Op(7, operator.lt,    "truth"),
    ">":  _Op(7, operator.gt,    "truth"),
    "<=": _Op(7, operator.le,    "truth"),
    ">=": _Op(7, operator.ge,    "truth"),
    "<<": _Op(8, _shift,         "shift"),
    ">>": _Op(8, lambda a, b: _shift(a, -b), "shift"),
    "+":  _Op(9, operator.add,   "arith"),
    "-":  _Op(9, operator.sub,   "arith"),
    "*":  _Op(10, operator.mul,  "arith"),
    "/":  _Op(10, _divide,       "arith"),
    "%":  _Op(10, _remainder,    "arith"),
}
# fmt: on


def evaluate(
    tokens: list[Token], is_defined: Callable[[str], bool], where: Span, diags: Diagnostics
) -> Value | None:
    """The value of a macro-expanded `#if` line; None after an error.

    tokens:     without an EOF; identifiers other than `defined X` count as 0.
    is_defined: answers `defined X`.
    where:      the directive, to point at when the line is empty or too short.
    """
    evaluator = _Evaluator(tokens, is_defined, where, diags)
    try:
        return evaluator.whole()
    except ExprError:
        return None


class _Evaluator:
    def __init__(
        self,
        tokens: list[Token],
        is_defined: Callable[[str], bool],
        where: Span,
        diags: Diagnostics,
    ) -> None:
        self.tokens, self.is_defined, self.where, self.diags = tokens, is_defined, where, diags
        self.at = 0
        self.depth = 0

    def whole(self) -> Value:
        if not self.tokens:
            raise self.error("expected a value", self.where)
        value = self.conditional(True)  # a comma may stand in parentheses alone
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            raise self.error(f"unexpected '{token.text}' in the expression", token.span)
        return value

    def error(self, message: str, span: Span, code: str = "pp-expression") -> ExprError:
        self.diags.error(code, message, span)
        return ExprError()

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def expect(self, text: str, opened: Span) -> None:
        if self.peek() != text:
            missing = self.at >= len(self.tokens)
            span = opened if missing else self.tokens[self.at].span
            raise self.error(f"expected '{text}' in the expression", span)
        self.at += 1

    def comma(self, live: bool) -> Value:
        value = self.conditional(live)
        while self.peek() == ",":
            self.at += 1
            value = self.conditional(live)
        return value

    def conditional(self, live: bool) -> Value:
        """`live` is False in the operand that && || ?: skip: no division by zero there."""
        condition = self.binary(1, live)
        if self.peek() != "?":
            return condition
        mark = self.tokens[self.at].span
        self.at += 1
        chosen = condition.number != 0
        yes = self.nested(partial(self.comma, live and chosen), mark)
        self.expect(":", mark)
        no = self.nested(partial(self.conditional, live and not chosen), mark)
        unsigned = yes.unsigned or no.unsigned
        return self.fit(yes.number if chosen else no.number, unsigned, mark, False)

    def nested(self, parse: Callable[[], Value], span: Span) -> Value:
        if self.depth >= MAX_DEPTH:
            raise self.error("the expression nests too deeply", span, "nesting-limit")
        self.depth += 1
        value = parse()
        self.depth -= 1
        return value

    def binary(self, level: int, live: bool) -> Value:
        left = self.unary(live)
        while (op := _OPS.get(self.peek())) is not None and op.level >= level:
            token = self.tokens[self.at]
            self.at += 1
            decided = op.kind == "logic" and (left.number != 0) == (token.text == "||")
            right_live = live and not decided
            right = self.nested(partial(self.binary, op.level + 1, right_live), token.span)
            left = self.apply(op, left, right, token, live)
        return left

    def apply(self, op: _Op, left: Value, right: Value, token: Token, live: bool) -> Value:
        a, b = left.number, right.number
        unsigned = left.unsigned if op.kind == "shift" else left.unsigned or right.unsigned
        if op.kind in ("arith", "truth") and unsigned:
            a, b = a & _MASK, b & _MASK
        if token.text in ("/", "%") and b == 0:
            if live:
                raise self.error("division by zero in the expression", token.span)
            return Value(0, unsigned)
        number = op.work(a, b)
        if op.kind in ("logic", "truth"):
            return Value(int(number))
        return self.fit(number, unsigned, token.span, live and token.text != "<<")

    def fit(self, number: int, unsigned: bool, span: Span, warn: bool) -> Value:
        wrapped = number & _MASK
        if not unsigned:
            wrapped -= (wrapped >> (_BITS - 1)) << _BITS
            if warn and wrapped != number:
                self.diags.warning("integer-overflow", "integer overflow in the expression", span)
        return Value(wrapped, unsigned)

    def unary(self, live: bool) -> Value:
        if self.at >= len(self.tokens):
            raise self.error("expected a value at the end", self.tokens[-1].span)
        token = self.tokens[self.at]
        self.at += 1
        match token.kind:
            case TokenKind.NUMBER | TokenKind.CHAR:
                return self.literal(token)
            case TokenKind.IDENT if token.text == "defined":
                return self.defined(token)
            case TokenKind.IDENT if token.text == "true":
                return Value(1)
            case TokenKind.IDENT if token.text == "false":
                return Value(0)
            case TokenKind.IDENT:
                if self.peek() == "(":
                    message = f"function-like macro '{token.text}' is not defined"
                    raise self.error(message, token.span)
                self.diags.warning("undef", f"'{token.text}' is not defined, it is 0", token.span)
                return Value(0)
            case _:
                pass
        if token.text == "(":
            value = self.nested(partial(self.comma, live), token.span)
            self.expect(")", token.span)
            return value
        if token.text not in ("+", "-", "~", "!"):
            raise self.error(f"'{_cut(token.text)}' is not a value", token.span)
        operand = self.nested(partial(self.unary, live), token.span)
        match token.text:
            case "-":
                return self.fit(-operand.number, operand.unsigned, token.span, live)
            case "~":
                return self.fit(~operand.number, operand.unsigned, token.span, False)
            case "!":
                return Value(int(not operand.number))
            case _:
                return operand

    def defined(self, token: Token) -> Value:
        parenthesised = self.peek() == "("
        opened = self.tokens[self.at].span if parenthesised else token.span
        self.at += parenthesised
        if self.at >= len(self.tokens) or self.tokens[self.at].kind is not TokenKind.IDENT:
            raise self.error("'defined' needs the name of a macro", token.span)
        name = self.tokens[self.at].text
        self.at += 1
        if parenthesised:
            self.expect(")", opened)
        return Value(int(self.is_defined(name)))

    def literal(self, token: Token) -> Value:
        try:
            is_char = token.kind is TokenKind.CHAR
            literal: Literal = parse_char(token.text) if is_char else parse_number(token.text)
        except LiteralError as e:
            at = token.span
            if at.end - at.start == len(token.text):  # no line splice inside
                at = Span(at.file, at.start + e.offset, at.end, at.expanded_from)
            raise self.error(e.message, at, e.code) from e
        if not isinstance(literal.value, int):
            raise self.error("floating constant in a preprocessor expression", token.span)
        unsigned = not is_char and token.text.lower().rstrip("l").endswith("u")
        return Value(literal.value, unsigned or literal.value >= 1 << 63)


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
