"""barrier_print: two parts of a kernel, and a barrier in between."""

from __future__ import annotations

import sys

from clik import Example, Session


def run(session: Session) -> bool:
    kernel = session.compile()["barrier_print"]
    session.announce()
    session.launch(kernel)
    return True


EXAMPLE = Example("barrier_print", run, size=4, local=4)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
