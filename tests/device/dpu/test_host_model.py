"""Any sequence of the host interface's calls leaves DPUs as a model of NumPy arrays says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from host_program import BULK, COUNT, CRASH, program
from kcc.device import dpu as d

DPUS = 3
PLACES = {"words": 4, "bulk": 8}  # and what transfers are multiples of
WRONG = {"words": d.InvalidWramAccess, "bulk": d.InvalidMramAccess}
SIZES = {"words": 64, "bulk": 4096}
HALTED = "halted"

# One DPU, or all.
subsets = st.one_of(st.none(), st.integers(0, DPUS - 1))
symbols = st.sampled_from(sorted(PLACES))
# Mostly what is allowed, in either memory.
offsets = st.one_of(st.integers(0, 6).map(lambda n: 8 * n), st.sampled_from((-8, 2, 4, 60, 4088)))
lengths = st.one_of(st.integers(0, 6).map(lambda n: 8 * n), st.sampled_from((4, 6, 72, 4096)))
flags = st.sampled_from((d.DPU_XFER_DEFAULT, d.DPU_XFER_NO_RESET, d.DPU_XFER_ASYNC))


class Model:
    """What one DPU should hold."""

    def __init__(self) -> None:
        self.load()
        self.prepared: np.ndarray | None = None

    def load(self) -> None:
        self.memory = {"words": np.zeros(64, np.uint8), "bulk": np.full(4096, 0x5A, np.uint8)}
        self.mode = COUNT
        self.state: str | None = None

    def run(self) -> None:
        self.memory["words"].view(np.uint32)[:] += 1
        if self.mode == BULK:
            bulk = self.memory["bulk"]
            bulk[64:128] = bulk[:64]
        self.state = HALTED if self.mode == CRASH else "done"

    def bytes_of(self, symbol: str, offset: int, length: int) -> np.ndarray:
        return self.memory[symbol][offset : offset + length]


def refusal(symbol: str, offset: int, length: int) -> type[d.DpuError] | None:
    """Why a place cannot be transferred."""
    if offset < 0 or offset + length > SIZES[symbol]:
        return d.InvalidSymbolAccess
    return WRONG[symbol] if offset % PLACES[symbol] or length % PLACES[symbol] else None


class Calls(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.dpus = d.dpu_alloc(DPUS, "threads=2")
        d.dpu_load_from_memory(self.dpus, program())
        self.parts = list(d.DPU_FOREACH(self.dpus))
        self.models = [Model() for _ in range(DPUS)]
        self.fill = 0

    def teardown(self) -> None:
        d.dpu_free(self.dpus)

    def chosen(self, which: int | None) -> tuple[d.DpuSet, list[Model]]:
        if which is None:
            return self.dpus, self.models
        return self.parts[which], [self.models[which]]

    def expect(self, error, call, *arguments) -> bool:
        """Whether the call was done; if `error`, that it was refused with that."""
        if error is None:
            call(*arguments)
            return True
        with pytest.raises(error):
            call(*arguments)
        return False

    def fresh(self, size: int) -> np.ndarray:
        self.fill += 1
        return ((np.arange(size) * 7 + self.fill) % 251).astype(np.uint8)

    @rule(which=subsets, symbol=symbols, offset=offsets, length=lengths, broadcast=st.booleans())
    def copy_to(self, which, symbol, offset, length, broadcast) -> None:
        dpus, models = self.chosen(which)
        data = self.fresh(length)
        call = d.dpu_broadcast_to if broadcast else d.dpu_copy_to
        if self.expect(refusal(symbol, offset, length), call, dpus, symbol, offset, data):
            for model in models:
                model.bytes_of(symbol, offset, length)[:] = data

    @rule(which=subsets, symbol=symbols, offset=offsets, length=lengths)
    def copy_from(self, which, symbol, offset, length) -> None:
        dpus, models = self.chosen(which)
        out = self.fresh(length + 3)
        before = out.copy()
        error = refusal(symbol, offset, length) if which is not None else d.InvalidDpuSet
        if self.expect(error, d.dpu_copy_from, dpus, symbol, offset, out, length):
            before[:length] = models[0].bytes_of(symbol, offset, length)
        assert np.array_equal(out, before)

    @rule(which=subsets, size=st.sampled_from((8, 48, 4096)), forget=st.booleans())
    def prepare(self, which, size, forget) -> None:
        dpus, models = self.chosen(which)
        data = None if forget else self.fresh(size)
        set_before = data is not None and any(m.prepared is not None for m in models)
        error = d.TransferAlreadySet if set_before else None
        self.expect(error, d.dpu_prepare_xfer, dpus, data)
        for model in models:
            model.prepared = data

    @rule(
        which=subsets, way=st.sampled_from(d.dpu_xfer_t), symbol=symbols, offset=offsets,
        length=lengths, flag=flags,
    )  # fmt: skip
    def push(self, which, way, symbol, offset, length, flag) -> None:
        dpus, models = self.chosen(which)
        ready = [m for m in models if m.prepared is not None]
        error = refusal(symbol, offset, length)
        if error is None and any(m.prepared.size < length for m in ready):
            error = d.InvalidBufferSize
        if not self.expect(error, d.dpu_push_xfer, dpus, way, symbol, offset, length, flag):
            return
        for model in ready:
            place = model.bytes_of(symbol, offset, length)
            if way == d.DPU_XFER_TO_DPU:
                place[:] = model.prepared[:length]
            elif sum(m.prepared is model.prepared for m in ready) == 1:
                assert np.array_equal(model.prepared[:length], place)
        if flag != d.DPU_XFER_NO_RESET:
            for model in models:
                model.prepared = None

    @rule(which=subsets, mode=st.sampled_from((COUNT, BULK, COUNT, BULK, CRASH)))
    def set_mode(self, which, mode) -> None:
        dpus, models = self.chosen(which)
        d.dpu_copy_to(dpus, "mode", 0, mode.to_bytes(4, "little"))
        for model in models:
            model.mode = mode

    @rule(which=subsets, policy=st.sampled_from(d.dpu_launch_policy_t))
    def launch(self, which, policy) -> None:
        dpus, models = self.chosen(which)
        refused = any(m.state == HALTED for m in models)
        crashes = any(m.mode == CRASH for m in models)
        synchronous = policy == d.DPU_SYNCHRONOUS
        error = d.DpuFaulted if refused or (crashes and synchronous) else None
        self.expect(error, d.dpu_launch, dpus, policy)
        if not refused:
            for model in models:
                model.run()
        halted = any(m.state == HALTED for m in models)
        self.expect(d.DpuFaulted if halted else None, d.dpu_sync, dpus)

    @rule(which=subsets)
    def load(self, which) -> None:
        dpus, models = self.chosen(which)
        d.dpu_load_from_memory(dpus, program())
        for model in models:
            model.load()

    @invariant()
    def all_is_as_in_the_model(self) -> None:
        halted = [m.state == HALTED for m in self.models]
        assert d.dpu_status(self.dpus) == (True, any(halted))
        for dpu, model in zip(self.parts, self.models, strict=True):
            for symbol, size in SIZES.items():
                found = np.empty(size, np.uint8)
                d.dpu_copy_from(dpu, symbol, 0, found)
                assert np.array_equal(found, model.memory[symbol]), symbol


TestCalls = Calls.TestCase
TestCalls.settings = settings(
    max_examples=5,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
class TestManyCalls(Calls.TestCase):
    settings = settings(TestCalls.settings, max_examples=60, stateful_step_count=50)
