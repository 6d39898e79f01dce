"""printf formats, taken apart once, when a program is checked.

"x = %5.2d%%\\n"  ->  b"x = ", Conversion("d", width=5, precision=2), b"%\\n"

Source: OpenCL C 3.0, section 6.15.14; C99, section 7.19.6.1.
"""

from __future__ import annotations

import re

from .tast import Conversion

MAX_WIDTH = 4095  # C99 7.19.6.1, 15: no conversion need make more characters
_DIRECTIVE = re.compile(
    rb"%(?P<flags>[-+ #0]*)(?P<width>\d+|\*)?(?P<precision>\.(?:\d+|\*)?)?"
    rb"(?:v(?P<lanes>\d+))?(?P<length>hh|hl|h|ll|l|L|j|z|t)?(?P<letter>[A-Za-z%])?"
)
_LENGTHS = frozenset({"", "hh", "h", "l"})
_LANES = frozenset({0, 2, 3, 4, 8, 16})


class FormatError(Exception):
    """The format asks for something that printf does not do; the message names it."""


def parse_format(text: bytes) -> tuple[bytes | Conversion, ...]:
    """Split a format into texts and conversions; no two texts are neighbours.

    raises:  FormatError for a conversion that is unknown, cut short or not in OpenCL C: %n, a
             width taken from an argument, long long.
    """
    pieces: list[bytes | Conversion] = []
    literal = b""
    at = 0
    for match in _DIRECTIVE.finditer(text):
        literal += text[at : match.start()]
        at = match.end()
        if match.group() == b"%%":
            literal += b"%"
            continue
        if literal:
            pieces.append(literal)
            literal = b""
        pieces.append(_conversion(match))
    literal += text[at:]
    if literal:
        pieces.append(literal)
    return tuple(pieces)


def _conversion(match: re.Match[bytes]) -> Conversion:
    written = match.group().decode()
    flags, width, precision, lanes, length, letter = (
        (group or b"").decode() for group in match.groups()
    )
    if width == "*" or precision == ".*":
        message = f"'*' in '{written}': OpenCL C's printf takes no width from an argument"
        raise FormatError(message)
    numbers = [int(n[:5]) for n in re.findall(r"[1-9]\d*", width + precision)]
    if any(n > MAX_WIDTH for n in numbers):
        raise FormatError(f"'{written}': a width or precision is at most {MAX_WIDTH}")
    if not letter or letter not in "diouxXfFeEgGaAcsp":
        raise FormatError(f"'{written}' is no conversion of 'printf'")
    if length not in _LENGTHS and not (lanes and length == "hl"):
        raise FormatError(f"'{length}' does not go with '%{letter}'")
    if length and letter not in ("diouxX" if not lanes else "diouxXfFeEgGaA"):
        raise FormatError(f"'{length}' does not go with '%{letter}'")
    if lanes and (letter in "csp" or int(lanes[:3]) not in _LANES):
        raise FormatError(f"'{written}' is no conversion of 'printf'")
    return Conversion(
        letter,
        flags,
        int(width or 0),
        int(precision[1:] or 0) if precision else None,
        length,
        int(lanes or 0),
    )
