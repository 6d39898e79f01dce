"""Programs that nest deep: room to follow them, and a diagnostic where it ends.

A chain of thousands of `else if`, or a sum of thousands of terms in an odd shape, is a tree
as deep. Python 3.11 needs no C stack to follow it, only leave to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .diag import Diagnostics
from .source import Span

# Calls of Python. A level of nesting takes about five, and the parser lets 5 000 pass.
DEPTH = 200_000


@contextmanager
def deep_recursion(diags: Diagnostics, span: Span) -> Iterator[None]:
    """Walk trees of any depth; `span` is blamed if one is deeper still.

    raises: CompileError then.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEPTH))
    try:
        yield
    except RecursionError:
        message = "expressions or statements are nested too deep"
        raise diags.fatal("nesting-too-deep", message, span) from None
    finally:
        sys.setrecursionlimit(limit)
