"""Types in diagnostics of C programs by C's names: "unsigned int" for OpenCL C's "uint"."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from contextlib import contextmanager

from .diag import Diagnostics
from .record import replace

_QUOTED = re.compile(r"'[^'\n]*'|\(u\w+\)")  # and the type of a cast
_SHORT = re.compile(r"\bu(char|short|int|long)\b")


@contextmanager
def names_of_c(diags: Diagnostics, declared: Container[str]) -> Iterator[None]:
    """Reword what is reported meanwhile, but for names that the program itself declares."""
    start = len(diags.seen)

    def in_c(text: str) -> str:
        return _QUOTED.sub(
            lambda m: m[0] if m[0][1:-1] in declared else _SHORT.sub(r"unsigned \1", m[0]), text
        )

    try:
        yield
    finally:
        for at, told in enumerate(diags.seen[start:], start):
            diags.seen[at] = replace(
                told,
                message=in_c(told.message),
                notes=tuple((in_c(text), span) for text, span in told.notes),
                hint=None if told.hint is None else in_c(told.hint),
            )
