"""concatenate_dma: blocks of two arrays, moved by asynchronous copies."""

from __future__ import annotations

import sys

import numpy as np

from clik import Example, Session, validate

BLOCK = 128  # elements that a work-item moves of either


def run(session: Session) -> bool:
    kernel = session.compile()["concatenate_dma"]
    session.announce()
    count = session.global_size[0] * BLOCK
    src1 = np.arange(count, dtype=np.uint32)
    src2 = np.arange(count, 2 * count, dtype=np.uint32)
    dst = np.zeros(2 * count, np.uint32)
    session.launch(kernel, src1, src2, dst, BLOCK)
    return validate(dst, np.concatenate([src1, src2]))


EXAMPLE = Example("concatenate_dma", run, size=1024, local=1)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
