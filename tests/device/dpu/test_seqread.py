"""Sequential readers of DPUs: what they point to, and how often they transfer."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import kcc
from kcc.cli import run_command
from kcc.device.dpu.device import Checks
from kcc.device.dpu.memory_map import MRAM
from scripted import HERE, Scripted, built

# The acts of allocators.c.
MEM_ALLOC, SEQREAD_ALLOC = 0, 18
INIT, GET, SEEK, TELL = range(19, 23)

DATA = MRAM.base + MRAM.size // 2  # a multiple of every size of pages
SIZES = (32, 64, 128, 256, 512, 1024)


def read(
    elf: bytes, page: int, data: bytes, acts: list[tuple[int, int]], checks: Checks = "off"
) -> NDArray[np.uint64]:
    """Do `acts`, each with a place in the data or how far to go on: pointer, bytes, transfers.

    Where the pointer is, and how often data was transferred, is as pages of this size have it.
    """
    dpu = Scripted(elf, checks)
    dpu.dpu.write(DATA, data)
    heap = dpu.address("__sys_heap_pointer_reset")
    cache = dpu.run((MEM_ALLOC, 3), (SEQREAD_ALLOC,))[1]
    assert cache == (heap + 3 + page - 1) // page * page
    assert dpu.run((MEM_ALLOC, 0)) == [cache + 2 * page]

    low = place = transfers = 0
    steps, wanted = [], []
    for act, by in acts:
        place = place if act == TELL else place + by if act == GET else by
        if act == INIT or not low <= place < low + page:
            low = place // page * page
            transfers += 1
        steps.append((act, by if act == GET else DATA + by, cache))
        told = DATA + place if act == TELL else 0
        eight = int.from_bytes(data[place : place + 8].ljust(8, b"\0"), "little")
        wanted.append((cache + place - low, eight, told, transfers))
    outcome, answers = dpu.launch(steps)
    assert outcome.status == (0,), outcome.fault
    done = answers[:, [1, 2, 3, 5]]
    assert np.array_equal(done, np.array(wanted, np.uint64))
    return done


def counting(count: int) -> bytes:
    """A header that says how many bytes follow, and those."""
    return count.to_bytes(4, "little") + bytes(i & 255 for i in range(count))


def checksum(elf: bytes, page: int, count: int) -> tuple[int, int]:
    """The sum of so many counting bytes, and the transfers it took to read them."""
    acts = [(INIT, 0), (GET, 4), *[(GET, 1)] * count]
    done = read(elf, page, counting(count), acts)
    return int((done[1 : count + 1, 1] & np.uint64(255)).sum()), int(done[-1, 3])


def wander(elf: bytes, page: int, count: int, checks: Checks = "off") -> None:
    """Steps of all lengths and places, at no alignment."""
    rng = random.Random(page)
    data = rng.randbytes(40 * page)
    acts, place = [(INIT, rng.randrange(page))], 0
    while len(acts) < count:
        act = rng.choice((GET, GET, GET, SEEK, INIT, TELL))
        by = rng.choice((1, 4, 8, page - 1, rng.randrange(page)))
        if act != GET:
            by = rng.choice((place, place + page, rng.randrange(len(data)))) % len(data)
        place = place + by if act == GET else place if act == TELL else by
        if place > len(data) - 2 * page:
            act, by, place = SEEK, 5, 5
        acts.append((act, by))
    read(elf, page, data, acts, checks)


def test_a_reader_transfers_each_page_once(allocators: bytes) -> None:
    assert checksum(allocators, 256, 0) == (0, 1)
    assert checksum(allocators, 256, 300) == (33586, 2)
    wander(allocators, 256, 200)


@pytest.mark.slow
@pytest.mark.parametrize("page", SIZES)
def test_readers_of_all_sizes(page: int, tmp_path: Path) -> None:
    elf = built(tmp_path, HERE / "allocators.c", f"-DSEQREAD_CACHE_SIZE={page}")
    wander(elf, page, 2000)
    wander(elf, page, 200, "strict")
    if page >= 256:
        count = 65536
        assert checksum(elf, page, count) == (0x7F8000, 1 + (count + 4) // page)


def test_other_sizes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "p.c"
    source.write_text("#define SEQREAD_CACHE_SIZE 48\n#include <seqread.h>\n")
    assert run_command(["-mdevice=dpu", "-c", str(source), "-o", str(tmp_path / "o.o")]) == 1
    assert "SEQREAD_CACHE_SIZE is 32, 64, 128" in capsys.readouterr().err


KERNEL = """
#include <alloc.h>
#include <seqread.h>
#include <stdlib.h>
#include <string.h>
kernel void sum(global uchar *data, global uint *out, uint n) {
    mem_reset();
    seqreader_t reader;
    uchar *at = seqread_init(seqread_alloc(), data, &reader);
    uint total = 0;
    for (uint i = 0; i < n; i++) {
        total += *at;
        at = seqread_get(at, 1, &reader);
    }
    char text[20] = "17", more[3] = "42";
    strcat(text, more);
    out[0] = total;
    out[1] = (global uchar *)seqread_tell(at, &reader) - data;
    out[2] = atoi(text) + strlen(text);
}
"""


@pytest.mark.slow
@pytest.mark.parametrize("standard", ["CL1.2", "CL3.0"])
def test_kernels_read_their_buffers_so(standard: str) -> None:
    data = np.random.default_rng(1).integers(0, 256, 2000, np.uint8)
    with kcc.Device("m1") as device:
        kernel = device.load(kcc.compile(KERNEL, (f"-cl-std={standard}",)))["sum"]
        out = device.buffer(np.zeros(3, np.uint32))
        kernel(device.buffer(data), out, 1400, global_size=1, local_size=1)
        assert out.numpy().tolist() == [data[:1400].sum(), 1400, 1746]
