"""The worst errors of the device library over many numbers, and what its functions cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import kcc
from accuracy import FUNCTIONS, TYPES, Array, inputs, kernel, run, worst

LAUNCH = 1 << 22  # floats of one launch
PART = 1 << 17  # as many are compared at a time: they stay in the processor's cache
SEED = 2024
STRIDE = 64  # 2**26 floats
EXHAUSTIVE = ("exp",)  # of every float, which takes a minute
SAMPLES = {"half": 1 << 20, "float": 1 << 22, "double": 1 << 20}  # so many, where not all are
ELEMENTS = 1 << 14  # instructions are counted over so many
# Where an accurate form of native_ and half_ has a limit: of the argument; any for the rest.
NEAR_REACH = {"cos": 65536.0, "sin": 65536.0, "tan": 65536.0}
FP16 = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
Worst = tuple[float, str]


def floats(stride: int) -> Iterator[Array]:
    """One float of each `stride` whose bits follow one another, drawn; with 1, every float.

    stride: a power of two, 1024 at most. The same array each time, with other contents.
    """
    rng = np.random.default_rng(SEED)
    first = np.arange(LAUNCH, dtype=np.uint32) * np.uint32(stride)
    drawn = rng.integers(0, stride, LAUNCH, np.uint32)
    bits = np.empty_like(first)
    for at in range(0, 1 << 32, LAUNCH * stride):
        np.bitwise_xor(drawn, rng.integers(0, stride, dtype=np.uint32), out=bits)
        bits += first
        bits += np.uint32(at)
        yield bits.view(np.float32)


def stride_of(name: str, called: str = "") -> int:
    """Inexact results, as near forms have, take longer to compare."""
    return STRIDE * 4 if called else 1 if name in EXHAUSTIVE else STRIDE


def loaded(device: kcc.Device, name: str, t: str, called: str = "") -> Any:
    """The kernel that computes an array of results."""
    text = (FP16 if t == "half" else "") + kernel(name, t, called)
    return device.load(kcc.compile(text))[f"{called or name}_{t}"]


def sweep(device: kcc.Device, name: str, stride: int, called: str = "") -> Worst:
    """Of a function of one float: of its edges, and of numbers as `floats` has them."""
    compiled = loaded(device, name, "float", called)
    reach = NEAR_REACH.get(name, np.inf) if called else np.inf
    given, result = device.buffer(4 * LAUNCH), device.buffer(np.zeros(LAUNCH, np.float32))
    got, edges = np.empty(LAUNCH, np.float32), inputs(name, 0)
    edges = [edges[0][~(np.abs(edges[0]) > reach)]]
    found = worst(name, "float", edges, run(device, compiled, edges, np.float32))
    for x in floats(stride):
        x[np.abs(x) > reach] = 0
        given.write(x)
        compiled(given, result, global_size=LAUNCH, local_size=1024)
        result.read_into(got)
        for at in range(0, LAUNCH, PART):
            part = slice(at, at + PART)
            found = max(found, worst(name, "float", [x[part]], got[part]))
    given.free()
    result.free()
    return found


def sample(device: kcc.Device, name: str, t: str, called: str = "") -> Worst:
    """Of edges and drawn numbers; of every half, if one is the argument."""
    lane = TYPES[t][0]
    args = inputs(name, SAMPLES[t], lane)
    if t == "half" and len(args) == 1:
        args = [np.arange(1 << 16, dtype=np.uint16).view(np.float16)]
    got = run(device, loaded(device, name, t, called), args, lane)
    return max(
        worst(name, t, [a[at : at + PART] for a in args], got[at : at + PART])
        for at in range(0, got.size, PART)
    )


def retired(device: kcc.Device, name: str, t: str, called: str = "") -> float:
    """Instructions for an element of a kernel that loads, computes and stores; of ordinary numbers.

    By work-groups of 1024 items, of which a hart runs one after another.
    """
    rng = np.random.default_rng(SEED)
    args: list[Array] = [rng.uniform(0.1, 0.9, ELEMENTS).astype(TYPES[t][0])]
    if FUNCTIONS[name].arguments == "xn":
        args.append(rng.integers(1, 9, ELEMENTS, np.int32))
    elif FUNCTIONS[name].arguments == "xx":
        args.append(args[0][::-1].copy())
    compiled = loaded(device, name, t, called)
    buffers = [device.buffer(a) for a in (*args, np.empty_like(args[0]))]
    stats = compiled(*buffers, global_size=ELEMENTS, local_size=1024)
    for buffer in buffers:
        buffer.free()
    return float(sum(stats.retired) / ELEMENTS)
