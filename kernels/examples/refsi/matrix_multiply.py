"""matrix_multiply: an element of the product for each work-item."""

from __future__ import annotations

import sys

import numpy as np

from clik import Example, Session, validate

TOLERANCE = 1e-6


def run(session: Session) -> bool:
    kernel = session.compile()[session.name]
    session.announce()
    m = session.global_size[0]
    a = np.full((m, m), 2, np.float32)
    b = np.tile(np.arange(m, dtype=np.float32), (m, 1))
    c = np.zeros_like(a)
    session.launch(kernel, a, b, c, m)
    return validate(c, 2 * b * m, TOLERANCE)


EXAMPLE = Example(
    "matrix_multiply", run, size=32, local=16, sizes=lambda size, local: ((size, size), (local, 1))
)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
