"""What heeds vstart by the specification where QEMU 7.2 does not always: see vdeparts.py."""

from __future__ import annotations

import re

import pytest

from kcc.backend.encode import encode
from kcc.backend.isa import TABLE
from kcc.device.sim.machine import Cause, Reason
from vharness import vtype_of

VSTART = 0x008
RET = encode("jalr", rd=0, rs1=1, imm12=0)
# V 1.0, chapter 14, 15.2 to 15.6, 15.8 and 16.5: an illegal instruction where vstart is not 0.
FROM_0 = r"vf?w?red.*|vcpop\.m|vfirst\.m|vm(sb|si|so)f\.m|viota\.m|vcompress\.vm"
NAMES = [name for name in TABLE if re.fullmatch(FROM_0, name)]


@pytest.fixture
def vectors(make_bench):
    bench = make_bench(arch="rv64gcv_zvl128b")
    for reg in range(32):
        bench.machine.write_v(0, reg, bytes(range(reg, reg + 16)))
    return bench


def with_vstart(vstart: int, word: int, sew: int = 32) -> tuple[int, ...]:
    """Code that runs an instruction with vl = 4 of LMUL 1."""
    sets = encode("vsetivli", rd=0, uimm5=4, zimm10=vtype_of(sew, 0))
    return sets, encode("csrrwi", rd=0, csr=VSTART, zimm5=vstart), word, RET


def word_of(name: str) -> int:
    registers = {"vd": 8, "vs2": 16, "vs1": 24, "rd": 12, "vm": 1}
    return encode(name, **{key: registers[key] for key, _ in TABLE[name].fields})


def test_the_rows_are_found():
    assert len(NAMES) == 10 + 6 + 7


@pytest.mark.parametrize("name", NAMES)
def test_traps_unless_it_begins_at_element_0(vectors, name: str):
    word = word_of(name)
    done = vectors.run(with_vstart(0, word))
    assert done.reason is Reason.FINISHED
    failed = vectors.run(with_vstart(1, word))
    assert failed.fault is not None
    assert (failed.fault.cause, failed.fault.tval) == (Cause.ILLEGAL.value, word)


@pytest.mark.parametrize(("vstart", "copied"), [(0, 32), (1, 28), (5, 12), (8, 0), (31, 0)])
def test_whole_registers_move_from_vstart_on(vectors, vstart: int, copied: int):
    """16.6: vstart counts elements of SEW bits, whatever vl is."""
    vectors.run(with_vstart(vstart, encode("vmv2r.v", vd=8, vs2=16)))
    old = bytes([*range(8, 24), *range(9, 25)])
    new = bytes([*range(16, 32), *range(17, 33)])
    got = vectors.machine.read_v(0, 8) + vectors.machine.read_v(0, 9)
    assert got == old[: 32 - copied] + new[32 - copied :]


@pytest.mark.parametrize(("vstart", "moved"), [(0, True), (3, True), (4, False)])
def test_element_0_is_written_where_vstart_is_below_vl(vectors, vstart: int, moved: bool):
    """16.1: no operation if vstart is vl or more."""
    vectors.run(with_vstart(vstart, encode("vmv.s.x", vd=8, rs1=0)))
    assert vectors.machine.read_v(0, 8)[:4] == (bytes(4) if moved else bytes(range(8, 12)))
