"""printf formats, taken apart."""

from __future__ import annotations

import pytest

from kcc.frontend.printf_format import FormatError, parse_format
from kcc.frontend.tast import Conversion


def test_a_format_is_taken_apart() -> None:
    assert parse_format(b"x = %-05.2ld%%%%\n") == (
        b"x = ",
        Conversion("d", "-0", 5, 2, "l"),
        b"%%\n",
    )
    assert parse_format(b"%.f%v4hlu%i") == (
        Conversion("f", precision=0),
        Conversion("u", length="hl", lanes=4),
        Conversion("i"),
    )
    assert parse_format(b"") == ()


BAD = [b"%n", b"%", b"%5", b"%y", b"%v4s", b"%v5f", b"%-08.", b"%*d", b"%.*d", b"%lld", b"%hld"]


@pytest.mark.parametrize("text", [*BAD, b"%5%", b"%4096d", b"%.99999999999g", b"%lf"])
def test_a_bad_format_is_named(text: bytes) -> None:
    with pytest.raises(FormatError):
        parse_format(text)
