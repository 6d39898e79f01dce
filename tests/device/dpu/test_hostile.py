"""Damaged programs: a load is refused, or the run ends; with checks and a model of time as well."""

from __future__ import annotations

import random
from functools import cache
from itertools import product
from pathlib import Path

import pytest

import kcc
from hostile import mutated
from kcc.device.dpu.device import Checks, Dpu
from kcc.linker.elf import ElfError

SOURCE = """
#include <alloc.h>
#include <barrier.h>
#include <defs.h>
#include <mram.h>
#include <mutex.h>
BARRIER_INIT(all, NR_TASKLETS);
MUTEX_INIT(one);
__mram int words[512];
__host int sum;
int main(void) {
    if (me() == 0) {
        mem_reset();
        buddy_init(1024);
    }
    barrier_wait(&all);
    int *block = mem_alloc(256);
    mram_read(words + 64 * me(), block, 256);
    for (int i = 0; i < 64; i++) block[i] += i;
    mram_write(block, words + 64 * me(), 256);
    void *p = buddy_alloc(32);
    fsb_allocator_t f = fsb_alloc(16, 4);
    fsb_free(f, fsb_get(f));
    buddy_free(p);
    mutex_lock(one);
    sum += block[7];
    mutex_unlock(one);
    return sum;
}
"""
KINDS: list[tuple[Checks, bool]] = [*product(("off", "warn", "strict"), (False, True))]


@cache
def elf() -> bytes:
    return kcc.compile(SOURCE, ("-x", "c", "-mdevice=dpu", "-DNR_TASKLETS=4")).elf


def sweep(seeds: range, cache: Path) -> int:
    """Returns how many of the programs were run."""
    dpus = [Dpu(*kind, cache_dir=cache) for kind in KINDS]
    ran = 0
    for seed in seeds:
        rng = random.Random(seed)
        dpu = rng.choice(dpus)
        try:
            dpu.load(mutated(elf(), rng))
        except ElfError:
            continue
        for _ in range(2):
            outcome = dpu.launch(limit=50_000)
            assert outcome.fault is None or outcome.fault.message
        ran += 1
    return ran


@pytest.mark.slow
def test_damaged_programs_end(tmp_path: Path) -> None:
    assert sweep(range(150), tmp_path) > 30


@pytest.mark.slow
def test_a_program_ends_well_whoever_watches() -> None:
    statuses = set()
    for kind in KINDS:
        dpu = Dpu(*kind)
        dpu.load(elf())
        outcome = dpu.launch()
        assert outcome.fault is None, outcome.fault
        assert (outcome.cycles is not None) == kind[1]
        statuses.add(sum(value for value in outcome.status if value is not None) > 0)
    assert statuses == {True}
