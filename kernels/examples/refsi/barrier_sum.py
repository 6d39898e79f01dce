"""barrier_sum: the sum of a work-group's numbers, through local memory."""

from __future__ import annotations

import sys

import numpy as np

from clik import Example, Session, local, validate


def run(session: Session) -> bool:
    kernel = session.compile()["barrier_sum"]
    session.announce()
    size, group = session.global_size[0], session.local_size[0]
    src = np.arange(size, dtype=np.uint32)
    dst = np.zeros_like(src)
    session.launch(kernel, src, dst, local(src.itemsize * group))
    sums = src.reshape(-1, group).sum(axis=1, dtype=np.uint32)
    return validate(dst, np.repeat(sums, group))


EXAMPLE = Example("barrier_sum", run, size=1024, local=16)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
