"""What is known of vtype where, and that code is repeated only where that matters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim import flow, vstate
from kcc.device.sim.flow import Node, Unit
from kcc.device.sim.vstate import VILL, VState
from snippets import NOP, RET

VLEN = 512
START = Node(0x1000)
ADD = e("vadd.vv", vd=8, vs2=8, vs1=9)
E32M1, E16M2, E64M1 = 0x10, 0x09, 0x18
FULL = VState(32, 0, vl=16)
PART = VState(32, 0)


def vsetvli(vtype: int, rd: int = 5, rs1: int = 6) -> int:
    return e("vsetvli", rd=rd, rs1=rs1, zimm11=vtype)


def discover(words: list[int], start: Node = START, **options: object) -> Unit:
    image = b"".join(w.to_bytes(4, "little") for w in words)
    options = {"vlen": VLEN} | options
    return flow.discover(start, lambda pc: image[pc - 0x1000 :][:4], **options)  # type: ignore[arg-type]


def states(unit: Unit, pc: int) -> set[VState | None]:
    """What is known before the instruction at pc, in all code for it."""
    found = set()
    for node, block in unit.blocks.items():
        state = node.state
        for code in block:
            if code.pc == pc:
                found.add(state)
            assert code.decoded is not None
            if vstate.sets(code.decoded):
                name, operands = code.decoded.insn.name, code.decoded.operands
                state = vstate.after_set(state, name, operands, VLEN)[0]
            else:
                state = vstate.after(state, code.decoded)
    return found


def test_an_avl_in_a_register_leads_two_ways():
    unit = discover([vsetvli(E32M1), ADD, RET])
    assert unit.entries == (START,)
    sizes = {node: len(block) for node, block in unit.blocks.items()}
    assert sizes == {START: 3, Node(0x1004, PART): 2}


def test_what_is_jumped_to_is_a_block_of_its_own():
    unit = discover([vsetvli(E32M1), ADD, e("bne", rs1=5, rs2=0, branch13=-4), RET])
    assert set(unit.blocks) == {
        START, Node(0x1004, PART), Node(0x1004, FULL), Node(0x100C),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("word", "state"),
    [
        (vsetvli(E32M1, rs1=0), FULL),
        (e("vsetivli", rd=0, uimm5=31, zimm10=E32M1), FULL),
        (e("vsetivli", rd=0, uimm5=3, zimm10=E32M1), VState(32, 0, vl=3)),
        (vsetvli(E32M1, rd=0, rs1=0), PART),
        (vsetvli(0x7FF), VILL),
        (e("vsetvl", rd=5, rs1=6, rs2=7), None),
    ],
)
def test_what_is_known_after(word, state):
    assert states(discover([word, ADD, RET]), 0x1004) == {state}


def test_vl_that_stays_stays_known():
    unit = discover([vsetvli(E32M1, rs1=0), ADD, vsetvli(E64M1, 0, 0), ADD, RET])
    assert states(unit, 0x100C) == {VState(64, 0, vl=8)}
    unit = discover([vsetvli(E32M1), vsetvli(E16M2, 0, 0), ADD, RET])
    assert states(unit, 0x1004) == {FULL, PART}
    assert states(unit, 0x1008) == {VState(16, 1, vl=16), VState(16, 1)}


def test_scalar_code_is_there_once():
    loop = [vsetvli(E32M1), ADD, NOP, e("bne", rs1=5, rs2=0, branch13=-12), NOP, NOP, RET]
    unit = discover(loop)
    sizes = {node: len(block) for node, block in unit.blocks.items()}
    assert sizes == {START: 4, Node(0x1004, PART): 3, Node(0x1010): 3}


def test_a_vset_that_nothing_depends_on_does_not_fork():
    unit = discover([vsetvli(E32M1, rs1=0), ADD, vsetvli(E64M1), NOP, RET])
    assert {node: len(block) for node, block in unit.blocks.items()} == {START: 5}


def test_code_that_must_know_and_does_not_ends_the_unit():
    unit = discover([NOP, ADD, NOP, RET])
    assert {n: len(block) for n, block in unit.blocks.items()} == {Node(0x1000): 2}
    unit = discover([NOP, ADD, NOP, RET], Node(0x1004, FULL))
    assert {n: len(block) for n, block in unit.blocks.items()} == {Node(0x1004, FULL): 3}


def test_a_tagged_entry_is_one_whatever_is_there_now():
    node = Node(0x1000, FULL)
    unit = discover([NOP, vsetvli(E32M1), RET], node)
    assert unit.entries == (node,)
    assert set(unit.blocks) == {node}


def test_calls_and_vstart_end_what_is_known():
    call = e("jal", rd=1, jump21=0x100)
    unit = discover([vsetvli(E32M1, rs1=0), ADD, call, ADD, RET])
    assert states(unit, 0x100C) == {None}
    write = e("csrrw", rd=0, csr=8, rs1=6)
    unit = discover([vsetvli(E32M1, rs1=0), ADD, write, ADD, NOP, RET])
    assert len(unit.blocks[START]) == 4
    read = e("csrrs", rd=5, csr=8, rs1=0)
    unit = discover([vsetvli(E32M1, rs1=0), ADD, read, ADD, NOP, RET])
    assert len(unit.blocks[START]) == 6


def test_a_first_fault_load_may_shorten_vl():
    load = e("vle32ff.v", vd=8, rs1=10)
    unit = discover([vsetvli(E32M1, rs1=0), load, e("beq", rs1=5, rs2=6, branch13=8), ADD, RET])
    assert states(unit, 0x100C) == {PART}


def test_what_comes_first_of_many_states_gets_nodes():
    fork = []
    for n in range(8):  # vl known to be n, or the next
        fork += [e("beq", rs1=10, rs2=11, branch13=12)]
        fork += [
            e("vsetivli", rd=0, uimm5=n, zimm10=E32M1),
            e("jal", rd=0, jump21=12 * (8 - n) - 8),
        ]
    unit = discover([*fork, ADD, RET])
    after = 0x1000 + 4 * len(fork)
    assert None in states(unit, after)
    assert len(states(unit, after)) == flow.VARIANTS + 1
    for node in unit.blocks:
        assert unit.node(node.pc, node.state) == node


@pytest.mark.parametrize("vtype", range(256))
def test_a_state_is_its_vtype(vtype):
    state = vstate.of_vtype(vtype)
    assert state.vtype == (1 << 63 if state.vill else vtype)
    if not state.vill:
        assert state.vlmax(VLEN) == int(VLEN * 2**state.lmul / state.sew)
        full = vstate.of_hart(vtype, state.vlmax(VLEN), 3, VLEN)
        assert full == VState(state.sew, state.lmul, state.ta, state.ma, False, full.vl, 3)
        assert full.full(VLEN)
        assert full.key(VLEN) != vstate.of_hart(vtype, 0, 3, VLEN).key(VLEN)


def test_vector_code_is_but_words_where_there_are_no_vectors():
    unit = discover([vsetvli(E32M1), ADD, RET], vlen=0)
    assert {node: len(block) for node, block in unit.blocks.items()} == {START: 3}


def test_different_states_have_different_labels():
    some = [
        VState(8 << n % 4, n % 7 - 3, vl=vl, vstart=n // 4) for n in range(8) for vl in (None, 2)
    ]
    some += [VILL, replace(VILL, vl=None), replace(VILL, vstart=2)]
    assert len({Node(0x1000, state).label for state in some}) == len(some)
