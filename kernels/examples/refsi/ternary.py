"""ternary: a choice for each work-item, from scalar arguments."""

from __future__ import annotations

import sys

import numpy as np

from clik import Example, Session, validate

BIAS, TRUE_VALUE, FALSE_VALUE = 2, 0, -4


def run(session: Session) -> bool:
    kernel = session.compile()["ternary"]
    session.announce()
    in1 = np.arange(session.global_size[0], dtype=np.int32) % 3
    out = np.zeros_like(in1)
    session.launch(kernel, in1, BIAS, out, TRUE_VALUE, FALSE_VALUE)
    return validate(out, np.where(in1, BIAS + TRUE_VALUE, BIAS + FALSE_VALUE))


EXAMPLE = Example("ternary", run, size=1024, local=16)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
