"""Tasklets that wait for each other, count, and print, by the library of DPUs."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

import kcc
from kcc.device.dpu.device import Checks, Dpu, Outcome
from kcc.device.dpu.log import log_of
from kcc.ir import abi

SOURCE = Path(__file__).with_name("sync.c")
LIMIT = 50_000_000
TEXT = b"The quick brown fox jumps over the lazy dog, and the dog does not mind."

# Codes of faults and kinds of notes, which are written twice.
ENUMS = (("DPU_FAULT_", abi.DpuFaultCode), ("DPU_NOTE_", abi.DpuNote))
ASSERTED = "\n".join(
    f'_Static_assert({prefix}{one.name} == {one.value}, "{one.name}");'
    for prefix, enum in ENUMS
    for one in enum
)


class Run:
    """The program on a DPU of its own."""

    def __init__(self, tasklets: int, *flags: str, checks: Checks = "off") -> None:
        options = ("-mdevice=dpu", f"-DNR_TASKLETS={tasklets}", *flags)
        self.program = kcc.compile(SOURCE.read_text() + ASSERTED, ("-x", "c", *options))
        self.tasklets = tasklets
        self.dpu = Dpu(checks)

    def launch(self, mode: int) -> Outcome:
        self.dpu.load(self.program.elf)
        self.dpu.write(self.place("mode")[0], struct.pack("<I", mode))
        return self.dpu.launch(limit=LIMIT)

    def place(self, name: str) -> tuple[int, int]:
        symbol = self.program.image.symbol(name)
        assert symbol is not None
        return symbol.value, symbol.size

    def data(self, name: str) -> bytes:
        return self.dpu.read(*self.place(name))

    def numbers(self, name: str, letter: str = "I") -> tuple[int, ...]:
        data = self.data(name)
        return struct.unpack(f"<{len(data) // struct.calcsize(letter)}{letter}", data)

    def log(self) -> str:
        text = log_of(self.dpu)
        assert text is not None
        return text.decode()


@pytest.fixture(scope="module")
def run() -> Run:
    return Run(11)


def expect_meetings(run: Run) -> None:
    outcome, t = run.launch(0), run.tasklets
    assert outcome.fault is None
    assert outcome.status == tuple(range(t))
    assert run.numbers("out_of_phase") == (0,)
    assert run.numbers("counter") == (1000 * t,)
    assert run.numbers("by_pool") == (8 * t,) * 8
    assert run.numbers("by_vmutex") == (2 * t,) * 32
    assert run.numbers("busy") == (t,)
    assert run.numbers("sums")[:t] == tuple(i * (i + 1) // 2 for i in range(1, t + 1))
    assert run.numbers("wrong_errno") == (0,)
    assert (run.numbers("waited"), run.numbers("refused")) == ((t > 2,), (t > 2,))
    assert run.numbers("order")[: t - 1] == tuple(range(1, t))
    if t > 3:
        assert run.numbers("given_before")[0] >= 3
    assert run.numbers("inside") == (2 if t > 1 else 0,)


def expect_counts(run: Run) -> None:
    """1000 rounds of a loop of three instructions and more, each time."""
    assert run.launch(7).fault is None
    counts = run.numbers("counts", "Q")
    assert all(n % 16 == 0 for n in counts)
    once, twice, still, thrice, zero = counts[:5]
    assert once >= 3000
    assert 0.8 * once < twice - once < 1.1 * once
    assert still == twice
    assert 0.8 * once < thrice - still < 1.1 * once
    assert zero < 100
    expect_words(run)


def expect_words(run: Run) -> None:
    t = run.tasklets
    bytes_ = bytearray(b"\1\2\3".ljust(64, b"\0"))
    for i in range(t):
        bytes_[8 + i] += 20
        bytes_[32 + i] = i + 100
    assert run.data("bytes") == bytes_
    seen = b"".join(TEXT[3 * i : 4 * i] for i in range(9))
    assert run.data("seen")[: len(seen)] == seen
    copy = bytearray(TEXT.ljust(128, b"\0"))
    copy[5:35] = copy[:30]
    copy[61:101] = copy[64:104]
    copy[111:122] = b"#" * 11
    copy[43:57] = seen[3:17]
    assert run.data("copy") == copy


def test_tasklets_meet(run: Run) -> None:
    expect_meetings(run)


def test_printed_lines_are_whole(run: Run) -> None:
    assert run.launch(1).fault is None
    lines = run.log().splitlines()
    assert lines.pop(lines.index("end")) == "end"
    expected = [
        f" -7|left  |cu|c| 2.50|123456789abcdef|44|%|{'other' if i else 'first'}|{i:5}"
        for i in range(11)
    ]
    assert sorted(lines) == sorted(expected)
    assert run.launch(0).fault is None
    assert run.log() == ""  # of the last launch alone


@pytest.mark.parametrize(
    ("mode", "kind", "code", "where"),
    [
        (
            2,
            "deadlock",
            None,
            "tasklet 10 waits to be resumed in handshake_wait_for, called in main",
        ),
        (3, "program", abi.DpuFaultCode.HALT, "halt() was called, in main"),
        (4, "program", abi.DpuFaultCode.PRINTF_OVERFLOW, "the buffer of printf is full, in main"),
        (
            5,
            "program",
            abi.DpuFaultCode.UNALIGNED_WRITE,
            "between places that differ modulo 8, in mram_write_unaligned",
        ),
        (8, "program", abi.DpuFaultCode.DIVISION_BY_ZERO, "fault 2, division by zero, in main"),
        (6, "deadlock", None, "tasklet 10 waits to be resumed in barrier_wait, called in main"),
        (9, "deadlock", None, "waits for mutex 'one' in __dpu_acquire, called in main"),
        (10, "deadlock", None, "waits for mutex 2 of 'pool' in __dpu_acquire, called in main"),
    ],
)
def test_faults(run: Run, mode: int, kind: str, code: int | None, where: str) -> None:
    fault = run.launch(mode).fault
    assert fault is not None
    assert (fault.kind, fault.code) == (kind, code)
    assert f"{where}+0x" in fault.message  # which led to the library's code


def test_what_headers_say_is_all(run: Run) -> None:
    header = (SOURCE.parents[3] / "kernels/rt/dpu/include/dpu_primitives.h").read_text()
    for prefix, enum in ENUMS:
        assert header.count(f" {prefix}") == len(enum)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tasklets", "level"), [(1, "-O3"), (2, "-O2"), (11, "-O0"), (16, "-O1"), (24, "-O2")]
)
def test_any_number_of_tasklets_meets(tasklets: int, level: str) -> None:
    run = Run(tasklets, level, checks="strict" if tasklets == 16 else "off")
    expect_meetings(run)
    expect_counts(run)
