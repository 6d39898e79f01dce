"""Operands of the assembler's instructions: text to values, by the syntax of a row."""

from __future__ import annotations

from functools import cache

from ..frontend.source import Span
from .asmjob import Job
from .asmlex import Binary, Expr, Modified, Name, Number, SyntaxFault, Token, Unary
from .isa import FIELDS, Insn
from .regs import (
    CSRS,
    F_NUMBERS,
    FENCE_LETTERS,
    ROUNDING,
    V_NUMBERS,
    VLMUL,
    VMASK,
    VSEW,
    VTAIL,
    X_NUMBERS,
)


def read_operands(
    job: Job, row: Insn, operands: list[list[Token]], head: Token
) -> dict[str, int | Expr]:
    """Values by field name; what is not a plain number yet stays an expression."""
    parts = parts_of(row)
    vtype = parts[-1] if parts and parts[-1] in ("zimm11", "zimm10") else ""
    if vtype:  # the one operand that has commas in it
        parts, operands, rest = parts[:-1], operands[: len(parts) - 1], operands[len(parts) - 1 :]
    least = sum(not _is_optional(part) for part in parts)
    if not least <= len(operands) <= len(parts):
        count = str(least) if least == len(parts) else f"{least} to {len(parts)}"
        raise SyntaxFault(
            "asm-syntax", f"'{row.name}' takes {count} operands, not {len(operands)}", head.span
        )
    given: dict[str, int | Expr] = {}
    for part, operand in zip(parts, operands, strict=False):
        read_operand(job, part, operand, head, given)
    if vtype:
        given[vtype] = _vtype(job, rest, head)
    return given


def read_operand(
    job: Job, part: str, operand: list[Token], head: Token, given: dict[str, int | Expr]
) -> None:
    if not operand:
        raise SyntaxFault("asm-syntax", "an operand is missing", head.span)
    whole = operand[0].span.to(operand[-1].span)
    if part.endswith(")"):  # imm(reg) or (reg)
        key, _, base = part.rstrip(")").partition("(")
        if len(operand) < 3 or [operand[-3].text, operand[-1].text] != ["(", ")"]:
            raise SyntaxFault("asm-syntax", f"expected {'offset' * bool(key)}(register)", whole)
        _register(base, operand[-2], given)
        number = operand[:-3]
        if key:
            given[key] = read_value(job, number, whole) if number else 0
        elif number and not (len(number) == 1 and number[0].value == 0):
            raise SyntaxFault("asm-value", f"'{head.text}' takes no offset", whole)
        return
    name = part.removeprefix("f.").partition("=")[0]
    kind = FIELDS[name].kind if name in FIELDS else "reg"
    word = operand[0].text if len(operand) == 1 and operand[0].kind == "name" else ""
    if kind in ("reg", "vreg"):
        if len(operand) != 1:
            raise SyntaxFault("asm-syntax", "expected a register", whole)
        _register(part, operand[0], given)
    elif kind == "mask":
        if word != "v0.t":
            raise SyntaxFault("asm-syntax", "a mask is v0.t", whole)
        given[name] = 0
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
        given[name] = read_value(job, operand, whole)


# Register files by the first letters of an operand's part, and what to call one of theirs.
_FILES = {
    "f": (F_NUMBERS, "a floating-point register"),
    "v": (V_NUMBERS, "a vector register"),
    "x": (X_NUMBERS, "an integer register"),
}


def _register(part: str, token: Token, given: dict[str, int | Expr]) -> None:
    numbers, what = _FILES[part[0] if part[0] in "fv" else "x"]
    number = numbers.get(token.text) if token.kind == "name" else None
    if number is None:
        raise SyntaxFault("asm-syntax", f"'{token.text}' is not {what}", token.span)
    if part in ("sp", "v0"):
        if number != numbers[part]:
            raise SyntaxFault("asm-value", f"this register must be {part}", token.span)
        return
    given[part.removeprefix("f.")] = number


def _vtype(job: Job, operands: list[list[Token]], head: Token) -> int | Expr:
    """A vtype: a number, or some of element size, group, tail and mask policy, in that order."""
    if not operands:
        raise SyntaxFault("asm-syntax", "an operand is missing", head.span)
    words = [operand[0].text if len(operand) == 1 else "" for operand in operands]
    value = at = 0
    for names, shift in ((VSEW, 3), (VLMUL, 0), (VTAIL, 6), (VMASK, 7)):
        if at < len(words) and words[at] in names:
            value |= names.index(words[at]) << shift
            at += 1
    if at == len(words):
        return value
    if at or len(words) > 1 or not operands[0]:
        span = operands[at][0].span if operands[at] else head.span
        raise SyntaxFault("asm-syntax", "a vtype is written as e32,m1,ta,ma", span)
    return read_value(job, operands[0], head.span)


def read_value(job: Job, tokens: list[Token], after: Span) -> int | Expr:
    """A number if it is known now and does not hang on where a label is."""
    expr = job.expression(tokens, after)
    return expr.value if isinstance(expr, Number) else _folded(job, expr)


def _folded(job: Job, expr: Expr) -> int | Expr:
    if _mentions_labels(expr):
        return expr
    return job.evaluate(expr).number


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


@cache
def parts_of(row: Insn) -> tuple[str, ...]:
    """A row's operands as they are written."""
    parts = row.syntax.split(",") if row.syntax else []
    return tuple(p for p in parts if p not in FIELDS or FIELDS[p].kind != "flag")


def _is_optional(part: str) -> bool:
    key = part.partition("=")[0]
    return key in FIELDS and FIELDS[key].kind in ("rm", "mask")
