"""Numbers, characters and strings: values, types and errors."""

from __future__ import annotations

import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcc.frontend.literals import LiteralError, parse_char, parse_number, parse_string, round_ratio
from kcc.frontend.types import DOUBLE, FLOAT, HALF


@pytest.mark.parametrize(
    ("text", "value", "type_"),
    [
        ("0", 0, "int"),
        ("017", 15, "int"),
        ("0x1F", 31, "int"),
        ("0b101", 5, "int"),
        ("0u", 0, "uint"),
        ("2147483647", 2**31 - 1, "int"),
        ("2147483648", 2**31, "long"),  # decimal: never unsigned
        ("0x80000000", 2**31, "uint"),
        ("0xffffffff", 2**32 - 1, "uint"),
        ("0x100000000", 2**32, "long"),
        ("4294967296u", 2**32, "ulong"),
        ("1l", 1, "long"),
        ("1uL", 1, "ulong"),
        ("1LU", 1, "ulong"),
        ("0x8000000000000000", 2**63, "ulong"),
        ("01777777777777777777777", 2**64 - 1, "ulong"),
        ("0" * 5000 + "7", 7, "int"),
        ("1.", 1.0, "double"),
        (".5f", 0.5, "float"),
        ("1.5h", 1.5, "half"),
        ("1e3", 1000.0, "double"),
        ("08.5", 8.5, "double"),
        ("0x1.8p1", 3.0, "double"),
        ("0x.8P+1F", 1.0, "float"),
        ("1.0L", 1.0, "double"),
        ("16777217.0f", 16777216.0, "float"),  # a tie, to even
        ("0x1p-149f", 2.0**-149, "float"),
        ("0x1.8p-150f", 2.0**-149, "float"),
        ("65504.0h", 65504.0, "half"),
        ("0e999999999999", 0.0, "double"),
    ],
)
def test_number(text, value, type_):
    literal = parse_number(text)
    assert (literal.value, str(literal.type), literal.warnings) == (value, type_, ())


@pytest.mark.parametrize(
    ("text", "code", "offset"),
    [
        ("0x", "bad-number", 0),
        ("0b", "bad-number", 0),
        ("0b12", "bad-number", 3),
        ("0178", "bad-number", 3),
        ("0x1.8", "bad-number", 0),
        ("0x.p1", "bad-number", 0),
        ("1e", "bad-number", 1),
        ("1e+", "bad-number", 1),
        ("0x1p", "bad-number", 3),
        ("12x", "bad-suffix", 2),
        ("1lL", "bad-suffix", 1),
        ("1uu", "bad-suffix", 1),
        ("1.5fx", "bad-suffix", 3),
        ("1..2", "bad-suffix", 2),
        ("0x1e+5", "bad-suffix", 4),  # one pp-number, as in C
        ("18446744073709551616", "integer-too-large", 0),
        ("9" * 10000, "integer-too-large", 0),
        ("0x" + "f" * 10000, "integer-too-large", 0),
    ],
)
def test_bad_number(text, code, offset):
    with pytest.raises(LiteralError) as caught:
        parse_number(text)
    assert (caught.value.code, caught.value.offset) == (code, offset)


@pytest.mark.parametrize(
    ("text", "value", "warning"),
    [
        ("1e999", float("inf"), "literal-range"),
        ("3.5e38f", float("inf"), "literal-range"),
        ("1e-999", 0.0, "literal-range"),
        ("0x1p-150f", 0.0, "literal-range"),
        ("1e99999999999999999999", float("inf"), "literal-range"),
        ("9223372036854775808", 2**63, "implicitly-unsigned-literal"),
        ("1ull", 1, "long-long"),
    ],
)
def test_doubtful_number(text, value, warning):
    literal = parse_number(text)
    assert literal.value == value
    assert [code for code, _message, _offset in literal.warnings] == [warning]


def test_single_precision_touches_only_unsuffixed_constants():
    assert parse_number("0.1", single_precision=True).type == FLOAT
    assert parse_number("0.1L", single_precision=True).type == DOUBLE
    assert parse_number("1", single_precision=True).value == 1


@given(st.floats(min_value=0, allow_infinity=False, allow_nan=False))
def test_a_double_is_read_back_exactly(x):
    assert parse_number(f"{x!r}e0" if "e" not in repr(x) else repr(x)).value == x
    assert parse_number(x.hex()).value == x


@given(st.integers(1, 10**30), st.integers(1, 10**30))
def test_rounding_gives_the_nearest_value_of_the_format(a, b):
    assert round_ratio(a, b, DOUBLE) == a / b  # Python's division rounds once, too
    for type_, code in ((FLOAT, "f"), (HALF, "e")):
        got = round_ratio(a, b, type_)
        if got in (0.0, float("inf")):
            continue
        assert struct.unpack(code, struct.pack(code, got))[0] == got
        bits = int.from_bytes(struct.pack("<" + code, got), "little")
        exact = Fraction(a, b)
        for near in (bits - 1, bits + 1):
            raw = near.to_bytes(4 if code == "f" else 2, "little")
            other = struct.unpack("<" + code, raw)[0]
            if other != float("inf"):
                assert abs(Fraction(got) - exact) <= abs(Fraction(other) - exact)


def test_no_double_rounding():
    # Just above the middle of two floats, but on it once rounded to double.
    text = "1.00000005960464477539062500000000000000000000000001f"
    assert parse_number(text).value == 1 + 2.0**-23


def error_offset(parse, text: str) -> int:
    try:
        parse(text)
    except LiteralError as e:
        return e.offset
    return 0


@given(st.text("0123456789abcdefxXpPeE.+-uUlLfFhH_", max_size=30))
def test_any_number_like_text_is_a_value_or_a_literal_error(text):
    assert 0 <= error_offset(parse_number, text) <= len(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a'", 97),
        (r"'\''", 39),
        (r"'\0'", 0),
        (r"'\377'", -1),
        (r"'\xff'", -1),
        (r"'\x00000041'", 65),
        (r"'\n'", 10),
        (r"'\\'", 92),
        ("'ab'", 0x6162),
        ("'abcde'", 0x62636465),
        (r"'\q'", ord("q")),
        (r"'\xff\xff\xff\xff'", -1),
    ],
)
def test_char(text, value):
    assert parse_char(text).value == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("''", "bad-char"),
        ("'é'", "bad-char"),
        (r"'\u00e9'", "bad-char"),
        ("L'a'", "wide-literal"),
        (r"'\u0041'", "bad-escape"),
        (r"'\400'", "bad-escape"),
        (r"'\x100'", "bad-escape"),
        (r"'\x'", "bad-escape"),
        (r"'\u12'", "bad-escape"),
        (r"'\ud800'", "bad-escape"),
        (r"'\U00110000'", "bad-escape"),
    ],
)
def test_bad_char(text, code):
    with pytest.raises(LiteralError) as caught:
        parse_char(text)
    assert caught.value.code == code


def test_string_bytes():
    assert parse_string(r'"a\tb\x41\1012é\u00e9\"\0"') == b'a\tbAA2\xc3\xa9\xc3\xa9"\0'
    assert parse_string('""') == b""


@given(st.text(max_size=20))
def test_any_text_in_quotes_is_bytes_or_a_literal_error(text):
    for parse, quote in ((parse_string, '"'), (parse_char, "'")):
        assert 0 <= error_offset(parse, f"{quote}{text}{quote}") <= len(text) + 1
