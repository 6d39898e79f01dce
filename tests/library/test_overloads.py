"""Each of the thousands of overloads that a program may call has code behind it."""

from __future__ import annotations

import re

import pytest

from kcc.build import compile_inputs
from kcc.frontend import builtins
from kcc.frontend.dialect import version_of
from kcc.options import parse_options

FLAGS = ["-O0", "-S", "-emit-llvm", "-w"]


@pytest.mark.slow
def test_every_overload_is_there() -> None:
    """By one function for each, without an error and with no call of what is not there."""
    standard = "CL3.0"
    language = builtins.Language(version_of(standard), double=True)
    calls = [
        (name, row.params)
        for name in sorted(builtins.names())
        for row in builtins.overloads(name, language)
    ]
    assert len(calls) > 4000
    lines = ["#pragma OPENCL EXTENSION cl_khr_fp16 : enable"]
    for number, (name, types) in enumerate(calls):
        params = ", ".join(f"{t} a{k}" for k, t in enumerate(types))
        args = ", ".join(f"a{k}" for k in range(len(types)))
        lines.append(f"void f{number}({params}) {{ {name}({args}); }}")
    options = parse_options([*FLAGS, f"-cl-std={standard}", "k.cl"])
    made = compile_inputs(options, [("k.cl", "\n".join(lines).encode())]).files[0][1].decode()
    there = {int(n) for n in re.findall(r"^define .*@f(\d+)\(", made, re.MULTILINE)}
    # A function that waits for others becomes part of the kernels that call it.
    gone = {name for number, (name, _) in enumerate(calls) if number not in there}
    assert [name for name in gone if not re.search("barrier|^(sub|work|wait)_group_", name)] == []
    assert not re.search(r"^declare .*@__kcc_fn_", made, re.MULTILINE)
