"""hello: every work-item says who it is."""

from __future__ import annotations

import sys

from clik import Example, Session


def run(session: Session) -> bool:
    kernel = session.compile()["hello"]
    session.announce()
    session.launch(kernel)
    return True


EXAMPLE = Example("hello", run, size=8, local=1)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
