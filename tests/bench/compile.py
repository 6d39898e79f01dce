"""Compile time and memory, whole processes, as ratios against clang-19 and ld.lld.

    python tests/bench/compile.py [--quick]

Ours and theirs take turns, so that what else the machine does meets both. Figures are medians;
a ratio says how many times ours takes, in time on the clock, in time of processors, in memory.
The sources are the examples' kernels, under other names as often as the length asks for.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "kernels" / "examples"
ARCH = "rv64gcv"  # for both, whatever is the default
CLANG = f"clang-19 -x cl -cl-std=CL1.2 -O3 --target=riscv64-unknown-elf -march={ARCH}".split()
CLANG += "-mno-relax -Xclang -fdeclare-opencl-builtins -Xclang -finclude-default-header".split()
LLD = "ld.lld-19 -Ttext=0x10000 --unresolved-symbols=ignore-all --entry=0".split()
HEAVY = ("llvmlite", "lark", "numpy", "elftools")
# A name that a file gives: of a macro, a function, an array.
GIVEN = re.compile(r"^(?:#define|kernel \w+|static \w+|constant \w+) (\w+)", re.M)


@dataclass(frozen=True)
class Cost:
    """Of one process and those it waited for: seconds, processor seconds, bytes at the most."""

    wall: float
    cpu: float
    memory: int

    def __add__(self, after: Cost) -> Cost:
        return Cost(self.wall + after.wall, self.cpu + after.cpu, max(self.memory, after.memory))


def cost(*words: str | Path) -> Cost:
    """Run a command that must succeed; it inherits the environment."""
    start = time.perf_counter()
    command = [str(w) for w in words]
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss << 10)


def interleaved(runs: int, *work: Callable[[], Cost]) -> list[Cost]:
    """The median costs of each, after a round that does not count."""
    rounds = [[w() for w in work] for _ in range(runs + 1)][1:]
    return [
        Cost(
            statistics.median(c.wall for c in costs),
            statistics.median(c.cpu for c in costs),
            max(c.memory for c in costs),
        )
        for costs in zip(*rounds, strict=True)
    ]


def source_of(lines: int) -> str:
    """The first kernel whole, or at least as many lines of one kernel after another."""
    names = [p.stem for p in sorted(EXAMPLES.glob("*.cl")) if p.stem != "hello"]
    names.sort(key=lambda name: name != "vector_add")
    parts: list[str] = []
    written = 0
    while written < lines:
        copy, index = divmod(len(parts), len(names))
        text = (EXAMPLES / f"{names[index]}.cl").read_text()
        for name in sorted(set(GIVEN.findall(text))):
            text = re.sub(rf"\b{name}\b", f"{name}_{copy}", text)
        parts.append(text)
        written += text.count("\n")
    return "\n".join(parts)


def clang_and_lld(source: Path, folder: Path) -> Cost:
    return cost(*CLANG, "-c", source, "-o", folder / "p.o") + cost(
        *LLD, folder / "p.o", "-o", folder / "p.elf"
    )


def bench_compile(sources: list[Path], folder: Path, runs: int) -> None:
    print(f"\n{'compile and link':<28}{'kcc cold':>12}{'cached':>9}{'clang+lld':>12}"
          f"{'cold':>9}{'cached':>8}{'cpu':>8}{'memory':>9}")  # fmt: skip
    for source in sources:
        ours = partial(cost, sys.executable, "-m", "kcc", f"-march={ARCH}", source,
                       "-o", folder / "k.elf")  # fmt: skip
        # A macro nobody looks at makes each cold run another program to the cache; what is in
        # every installation (the parser's tables, compiled modules) stays.
        number = count()
        cold, hit, theirs = interleaved(
            runs,
            lambda: ours(f"-DRUN={next(number)}"),  # noqa: B023
            ours,
            partial(clang_and_lld, source, folder),
        )
        text = source.read_text()
        kernels = len(re.findall("^kernel", text, re.M))
        what = f"{text.count(chr(10))} lines, {kernels} kernel{'s' * (kernels > 1)}"
        print(
            f"  {what:<26}{cold.wall * 1e3:>9.0f} ms{hit.wall * 1e3:>6.0f} ms"
            f"{theirs.wall * 1e3:>9.0f} ms{cold.wall / theirs.wall:>8.2f}x"
            f"{hit.wall / theirs.wall:>7.2f}x{cold.cpu / theirs.cpu:>7.2f}x"
            f"{cold.memory >> 20:>4}/{theirs.memory >> 20} MB{cold.memory / theirs.memory:>5.2f}x"
        )


def bench_front(source: Path, runs: int) -> None:
    """Text to LLVM IR as text: what comes before LLVM has its say."""
    sys.path.insert(0, str(ROOT))
    from kcc import compilation, stages
    from kcc.__main__ import GC_THRESHOLD
    from kcc.options import parse_options

    gc.set_threshold(GC_THRESHOLD)
    options = parse_options(["--emit=ir", str(source)])
    rates = []
    for _ in range(runs):
        unit = compilation.Unit(str(source), source.read_bytes())
        start = time.process_time()
        job = compilation.Compilation(options)
        tokens = len(stages.make(job, unit, "tokens"))
        stages.STAGES["ir"].show(job, stages.make(job, unit, "ir"))
        rates.append(tokens / (time.process_time() - start))
    print(f"\nfront half, {tokens:,} tokens: {statistics.median(rates):,.0f} tokens a second")


def bench_imports(folder: Path) -> None:
    print("\nimports: which of", ", ".join(HEAVY), "a command pays for")
    elf = str(folder / "i.elf")
    source = str(EXAMPLES / "vector_add.cl")
    commands = {
        "--help": ["--help"],
        "-E": ["-E", source, "-o", os.devnull],
        "compile, cold": [source, "-DIMPORTS", "-o", elf],
        "compile, cached": [source, "-DIMPORTS", "-o", elf],
        "info": ["info", elf],
    }
    for name, words in commands.items():
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "kcc", *words],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        rows = [
            line.split("|") for line in done.stderr.splitlines() if line.startswith("import time:")
        ]
        loaded = {row[-1].strip() for row in rows[1:]}
        total = sum(int(row[0].split(":")[1]) for row in rows[1:])
        heavy = ", ".join(h for h in HEAVY if h in loaded) or "none"
        print(f"  {name:<16} {len(loaded):>4} modules {total / 1e3:>7.1f} ms   {heavy}")


def main() -> None:
    """Run every benchmark of compilation; the peers have to be installed."""
    missing = [t for t in (CLANG[0], LLD[0]) if not shutil.which(t)]
    if missing:
        raise SystemExit(f"peers not installed: {', '.join(missing)}")
    runs = 3 if "--quick" in sys.argv else 11
    # Compiled modules are part of every installation; a shell may have turned them off.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(f"python {sys.version.split()[0]}, {os.cpu_count()} processors, medians of {runs} runs")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"KCC_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
        sources = []
        for lines in (1, 300, 3000):
            sources.append(folder / f"{lines}.cl")
            sources[-1].write_text(source_of(lines))
        bench_compile(sources, folder, runs)
        bench_imports(folder)
        bench_front(sources[-1], runs)


if __name__ == "__main__":
    main()
