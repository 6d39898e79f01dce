"""The layout that kernels and launchers share."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcc.frontend.diag import InternalError
from kcc.ir.abi import (
    EXEC_STATE,
    EXEC_STATE_MAGIC,
    EXEC_STATE_SIZE,
    MAX_ARG_ALIGN,
    WG_INFO,
    WG_INFO_SIZE,
    ElementType,
    KernelArg,
    KernelInfo,
    arg_align,
    block_offsets,
    decode_metadata,
    encode_metadata,
    pack_record,
)


@given(st.lists(st.integers(1, 600), max_size=12))
def test_arguments_are_aligned_and_apart(sizes):
    offsets, total = block_offsets(sizes)
    end = 0
    for offset, size in zip(offsets, sizes, strict=True):
        align = arg_align(size)
        assert offset % align == 0
        assert end <= offset < end + align
        assert align == MAX_ARG_ALIGN or size <= align < 2 * size
        end = offset + size
    assert total % 8 == 0
    assert end <= total < end + 8


def test_offsets_of_a_known_block():
    assert block_offsets([8, 1, 2, 12, 8, 200]) == ((0, 8, 10, 16, 32, 128), 328)
    with pytest.raises(InternalError):
        block_offsets([0])


# fmt: off
WG_OFFSETS = {
    "group_id": 0, "num_groups": 24, "global_offset": 48, "local_size": 72, "num_dim": 96,
    "hal_extra": 128,
}
STATE_OFFSETS = WG_OFFSETS | {
    "kernel_entry": 152, "packed_args": 160, "magic": 168, "state_size": 172, "flags": 176,
    "next_xfer_id": 180, "thread_id": 184,
}
# fmt: on


def test_records_are_where_the_device_has_them():
    assert (WG_INFO_SIZE, EXEC_STATE_SIZE, EXEC_STATE_MAGIC) == (136, 192, 0x6953_6552)
    for layout, known in ((WG_INFO, WG_OFFSETS), (EXEC_STATE, STATE_OFFSETS)):
        assert {name: layout[name].offset for name in known} == known


def test_fields_of_records_do_not_overlap():
    for layout, size in ((WG_INFO, WG_INFO_SIZE), (EXEC_STATE, EXEC_STATE_SIZE)):
        taken = sorted(
            (s.offset, s.offset + s.count * struct.calcsize(s.format)) for s in layout.values()
        )
        for (_, end), (start, _) in itertools.pairwise(taken):
            assert end <= start
        assert taken[-1][1] <= size
    packed = pack_record(WG_INFO, WG_INFO_SIZE, group_id=(1, 2, 3), num_dim=2)
    assert len(packed) == 136
    assert packed[:24] == struct.pack("<3Q", 1, 2, 3)
    assert packed[96:104] == struct.pack("<II", 2, 0)


def test_metadata_survives_the_note():
    info = KernelInfo(
        "k",
        (
            KernelArg(
                "a", "global float *", "buffer", "global", ElementType("float", 4, 4), 8, 8, 0, True
            ),
        ),
        8,
        16,
        (1, 2, 3),
        None,
        "float4",
        blocking=True,
    )
    note = encode_metadata([info])
    name_size, desc_size, kind = struct.unpack_from("<III", note)
    assert (name_size, kind, note[12:16]) == (4, 1, b"kcc\0")
    assert len(note) % 4 == 0
    assert decode_metadata(note[16 : 16 + desc_size]) == (info,)


@pytest.mark.parametrize(
    "desc",
    [b"", b"{}", b"[]", b"\xff", b'{"version":2,"kernels":[]}', b'{"version":1,"kernels":[{}]}',
     b'{"version":1,"kernels":[{"args":[{"element":3}]}]}', b'{"version":1,"kernels":7}', b"3",
     b"[" * 100000],
)  # fmt: skip
def test_malformed_metadata_is_a_value_error(desc):
    with pytest.raises(ValueError):
        decode_metadata(desc)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"float"', b'"f,oat"'), (b'"value"', b'"other"'), (b'"private"', b'"shared"'),
     (b'"size":4', b'"size":5'), (b'"size":4', b'"size":"4"'), (b'"lanes":1', b'"lanes":9'),
     (b'"offset":0', b'"offset":-8'), (b'"name":"x"', b'"name":7')],
)  # fmt: skip
def test_spoilt_metadata_is_a_value_error(old, new):
    arg = KernelArg("x", "float", "value", "private", ElementType("float", 4), 4, 4, 0)
    note = encode_metadata([KernelInfo("k", (arg,), 8)])
    desc = note[16 : 16 + struct.unpack_from("<I", note, 4)[0]]
    assert old in desc
    with pytest.raises(ValueError, match="malformed kernel metadata"):
        decode_metadata(desc.replace(old, new, 1))
