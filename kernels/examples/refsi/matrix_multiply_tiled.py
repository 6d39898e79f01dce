"""matrix_multiply_tiled: the product of matrices by tiles in local memory."""

from __future__ import annotations

import sys

import numpy as np

from clik import Example, Session, validate
from matrix_multiply import TOLERANCE


def run(session: Session) -> bool:
    kernel = session.compile(f"-DTS={session.local_size[0]}")[session.name]
    session.announce()
    m = session.global_size[0]
    a = np.full((m, m), 2, np.float32)
    b = np.tile(np.arange(m, dtype=np.float32), (m, 1))
    c = np.zeros_like(a)
    session.launch(kernel, a, b, c, m)
    return validate(c, 2 * b * m, TOLERANCE)


EXAMPLE = Example(
    "matrix_multiply_tiled",
    run,
    size=32,
    local=4,
    sizes=lambda size, local: ((size, size), (local, local)),
)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
