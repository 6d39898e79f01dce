"""Damaged and absurd programs end in an ELF or in a CompileError: no other exception, no
abort of LLVM, no endless work. A child process compiles, so that an abort is seen."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

import damage
import programs

ROOT = Path(__file__).resolve().parents[2]

# Reads texts, each with its length before it; writes one line for each.
CHILD = """
import sys, kcc
for line in sys.stdin:
    text, level = eval(line)
    print("begin", flush=True)
    try:
        elf = kcc.compile("{" + text if "{" not in text else text, (level, "-w")).image
        print("elf", flush=True)
    except kcc.CompileError as e:
        assert e.diagnostics and str(e)
        print("error", flush=True)
"""


def outcomes(texts: list[str], levels: tuple[str, ...] = ("-O3",)) -> list[str]:
    """ "elf" or "error" for each text; fails when the child dies, showing the text."""
    lines = [repr((t, levels[n % len(levels)])) for n, t in enumerate(texts)]
    ran = subprocess.run(
        [sys.executable, "-c", CHILD],
        input="\n".join(lines) + "\n",
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "KCC_CACHE": "0", "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    found = [line for line in ran.stdout.split("\n") if line in ("elf", "error")]
    if ran.returncode or len(found) != len(texts):
        culprit = texts[len(found)] if len(found) < len(texts) else ""
        pytest.fail(f"{ran.stderr[-2000:]}\nwhile compiling:\n{culprit[:5000]}")
    return found


def mutants(seed: int, count: int) -> list[str]:
    r = random.Random(seed)
    texts = [path.read_text() for path in damage.EXAMPLES]
    texts += [programs.generate(n) for n in range(4)] + damage.snippets()[seed % 10 :: 10]
    sources = damage.parts([text for text in texts if len(text) < 6000])
    return [damage.mutated(r, sources) for _ in range(count)]


def test_mutated_programs() -> None:
    found = outcomes(mutants(1, 60), ("-O3", "-O0"))
    assert {"elf", "error"} == set(found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 18))
def test_many_mutated_programs(seed: int) -> None:
    outcomes(mutants(seed, 250), ("-O0", "-O1", "-O3"))


def test_garbage() -> None:
    r = random.Random(3)
    ascii_ = ["".join(chr(r.randrange(1, 127)) for _ in range(r.randrange(200))) for _ in range(60)]
    wide = ["".join(chr(r.choice((40, 200, 0x3B1, 0x1F600, 0xFEFF))) for _ in range(50))]
    words = [
        "".join(f" {w}" for w in r.choices(damage.OTHERS, k=r.randrange(60))) for _ in range(120)
    ]
    outcomes(ascii_ + wide + words)


def kernel(body: str) -> str:
    return f"kernel void k(global int *o, int n) {{ {body} }}"


ABSURD = {
    "parentheses": (kernel(f"o[0] = {'(' * 9999}1{')' * 9999};"), "error"),
    "blocks": (kernel("{" * 9999 + "}" * 9999), "error"),
    "ifs": (kernel("if (n)" * 9999 + ";"), "error"),
    "elses": (kernel("if (n == 0);" + "else if (n == 1);" * 3000), "elf"),
    "unary": (kernel("o[0] = " + "~" * 9999 + "1;"), "error"),
    "stars": (kernel("int " + "*" * 9999 + "p;"), "error"),
    "conditionals": (kernel("o[0] = " + "n ? 1 :" * 3000 + "0;"), "elf"),
    "assignments": (kernel("o[0] =" * 3000 + "1;"), "elf"),
    "braces": (kernel("int a[1] = " + "{" * 3000 + "1" + "}" * 3000 + ";"), "error"),
    "dimensions": (kernel("int a" + "[1]" * 3000 + ";"), "error"),
    "unclosed": ("kernel void k(" * 3000, "error"),
    "name": (f"kernel void k{'a' * 10**5}(int {'b' * 10**5}) {{ {'b' * 10**5}++; }}", "elf"),
    "digits": (kernel(f"o[0] = {'9' * 10**5};"), "error"),
    "fraction": (kernel(f"o[0] = 1.{'9' * 10**5} > n;"), "elf"),
    "exponent": (kernel("o[0] = 0x1p99999999999 > n;"), "elf"),
    "string": (kernel(f'printf("{"a" * 10**5}");'), "elf"),
    "macro": ("#define A(x) x x x x x x x x\n" + kernel(f"{'A(' * 9}n++;{')' * 9}"), "error"),
    "expansion": (f"#define A {'+ 1' * 9999}\n" + kernel("o[0] = n A;"), "elf"),
    "array": (kernel("int a[1 << 30]; a[n] = 1; o[0] = a[o[0]];"), "error"),
    "arrays": (kernel("char a[1ul << 62][1ul << 62];"), "error"),
    "local": (kernel("local int a[1 << 30]; a[n] = 1; o[0] = a[o[0]];"), "error"),
    "constant": ("constant int a[1 << 28] = {1};" + kernel("o[0] = a[n];"), "error"),
    "designated": (kernel("int a[] = {[0 ... 1 << 28] = 1}; o[0] = a[n];"), "error"),
    "negative": (kernel("int a[-1];"), "error"),
    "by value": ("struct S { int a[1024]; }; kernel void k(global int *o, struct S s)"
                 "{ o[0] = s.a[o[1]]; }", "elf"),
    "by value, huge": ("struct S { int a[1 << 28]; }; kernel void k(struct S s) { }", "error"),
    "aligned": (kernel("int a __attribute__((aligned(1 << 29))) = n;"), "error"),
    "aligned, odd": (kernel("int a __attribute__((aligned(3))) = n;"), "error"),
    "group size": ("__attribute__((reqd_work_group_size(0, 1, 1)))" + kernel(""), "error"),
    "parameters": ("kernel void k(global long *o" + "".join(f", long p{i}" for i in range(300))
                   + ") { *o = " + " + ".join(f"p{i}" for i in range(300)) + "; }", "elf"),
    "kernels": ("".join(f"kernel void k{i}(global int *o) {{ o[{i}] = {i}; }}"
                        for i in range(100)), "elf"),
    "functions": ("".join(f"int f{i}(int x) {{ return x + {i}; }}" for i in range(300))
                  + kernel("o[0] = " + " + ".join(f"f{i}(n)" for i in range(300)) + ";"), "elf"),
    "calls": ("int f0(int x) { return x * 3; }"
              + "".join(f"int f{i}(int x) {{ return f{i - 1}(x) ^ f{i - 1}(x + 1); }}"
                        for i in range(1, 40)) + kernel("o[0] = f39(n);"), "elf"),
    "labels": (kernel("".join(f"if (o[{i}]) goto l{i};" for i in range(200))
                      + "".join(f"l{i}: o[{i}]++;" for i in range(200))), "elf"),
    "cases": (kernel("switch ((long)n) { case -0x7fffffffffffffff - 1 ... 0x7fffffffffffffff: "
                     "o[0] = 1; }"), "elf"),
    "sum": (kernel("o[0] = " + " + ".join(["n"] * 3000) + ";"), "elf"),
    "constants": (kernel("o[0] = 1 / (n ? 1 : 1) + (-2147483647 - 1) / -1 + (1 << -1);"), "elf"),
    "division": (kernel("o[0] = 1 / 0 + 5 % 0;"), "elf"),
    "list": (kernel("int a[] = {" + "1," * 3000 + "}; o[0] = a[n];"), "elf"),
}  # fmt: skip


def check_absurd(names: list[str]) -> None:
    found = outcomes([ABSURD[name][0] for name in names], ("-O1",))
    wrong = [name for name, outcome in zip(names, found, strict=True) if outcome != ABSURD[name][1]]
    assert not wrong


def test_some_absurd_programs() -> None:
    check_absurd([*ABSURD][::8])


@pytest.mark.slow
def test_absurd_programs() -> None:
    check_absurd([*ABSURD])


@pytest.mark.slow
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_programs_far_too_long(level: str) -> None:
    functions = "".join(f"int f{i}(int x) {{ return x + {i}; }}" for i in range(2000))
    calls = " + ".join(f"f{i}(n)" for i in range(2000))
    texts = [
        kernel("o[0] = " + " + ".join(["n"] * 20_000) + ";"),
        functions + kernel(f"o[0] = {calls};"),
        "".join(f"kernel void k{i}(global int *o) {{ o[{i}] = {i}; }}" for i in range(500)),
        kernel("int a[] = {" + "1," * 50_000 + "}; o[0] = a[n];"),
        kernel("o[0] += o[1] * n;" * 3000),
    ]
    assert outcomes(texts, (level,)) == ["elf"] * len(texts)
