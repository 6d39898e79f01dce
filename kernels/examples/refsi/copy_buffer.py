"""copy_buffer: the device copies memory of its own, without a kernel."""

from __future__ import annotations

import sys

import numpy as np

from clik import Example, Session, validate


def run(session: Session) -> bool:
    session.announce()
    numbers = np.arange(session.global_size[0], dtype=np.uint32)
    src = session.device.buffer(numbers)
    dst = session.device.buffer(np.zeros_like(numbers))
    dst.copy_from(src)
    return validate(dst.numpy(), numbers)


EXAMPLE = Example("copy_buffer", run, size=1024, local=1)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
