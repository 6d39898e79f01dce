"""Which code belongs to a unit, and where it may be entered."""

from __future__ import annotations

from kcc.backend.encode import encode as e
from kcc.device.sim import flow
from kcc.device.sim.flow import Node
from snippets import NOP, RET


def discover(words: list[int], at: int = 0x1000, **options: object) -> flow.Unit:
    image = b"".join(w.to_bytes(4 if w & 3 == 3 else 2, "little") for w in words)

    def fetch(pc: int) -> bytes:
        return image[pc - 0x1000 :][:4] if pc >= 0x1000 else b""

    return flow.discover(Node(at), fetch, **options)  # type: ignore[arg-type]


def shape(unit: flow.Unit) -> dict[int, int]:
    return {node.pc: len(block) for node, block in unit.blocks.items()}


def test_branches_and_jumps_stay_inside():
    unit = discover([e("beq", rs1=5, rs2=0, branch13=12), NOP, e("jal", rd=0, jump21=8), NOP, RET])
    assert unit.entries == (Node(0x1000),)
    assert shape(unit) == {0x1000: 1, 0x1004: 2, 0x100C: 1, 0x1010: 1}


def test_a_branch_into_a_block_splits_it():
    unit = discover([NOP, NOP, e("bne", rs1=5, rs2=0, branch13=-4), RET])
    assert shape(unit) == {0x1000: 1, 0x1004: 2, 0x100C: 1}


def test_calls_leave_and_their_return_is_an_entry():
    unit = discover([e("jal", rd=1, jump21=0x100), NOP, e("jalr", rd=1, rs1=5, imm12=0), RET])
    assert unit.entries == (Node(0x1000), Node(0x1004), Node(0x100C))
    assert shape(unit) == {0x1000: 1, 0x1004: 2, 0x100C: 1}


def test_indirect_jumps_end_it():
    assert shape(discover([NOP, e("jalr", rd=0, rs1=5, imm12=0), NOP])) == {0x1000: 2}


def test_stops_and_the_end_of_memory_bound_it():
    assert shape(discover([NOP] * 4, stops=frozenset({0x1008}))) == {0x1000: 2}
    assert shape(discover([NOP] * 4)) == {0x1000: 4}
    assert shape(discover([NOP, e("beq", rs1=0, rs2=0, branch13=-16)])) == {0x1000: 2}


def test_the_limit_bounds_it():
    unit = discover([NOP] * 100, limit=10)
    assert sum(shape(unit).values()) == 10


def test_illegal_words_end_a_block():
    unit = discover([NOP, 0xFFFF_FFFF, NOP])
    assert shape(unit) == {0x1000: 2}
    assert unit.blocks[Node(0x1000)][1].decoded is None


def test_code_bytes_are_those_of_the_image():
    unit = discover([0x0001, NOP, RET])
    assert unit.code == (
        (0x1000, b"\x01\x00" + NOP.to_bytes(4, "little") + RET.to_bytes(4, "little")),
    )


def test_setting_a_rounding_mode_is_noticed():
    for word, sets in (
        (e("csrrw", rd=0, csr=2, rs1=6), True),
        (e("csrrwi", rd=5, csr=2, zimm5=1), True),
        (e("csrrs", rd=0, csr=3, rs1=6), True),
        (e("csrrs", rd=5, csr=2, rs1=0), False),
        (e("csrrw", rd=0, csr=3, rs1=0), False),  # as start code does
        (e("csrrw", rd=0, csr=1, rs1=6), False),
    ):
        assert discover([word, RET]).sets_rounding is sets
