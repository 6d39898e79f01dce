"""Messages in the words of the RefSi simulator, and where kernels' output goes."""

from __future__ import annotations

import io
import sys

import pytest

from kcc.device.sim.interface import Fault, Reason, RunResult
from kcc.device.soc.traps import exit_code, fault_message, result_message, write_stdout


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (1, "error: 'Instruction Access Fault' exception was raised @ 0x1000c"),
        (2, "error: 'Illegal Instruction' exception was raised @ 0x1000c"),
        (3, "error: unknown exception was raised @ 0x1000c (cause = 3)"),
        (4, "error: 'Misaligned Load' exception was raised @ 0x1000c (badaddr = 0x123)"),
        (5, "error: 'Load Access Fault' exception was raised @ 0x1000c (badaddr = 0x123)"),
        (6, "error: 'Misaligned Store' exception was raised @ 0x1000c (badaddr = 0x123)"),
        (7, "error: 'Store/AMO Access Fault' exception was raised @ 0x1000c (badaddr = 0x123)"),
    ],
)
def test_faults(cause, message):
    fault = Fault(cause, 0x1000C, 0x123, 0)
    assert fault_message(fault) == message
    assert result_message(RunResult(Reason.FAULT, (0,), fault)) == message


def test_calls_of_the_host():
    # An unknown one has no value; that of a library that cannot go on says why.
    unknown, full = (fault_message(Fault(11, 0x1000C, code, 0)) for code in (0, 1))
    assert unknown == "error: unknown exception was raised @ 0x1000c (cause = b)"
    assert full == "error: fault 1, the heap is full @ 0x1000c"


def test_other_ends():
    def message(reason: Reason, code: int = 0) -> str:
        return result_message(RunResult(reason, (0,), code=code))

    assert message(Reason.ABORT, 2**64 - 1) == "error: the program exited with code -1"
    assert "limit" in message(Reason.LIMIT)
    assert "stopped" in message(Reason.STOPPED)
    assert message(Reason.BARRIER) == "error: all threads must hit the same barrier"


def test_exit_codes():
    def code(reason: Reason, fault: Fault | None = None, own: int = 0) -> int | None:
        return exit_code(RunResult(reason, (0,), fault, own))

    assert code(Reason.FINISHED) == 0
    assert code(Reason.ABORT, own=42) == 42
    assert code(Reason.FAULT, Fault(7, 0x1000, 0, 0)) == 0x8000_0007
    assert code(Reason.BARRIER) == 0x8000_000B
    assert code(Reason.STOPPED) is code(Reason.LIMIT) is exit_code(None) is None


def test_output_keeps_its_place_and_its_bytes(capfdbinary):
    print("before", end=" ")
    write_stdout(b"\xff\xfe ")
    print("after")
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == b"before \xff\xfe after\n"


def test_output_to_a_text_stream(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    write_stdout("h\u00e9\n".encode() + b"\xff")
    assert stream.getvalue() == "h\u00e9\n\ufffd"


def test_output_of_a_process_without_one(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    write_stdout(b"lost")
