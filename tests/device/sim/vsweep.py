"""Sweeps by hand, from the root of the tree: which rows differ from QEMU, and how.

PYTHONPATH=.:tests/device/sim python -m vsweep 'vadd\\..*' --vlen 512 --count 300
"""

from __future__ import annotations

import argparse
import re

from kcc.backend.isa import TABLE
from vcases import sweep


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="regular expression of rows' names")
    parser.add_argument("--vlen", type=int, default=128)
    parser.add_argument("--count", type=int, default=60, help="cases per row")
    parser.add_argument("--each", type=int, default=6, help="cases that share a form")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--unread", action="store_true", help="nobody reads fflags")
    parser.add_argument("--show", type=int, default=1, help="differences to print per row")
    chosen = parser.parse_args()
    names = [n for n, row in TABLE.items() if re.fullmatch(chosen.name, n) and not row.base]
    bad = []
    for name in names:
        report = sweep(
            name, count=chosen.count, vlen=chosen.vlen, seed=chosen.seed, each=chosen.each,
            flags=not chosen.unread,
        )  # fmt: skip
        if report.wrong:
            bad.append(name)
            total = report.ran + report.trapped
            print(f"{name}: {len(report.wrong)} of {total} ({report.trapped} trap) differ")
            print("\n".join(report.wrong[: chosen.show]), flush=True)
    print(f"{len(names)} rows, {len(bad)} differ: {' '.join(bad)}")


if __name__ == "__main__":
    main()
