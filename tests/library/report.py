"""Measure the device library and write kernels/rt/ACCURACY.md.

    python tests/library/report.py [--stride N] [TABLE|FUNCTION...]

Functions of one float are measured on one float of N that follow one another, as the tests do if N
is not given; with 1 on all of them, which takes a minute or two for each. Named tables (float,
double, half, near) or functions alone are measured; the rest of the page stays.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "kernels" / "rt" / "ACCURACY.md"
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import kcc  # noqa: E402 - found by the line above
import measure  # noqa: E402
from accuracy import FUNCTIONS, limit  # noqa: E402
from kcc.ir.builtin_rules import NEAR  # noqa: E402

Row = tuple[str, ...]
TITLES = {
    "float": "float",
    "double": "double",
    "half": "half",
    "near": "`native_` and `half_` forms",
}
HEAD = """# Accuracy and cost of the mathematical functions

`tests/library/report.py` measures and writes this page; the tests hold it to the functions there
are, to the limits of OpenCL C 3.0, section 7.4, and to what they measure themselves. Errors are
in units in the last place: 0.5 is correctly rounded, and figures are rounded up. Cost is in
cycles of the simulated hart, which retires an instruction in each: for an element of a kernel that
loads, computes and stores, vectorised (rv64gcv, VLEN 512), its arguments between 0.1 and 0.9.

Measured on: *every* value of the argument; or *N of them*, one drawn out of each run of
neighbouring floats, or drawn by exponent and at random, and edge values, of two arguments each
with each. The reference of floats and halves is the host's C library and NumPy in double, of
doubles in long double, themselves compared with mpmath by the tests.

Special values are as section 7.5 and C99's annex F say, subnormal numbers are neither taken for 0
nor made 0. `lgamma` has no limit in the standard: those given are ours; below 0 its errors are in
units of lgamma(|x|), or 1. `sqrt`, `fma`, `fract`, `fmod`, `remainder`, `remquo`, `ldexp`,
`frexp`, `modf`, `logb`, `ilogb`, `nextafter`, `fdim` and the functions that round or compare are
exact or correctly rounded; `sincos` is `sin` and `cos`. `native_` and `half_` forms of the
functions in the last table are computed in float; `native_` and `half_` `sqrt`, `rsqrt`, `recip`
and `divide` are the operations themselves.
"""
COLUMNS = "| function | limit | worst error | measured on | cycles |\n|---|---|---|---|---|"


def table_of(page: str, title: str) -> dict[str, Row]:
    """The rows of one table of the page, by function."""
    _, found, rest = page.partition(f"\n## {title}\n")
    lines = rest.partition("\n## ")[0].split("\n") if found else []
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[3:]
            if line.startswith("|")]  # fmt: skip
    return {row[0].strip("`"): row for row in rows}


def functions(table: str) -> list[str]:
    return sorted(NEAR if table == "near" else FUNCTIONS)


def most(table: str, name: str) -> float:
    """The limit of a row."""
    return 8192.0 if table == "near" else limit(name, table)


def measured(device: kcc.Device, table: str, name: str, given: int | None) -> Row:
    t, called = ("float", f"native_{name}") if table == "near" else (table, "")
    one = FUNCTIONS[name].arguments == "x"
    if t == "float" and one:
        stride = given or measure.stride_of(name, called)
        (error, found) = measure.sweep(device, name, stride, called)
        on = "every float" if stride == 1 else f"2^{32 - int(math.log2(stride))} floats"
    else:
        (error, found) = measure.sample(device, name, t, called)
        on = f"2^{int(math.log2(measure.SAMPLES[t]))} {t if one else 'pair'}s"
        on = "every half" if t == "half" and one else on
    assert error <= most(table, name), found
    if table == "near" and name in measure.NEAR_REACH:
        on += ", -2^16 to 2^16"
    cost = measure.retired(device, name, t, called)
    shown = math.ceil(error * 1000) / 1000 if error < 0.6 else math.ceil(error * 100) / 100
    return f"`{name}`", f"{most(table, name):g}", f"{shown:g}", on, f"{cost:.1f}"


def page(tables: dict[str, dict[str, Row]]) -> str:
    parts = [HEAD]
    for table, rows in tables.items():
        parts += [f"\n## {TITLES[table]}\n\n{COLUMNS}\n"]
        kept = [name for name in functions(table) if name in rows]
        parts += ["| " + " | ".join(rows[name]) + " |\n" for name in kept]
    return "".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stride", type=int, help="a power of two, at most 1024")
    parser.add_argument("what", nargs="*", help="tables or functions; everything if none")
    options = parser.parse_args()
    old = PAGE.read_text() if PAGE.exists() else ""
    tables = {table: table_of(old, title) for table, title in TITLES.items()}
    with kcc.Device("m1") as device:
        for table, rows in tables.items():
            for name in functions(table):
                if not options.what or {table, name} & set(options.what):
                    rows[name] = measured(device, table, name, options.stride)
                    print(table, *rows[name], flush=True)
                    PAGE.write_text(page(tables))


if __name__ == "__main__":
    main()
