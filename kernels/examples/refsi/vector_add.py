"""vector_add: a sum for each work-item."""

from __future__ import annotations

import sys

import numpy as np

from clik import Example, Session, validate


def run(session: Session) -> bool:
    kernel = session.compile()["vector_add"]
    session.announce()
    src1 = np.arange(session.global_size[0], dtype=np.uint32)
    src2 = np.uint32(42) - src1
    dst = np.zeros_like(src1)
    session.launch(kernel, src1, src2, dst)
    return validate(dst, np.full_like(dst, 42))


EXAMPLE = Example("vector_add", run, size=1024, local=16)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
