"""printf formats, taken apart."""

from __future__ import annotations

import pytest

from kcc.frontend.printf_format import parse_format
from kcc.frontend.tast import Conversion


def test_a_format_is_taken_apart() -> None:
    assert parse_format(b"x = %-+5.2ld%%%5%\n")[0] == (
        b"x = ",
        Conversion("d", "+-", 5, 2, "l"),
        b"%%\n",
    )
    assert parse_format(b"%.f%#v4hlx%i%*.*d%zu") == (
        (
            Conversion("f", precision=0),
            Conversion("x", "#", length="hl", lanes=4),
            Conversion("i"),
            Conversion("d", "", "*", "*"),
            Conversion("u", length="l"),
        ),
        [],
    )
    assert parse_format(b"") == ((), [])


@pytest.mark.parametrize("text", "%n %y %v4s %v5f %v0d %v2p %S %C %v2.3f %'d %1$d".split())
def test_what_is_no_conversion_is_named_and_printed(text: str) -> None:
    (piece, *_), ((group, message),) = parse_format(text.encode())
    assert isinstance(piece, Conversion)
    assert (piece.letter, group) == ("", "format-invalid-specifier")
    assert str(piece) in text
    assert str(piece) in message


@pytest.mark.parametrize("text", ["%", "%5", "%v2", "a%-08."])
def test_what_is_cut_short_is_text(text: str) -> None:
    (piece,), ((group, _),) = parse_format(text.encode())
    assert (piece, group) == (text.encode(), "format")


IGNORED = ["%+s", "%#d", "%0s", "%-05d", "%+ d", "%.3c", "%.3p", "%05p", "%+u", "%lf", "%hf"]


@pytest.mark.parametrize("text", [*IGNORED, "%hld", "%hlf", "%Lf", "%lc", "%ls", "%v2lla", "% +f"])
def test_what_has_no_effect_is_named(text: str) -> None:
    (_,), ((group, message),) = parse_format(text.encode())
    assert group == "format"
    assert "ignored" in message


def test_numbers_of_any_length_are_read() -> None:
    (piece,), _ = parse_format(b"%" + b"9" * 10000 + b"d")
    assert isinstance(piece, Conversion)
    assert isinstance(piece.width, int)
    assert piece.width > 4095
