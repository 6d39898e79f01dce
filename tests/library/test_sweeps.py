"""Long sweeps: the errors that kernels/rt/ACCURACY.md states, and the references they come from.

Of one float: EXHAUSTIVE of measure.py every one, the others 2**26 (one of each 64 neighbours) and
edge values. Of one half all of them. Of two arguments, and of doubles, edge values with each other
and at least 2**20 drawn ones.
"""

from __future__ import annotations

import math
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import kcc
import measure
import report
from accuracy import FUNCTIONS, TYPES, Oracle, correct, inputs
from kcc.ir.builtin_rules import NEAR

ROOT = Path(__file__).resolve().parents[2]
WIDER = np.finfo(np.longdouble).nmant >= 60
STATED = {table: report.table_of(report.PAGE.read_text(), title)
          for table, title in report.TITLES.items()}  # fmt: skip
ONE = [name for name, function in FUNCTIONS.items() if function.arguments == "x"]
TWO = sorted(FUNCTIONS.keys() - set(ONE))


@pytest.fixture(scope="module")
def device() -> Iterator[kcc.Device]:
    with kcc.Device("m1") as device:
        yield device


def held(table: str, name: str, error: float, found: str) -> None:
    """The error is within the standard's limit, and what the page says."""
    assert error <= report.most(table, name), found
    # The host's libraries may differ in the last digit of a reference.
    assert error <= float(STATED[table][name][2]) + 0.01, f"stated is less than {error}: {found}"


def test_the_page_has_every_function_and_its_limit() -> None:
    for table, rows in STATED.items():
        assert sorted(rows) == report.functions(table)
        for name, (_, most, error, on, cost) in rows.items():
            assert float(most) == report.most(table, name)
            assert 0 <= float(error) <= float(most)
            assert on
            assert float(cost) > 0


def test_the_page_is_what_the_script_writes() -> None:
    assert report.page(STATED) == report.PAGE.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE)
def test_floats(device: kcc.Device, name: str) -> None:
    held("float", name, *measure.sweep(device, name, measure.stride_of(name)))


@pytest.mark.slow
@pytest.mark.parametrize("name", TWO)
def test_pairs_of_floats(device: kcc.Device, name: str) -> None:
    held("float", name, *measure.sample(device, name, "float"))


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_halves(device: kcc.Device, name: str) -> None:
    held("half", name, *measure.sample(device, name, "half"))


@pytest.mark.slow
@pytest.mark.skipif(not WIDER, reason="no wider reference")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_doubles(device: kcc.Device, name: str) -> None:
    held("double", name, *measure.sample(device, name, "double"))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NEAR))
def test_native_and_half_forms(device: kcc.Device, name: str) -> None:
    if name in ONE:
        stride = measure.stride_of(name, f"half_{name}")
        held("near", name, *measure.sweep(device, name, stride, f"half_{name}"))
    else:
        held("near", name, *measure.sample(device, name, "float", f"half_{name}"))


@pytest.mark.slow
@pytest.mark.parametrize("t", ["float", pytest.param("double", marks=pytest.mark.skipif(
    not WIDER, reason="no wider reference"))])  # fmt: skip
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_reference_is_right(name: str, t: str) -> None:
    """Against 100 digits: where both are finite and the type has something to show."""
    import mpmath

    mpmath.mp.dps = 100
    pi = mpmath.pi
    own: dict[str, Oracle] = {
        "cbrt": lambda x: mpmath.sign(x) * mpmath.root(abs(x), 3),
        "exp10": lambda x: mpmath.power(10, x),
        "exp2": lambda x: mpmath.power(2, x),
        "log2": lambda x: mpmath.log(x, 2),
        "log1p": lambda x: mpmath.log(1 + mpmath.mpf(x)) if abs(x) > 1e-30 else mpmath.mpf(x),
        "lgamma": lambda x: mpmath.re(mpmath.loggamma(x)),
        "tgamma": mpmath.gamma,
        "rsqrt": lambda x: 1 / mpmath.sqrt(x),
        "pow": mpmath.power,
        "pown": lambda x, n: mpmath.power(x, int(n)),
        "powr": mpmath.power,
        "rootn": lambda x, n: mpmath.sign(x) * mpmath.power(abs(x), mpmath.mpf(1) / int(n)),
        "tanpi": lambda x: mpmath.sinpi(x) / mpmath.cospi(x),
        "atan2pi": lambda y, x: mpmath.atan2(y, x) / pi,
        **{f"{f}pi": lambda x, f=f: getattr(mpmath, f)(x) / pi for f in ("acos", "asin", "atan")},
    }
    function = own.get(name) or getattr(mpmath, name)
    lane, wider = TYPES[t]
    least, greatest = np.finfo(lane).smallest_subnormal, np.finfo(lane).max
    allowed = mpmath.mpf(2) ** (-40 if t == "float" else -58)
    drawn = inputs(name, 800, lane)
    args = [a[-300:] if len(drawn) == 1 else a[100:400] for a in drawn]
    want = correct(name, args, t)
    assert want.dtype == wider
    for i in np.flatnonzero(np.isfinite(want) & (np.abs(want) <= greatest) & (want != 0)):
        given = [float(a[i]) for a in args]
        if not all(map(math.isfinite, given)) or (name == "lgamma" and given[0] < 0):
            continue
        exact, digits = function(*given), mpmath.mpf(str(want[i]))
        apart = abs(exact - digits)
        assert apart <= allowed * max(abs(exact), mpmath.mpf(float(least))), given


@pytest.mark.slow
def test_the_polynomials_are_what_is_derived() -> None:
    derived = runpy.run_path(str(ROOT / "kernels/derive/minimax.py"))
    text = "\n".join(p.read_text() for p in (ROOT / "kernels/rt/builtins").glob("*.cl"))
    parts = [derived["two_over_pi"](), *map(derived["as_opencl"], derived["POLYNOMIALS"])]
    parts += map(derived["in_two"], derived["CONSTANTS"])
    parts += [derived["half_pi"](), derived["half_pi_near"](), derived["two_over_pi_words"]()]
    assert [part for part in parts if part not in text] == []
    # And nothing else is a polynomial.
    polynomials = re.findall(r"^    (?:double|float) p = -?0x", text, re.MULTILINE)
    assert len(polynomials) == len(derived["POLYNOMIALS"])
