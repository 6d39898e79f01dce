"""What the hosts of these examples share: options, sizes, launches, validation.

Each of them is a program, `vector_add.py --device m1 -S 4096 -L 64`. Run by itself, this file
runs them all: `clik.py --device m1`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
try:
    import kcc
except ModuleNotFoundError:  # in a checkout, without an installation
    sys.path.append(str(HERE.parents[2]))
    import kcc

NO_DEVICE, NO_PROGRAM, FAILED, BAD_SIZE, MISMATCH = 1, 2, 3, 7, 255  # exit statuses
SHOWN_MISMATCHES = 10
EXAMPLES = (
    "hello", "copy_buffer", "vector_add", "vector_add_wfv", "ternary", "matrix_multiply",
    "matrix_multiply_tiled", "blur", "concatenate_dma", "barrier_sum", "barrier_print",
)  # fmt: skip

Sizes = tuple[int, ...]
local = kcc.local


class SizeError(Exception):
    """What is wrong with the sizes asked for."""


@dataclass(frozen=True)
class Session:
    """An example being run, on a device."""

    device: kcc.Device
    options: argparse.Namespace
    flags: tuple[str, ...]  # to compile with
    name: str
    global_size: Sizes
    local_size: Sizes

    def compile(self, *flags: str) -> dict[str, kcc.Kernel]:
        """The example's kernels, on the device."""
        return self.device.load(kcc.compile(HERE / f"{self.name}.cl", [*self.flags, *flags]))

    def announce(self) -> None:
        size, local = ("x".join(map(str, s)) for s in (self.global_size, self.local_size))
        print(f"Running {self.name} example (Global size: {size}, local size: {local})", flush=True)

    def launch(
        self,
        kernel: kcc.Kernel,
        *args: Any,
        global_size: Sizes | None = None,
        local_size: Sizes | None = None,
    ) -> kcc.LaunchStats:
        return kernel(
            *args,
            global_size=global_size or self.global_size,
            local_size=local_size or self.local_size,
        )


@dataclass(frozen=True)
class Example:
    """An example. run: does it, and returns whether the results are what they should be.

    size, local: what -S and -L are by default; None where they cannot be given.
    sizes:       global and local size, from those two.
    """

    name: str
    run: Callable[[Session], bool]
    size: int | None
    local: int | None
    sizes: Callable[[int, int], tuple[Sizes, Sizes]] = lambda size, local: ((size,), (local,))
    options: tuple[str, ...] = ()  # flags of its own

    def main(self, argv: Sequence[str] | None = None) -> int:
        """Run it as the command line says; the exit status."""
        options = self._parser().parse_args(argv)
        try:
            global_size, local_size = self._sizes(options)
        except SizeError as e:
            return _error(str(e), BAD_SIZE)
        try:
            device = kcc.Device(options.device)
        except (kcc.DeviceError, OSError) as e:
            return _error(str(e), NO_DEVICE)
        with device:
            print(f"Using device '{device.profile.name}'", file=sys.stderr)
            flags = (*device.flags, *(["-fwork-item-mode=wi"] if options.mode == "wi" else []))
            session = Session(device, options, flags, self.name, global_size, local_size)
            return self._run(session)

    def _run(self, session: Session) -> int:
        try:
            good = self.run(session)
        except kcc.CompileError as e:
            return _error(str(e), NO_PROGRAM)
        except (kcc.DeviceError, kcc.UsageError, MemoryError) as e:
            return _error(str(e), FAILED)
        return 0 if good else MISMATCH

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(prog=f"{self.name}.py")
        parser.add_argument("--device", default="m1", help="a name, or a file that describes one")
        parser.add_argument(
            "--mode", choices=("wg", "wi"), default="wg",
            help="what a hart runs: work-groups, or one work-item of each",
        )  # fmt: skip
        parser.add_argument("-S", "--size", type=int, help=f"global size; by default {self.size}")
        parser.add_argument("-L", "--local", type=int, help=f"local size; by default {self.local}")
        for flag in self.options:
            parser.add_argument(flag, action="store_true")
        return parser

    def _sizes(self, options: argparse.Namespace) -> tuple[Sizes, Sizes]:
        for flag, given, default in (
            ("-S", options.size, self.size),
            ("-L", options.local, self.local),
        ):
            if given is not None and default is None:
                raise SizeError(f"{flag}: {self.name} has one size")
            if given is not None and given < 1:
                raise SizeError(f"{flag} {given}: a size is positive")
        size = self.size if options.size is None else options.size
        local = self.local if options.local is None else options.local
        global_size, local_size = self.sizes(size or 0, local or 0)
        if any(g % n for g, n in zip(global_size, local_size, strict=True)):
            raise SizeError(f"the global size, {size}, is not a multiple of the local one, {local}")
        return global_size, local_size


def validate(actual: NDArray[Any], expected: NDArray[Any], tolerance: float = 0) -> bool:
    """Say whether results are right, and where not."""
    wrong = np.flatnonzero(~(np.abs(actual.astype(float) - expected) <= tolerance))
    for i in wrong[:SHOWN_MISMATCHES]:
        want, got = expected.flat[i], actual.flat[i]
        print(f"Result mismatch at {i}: expected {want}, but got {got}", file=sys.stderr)
    if not wrong.size:
        print("Results validated successfully.", file=sys.stderr)
    return not wrong.size


def _error(message: str, status: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return status


def run_all(argv: Sequence[str]) -> int:
    """Run every example with these options; the first exit status that is not 0."""
    first = 0
    for name in EXAMPLES:
        example: Example = importlib.import_module(name).EXAMPLE
        status = example.main(argv)
        first = first or status
    return first


if __name__ == "__main__":
    sys.exit(run_all(sys.argv[1:]))
