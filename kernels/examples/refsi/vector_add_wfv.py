"""vector_add_wfv: sums by vector instructions, which the compiler makes of scalar code.

With --explicit, by code with vectors in its types, of as many elements as a register holds:
then there are as many times fewer work-groups.
"""

from __future__ import annotations

import sys

import numpy as np

from clik import Example, Session, validate

LANES = (16, 8, 4, 2)  # of OpenCL's vectors


def run(session: Session) -> bool:
    size = session.global_size
    factor = factor_for(session.device.profile.vlen, size[0] // session.local_size[0])
    if session.options.explicit and factor > 1:
        kernel = session.compile(f"-DFACTOR={factor}")["vector_add_explicit"]
        size = (size[0] // factor,)
    else:
        kernel = session.compile()["vector_add"]
    session.announce()
    src1 = np.arange(session.global_size[0], dtype=np.uint32)
    src2 = np.uint32(42) - src1
    dst = np.zeros_like(src1)
    session.launch(kernel, src1, src2, dst, global_size=size)
    return validate(dst, np.full_like(dst, 42))


def factor_for(vlen: int, groups: int) -> int:
    """Elements of a work-item: what a register of `vlen` bits holds, and divides the groups."""
    return next((n for n in LANES if 32 * n <= max(vlen, 64) and groups % n == 0), 1)


EXAMPLE = Example("vector_add_wfv", run, size=1024, local=16, options=("--explicit",))

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
