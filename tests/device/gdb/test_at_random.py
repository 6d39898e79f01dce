"""Debugging at random: whatever is stepped, halted and interrupted, harts do what they do."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim.interface import Reason, Sleep
from snippets import RET

if TYPE_CHECKING:
    from conftest import Client, Debugged

BASE, DATA = 0x4000_0000, 0x4004_0000

WORK = [  # rounds of a loop by the hart's number, a barrier, a sum in memory, calls
    e("addi", rd=5, rs1=10, imm12=40),
    e("addi", rd=6, rs1=0, imm12=0),
    e("addi", rd=6, rs1=6, imm12=3),
    e("addi", rd=5, rs1=5, imm12=-1),
    e("bne", rs1=5, rs2=0, branch13=-8),
    e("ecall"),
    e("lui", rd=7, upper20=DATA),
    e("amoadd.d", rd=0, rs1=7, rs2=6, aq=0, rl=0),
    e("jal", rd=8, jump21=16),
    e("jal", rd=8, jump21=12),
    e("ecall"),
    RET,
    e("addi", rd=6, rs1=6, imm12=1),
    e("jalr", rd=0, rs1=8, imm12=0),
]


E32_M2_TU_MU = 0x11
WORK_IN_VECTORS = [  # sums of indices, 37 and some elements at a time, to memory of the hart
    e("addi", rd=5, rs1=10, imm12=37),
    e("slli", rd=28, rs1=10, shamt6=8),
    e("lui", rd=7, upper20=DATA + 0x1000),
    e("add", rd=7, rs1=7, rs2=28),
    e("vsetvli", rd=6, rs1=5, zimm11=E32_M2_TU_MU),
    e("vid.v", vd=2, vm=1),
    e("vadd.vx", vd=4, vs2=2, rs1=5, vm=1),
    e("vadd.vv", vd=8, vs2=8, vs1=4, vm=1),
    e("sub", rd=5, rs1=5, rs2=6),
    e("vse32.v", vs3=8, rs1=7, vm=1),
    e("bne", rs1=5, rs2=0, branch13=-24),
    e("ecall"),
    e("vmv.x.s", rd=6, vs2=8),
    e("vsetivli", rd=0, uimm5=3, zimm10=0x18),
    e("vredsum.vs", vd=9, vs2=8, vs1=8, vm=1),
    e("vse64.v", vs3=9, rs1=7, vm=1),
    RET,
]


def visit(client: Client, r: random.Random, harts: int, words: int) -> str:
    """Do this and that until the run is over; what is told then."""
    pcs = [BASE + 4 * n for n in range(words)]
    while True:
        one, other = r.randint(1, harts), r.randint(1, harts)
        at, pc = r.choice(pcs), r.choice(pcs)
        packet = r.choice(
            [
                "c", "s", "vCont;c", f"vCont;s:{one};c", f"vCont;s:{one}", f"vCont;c:{one}",
                f"vCont;r{min(at, pc):x},{max(at, pc):x}:{one};c", f"vCont;c:{one};c:{other}",
                f"vCont;r{at:x},{at + 12:x}:{one}", f"Z0,{at:x},4", f"z0,{at:x},4", f"z0,{pc:x},4",
                f"Z2,{DATA:x},8", f"z2,{DATA:x},8", f"z2,{DATA:x},8", "g", f"Hg{one}", f"Hc{other}",
            ]
        )  # fmt: skip
        client.send(packet)
        if packet[0] in "csv" and r.random() < 0.2:
            client.interrupt()
        answer = client.answer()
        if answer[0] in "WX":
            return answer
        assert answer[:1] == "T" or packet[0] not in "csv", (packet, answer)


def debug_at_random(make_debugged: Callable[..., Debugged], seed: int) -> None:
    r = random.Random(seed)
    words = WORK_IN_VECTORS if seed % 2 else WORK
    harts, count = r.randint(1, 4), r.randint(1, 9)
    quantum = r.choice([1, 7, 50, 50_000])
    ended = []
    for debugging in (False, True):
        debugged = make_debugged(harts, quantum=quantum, arch="rv64gcv")
        client = debugged.start(words, harts=harts, count=count, ecall=lambda _: Sleep(1))
        if debugging:
            assert visit(client, r, harts, len(words)) == "W00"
        else:
            client.send("D")
        result = debugged.finish()
        ended.append((result.reason, result.retired, debugged.memory[DATA - BASE :][:0x3000]))
    assert ended[0] == ended[1]
    assert ended[0][0] is Reason.FINISHED


@pytest.mark.parametrize("seed", range(3))
def test_debugging_changes_nothing(make_debugged: Callable[..., Debugged], seed: int) -> None:
    debug_at_random(make_debugged, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 150))
def test_debugging_changes_nothing_at_length(
    make_debugged: Callable[..., Debugged], seed: int
) -> None:
    debug_at_random(make_debugged, seed)
