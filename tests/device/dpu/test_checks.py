"""Checks: each rule broken once, in one program; they name address, size, tasklet, line."""

from __future__ import annotations

import re
from functools import cache

import pytest

import kcc
from kcc.device.dpu.device import Checks, Dpu, Outcome

SOURCE = """\
#include <alloc.h>
#include <barrier.h>
#include <defs.h>
#include <mram.h>
#include <mutex.h>
#include <seqread.h>
#include <string.h>

BARRIER_INIT(all, NR_TASKLETS);
BARRIER_INIT(pair, 2);
MUTEX_INIT(first);
MUTEX_INIT(second);
__mram int words[64];
__mram long longs[64];
__mram_noinit long pages[512];
__attribute__((aligned(256))) char caches[NR_TASKLETS][512];
__dma_aligned long near[320];
__host int what;
volatile int sink, by = 4;
volatile int *volatile kept;
fsb_allocator_t blocks, others;
seqreader_t firsts;

__attribute__((noinline)) int deep(int n) {
    volatile int here[16];
    here[n & 15] = n;
    return n ? deep(n - 1) + here[n & 15] : 0;
}

int main(void) {
    if (me() == 0) {
        mem_reset();
        blocks = fsb_alloc(24, 4);
        others = fsb_alloc(16, 4);
        buddy_init(1024);
    }
    barrier_wait(&all);
    volatile int *p = mem_alloc(20);
    char *block = fsb_get(blocks);
    char *part = buddy_alloc(40);
    seqreader_t reader;
    char *volatile at = seqread_init(seqread_alloc(), words, me() ? &reader : &firsts);
    *(volatile long *)block = 1;
    *(volatile long *)part = 2;
    p[0] = p[4] = 0;
    memcpy((void *)&near[8 * me()], (void *)p, 20);
    sink = p[0];
    if (what == 36 && me() != 1)
        barrier_wait(&pair);
    barrier_wait(&all);
    switch (what == 0 || me() != 1 ? 0 : what) {
    case 1: p[5] = 1; break;
    case 2: sink = p[3]; break;
    case 3: kept = p; mem_reset(); kept[0] = 1; break;
    case 4: sink = *(volatile int *)(block + 24 * 3); break;
    case 5: fsb_free(blocks, block); fsb_free(blocks, block); break;
    case 6: fsb_free(others, block); break;
    case 7: fsb_free(blocks, block + 8); break;
    case 8: fsb_free(blocks, 0); break;
    case 9: fsb_free(blocks, block); *(volatile int *)block = 1; break;
    case 10: buddy_init(1000); break;
    case 11: buddy_init(1024); break;
    case 12: buddy_free(part + 8); break;
    case 13: buddy_free(part); buddy_free(part); break;
    case 14: ((volatile char *)part)[40] = 1; break;
    case 15: sink = *(volatile int *)0; break;
    case 16: sink = deep(40); break;
    case 17: mutex_lock(first); break;
    case 18: mram_read((__mram_ptr char *)words + by, near, 8 * what); break;
    case 19: mram_write(near, words, (unsigned)what - 7); break;
    case 20: mram_write(near, words, 2056 + 0 * (unsigned)what); break;
    case 21: mram_read(words, (char *)near + by, 8); break;
    case 22: mram_read(words, (void *)p, 24); break;
    case 23: near[0] = (long)&near[2]; fsb_get((void **)near); break;
    case 24: mem_reset(); buddy_alloc(32); break;
    case 25: at = seqread_get(at, SEQREAD_CACHE_SIZE, &reader); break;
    case 26: at = seqread_get(at + SEQREAD_CACHE_SIZE + 200, 100, &reader); break;
    case 27: at = seqread_seek((__mram_ptr char *)words + 1024, &firsts); break;
    case 28: at = seqread_init(seqread_alloc() + 8, words, &reader); break;
    case 29: mutex_unlock(first); break;
    case 35: { char *a = mem_alloc(8); mem_alloc(8); mram_read(longs, a, 16); break; }
    case 36: barrier_wait(&pair); break;
    }
    if (what == 30 && me() < 2)
        words[2 + me()] = me();
    if (what == 31)
        longs[me()] = longs[me()] + 1;
    if (what == 32) {
        mutex_lock(second);
        words[me()] = me();
        mutex_unlock(second);
        barrier_wait(&all);
        sink = words[NR_TASKLETS - 1 - me()];
    }
    if (what == 33) {
        if (me() == 0)
            mutex_lock(first);
        barrier_wait(&all);
        if (me() == 1)
            mutex_unlock(first);
    }
    if (what == 37 || what == 38) { // each its own pages; or all of them
        long n = 0, from = 100 * me();
        for (int i = 0; i < 100; i++)
            pages[from + i] = i;
        barrier_wait(&all);
        __mram_ptr long *start = pages + (what == 38 ? 0 : from);
        at = seqread_init((seqreader_buffer_t)caches[me()], start, &reader);
        for (int i = 0; i < 100; i++) {
            pages[from + i] = n += *(long *)at;
            at = seqread_get(at, 8, &reader);
        }
    }
    if (what == 34)
        sink = words[0];
    return 0;
}
"""
LINES = SOURCE.splitlines()


@cache
def elf() -> bytes:
    options = (
        "-x",
        "c",
        "-mdevice=dpu",
        "-DNR_TASKLETS=3",
        "-DSTACK_SIZE_DEFAULT=1024",
        "-g",
        "-O0",
    )
    return kcc.compile(SOURCE, options).elf


@cache  # keeps what has been translated
def device(checks: Checks) -> Dpu:
    return Dpu(checks)


def run(what: int, checks: Checks) -> Outcome:
    dpu = device(checks)
    dpu.load(elf())
    dpu.write(dpu.image.elf.symbol("what").value, what.to_bytes(4, "little"))
    return dpu.launch(limit=10_000_000)


BROKEN = [
    (1, r"store of 4 bytes at 0x\w+: outside of what is allocated \(0 bytes behind 20 bytes at"),
    (2, r"load of 4 bytes at 0x\w+: not written since it was allocated \(in 20 bytes .* mem_alloc"),
    (3, r"store of 4 bytes .* of mem_alloc\(\), from before mem_reset\(\), handed out to"),
    (4, r"load of 4 bytes .* \(its list of the allocator"),
    (5, r"fsb_free\(\) of 0x\w+: block \d of 24 bytes is free already"),
    (6, r"fsb_free\(\) of 0x\w+ to the allocator 0x\w+: it is of the allocator 0x\w+"),
    (7, r"fsb_free\(\) of 0x\w+: that is inside a block of 24 bytes"),
    (8, r"fsb_free\(\) of NULL"),
    (9, r"store of 4 bytes .*24 bytes at 0x\w+ of fsb_get\(\), freed"),
    (10, r"buddy_init\(1000\): that is no power of two"),
    (11, r"buddy_init\(1024\): a second call has no effect"),
    (12, r"buddy_free\(\) of 0x\w+: that is inside 40 bytes at 0x\w+ of buddy_alloc\(\)"),
    (13, r"buddy_free\(\) of 0x\w+: it is free already"),
    (14, r"store of 1 bytes .*\(0 bytes behind 40 bytes .*buddy_alloc"),
    (15, r"load of 4 bytes at 0x0: a null pointer"),
    (16, r"stack overflow: \d+ bytes below the stack of tasklet 1, 1024 bytes at 0x\w+"),
    (17, r"mutex 'first' is held at the end of tasklet 1"),
    (18, r"DMA of 144 bytes from MRAM 0x\w+ to WRAM 0x\w+: 0x\w+4 is not a multiple of 8"),
    (19, r"DMA of 12 bytes from WRAM 0x\w+ to MRAM 0x\w+: not a multiple of 8 from 8 to 2048"),
    (20, r"DMA of 2056 bytes .*: not a multiple of 8 from 8 to 2048"),
    (21, r"DMA of 8 bytes .*: 0x\w+ is not a multiple of 8"),
    (22, r"DMA of 24 bytes .*: store of 24 bytes .*: outside of what is allocated \(0 bytes"),
    (23, r"fsb_get\(\) of 0x\w+, which is no allocator"),
    (24, r"buddy_alloc\(\) of 32 bytes at 0x\w+: the buddy heap is from before mem_reset\(\)"),
    (25, r"seqread_get\(\) by 256 bytes: a page has 256, and it must stay below that"),
    (26, r"seqread_get\(\) of 0x\w+, which is not in the first page of its cache, 256 bytes at 0x"),
    (27, r"tasklet 1 uses the sequential reader at 0x\w+ of tasklet 0"),
    (28, r"seqread_init\(\) with a cache at 0x\w+: not a multiple of 256"),
    (29, r"mutex 'first' is cleared by tasklet 1, and is not set"),
    (35, r"DMA of 16 bytes .*: the last 8 are behind 8 bytes at 0x\w+ of mem_alloc\(\)"),
    (36, r"barrier 'pair' is for 2 tasklets, and tasklet 1 comes besides 0, 2"),
]  # fmt: skip


QUICK = (1, 5, 17)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        pytest.param(*row, id=str(row[0]), marks=() if row[0] in QUICK else pytest.mark.slow)
        for row in BROKEN
    ],
)
def test_each_rule_is_told_of_where_it_is_broken(what: int, message: str) -> None:
    outcome = run(what, "strict")
    fault = outcome.fault
    assert fault is not None
    assert fault.kind == "check"
    assert re.search(message, fault.message), fault.message
    assert fault.tasklet == 1
    line = fault.source[0].line
    assert f"<source>:{line}" in fault.message
    assert f"case {what}:" in LINES[line - 1] or what == 16, fault.message


@pytest.mark.parametrize(
    "whats", [(0, 32), pytest.param((31, 34), marks=pytest.mark.slow)], ids=str
)
def test_clean_programs_are_told_of_nothing(whats: tuple[int, ...]) -> None:
    for what in whats:
        outcome = run(what, "strict")
        assert outcome.fault is None, outcome.fault
        assert outcome.warnings == ()
        assert outcome.status == (0, 0, 0)


@pytest.mark.slow
def test_with_warnings_programs_run_as_they_do_without() -> None:
    for what in (0, 1, 5, 19, 31, 32):
        outcome, plain = run(what, "warn"), run(what, "off")
        assert len(outcome.warnings) == (what in (1, 5, 19))
        assert (outcome.status, outcome.retired) == (plain.status, plain.retired)
        assert plain.warnings == ()


def test_a_race_names_both_places() -> None:
    """Two ints of one word, stored by two tasklets: each reads and writes all of the word."""
    fault = run(30, "strict").fault
    assert fault is not None
    line = LINES.index("        words[2 + me()] = me();") + 1
    assert "race for the 8 bytes of MRAM at 0x" in fault.message
    assert fault.message.count(f"<source>:{line}") == 2
    assert {"tasklet 0 in main", "tasklet 1 in main"} == set(
        re.findall(r"tasklet \d in main", fault.message)
    )


@pytest.mark.slow
def test_sequential_readers_may_read_on_into_what_others_write() -> None:
    fault = run(38, "strict").fault
    assert fault is not None
    assert "race for the 8 bytes of MRAM at 0x" in fault.message
    line = LINES.index("            at = seqread_get(at, 8, &reader);") + 1
    assert f"<source>:{line}" in fault.message
    assert run(37, "strict").fault is None


def test_a_mutex_is_for_its_owner_to_unlock() -> None:
    fault = run(33, "strict").fault
    assert fault is not None
    assert (
        "mutex 'first' is cleared by tasklet 1, and was set by tasklet 0 in main" in fault.message
    )
