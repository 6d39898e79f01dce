"""Launches of sets: side by side, waited for or not, and what must wait for them."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

import dpu_by_hand
from host_program import BULK, CRASH, SPIN, program
from kcc.device import dpu as d
from kcc.device.dpu import launch as launches
from kcc.device.dpu.device import Dpu
from kcc.device.dpu.launched import Launched

WAIT = 60  # seconds, for what would hang otherwise


def first_word(dpu: d.DpuSet) -> int:
    word = np.zeros(1, np.uint32)
    d.dpu_copy_from(dpu, "words", 60, word)
    return int(word[0])


def first_words(dpus: d.DpuSet) -> list[int]:
    return [first_word(dpu) for dpu in d.DPU_FOREACH(dpus)]


def set_mode(dpus: d.DpuSet, mode: int) -> None:
    d.dpu_copy_to(dpus, "mode", 0, mode.to_bytes(4, "little"))


def launch_and_wait(dpus: d.DpuSet, policy: d.dpu_launch_policy_t) -> None:
    d.dpu_launch(dpus, policy)
    d.dpu_sync(dpus)


def test_a_launch_runs_every_tasklet(alloc):
    dpus = alloc(3)
    parts = list(d.DPU_FOREACH(dpus))
    assert d.dpu_status(dpus) == (True, False)
    assert d.dpu_outcome(parts[0]) is None
    d.dpu_launch(dpus)
    assert d.dpu_status(dpus) == (True, False)
    words = np.zeros((3, 16), np.uint32)
    for dpu, row in zip(parts, words, strict=True):
        d.dpu_copy_from(dpu, "words", 0, row)
    assert (words == 1).all()
    d.dpu_launch(parts[1])
    d.dpu_sync(dpus)
    assert first_words(dpus) == [1, 2, 1]
    outcome = d.dpu_outcome(parts[1])
    assert outcome is not None
    assert list(outcome.status) == [7, 8]
    assert outcome.fault is None
    set_mode(dpus, BULK)
    d.dpu_copy_to(dpus, "bulk", 0, bytes(range(64)))
    d.dpu_launch(dpus)
    moved = bytearray(136)
    d.dpu_copy_from(parts[2], "bulk", 0, moved)
    assert moved == bytes(range(64)) * 2 + b"\x5a" * 8
    for wrong in (2, -1, None):
        with pytest.raises(d.InvalidLaunchPolicy):
            d.dpu_launch(dpus, wrong)


@pytest.mark.parametrize("policy", list(d.dpu_launch_policy_t))
def test_a_fault_is_told_with_its_dpu(alloc, policy):
    dpus = alloc(3)
    parts = list(d.DPU_FOREACH(dpus))
    set_mode(parts[1], CRASH)
    with pytest.raises(d.DpuFaulted, match=r"^DPU_ERR_DPU_FAULT: DPU 1: .*halt") as caught:
        launch_and_wait(dpus, policy)
    assert "tasklet 1" in caught.value.message
    assert "DPU 0" not in caught.value.message
    assert d.dpu_status(dpus) == (True, True)
    assert d.dpu_status(parts[0]) == (True, False)
    assert d.dpu_status(parts[1]) == (True, True)
    d.dpu_sync(parts[2])
    d.dpu_launch(parts[2])
    with pytest.raises(d.DpuFaulted, match=r"DPU 1: .*loaded again"):
        d.dpu_launch(dpus)
    assert [first_word(parts[i]) for i in (0, 2)] == [1, 2]  # nothing ran
    d.dpu_load_from_memory(parts[1], program())
    d.dpu_launch(dpus)
    assert d.dpu_status(dpus) == (True, False)


def test_a_limit_of_instructions(alloc):
    dpus = alloc(2, "limit=100000")
    first, second = d.DPU_FOREACH(dpus)
    set_mode(second, SPIN)
    with pytest.raises(d.DpuTimeout, match=r"^DPU_ERR_TIMEOUT: DPU 1: the limit of instructions"):
        d.dpu_launch(dpus)
    assert d.dpu_status(dpus) == (True, True)
    d.dpu_launch(first)
    set_mode(first, CRASH)
    with pytest.raises(d.DpuFaulted, match="DPU 0: fault 4"):
        d.dpu_launch(first)
    with pytest.raises(d.DpuFaulted, match=r"(?s)DPU 0: .*DPU 1: the limit"):
        d.dpu_sync(dpus)


def test_an_interrupt_stops_what_runs(alloc, monkeypatch):
    dpus = alloc(3, "threads=2")
    set_mode(dpus, SPIN)
    wait = launches.wait

    def interrupted(runs, timeout=None):
        if timeout is None:
            raise KeyboardInterrupt
        return wait(runs, timeout)

    monkeypatch.setattr(launches, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        d.dpu_launch(dpus)
    parts = list(d.DPU_FOREACH(dpus))
    assert [d.dpu_status(dpu) for dpu in parts] == [(True, True), (True, True), (True, False)]
    outcome = d.dpu_outcome(parts[1])
    assert outcome is not None
    assert outcome.fault is not None
    assert outcome.fault.kind == "stopped"
    d.dpu_load_from_memory(dpus, program())
    monkeypatch.undo()
    d.dpu_launch(dpus)
    assert first_words(dpus) == [1, 1, 1]


TWELVE_BYTES = "li t0, 64; lui t1, 0x8000; li t2, 12; dpu.ldma t0, t1, t2; exit 0"


def test_checks_are_of_the_profile(alloc):
    wrong = dpu_by_hand.program(TWELVE_BYTES)
    dpus = alloc(2, loaded=False)
    d.dpu_load_from_memory(dpus, wrong)
    d.dpu_launch(dpus)
    strict = alloc(2, "check=strict", loaded=False)
    d.dpu_load_from_memory(strict, wrong)
    with pytest.raises(d.DpuFaulted, match=r"DPU 0: .*12 bytes"):
        d.dpu_launch(strict)
    warned = alloc(2, "check=warn", loaded=False)
    d.dpu_load_from_memory(warned, wrong)
    with pytest.warns(d.DpuWarning, match=r"^DPU 0, 1: .*12 bytes") as told:
        d.dpu_launch(warned)
    assert [line.filename for line in told] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        d.dpu_sync(warned)  # once is enough


def test_many_faults_are_counted(alloc):
    dpus = alloc(11)
    set_mode(dpus, CRASH)
    with pytest.raises(d.DpuFaulted) as caught:
        d.dpu_launch(dpus)
    lines = caught.value.message.splitlines()
    assert [line.split(":")[0] for line in lines[:8]] == [f"DPU {i}" for i in range(8)]
    assert lines[8:] == ["and 3 more"]


@pytest.fixture
def gate(monkeypatch) -> Iterator[threading.Event]:
    """Launches begin only when this is set."""
    opened = threading.Event()
    launch = Dpu.launch

    def wait_and_launch(self: Dpu, limit: int | None) -> d.Outcome:
        assert opened.wait(WAIT)
        return launch(self, limit)

    monkeypatch.setattr(Dpu, "launch", wait_and_launch)
    yield opened
    opened.set()


def test_what_must_wait_for_a_run(alloc, gate):
    dpus = alloc(2)
    first, second = d.DPU_FOREACH(dpus)
    d.dpu_prepare_xfer(dpus, bytearray(8))
    d.dpu_launch(first, d.DPU_ASYNCHRONOUS)
    assert d.dpu_status(dpus) == d.dpu_status(first) == (False, False)
    assert d.dpu_status(second) == (True, False)
    for use in (
        lambda: d.dpu_launch(dpus),
        lambda: d.dpu_launch(first, d.DPU_ASYNCHRONOUS),
        lambda: d.dpu_free(dpus),
        lambda: d.dpu_load_from_memory(dpus, program()),
        lambda: d.dpu_copy_to(dpus, "words", 0, bytes(4)),
        lambda: d.dpu_copy_from(first, "words", 0, bytearray(4)),
        lambda: d.dpu_push_xfer(dpus, d.DPU_XFER_FROM_DPU, "words", 0, 8),
        lambda: d.dpu_copy_from(first, "_start", 0, bytearray(8)),
        lambda: d.dpu_outcome(first),
        lambda: d.dpu_log_read(first, io.StringIO()),
    ):
        with pytest.raises(d.DpuAlreadyRunning, match="DPU 0 is running"):
            use()
    for use in (
        lambda: d.dpu_copy_to(dpus, "bulk", 0, bytes(8)),
        lambda: d.dpu_copy_from(first, d.DPU_MRAM_HEAP_POINTER_NAME, 0, bytearray(8)),
        lambda: d.dpu_push_xfer(dpus, d.DPU_XFER_TO_DPU, "bulk", 0, 8),
    ):
        with pytest.raises(d.MramBusy, match="DPU 0 is running"):
            use()
    assert first_word(second) == 0  # others are free
    gate.set()
    d.dpu_sync(dpus)
    assert d.dpu_status(dpus) == (True, False)
    assert first_words(dpus) == [1, 0]


def test_an_asynchronous_transfer_waits_for_the_run(alloc, gate):
    dpus = alloc(2)
    out = np.zeros((2, 16), np.uint32)
    for dpu, row in zip(d.DPU_FOREACH(dpus), out, strict=True):
        d.dpu_prepare_xfer(dpu, row)
    d.dpu_launch(dpus, d.DPU_ASYNCHRONOUS)
    threading.Timer(0.01, gate.set).start()
    d.dpu_push_xfer(dpus, d.DPU_XFER_FROM_DPU, "words", 0, 64, d.DPU_XFER_ASYNC)
    d.dpu_launch(dpus, d.DPU_ASYNCHRONOUS)
    d.dpu_sync(dpus)
    assert (out == 1).all()
    assert first_words(dpus) == [2, 2]


@pytest.mark.parametrize("threads", [1, 2])
def test_dpus_run_side_by_side(alloc, monkeypatch, threads):
    together = threading.Barrier(threads)
    lock = threading.Lock()
    at_once = []
    inside = 0
    outcome_of = Launched.outcome

    def meet(self: Launched) -> d.Outcome:
        nonlocal inside
        with lock:
            inside += 1
            at_once.append(inside)
        together.wait(WAIT)
        outcome = outcome_of(self)
        with lock:
            inside -= 1
        return outcome

    monkeypatch.setattr(Launched, "outcome", meet)
    monkeypatch.setattr(Launched, "briefly", lambda _: False)  # else it would be done at once
    dpus = alloc(8, f"threads={threads}")
    d.dpu_launch(dpus)
    assert max(at_once) == threads
    assert len(at_once) == 8
    assert first_words(dpus) == [1] * 8


def test_allocations_are_each_for_themselves(alloc):
    one, other = alloc(2), alloc(2)
    d.dpu_copy_to(one, "words", 0, np.full(16, 5, np.uint32))
    d.dpu_launch(one, d.DPU_ASYNCHRONOUS)
    d.dpu_launch(other, d.DPU_ASYNCHRONOUS)
    d.dpu_sync(other)
    d.dpu_sync(one)
    assert (first_words(one), first_words(other)) == ([6, 6], [1, 1])


def test_a_program_that_does_not_print_has_no_log(alloc):
    dpus = alloc(1)
    d.dpu_launch(dpus)
    with pytest.raises(d.LogContextMissing):
        d.dpu_log_read(dpus, io.StringIO())
