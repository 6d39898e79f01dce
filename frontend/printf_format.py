"""printf formats, taken apart once, when a program is checked.

"x = %5.2d%%\\n"  ->  b"x = ", Conversion("d", width=5, precision=2), b"%\\n"

What is wrong with a format is undefined in C: it is warned of, and what runs then is defined
here. An unknown conversion prints as it is written, a flag or a length that says nothing to its
conversion is ignored.

Source: OpenCL C 3.0, section 6.15.14; C99, section 7.19.6.1.
"""

from __future__ import annotations

import re
from typing import Literal

from .tast import MAX_WIDTH, Conversion

_DIRECTIVE = re.compile(
    rb"%(?P<flags>[-+ #0]*)(?P<width>\d+|\*)?(?P<precision>\.(?:\d+|\*)?)?"
    rb"(?:v(?P<lanes>\d+))?(?P<length>hh|hl|h|ll|l|L|j|z|t)?(?P<letter>.)?",
    re.DOTALL,
)
INTEGERS, FLOATS = "diouxX", "fFeEgGaA"
_LETTERS = INTEGERS + FLOATS + "csp"
_LANES = (2, 3, 4, 8, 16)
# Which conversions a flag, or a precision, says something to; `-` to all.
_FLAG_USERS = {"+": "di" + FLOATS, " ": "di" + FLOATS, "#": "oxX" + FLOATS, "0": INTEGERS + FLOATS}
_PRECISION_USERS = INTEGERS + FLOATS + "s"
_LONG = {"j": "l", "z": "l", "t": "l", "ll": "l"}  # lengths that C has beside, all of 64 bits

Problem = tuple[str, str]  # group of warnings, message


def parse_format(text: bytes) -> tuple[tuple[bytes | Conversion, ...], list[Problem]]:
    """Split a format into texts and conversions; no two texts are neighbours.

    returns:  the pieces, and what is wrong with the format.
    """
    pieces: list[bytes | Conversion] = []
    problems: list[Problem] = []
    literal = b""
    at = 0
    for match in _DIRECTIVE.finditer(text):
        literal += text[at : match.start()]
        at = match.end()
        if match["letter"] == b"%":
            literal += b"%"
            continue
        if match["letter"] is None:
            problems.append(("format", f"'{_shown(match)}' is cut short; it is printed as it is"))
            literal += match.group()
            continue
        if literal:
            pieces.append(literal)
            literal = b""
        pieces.append(_conversion(match, problems))
    literal += text[at:]
    if literal:
        pieces.append(literal)
    return tuple(pieces), problems


def _shown(match: re.Match[bytes]) -> str:
    return match.group().decode(errors="replace")


def _conversion(match: re.Match[bytes], problems: list[Problem]) -> Conversion:
    written = _shown(match)
    flags, width, precision, lanes, length, letter = (
        (group or b"").decode(errors="replace") for group in match.groups()
    )
    count = int(lanes[:3] or 0)
    if letter not in _LETTERS or (lanes and (count not in _LANES or letter in "csp")):
        message = f"'{written}' is no conversion of 'printf'; it is printed as it is"
        problems.append(("format-invalid-specifier", message))
        return Conversion("", written=match.group())
    for what in _ignored(flags, precision, length, letter, lanes):
        problems.append(("format", f"{what} says nothing to '{written}' and is ignored"))
    if any(int(n[:8]) > MAX_WIDTH for n in re.findall("[1-9][0-9]*", width + precision)):
        message = f"'{written}' makes 'printf' print nothing: a width is at most {MAX_WIDTH}"
        problems.append(("format", message))
    if length in ("L", "hl") and not lanes:
        length = ""
    return Conversion(
        letter,
        "".join(sorted(set(flags))),
        _number(width),
        _number(precision[1:]) if precision else None,
        _LONG.get(length, length),
        count,
        written=match.group(),
    )


def _number(text: str) -> int | Literal["*"]:
    """No more digits than matter: what is too large stays so."""
    return "*" if text == "*" else int(text.lstrip("0")[:8] or 0)


def _ignored(flags: str, precision: str, length: str, letter: str, lanes: str) -> list[str]:
    """The parts of a conversion that have no effect on it."""
    parts = [
        f"flag '{f}'" for f in dict.fromkeys(flags) if letter not in _FLAG_USERS.get(f, letter)
    ]
    if "-" in flags and "0" in flags and letter in _FLAG_USERS["0"]:
        parts.append("flag '0' beside '-'")
    if "+" in flags and " " in flags and letter in _FLAG_USERS[" "]:
        parts.append("flag ' ' beside '+'")
    if precision and letter not in _PRECISION_USERS:
        parts.append("the precision")
    fitting = INTEGERS + (FLOATS if lanes and length in ("h", "hl", "l") else "")
    if length and (letter not in fitting or length == "L" or (length == "hl" and not lanes)):
        parts.append(f"length '{length}'")
    return parts
