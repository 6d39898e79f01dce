"""Programs that script.h makes: a test says what they do, step by step, and sees each answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kcc import config
from kcc.cli import run_command
from kcc.device.dpu.device import Checks, Dpu, Outcome

HERE = Path(__file__).resolve().parent
STEP = 6  # words: the act, two arguments, the result, errno, one more result
LIMIT = 50_000_000


def built(folder: Path, *arguments: str | Path) -> bytes:
    """The ELF file of a command's sources and flags."""
    path = folder / "program.elf"
    command = ["-mdevice=dpu", *map(str, arguments), "-o", str(path)]
    assert run_command(command) == 0
    return path.read_bytes()


class Scripted:
    """A DPU with such a program, in the state that the steps so far have left."""

    def __init__(self, elf: bytes, checks: Checks = "off") -> None:
        folder = config.cache_dir("translations")
        self.dpu = Dpu(checks, cache_dir=Path(folder) if folder else None)
        self.dpu.load(elf)
        self._count = self.address("steps")
        self._script = self.address("__sys_used_mram_end")

    def address(self, name: str) -> int:
        symbol = self.dpu.image.elf.symbol(name)
        assert symbol is not None
        return symbol.value

    def launch(self, steps: Iterable[Sequence[int]]) -> tuple[Outcome, NDArray[np.uint64]]:
        """How the run ended, and every step's words afterwards."""
        rows = [[*step, *[0] * (STEP - len(step))] for step in steps]
        script = np.array(rows, np.uint64)
        self.dpu.write(self._count, np.uint64(len(script)).tobytes())
        self.dpu.write(self._script, script.tobytes())
        outcome = self.dpu.launch(LIMIT)
        answers = np.frombuffer(self.dpu.read(self._script, script.nbytes), np.uint64)
        return outcome, answers.reshape(script.shape)

    def run(self, *steps: Sequence[int]) -> list[int]:
        """Their results."""
        outcome, answers = self.launch(steps)
        assert outcome.status == (0,), outcome.fault
        return [int(result) for result in answers[:, 3]]

    def fault(self, *steps: Sequence[int]) -> int | None:
        """The code with which they end the run, if they do."""
        outcome, _ = self.launch(steps)
        return outcome.fault and outcome.fault.code
