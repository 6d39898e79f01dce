"""The host interface, call by call: what each gives, and every way in which each is refused."""

from __future__ import annotations

import array
import ctypes
import gc
import io
import weakref

import numpy as np
import pytest

from host_program import TASKLETS, program
from kcc.device import dpu as d
from kcc.device.dpu.host import read_profile

HEAP = d.DPU_MRAM_HEAP_POINTER_NAME


def words_of(dpu: d.DpuSet) -> list[int]:
    words = np.zeros(16, np.uint32)
    d.dpu_copy_from(dpu, "words", 0, words)
    return words.tolist()


# -- sets -----------------------------------------------------------------------------------------


def test_sets_are_of_ranks_and_dpus(alloc):
    dpus = alloc(130, loaded=False)
    assert (d.dpu_get_nr_dpus(dpus), d.dpu_get_nr_ranks(dpus)) == (130, 3)
    ranks = list(d.DPU_RANK_FOREACH(dpus))
    assert [d.dpu_get_nr_dpus(rank) for rank in ranks] == [64, 64, 2]
    assert repr(ranks[2]) == "<DPUs 128 to 129>"
    singles = list(d.DPU_FOREACH(dpus))
    assert [repr(dpu) for dpu in singles] == [f"<DPU {i}>" for i in range(130)]
    assert list(d.DPU_FOREACH(ranks[2])) == singles[128:]
    assert list(d.DPU_FOREACH(singles[3])) == [singles[3]] == list(d.DPU_RANK_FOREACH(singles[3]))
    assert d.dpu_get_nr_ranks(singles[129]) == 1


def test_all_is_a_rank():
    for make in (d.dpu_alloc, d.dpu_alloc_ranks):
        dpus = make(d.DPU_ALLOCATE_ALL)
        assert d.dpu_get_nr_dpus(dpus) == 64
        d.dpu_free(dpus)


@pytest.mark.parametrize("count", [0, -1, (1 << 16) + 1])
def test_such_numbers_cannot_be_allocated(count):
    with pytest.raises(d.AllocationFailure, match=r"^DPU_ERR_ALLOCATION: .* DPUs: 1 to"):
        d.dpu_alloc(count)


def test_what_is_freed_is_gone(alloc):
    dpus = alloc(2)
    (first, _) = d.DPU_FOREACH(dpus)
    with pytest.raises(d.InvalidDpuSet, match="not a part"):
        d.dpu_free(first)
    d.dpu_free(dpus)
    for use in (
        d.dpu_free, d.dpu_launch, d.dpu_sync, d.dpu_status, d.dpu_get_nr_dpus, d.dpu_get_nr_ranks,
        d.dpu_outcome, lambda s: next(d.DPU_FOREACH(s)), lambda s: next(d.DPU_RANK_FOREACH(s)),
        lambda s: d.dpu_copy_to(s, "words", 0, bytes(4)), lambda s: d.dpu_prepare_xfer(s, bytes(4)),
        lambda s: d.dpu_copy_from(s, "words", 0, bytearray(4)),
        lambda s: d.dpu_push_xfer(s, d.DPU_XFER_TO_DPU, "words", 0, 4),
        lambda s: d.dpu_load_from_memory(s, program()), lambda s: d.dpu_log_read(s, io.StringIO()),
    ):  # fmt: skip
        for gone in (dpus, first):
            with pytest.raises(d.InvalidDpuSet, match="freed"):
                use(gone)
    with pytest.raises(TypeError, match="a set of DPUs is needed, not int"):
        d.dpu_launch(3)


def test_freeing_gives_memory_back(alloc):
    dpus = alloc(1)
    d.dpu_launch(dpus)
    device = weakref.ref(dpus.members[0].device)
    d.dpu_free(dpus)
    gc.collect()
    assert device() is None


def test_profiles():
    assert read_profile(None) == read_profile("") == read_profile("backend=simulator")
    options = read_profile(" check=strict, timing=1 ,threads=3,limit=10")
    assert (options.checks, options.timing, options.threads) == ("strict", True, 3)
    assert options.limit == 10
    for text in (
        "backend=hw", "check=loud", "timing=yes", "threads=0", "threads=x", "threads=1025",
        "threads=٣", "rank=1", "limit=0", "limit=1e3", "check", "=1", ",", "check=off,check=off",
        "threads=99999999999",
    ):  # fmt: skip
        with pytest.raises(d.InvalidProfile):
            d.dpu_alloc(1, text)


# -- programs and symbols -------------------------------------------------------------------------


def test_symbols(alloc, tmp_path):
    path = tmp_path / "program.elf"
    path.write_bytes(program())
    dpus = alloc(1, loaded=False)
    loaded = d.dpu_load(dpus, path)
    found = {n: d.dpu_get_symbol(loaded, n) for n in ("words", "mode", "bulk", "_start", HEAP)}
    assert {name: s.memory.name for name, s in found.items()} == {
        "words": "WRAM", "mode": "WRAM", "bulk": "MRAM", "_start": "IRAM", HEAP: "MRAM"
    }  # fmt: skip
    assert found["words"].size == 64
    assert found["words"].address % 8 == 0 < found["words"].address
    assert found["bulk"] == d.Symbol(0x0800_0000, 4096)
    assert found["_start"].address == 0x8000_0000
    assert found[HEAP] == d.Symbol(0x0800_1000, (64 << 20) - 4096)
    assert d.dpu_get_symbol(loaded, "NR_TASKLETS") == d.Symbol(TASKLETS, 0)
    with pytest.raises(d.UnknownSymbol, match="no symbol 'nothing'"):
        d.dpu_get_symbol(loaded, "nothing")


def test_programs_that_cannot_be_loaded(alloc, tmp_path):
    dpus = alloc(1, loaded=False)
    with pytest.raises(d.ElfNoSuchFile, match=r"none\.elf: No such file"):
        d.dpu_load(dpus, tmp_path / "none.elf")
    with pytest.raises(d.ElfNoSuchFile, match="directory"):
        d.dpu_load(dpus, tmp_path)
    for wrong in (b"", b"\x7fELF", program()[:300], bytes(5000)):
        with pytest.raises(d.ElfInvalidFile):
            d.dpu_load_from_memory(dpus, wrong)
    with pytest.raises(d.TooManyTasklets, match="25"):
        d.dpu_load_from_memory(dpus, program(25))
    for use in (
        d.dpu_launch,
        lambda s: d.dpu_copy_to(s, "words", 0, bytes(4)),
        lambda s: d.dpu_copy_from(s, d.Symbol(8, 4), 0, bytearray(4)),
        lambda s: d.dpu_log_read(s, io.StringIO()),
    ):
        with pytest.raises(d.NoProgramLoaded, match="DPU 0"):
            use(dpus)


def test_loading_resets_memory(alloc):
    dpus = alloc(1)
    d.dpu_copy_to(dpus, HEAP, 1 << 20, b"leftover")
    d.dpu_copy_to(dpus, "bulk", 0, b"leftover")
    d.dpu_launch(dpus)
    assert words_of(dpus) == [1] * 16
    d.dpu_launch(dpus)
    assert words_of(dpus) == [2] * 16
    d.dpu_load_from_memory(dpus, program())
    assert words_of(dpus) == [0] * 16
    bulk = bytearray(8)
    d.dpu_copy_from(dpus, HEAP, 1 << 20, bulk)
    assert bulk == bytes(8)
    d.dpu_copy_from(dpus, "bulk", 0, bulk)
    assert bulk == b"\x5a" * 8


# -- transfers ------------------------------------------------------------------------------------


class Pair(ctypes.Structure):
    _fields_ = (("a", ctypes.c_uint32), ("b", ctypes.c_uint64))


STRUCTURED = np.array([(1, 2.5), (3, 4.5)], np.dtype([("n", "u4"), ("x", "f8")], align=True))
SOURCES = {
    "bytes": bytes(range(32)),
    "bytearray": bytearray(range(32)),
    "memoryview": memoryview(bytes(range(64)))[8:40],
    "array": array.array("i", range(8)),
    "ctypes": Pair(7, 9),
    "int16 matrix": np.arange(16, dtype=np.int16).reshape(4, 4),
    "row": np.arange(32, dtype=np.float32).reshape(4, 8)[2],
    "big-endian": np.arange(8, dtype=">u4"),
    "structured": STRUCTURED,
    "complex": np.arange(2, dtype=np.complex128),
    "scalar": np.uint64(0x0123_4567_89AB_CDEF),
    "no dimension": np.array(5, np.int64),
    "read-only": np.frombuffer(bytes(range(16)), np.uint16),
    "bool": np.array([True, False] * 4),
}


def test_buffers_of_every_kind(alloc):
    dpus = alloc(1)
    for name, source in SOURCES.items():
        data = memoryview(source).tobytes()
        for symbol in ("words", "bulk"):
            d.dpu_copy_to(dpus, symbol, 8, source)
            back = bytearray(len(data))
            d.dpu_copy_from(dpus, symbol, 8, back)
            assert back == data, name
    for target in (np.zeros(2, STRUCTURED.dtype), array.array("q", [0, 0]), Pair(),
                   np.zeros((2, 2), np.float32), np.zeros(4, ">i4"), memoryview(bytearray(16)),
                   np.zeros(8, bool), np.array(0, np.int64)):  # fmt: skip
        data = (b"\1\0\1\1" * 8)[: memoryview(target).nbytes]
        d.dpu_copy_to(dpus, "bulk", 16, data)
        d.dpu_copy_from(dpus, "bulk", 16, target)
        assert memoryview(target).tobytes() == data


def test_what_is_no_buffer(alloc):
    dpus = alloc(1)
    matrix = np.zeros((4, 4), np.uint32)
    fixed = np.frombuffer(bytes(16), np.uint32)
    for wrong, error, why in (
        ([1, 2], TypeError, "list"),
        ("text", TypeError, "str"),
        (3, TypeError, "int"),
        (np.array([None]), TypeError, "objects"),
        (np.zeros(1, "M8[s]"), TypeError, "dtype"),
        (matrix[:, 0], ValueError, "contiguous"),
        (matrix.T[1:], ValueError, "contiguous"),
    ):
        for use in (
            lambda b: d.dpu_copy_to(dpus, "words", 0, b),
            lambda b: d.dpu_copy_from(dpus, "words", 0, b),
            lambda b: d.dpu_broadcast_to(dpus, "words", 0, b),
            lambda b: d.dpu_prepare_xfer(dpus, b),
        ):
            with pytest.raises(error, match=why):
                use(wrong)
    for constant in (bytes(16), fixed):
        with pytest.raises(ValueError, match="read-only"):
            d.dpu_copy_from(dpus, "words", 0, constant)
        d.dpu_prepare_xfer(dpus, constant)
        with pytest.raises(ValueError, match="DPU 0 is read-only"):
            d.dpu_push_xfer(dpus, d.DPU_XFER_FROM_DPU, "words", 0, 16)
        d.dpu_push_xfer(dpus, d.DPU_XFER_TO_DPU, "words", 0, 16)
    with pytest.raises(TypeError, match="name"):
        d.dpu_copy_to(dpus, 8, 0, bytes(4))
    with pytest.raises(TypeError):
        d.dpu_copy_to(dpus, "words", 0.5, bytes(4))


# symbol, offset, length, the error that it is
REFUSED = [
    ("nothing", 0, 8, d.UnknownSymbol),
    ("words", 0, 68, d.InvalidSymbolAccess),
    ("words", 64, 4, d.InvalidSymbolAccess),
    ("words", 68, 0, d.InvalidSymbolAccess),
    ("words", -4, 4, d.InvalidSymbolAccess),
    ("words", 0, -4, d.InvalidSymbolAccess),
    ("words", 1 << 70, 4, d.InvalidSymbolAccess),
    ("words", 2, 4, d.InvalidWramAccess),
    ("words", 0, 6, d.InvalidWramAccess),
    ("odd", 0, 6, d.InvalidWramAccess),
    ("bulk", 4, 8, d.InvalidMramAccess),
    ("bulk", 0, 12, d.InvalidMramAccess),
    ("bulk", 4096, 8, d.InvalidSymbolAccess),
    ("_start", 4, 8, d.InvalidIramAccess),
    ("_start", 0, 4, d.InvalidIramAccess),
    (HEAP, 4, 8, d.InvalidMramAccess),
    (HEAP, (64 << 20) - 4096, 8, d.InvalidSymbolAccess),
    ("NR_TASKLETS", 0, 4, d.InvalidSymbolAccess),
    (d.Symbol(0xFFF8, 16), 0, 16, d.InvalidSymbolAccess),
    (d.Symbol(0x1_0000, 16), 0, 16, d.InvalidSymbolAccess),
    (d.Symbol(-8, 16), 0, 8, d.InvalidSymbolAccess),
    (d.Symbol(2, 16), 0, 4, d.InvalidWramAccess),
]


def test_every_transfer_checks_where(alloc):
    dpus = alloc(1)
    buffer = bytearray(b"x" * 128)
    d.dpu_prepare_xfer(dpus, buffer)
    for symbol, offset, length, error in REFUSED:
        place = (symbol, offset)
        for use, arguments in (
            (d.dpu_copy_to, (*place, buffer, length)),
            (d.dpu_copy_from, (*place, buffer, length)),
            (d.dpu_broadcast_to, (*place, buffer, length)),
        ):
            with pytest.raises(error) as caught:
                use(dpus, *arguments)
            assert str(caught.value).startswith(f"{caught.value.name}: ")
        for direction in d.dpu_xfer_t:
            with pytest.raises(error):
                d.dpu_push_xfer(dpus, direction, *place, length)
    assert buffer == b"x" * 128
    assert words_of(dpus) == [0] * 16


def test_errors_have_the_codes_of_c():
    assert d.dpu_error_t.DPU_OK == 0
    for error, code in (
        (d.AllocationFailure, 4), (d.InvalidDpuSet, 5), (d.InvalidWramAccess, 8),
        (d.InvalidIramAccess, 9), (d.InvalidMramAccess, 10), (d.InvalidSymbolAccess, 11),
        (d.TransferAlreadySet, 13), (d.DpuAlreadyRunning, 18), (d.DpuFaulted, 21),
        (d.ElfNoSuchFile, 23), (d.UnknownSymbol, 27), (d.TooManyTasklets, 36),
    ):  # fmt: skip
        assert error("x").code == code
    classes = d.DpuError.__subclasses__()
    assert len({c.code for c in classes}) == len(classes) == len(d.dpu_error_t) - 1


def test_a_symbols_last_bytes_can_be_transferred(alloc):
    dpus = alloc(1)
    for symbol, offset in (("words", 60), ("bulk", 4088), (HEAP, (64 << 20) - 4096 - 8)):
        data = bytes(range(1, 5)) * (1 if symbol == "words" else 2)
        d.dpu_copy_to(dpus, symbol, offset, data)
        back = bytearray(len(data))
        d.dpu_copy_from(dpus, symbol, offset, back)
        assert back == data
    code = bytearray(16)
    d.dpu_copy_from(dpus, "_start", 0, code)
    assert bytes(code) in program()
    d.dpu_copy_to(dpus, "_start", 0, code)
    for symbol, offset in (("words", 64), ("bulk", 4096)):
        d.dpu_copy_to(dpus, symbol, offset, b"")  # nothing, at the end: no error
        d.dpu_copy_from(dpus, symbol, offset, np.zeros((0, 4)))


def test_lengths_fit_the_buffer(alloc):
    dpus = alloc(2)
    first, second = d.DPU_FOREACH(dpus)
    with pytest.raises(d.InvalidBufferSize, match="has 4 bytes, the transfer 8"):
        d.dpu_copy_to(dpus, "words", 0, bytes(4), 8)
    with pytest.raises(d.InvalidBufferSize):
        d.dpu_copy_from(first, "words", 0, bytearray(4), 8)
    d.dpu_prepare_xfer(first, np.full(8, 1, np.uint32))
    d.dpu_prepare_xfer(second, np.full(3, 2, np.uint32))
    with pytest.raises(d.InvalidBufferSize, match="prepared for DPU 1 has 12 bytes"):
        d.dpu_push_xfer(dpus, d.DPU_XFER_TO_DPU, "words", 0, 16)
    assert words_of(first) == [0] * 16  # nor was the first transferred
    d.dpu_push_xfer(dpus, d.DPU_XFER_TO_DPU, "words", 4, 12)  # both are prepared still
    assert words_of(first)[:5] == [0, 1, 1, 1, 0]
    assert words_of(second)[:5] == [0, 2, 2, 2, 0]


def test_prepared_transfers(alloc):
    dpus = alloc(4)
    data = np.arange(4 * 16, dtype=np.uint32).reshape(4, 16)
    parts = list(d.DPU_FOREACH(dpus))
    for row, dpu in zip(data[:3], parts, strict=False):
        d.dpu_prepare_xfer(dpu, row)
    d.dpu_push_xfer(dpus, d.DPU_XFER_TO_DPU, "words", 0, 64, d.DPU_XFER_NO_RESET)
    assert [words_of(dpu) for dpu in parts] == [*data[:3].tolist(), [0] * 16]  # 3 is skipped
    data += 100  # the buffers, not their bytes, are what is prepared
    d.dpu_push_xfer(dpus, d.DPU_XFER_TO_DPU, "words", 0, 32)
    assert [words_of(dpu)[7:9] for dpu in parts] == [[107, 8], [123, 24], [139, 40], [0, 0]]
    before = data.copy()
    d.dpu_push_xfer(dpus, d.DPU_XFER_FROM_DPU, "words", 0, 64)  # none is prepared
    assert np.array_equal(data, before)
    for row, dpu in zip(data, parts, strict=True):
        d.dpu_prepare_xfer(dpu, row)
    d.dpu_push_xfer(dpus, d.DPU_XFER_FROM_DPU, "words", 0, 64)
    assert [words_of(dpu) for dpu in parts] == data.tolist()

    d.dpu_prepare_xfer(parts[1], data[0])
    with pytest.raises(d.TransferAlreadySet, match="DPU 1"):
        d.dpu_prepare_xfer(dpus, data[2])
    d.dpu_push_xfer(dpus, d.DPU_XFER_TO_DPU, "words", 0, 64)  # the later ones count
    assert [words_of(dpu) for dpu in parts] == [data[2].tolist()] * 4
    d.dpu_prepare_xfer(dpus, data[3])
    d.dpu_prepare_xfer(dpus, None)
    d.dpu_prepare_xfer(parts[2], data[3])
    d.dpu_push_xfer(dpus, d.DPU_XFER_TO_DPU, "words", 0, 64)
    assert [words_of(dpu) == data[3].tolist() for dpu in parts] == [False, False, True, False]
    d.dpu_broadcast_to(dpus, "words", 0, data[1])
    assert [words_of(dpu) for dpu in parts] == [data[1].tolist()] * 4


def test_kinds_of_transfers(alloc):
    dpus = alloc(2)
    d.dpu_prepare_xfer(dpus, bytearray(8))
    with pytest.raises(d.InvalidMemoryTransfer, match="direction"):
        d.dpu_push_xfer(dpus, 2, "words", 0, 8)
    for flags in (d.DPU_XFER_PARALLEL, 8, -1):
        with pytest.raises(d.InvalidMemoryTransfer, match="flags"):
            d.dpu_push_xfer(dpus, d.DPU_XFER_TO_DPU, "words", 0, 8, flags)
        with pytest.raises(d.InvalidMemoryTransfer, match="flags"):
            d.dpu_broadcast_to(dpus, "words", 0, bytes(8), flags=flags)
    for use in (
        lambda: d.dpu_copy_from(dpus, "words", 0, bytearray(8)),
        lambda: d.dpu_log_read(dpus, io.StringIO()),
        lambda: d.dpu_outcome(dpus),
    ):
        with pytest.raises(d.InvalidDpuSet, match="takes one DPU, not a set of 2"):
            use()


def test_names_mean_the_same_to_all(alloc):
    dpus = alloc(2)
    first, second = d.DPU_FOREACH(dpus)
    d.dpu_load_from_memory(second, program())
    d.dpu_copy_to(dpus, "words", 0, bytes(4))  # loaded twice, the same
    other = d.dpu_load_from_memory(second, program(1))
    with pytest.raises(d.DifferentDpuPrograms, match="'words': DPUs 0 and 1"):
        d.dpu_copy_to(dpus, "words", 0, bytes(4))
    d.dpu_copy_to(dpus, d.dpu_get_symbol(other, "words"), 0, b"abcd")
    assert words_of(first)[0] == words_of(second)[0] == int.from_bytes(b"abcd", "little")
