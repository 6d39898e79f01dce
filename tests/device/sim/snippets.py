"""Pieces of guest code that many tests run."""

from __future__ import annotations

from kcc.backend.encode import encode as e

DATA = 0x4004_0000  # where tests keep theirs

RET = e("jalr", rd=0, rs1=1, imm12=0)
NOP = e("addi", rd=0, rs1=0, imm12=0)
SPIN = e("jal", rd=0, jump21=0)
COUNT = e("addi", rd=5, rs1=5, imm12=1)
LOOP_1000 = [
    e("addi", rd=5, rs1=0, imm12=1000),
    e("addi", rd=5, rs1=5, imm12=-1),
    e("bne", rs1=5, rs2=0, branch13=-4),
    RET,
]
# DATA[instance] = mhartid + 1
NOTE_HART = [
    e("lui", rd=5, upper20=DATA),
    e("slli", rd=6, rs1=10, shamt6=3),
    e("add", rd=5, rs1=5, rs2=6),
    e("csrrs", rd=7, csr=0xF14, rs1=0),
    e("addi", rd=7, rs1=7, imm12=1),
    e("sd", rs2=7, rs1=5, store12=0),
    RET,
]
