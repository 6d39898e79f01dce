"""Special values, as edge_cases.py has them: scalars of every type, and vectors of every width."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import kcc
from accuracy import FUNCTIONS, TYPES, Array, errors, limit
from edge_cases import SYMBOLS, Case, cases

CASES = cases()
BIG = {"half": 2.0**12, "float": 2.0**26, "double": 2.0**60}
FP16 = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"


def number(text: str, t: str) -> Any:
    """A value of the type's reference, as it is written in a row."""
    sign, word = (-1, text[1:]) if text.startswith("-") else (1, text)
    lane, wider = TYPES[t]
    if word in SYMBOLS:
        return sign * wider(SYMBOLS[word]) * np.arctan(wider(1)) * 4
    named = {"tiny": float(np.finfo(lane).smallest_subnormal), "big": BIG[t]}
    return np.copysign(wider(named[word] if word in named else float(word)), sign)


def has_int(name: str) -> bool:
    return name in FUNCTIONS and FUNCTIONS[name].arguments.endswith("n")


def kernel(name: str, t: str, width: int) -> str:
    """All cases of a function at once: arguments of so many lanes, one kernel of one item."""
    count = len(CASES[name][0][0])
    kinds = [t, "int" if has_int(name) else t][:count]
    lanes = "" if width == 1 else str(width)

    def load(k: int) -> str:
        return f"a{k}[i]" if width == 1 else f"vload{width}(i, a{k})"

    call = f"{name}({', '.join(map(load, range(count)))})"
    store = f"out[i] = {call}" if width == 1 else f"vstore{width}({call}, i, out)"
    params = ", ".join(f"global const {kind} *a{k}" for k, kind in enumerate(kinds))
    return (
        f"kernel void {name}_{t}{lanes}({params}, global {t} *out, int count) {{\n"
        f"    for (int i = 0; i < count; i++)\n        {store};\n}}\n"
    )


def check(device: kcc.Device, made: Any, name: str, t: str, width: int) -> None:
    rows: list[Case] = CASES[name]
    lane = TYPES[t][0]
    padded = rows * (1 + (-len(rows) % width + len(rows) - 1) // len(rows))
    padded = padded[: len(rows) + -len(rows) % width]
    args: list[Array] = []
    for k in range(len(rows[0][0])):
        dtype = np.int32 if k == 1 and has_int(name) else lane
        args.append(np.array([number(given[k], t) for given, _ in padded]).astype(dtype))
    want = np.array([number(result, t) for _, result in padded], TYPES[t][1])
    out = device.buffer(np.zeros(len(padded), lane))
    launch = made[f"{name}_{t}{'' if width == 1 else width}"]
    launch(*map(device.buffer, args), out, len(padded) // width, global_size=1, local_size=1)
    got = out.numpy()
    error = errors(got, want)
    exact = ~np.isfinite(want) | (want == 0)
    allowed = np.where(exact, 0, limit(name, t) if name in FUNCTIONS else 0)
    wrong = [f"{name}{given} is {value!r}, not {result}"
             for (given, result), value, bad in zip(padded, got, error > allowed, strict=True)
             if bad]  # fmt: skip
    assert wrong == []


def test_every_function_has_special_values() -> None:
    assert FUNCTIONS.keys() <= CASES.keys()
    assert all(len(given) == len(rows[0][0]) for rows in CASES.values() for given, _ in rows)
    assert math.isnan(number("-nan", "float"))


@pytest.mark.slow
@pytest.mark.parametrize("t", TYPES)
def test_special_values(t: str) -> None:
    made = kcc.compile(FP16 + "".join(kernel(name, t, 1) for name in CASES), ["-march=rv64gc"])
    with kcc.Device("m1") as device:
        loaded = device.load(made)
        for name in CASES:
            check(device, loaded, name, t, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("t", "width"), [("float", 2), ("float", 4), ("double", 3), ("half", 8)])
def test_special_values_in_vectors(t: str, width: int) -> None:
    """At -O0, where the library's functions are called; inlined ones the other tests see."""
    names = ("fmax", "log", "rootn", "tanpi", "atan2")
    text = FP16 + "".join(kernel(name, t, width) for name in names)
    with kcc.Device("m1") as device:
        loaded = device.load(kcc.compile(text, ["-march=rv64gc", "-O0"]))
        for name in names:
            check(device, loaded, name, t, width)
