"""The value and type of a number, character or string as written (C99 6.4.4, 6.4.5).

OpenCL C's `long` has 64 bits and there is no wider type, so C's list of candidate types is
short. Floats are rounded once, from the exact value to the type's own precision.
"""

from __future__ import annotations

import re

from .record import record
from .types import CHAR, DOUBLE, FLOAT, HALF, INT, LONG, UINT, ULONG, Scalar


@record
class Literal:
    """A literal's meaning. `warnings` are (code, message, offset), for the caller to report."""

    value: int | float
    type: Scalar
    warnings: tuple[tuple[str, str, int], ...] = ()


Warnings = list[tuple[str, str, int]]  # as in Literal


class LiteralError(ValueError):
    """A malformed literal; `offset` counts characters into its text."""

    def __init__(self, code: str, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.offset = code, message, offset


_NUMBER = re.compile(
    r"""
    (?P<hexfloat> 0[xX] (?=\.?[0-9a-fA-F]) [0-9a-fA-F]* (?:\.[0-9a-fA-F]*)? [pP] [+-]?[0-9]+ )
  | (?P<hex>      0[xX] [0-9a-fA-F]++ (?!\.) )
  | (?P<binary>   0[bB] [01]+ )
  | (?P<float>    (?: [0-9]+\.[0-9]* | \.[0-9]+ ) (?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+ )
  | (?P<octal>    0[0-7]*+ (?![89xXbB]) )
  | (?P<decimal>  [1-9][0-9]* )
    """,
    re.VERBOSE,
)
_BASES = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
_FLOAT_SUFFIXES = {"": DOUBLE, "f": FLOAT, "h": HALF, "l": DOUBLE}
_INT_SUFFIXES = frozenset({"", "u", "l", "ul", "lu", "ll", "ull", "llu"})
# (bits of precision, smallest and largest exponent of a normal number's leading bit)
_FORMATS = {HALF: (11, -14, 15), FLOAT: (24, -126, 127), DOUBLE: (53, -1022, 1023)}


def parse_number(text: str, single_precision: bool = False) -> Literal:
    """The value of a pp-number.

    single_precision: an unsuffixed floating constant is a float, not a double.
    raises:           LiteralError: bad-number, bad-suffix, integer-too-large.
    source:           C99 6.4.4.1 and 6.4.4.2; binary integers as in C23.
    """
    match = _NUMBER.match(text)
    if match is None or match.lastgroup is None:
        raise _bad_number(text)
    kind, body, suffix = match.lastgroup, match.group(), text[match.end() :]
    if kind in _BASES:
        return _integer(body, _BASES[kind], suffix, text)
    type_ = _FLOAT_SUFFIXES.get(suffix.lower())
    if type_ is None:
        raise _bad_suffix(text, match.end(), "a floating constant")
    if not suffix and single_precision:
        type_ = FLOAT
    value = _hex_float(body, type_) if kind == "hexfloat" else _decimal_float(body, type_)
    if value == float("inf"):
        message = f"floating constant is too large for '{type_}' and becomes infinity"
        return Literal(value, type_, (("literal-range", message, 0),))
    mantissa = re.split("[pP]" if kind == "hexfloat" else "[eE]", body)[0]
    if value == 0 and mantissa.lower().strip("0x."):
        message = f"floating constant is too small for '{type_}' and becomes zero"
        return Literal(value, type_, (("literal-range", message, 0),))
    return Literal(value, type_)


def _bad_number(text: str) -> LiteralError:
    head = text[:2].lower()
    if head == "0x" and text[2:].lstrip(".")[:1].lower() in tuple("0123456789abcdef"):
        return LiteralError("bad-number", "hexadecimal floating constant needs an exponent 'p'")
    if head in ("0x", "0b"):
        return LiteralError("bad-number", f"no digits after '{text[:2]}' in '{_cut(text)}'")
    if octal := re.match(r"0[0-7]*([89])", text):
        digit, at = octal[1], octal.start(1)
        return LiteralError("bad-number", f"invalid digit '{digit}' in octal constant", at)
    return LiteralError("bad-number", f"'{_cut(text)}' is not a number")


def _bad_suffix(text: str, at: int, what: str) -> LiteralError:
    if text[at : at + 1] in ("e", "E", "p", "P") and not text[at + 1 :].strip("+-"):
        return LiteralError("bad-number", "exponent has no digits", at)
    if text[:2].lower() == "0b" and text[at : at + 1].isdecimal():
        return LiteralError("bad-number", f"invalid digit '{text[at]}' in binary constant", at)
    return LiteralError("bad-suffix", f"invalid suffix '{_cut(text[at:])}' on {what}", at)


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _integer(body: str, base: int, suffix: str, text: str) -> Literal:
    lower = suffix.lower()
    if lower not in _INT_SUFFIXES or "lL" in suffix or "Ll" in suffix:
        raise _bad_suffix(text, len(body), "an integer constant")
    digits = (body[2:] if base in (16, 2) else body).lstrip("0") or "0"
    # 64 digits hold any 64-bit number in any base; int() refuses very long decimals.
    value = int(digits, base) if len(digits) <= 64 else 1 << 64
    if value >= 1 << 64:
        raise LiteralError("integer-too-large", "integer constant needs more than 64 bits")
    warnings: tuple[tuple[str, str, int], ...] = ()
    if "ll" in lower:
        message = "'long long' is reserved in OpenCL C; the constant is a 'long'"
        warnings = (("long-long", message, len(body)),)
    unsigned, long = "u" in lower, "l" in lower
    if unsigned:
        type_ = ULONG if long or value >= 1 << 32 else UINT
    elif value < 1 << 31 and not long:
        type_ = INT
    elif base != 10 and value < 1 << 32 and not long:
        type_ = UINT
    elif value < 1 << 63:
        type_ = LONG
    else:
        type_ = ULONG
        if base == 10:
            message = "integer constant does not fit a 'long' and is taken as unsigned"
            warnings += (("implicitly-unsigned-literal", message, 0),)
    return Literal(value, type_, warnings)


def _decimal_float(body: str, type_: Scalar) -> float:
    mantissa, _, exponent = body.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return 0.0
    scale = _clamped(exponent) - len(fraction)
    if len(digits) > 1000:
        # No double lies on or halfway between two others past 800 digits: what is cut off
        # matters only in being zero or not.
        scale += len(digits) - 1000
        digits = digits[:1000] + ("1" if digits[1000:].strip("0") else "0")
        scale -= 1
    if scale + len(digits) > 400:
        return float("inf")
    if scale + len(digits) < -400:
        return 0.0
    numerator = int(digits) * 10 ** max(scale, 0)
    return round_ratio(numerator, 10 ** max(-scale, 0), type_)


def _hex_float(body: str, type_: Scalar) -> float:
    mantissa, _, exponent = body.lower()[2:].partition("p")
    whole, _, fraction = mantissa.partition(".")
    value = int((whole + fraction) or "0", 16)
    scale = _clamped(exponent) - 4 * len(fraction)
    if not value:
        return 0.0
    top = value.bit_length() + scale
    if top > 1100:
        return float("inf")
    if top < -1200:
        return 0.0
    return round_ratio(value << max(scale, 0), 1 << max(-scale, 0), type_)


def _clamped(exponent: str) -> int:
    """An exponent's value; beyond a billion either way all are the same to us."""
    digits = exponent.lstrip("+-").lstrip("0")
    size = int(digits or "0") if len(digits) < 10 else 10**9
    return -size if exponent.startswith("-") else size


def round_ratio(numerator: int, denominator: int, type_: Scalar) -> float:
    """The float nearest to a positive fraction, ties to even, in the precision of `type_`.

    returns: a Python float that `type_` represents exactly, or infinity.
    source:  IEEE 754-2008, 4.3.1 and 7.4.
    """
    precision, least, most = _FORMATS[type_]
    exponent = numerator.bit_length() - denominator.bit_length()
    if numerator << max(-exponent, 0) < denominator << max(exponent, 0):
        exponent -= 1  # now 2**exponent <= the fraction < 2**(exponent + 1)
    unit = max(exponent, least) - (precision - 1)  # log2 of the last place
    quotient, rest = divmod(numerator << max(-unit, 0), denominator << max(unit, 0))
    twice, whole = 2 * rest, denominator << max(unit, 0)
    if twice > whole or (twice == whole and quotient & 1):
        quotient += 1
    if quotient.bit_length() + unit > most + 1:
        return float("inf")
    # Two exact steps: 2.0**unit alone may lie below what a double holds.
    return float(quotient) * 2.0 ** (unit // 2) * 2.0 ** (unit - unit // 2)


_ESCAPE = re.compile(
    r"\\(?:(?P<simple>[abefnrtv\\'\"?])|(?P<octal>[0-7]{1,3})|x(?P<hex>[0-9a-fA-F]+)"
    r"|u(?P<ucn>[0-9a-fA-F]{4})|U(?P<long_ucn>[0-9a-fA-F]{8})|(?P<bad>.?))",
    re.DOTALL,
)
_SIMPLE = dict(zip("abefnrtv\\'\"?", b"\a\b\x1b\f\n\r\t\v\\'\"?", strict=True))


def parse_char(text: str) -> Literal:
    """The value of a character constant: an int, of a signed char widened (C99 6.4.4.4).

    raises: LiteralError: wide-literal, bad-escape, bad-char.
    """
    warnings: Warnings = []
    data = _unquote(text, "'", "character constant", warnings)
    if not data:
        raise LiteralError("bad-char", "empty character constant")
    if len(data) == 1:
        return Literal(data[0] - 256 if data[0] > 127 else data[0], INT, tuple(warnings))
    if any(c > "\x7f" for c in text) or r"\u" in text.lower():
        raise LiteralError("bad-char", f"character does not fit a '{CHAR}'", 1)
    long = "; all but the last four are dropped" if len(data) > 4 else ""
    warnings.append(("multichar", f"more than one character in the constant{long}", 0))
    value = int.from_bytes(data[-4:], "big")
    value -= (value >> 31) << 32
    return Literal(value, INT, tuple(warnings))


def parse_string(text: str, warnings: Warnings | None = None) -> bytes:
    """The bytes of a string literal, in UTF-8, without a terminating zero (C99 6.4.5).

    warnings: is given what the caller should report.
    raises: LiteralError: wide-literal, bad-escape.
    """
    return _unquote(text, '"', "string literal", [] if warnings is None else warnings)


def _unquote(text: str, quote: str, what: str, warnings: Warnings) -> bytes:
    if not text.startswith(quote):
        raise LiteralError("wide-literal", f"wide {what}s are not supported")
    if len(text) < 2 or not text.endswith(quote):
        raise LiteralError("bad-char", f"missing {quote} at the end of the {what}")
    parts: list[bytes] = []
    at, last = 1, len(text) - 1
    while (slash := text.find("\\", at, last)) >= 0:
        parts.append(text[at:slash].encode("utf-8", "replace"))
        match = _ESCAPE.match(text, slash, last)
        assert match is not None, "the last alternative takes anything"
        parts.append(_escape(match, warnings))
        at = match.end()
    parts.append(text[at:last].encode("utf-8", "replace"))
    return b"".join(parts)


def _escape(match: re.Match[str], warnings: Warnings) -> bytes:
    at, written = match.start(), match.group(match.lastgroup or 0)
    match match.lastgroup:
        case "simple":
            return bytes((_SIMPLE[written],))
        case "octal" | "hex":
            digits = written.lstrip("0") or "0"
            value = int(digits, 8 if match.lastgroup == "octal" else 16) if len(digits) < 9 else 256
            if value > 255:
                raise LiteralError(
                    "bad-escape", f"escape '{_cut(match.group())}' exceeds a byte", at
                )
            return bytes((value,))
        case "ucn" | "long_ucn":
            code = int(written, 16)
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                raise LiteralError("bad-escape", f"'{match.group()}' names no character", at)
            if code < 0xA0 and chr(code) not in "$@`":  # C99 6.4.3
                message = f"'{match.group()}' names a character that is written as it is"
                raise LiteralError("bad-escape", message, at)
            return chr(code).encode()
        case _:
            needed = {"x": "hexadecimal digits", "u": "four hexadecimal digits"}
            needed["U"] = "eight hexadecimal digits"
            if written in needed:
                message = rf"'\{written}' is not followed by {needed[written]}"
                raise LiteralError("bad-escape", message, at)
            message = f"unknown escape '\\{written}'; it stands for '{written}'"
            warnings.append(("unknown-escape-sequence", message, at))
            return written.encode("utf-8", "replace")
